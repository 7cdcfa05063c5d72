package wxpay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/internal/leaktest"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// steps is a hook that writes down what it is told.
type steps struct {
	mu   sync.Mutex
	list []wxpay.Step
}

func (s *steps) hook(ctx context.Context, step wxpay.Step) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, step)
	return ctx
}

// String is the steps without what differs each time.
func (s *steps) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, x := range s.list {
		fmt.Fprintf(&b, "%s %s %s %d %s %s %s %d\n", x.Stage, x.Method, x.Operation, x.Status, x.Code, x.Check,
			x.Outcome, x.Attempt)
	}
	return b.String()
}

// A hook is told when a call begins, what each attempt came to, and what the call did.
func TestAHookIsToldOfACall(t *testing.T) {
	t.Parallel()
	for kind, debit := range repeatedDebits {
		wechat, contract := debitable(t, kind)
		endpoint := debits[kind].endpoint
		if err := wechat.Inject(fault.Fault{Name: fault.Error, Endpoint: endpoint}); err != nil {
			t.Fatal(err)
		}
		var told steps
		cfg := repeated(wechat, nil)
		cfg.Hook = told.hook
		if err := debit(t.Context(), made(t, cfg), contract); err != nil {
			t.Fatal(err)
		}
		operation, code, status := "v3/ecommerce/combine-papay/transactions", "SYSTEM_ERROR", 500
		if kind == "APIv2" {
			operation, code, status = "v2/pay/pappayapply", "SYSTEMERROR", 200
		}
		want := fmt.Sprintf("call_begins POST %[1]s 0    0\nattempt_ends POST %[1]s %[3]d %[2]s  unknown 1\n"+
			"attempt_ends POST %[1]s 200   succeeded 2\ncall_ends POST %[1]s 200   succeeded 2\n", operation, code,
			status)
		if got := told.String(); got != want {
			t.Errorf("%s: told\n%swant\n%s", kind, got, want)
		}
		heard := sentTo(t, wechat, endpoint)
		for i, x := range told.list[1:] {
			by := heard[min(i, 1)]
			if x.RequestID != by.RequestID || "http://"+x.Host != wechat.URL() {
				t.Errorf("%s: step %d is of request %s at %s, want %s", kind, i+1, x.RequestID, x.Host, by.RequestID)
			}
		}
	}
}

// What became of a call, as a hook is told, for every way that it can end.
func TestWhatAHookIsToldOfTheOutcome(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault   fault.Fault
		outcome wxpay.StepOutcome
		want    string // status, code and check
	}{
		"success": {fault.Fault{}, wxpay.StepSucceeded, "200  "},
		"refused": {fault.Fault{Name: fault.Error, Status: 403, Code: "NO_AUTH"}, wxpay.StepRefused,
			"403 NO_AUTH "},
		"too many": {fault.Fault{Name: fault.RateLimit, Times: -1}, wxpay.StepRefused, "429 FREQUENCY_LIMITED "},
		"failed":   {fault.Fault{Name: fault.Error, Times: -1}, wxpay.StepUnknown, "500 SYSTEM_ERROR "},
		"an odd code": {fault.Fault{Name: fault.Error, Status: 400, Code: "o_upf8"}, wxpay.StepUnknown,
			"400 OTHER "},
		"cut":            {fault.Fault{Name: fault.Cut}, wxpay.StepUnknown, "0  "},
		"a gateway":      {fault.Fault{Name: fault.Gateway}, wxpay.StepUnknown, "502  "},
		"a wrong one":    {fault.Fault{Name: fault.BadSignature}, wxpay.StepUnknown, "200  signature"},
		"an unknown key": {fault.Fault{Name: fault.WrongSerial}, wxpay.StepUnknown, "200  serial"},
	} {
		wechat, contract := debitable(t, "combine-papay")
		if row.fault.Name != "" {
			row.fault.Endpoint = debits["combine-papay"].endpoint
			if err := wechat.Inject(row.fault); err != nil {
				t.Fatal(err)
			}
		}
		var told steps
		cfg := repeated(wechat, nil)
		cfg.Hook = told.hook
		err := repeatedDebits["combine-papay"](t.Context(), made(t, cfg), contract)
		end := told.list[len(told.list)-1]
		if got := fmt.Sprintf("%d %s %s", end.Status, end.Code, end.Check); got != row.want ||
			end.Outcome != row.outcome || end.Stage != wxpay.CallEnds || !errors.Is(end.Err, err) {
			t.Errorf("%s: %s, %s, want %s, %s: %v", name, end.Outcome, got, row.outcome, row.want, end.Err)
		}
	}
	var told steps
	cfg := testConfig()
	cfg.Host, cfg.Hook = nobody(t), told.hook
	c := made(t, cfg)
	_, _ = c.Chain("v3/x").Post(bg, `{}`)
	_, _ = c.Chain("v3/x").Post(bg, `not JSON`)
	_, _ = c.Download(bg, "https://other.example/file", "SHA1", "")
	want := "call_begins POST {} 0    0\nattempt_ends POST {} 0   not_sent 1\nattempt_ends POST {} 0   not_sent 2\n" +
		"attempt_ends POST {} 0   not_sent 3\ncall_ends POST {} 0   not_sent 3\n" +
		"call_begins POST {} 0    0\ncall_ends POST {} 0   not_sent 0\n" +
		"call_begins GET v3/billdownload/file 0    0\ncall_ends GET v3/billdownload/file 0   not_sent 0\n"
	if got := strings.ReplaceAll(told.String(), "v3/{}", "{}"); got != want {
		t.Errorf("told\n%swant\n%s", got, want)
	}
}

// A query that is answered no was refused: it changes nothing that could be unknown.
func TestAQueryThatFindsNothingWasRefused(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t)
	var told steps
	cfg := wechat.ClientConfig()
	cfg.Hook = told.hook
	_, err := made(t, cfg).Chain("v3/pay/transactions/out-trade-no/{out_trade_no}").
		Get(bg, wxpay.Path("out_trade_no", "none"), wxpay.Query("mchid", sandbox.DefaultMchID))
	end := told.list[len(told.list)-1]
	if err == nil || end.Outcome != wxpay.StepRefused || end.Status != 404 ||
		end.Operation != "v3/pay/transactions/out-trade-no/{out_trade_no}" {
		t.Errorf("told %+v of %v", end, err)
	}
}

// The context of the beginning reaches the transport and comes back; a hook that panics or forgets
// it breaks nothing, and neither does a transport that panics.
func TestTheContextOfAHook(t *testing.T) {
	t.Parallel()
	type key struct{}
	var seen []any
	cfg := testConfig()
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Context().Value(key{}))
		return signedReply(200, `{}`), nil
	})}
	cfg.Hook = wxpay.Hooks(nil, func(ctx context.Context, s wxpay.Step) context.Context {
		if s.Stage == wxpay.CallBegins {
			return context.WithValue(ctx, key{}, "mine")
		}
		seen = append(seen, ctx.Value(key{}))
		return nil
	})
	if _, err := made(t, cfg).Chain("v3/x").Get(bg); err != nil || fmt.Sprint(seen) != "[mine mine mine]" {
		t.Errorf("seen %v, %v", seen, err)
	}
	cfg.Hook = func(context.Context, wxpay.Step) context.Context { panic("a hook of a test") }
	if _, err := made(t, cfg).Chain("v3/x").Get(bg); err != nil {
		t.Error(err)
	}
	var told steps
	cfg.Hook = told.hook
	cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) { panic("gone") })}
	_, err := made(t, cfg).Chain("v3/x").PostAsync(bg, `{}`).Wait(bg)
	if want := "call_begins POST v3/{} 0    0\ncall_ends POST v3/{} 0   unknown 0\n"; told.String() != want {
		t.Errorf("told\n%swant\n%s: %v", told.String(), want, err)
	}
}

// Labels have the words of known paths and nothing that a caller wrote between two slashes.
func TestOperationsHoldNoValues(t *testing.T) {
	t.Parallel()
	var told steps
	cfg := testConfig()
	cfg.Hook = told.hook
	cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("offline")
	})}
	c := made(t, cfg)
	for path := range api.Index(c) {
		told.list = nil
		_, _ = c.Chain(path).Delete(bg, wxpay.Attempts(1))
		if got := told.list[0].Operation; got != strings.TrimSuffix(path, "/") {
			t.Errorf("%s is told as %s", path, got)
		}
	}
	for path, want := range map[string]string{
		"v3/papay/contracts/oUpF8uMuAJO_M2pxb1Q9zNjWeS6o":          "v3/papay/contracts/{}",
		"/v3/pay/transactions/out-trade-no/alice?mchid=1900000109": "v3/pay/transactions/out-trade-no/{}",
		"v3/x-{id}/{+name}/{oUpF8u}/13800138000":                   "v3/{}/{+name}/{}/{}",
		strings.Repeat("v3/", 40) + "13800138000":                  strings.TrimSuffix(strings.Repeat("v3/", 16), "/"),
	} {
		told.list = nil
		_, _ = c.Chain(path).Get(bg, wxpay.Attempts(1))
		if got := told.list[0].Operation; got != want {
			t.Errorf("%s is told as %s, want %s", path, got, want)
		}
	}
}

// A log of calls has no key, no signature, no body and nobody's name in it, whatever goes wrong,
// and neither has a step that is printed.
func TestWhatIsLoggedNamesNobody(t *testing.T) {
	t.Parallel()
	const openid, name, number = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "张三丰", "T20260301x77"
	var secrets []string
	var log bytes.Buffer
	var told steps
	for i, f := range []fault.Fault{{}, {Name: fault.Error, Times: -1}, {Name: fault.RateLimit, Times: -1},
		{Name: fault.Cut}, {Name: fault.Gateway}, {Name: fault.BadSignature}, {Name: fault.Stripped},
		{Name: fault.Error, Status: 400, Code: "PARAM_ERROR", Message: "bad " + openid + " of " + name}} {
		wechat := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
		if f.Endpoint = "*"; f.Name != "" {
			if err := wechat.Inject(f); err != nil {
				t.Fatal(err)
			}
		}
		cfg := repeated(wechat, nil)
		secrets = append(secrets, cfg.APIv3Key.Reveal(), cfg.APIv2Key.Reveal())
		cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			if a, err := wire.ParseAuthorization(r.Header.Get("Authorization")); err == nil {
				secrets = append(secrets, a.Signature, a.Nonce)
			}
			return http.DefaultTransport.RoundTrip(r)
		})}
		handler := slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})
		cfg.Hook = wxpay.Hooks(wxpay.LogTo(slog.New(handler)), told.hook)
		c := made(t, cfg)
		_, _ = c.Chain("v3/transfer/batches/{openid}").Post(bg, map[string]string{"openid": openid, "user_name": name,
			"out_trade_no": number}, wxpay.Path("openid", openid), wxpay.Encrypt("/user_name"))
		_, _ = c.Chain("v3/pay/transactions/out-trade-no/"+number).Get(bg, wxpay.Query("openid", openid))
		_, _ = c.Chain("v2/pay/orderquery").Post(bg, map[string]string{"appid": "wx1", "out_trade_no": number,
			"attach": name, "openid": openid})
		if i == 0 && !strings.Contains(log.String(), `"operation":"v3/pay/transactions/out-trade-no/{}"`) {
			t.Errorf("logged %s", log.String())
		}
	}
	for _, secret := range append(secrets, openid, name, number) {
		if secret != "" && strings.Contains(log.String(), secret) {
			t.Fatalf("the log has %q: %s", secret, log.String())
		}
	}
	for _, s := range told.list[:8] {
		s.Err = nil // which is printed as errors are
		leaktest.Check(t, s, append(secrets[:2:2], openid, name, number)...)
	}
}

func FuzzOperation(f *testing.F) {
	f.Add("v3/pay/transactions/id/{transaction_id}")
	f.Add("v3/{a}/{+b}?q={c}")
	f.Fuzz(func(t *testing.T, path string) {
		var told steps
		cfg := testConfig()
		cfg.Hook = told.hook
		cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("offline")
		})}
		_, _ = made(t, cfg).Chain(path+"/13800138000").Get(bg, wxpay.Attempts(1))
		got := told.list[0].Operation
		if strings.Contains(got, "13800138000") || strings.ContainsAny(got, "?\n") || len(got) > 2048 {
			t.Errorf("%q is told as %q", path, got)
		}
	})
}
