package wxpay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/internal/leaktest"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// The faults of the sandbox over all operations are TestResolveSaysWhatTheLedgerSays of package
// sandbox. Here is what the error may be, and what an answer may say that no sandbox gives.

const debitEndpoint = "POST /v3/ecommerce/combine-papay/transactions"

// debiting is a sandbox with a contract, and a debit of which the next one meets a fault.
func debiting(t *testing.T) (wechat *sandbox.Sandbox, client *wxpay.Client,
	debit func(number string, f fault.Fault) error) {
	t.Helper()
	wechat = sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
	client = wechat.Client()
	contract := signedContract(wechat)
	return wechat, client, func(number string, f fault.Fault) error {
		t.Helper()
		f.Endpoint = debitEndpoint
		if f.Name != "" {
			if err := wechat.Inject(f); err != nil {
				t.Fatal(err)
			}
		}
		return second(combinepapay.Of(client).Transactions.Post(t.Context(), combinedDebit(contract, number)))
	}
}

func became(t *testing.T, c *wxpay.Client, err error, want wxpay.Outcome, opts ...wxpay.Option) wxpay.Resolution {
	t.Helper()
	r, failed := c.Resolve(t.Context(), err, opts...)
	if failed != nil || r.Outcome != want {
		t.Errorf("%v: %v, %v, want %v", err, r, failed, want)
	}
	return r
}

func TestResolveWaitsForWhatMayStillArrive(t *testing.T) {
	t.Parallel()
	wechat, client, debit := debiting(t)
	lost := debit("x1", fault.Fault{Name: fault.Cut})
	before := wechat.Clock().Now()
	r := became(t, client, lost, wxpay.Pending)
	if !r.Until.Equal(before.Add(wxpay.InFlight)) || r.State != "" || r.Reply() != nil ||
		r.Query != "GET v3/ecommerce/combine-papay/transactions/{combine_out_trade_no}" {
		t.Errorf("got %+v", r)
	}
	if err := wechat.Advance(wxpay.InFlight - time.Second); err != nil {
		t.Fatal(err)
	}
	became(t, client, lost, wxpay.Pending)
	refused := debit("x1", fault.Fault{Name: fault.RateLimit})
	if err := wechat.Advance(time.Second); err != nil {
		t.Fatal(err)
	}
	if r := became(t, client, lost, wxpay.DidNotHappen); !r.Until.IsZero() {
		t.Errorf("it is known, and it is to be asked again at %s", r.Until)
	}
	// The same call again, with the same number, makes it certain.
	if err := debit("x1", fault.Fault{}); err != nil {
		t.Fatal(err)
	}
	r = became(t, client, lost, wxpay.Happened)
	var order combinepapay.Transaction
	if err := r.Reply().Decode(&order); err != nil || r.State != "SUCCESS" || order.CombineOutTradeNo != "x1" {
		t.Errorf("got %v, %v", r, err)
	}
	became(t, client, refused, wxpay.Happened) // it did nothing, and another call with its number did
}

func TestResolveOfAttemptsAtOneCall(t *testing.T) {
	t.Parallel()
	wechat, client, debit := debiting(t)
	first, again := debit("x1", fault.Fault{Name: fault.Cut}), debit("x1", fault.Fault{Name: fault.RateLimit})
	became(t, client, again, wxpay.DidNotHappen)                 // it knows nothing of the first
	became(t, client, errors.Join(first, again), wxpay.Pending)  // together they do
	became(t, client, fmt.Errorf("a: %w", first), wxpay.Pending) // wrapped
	became(t, client, errors.Join(first, first), wxpay.Pending)  // the same one twice
	other := debit("x2", fault.Fault{Name: fault.Cut})           // and another call
	for name, err := range map[string]error{
		"no error":         nil,
		"somebody's":       errors.New("x"),
		"made by hand":     &wxpay.TransportError{Sent: true},
		"a nil pointer":    (*wxpay.Error)(nil),
		"of two calls":     errors.Join(first, other),
		"of another field": &wxpay.ConfigError{Field: "MchID"},
	} {
		var refused *wxpay.ResolveError
		if r, got := client.Resolve(t.Context(), err); !errors.As(got, &refused) || r.Outcome != wxpay.Pending ||
			!wxpay.OutcomeUnknown(got) {
			t.Errorf("%s: got %v, %v", name, r, got)
		}
	}
	// By another merchant's client, and by another of the same one's.
	mchid := wechat.Merchants()[0].MchID
	cfg := wechat.ClientConfig()
	cfg.MchID = "1900000999"
	for _, row := range []struct {
		mchid string
		want  bool
	}{{"1900000999", false}, {mchid, true}} {
		cfg.MchID, cfg.SerialNo, cfg.Certificate = row.mchid, wechat.ClientConfig().SerialNo, nil
		client, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Resolve(t.Context(), first)
		if (err == nil) != row.want {
			t.Errorf("as %s: got %v", row.mchid, err)
		}
	}
	if _, err := (*wxpay.Client)(nil).Resolve(t.Context(), first); err == nil {
		t.Error("no client resolved it")
	}
}

// Numbers in the path itself, in other variables and in raw bodies are found as well.
func TestResolveFindsTheNumbers(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t)
	client := wechat.Client()
	const ending = "v3/ecommerce/combine-papay/contracts/plan-id/"
	signedContract(wechat)
	remark := map[string]string{"contract_termination_remark": "bye"}
	for name, end := range map[string]func(context.Context) error{
		"in the path": func(ctx context.Context) error {
			return second(client.Chain(ending+"12535/out-contract-code/A1/terminate").Post(ctx, remark))
		},
		"in variables of other names": func(ctx context.Context) error {
			return second(client.Chain(ending+"{plan}/out-contract-code/{c}/terminate").Post(ctx, remark,
				wxpay.Path("plan", "12535"), wxpay.Path("c", "A1")))
		},
		"by a promise": func(ctx context.Context) error {
			return second(client.Chain(ending+"12535/out-contract-code/A1/terminate").PostAsync(ctx, remark).Wait(ctx))
		},
	} {
		if err := wechat.Inject(fault.Fault{Name: fault.Gateway, Endpoint: "POST *"}); err != nil {
			t.Fatal(err)
		}
		err := end(t.Context())
		if r := became(t, client, err, wxpay.Pending); r.State != "SIGNED" || r.Until.IsZero() {
			t.Errorf("%s: got %v", name, r)
		}
	}
	if err := wechat.Inject(fault.Fault{Name: fault.Cut, Endpoint: "POST *"}); err != nil {
		t.Fatal(err)
	}
	// This one's query wants what the call does not have.
	face := client.Chain("v3/offlinefacemch/organizations/1/users/user-id/2/terminate-contract")
	err := second(face.Post(t.Context(), nil))
	if _, got := client.Resolve(t.Context(), err); got == nil || !strings.Contains(got.Error(), "wxpay.Path") ||
		!strings.Contains(got.Error(), "out_user_id") {
		t.Errorf("got %v", got)
	}
	given := wxpay.Path("out_user_id", "3")
	if _, got := client.Resolve(t.Context(), err, given); errors.As(got, new(*wxpay.ResolveError)) {
		t.Errorf("got %v", got)
	}
	for path, says := range map[string]string{
		"v3/papay/contracts/1/notify": "ALREADY_EXISTS", "v3/not/there": "no query",
		"v3/pay/transactions/exposure": "moves nothing",
	} {
		client := clientOver(t, func(*http.Request) (*http.Response, error) { return reply(502, nil, ""), nil })
		err := second(client.Chain(path).Post(t.Context(), `{}`))
		if _, got := client.Resolve(t.Context(), err); got == nil || !strings.Contains(got.Error(), says) {
			t.Errorf("%s: got %v", path, got)
		}
	}
}

// What succeeded did, whatever came after. Of a debit that is only accepted the query says more.
func TestResolveOfWhatSucceeded(t *testing.T) {
	t.Parallel()
	wechat, client, _ := debiting(t)
	contracts, err := wechat.Contracts()
	if err != nil {
		t.Fatal(err)
	}
	chain := client.Chain("v3/ecommerce/combine-papay/transactions")
	done, err := chain.Post(t.Context(), combinedDebit(contracts[0].ID, "x1"))
	if err != nil {
		t.Fatal(err)
	}
	if r := became(t, client, done.Decode(new(struct {
		CombineOutTradeNo int `json:"combine_out_trade_no"`
	})), wxpay.Happened); r.State != "SUCCESS" {
		t.Errorf("got %v", r)
	}
	oops := errors.New("oops")
	after := second(chain.PostAsync(t.Context(), combinedDebit(contracts[0].ID, "x1")).
		Then(func(*wxpay.Result) error { return oops }).Wait(t.Context()))
	became(t, client, after, wxpay.Happened)
	if err := wechat.Inject(fault.Fault{Name: fault.Cut, Endpoint: debitEndpoint, Committed: true}); err != nil {
		t.Fatal(err)
	}
	otherwise := second(chain.PostAsync(t.Context(), combinedDebit(contracts[0].ID, "x2")).
		Otherwise(func(error) (*wxpay.Result, error) { return nil, oops }).Wait(t.Context()))
	became(t, client, otherwise, wxpay.Happened)
	if !errors.Is(otherwise, oops) {
		t.Errorf("got %v", otherwise)
	}
}

// What an answer says that no sandbox gives: only a signed word counts, and a new one says nothing.
func TestResolveByOddAnswers(t *testing.T) {
	t.Parallel()
	orders := func(states ...string) string {
		var parts []string
		for _, s := range states {
			parts = append(parts, `{"trade_state":`+s+`}`)
		}
		return `{"sub_orders":[` + strings.Join(parts, ",") + `]}`
	}
	for name, row := range map[string]struct {
		answer *http.Response
		want   wxpay.Outcome
		state  string
		fails  bool
	}{
		"paid":                    {signedReply(200, orders(`"SUCCESS"`, `"SUCCESS"`)), wxpay.Happened, "SUCCESS", false},
		"one part is refunded":    {signedReply(200, orders(`"SUCCESS"`, `"REFUND"`)), wxpay.Happened, "", false},
		"one part failed":         {signedReply(200, orders(`"PAY_FAIL"`, `"SUCCESS"`)), wxpay.Happened, "", false},
		"all failed":              {signedReply(200, orders(`"PAY_FAIL"`, `"CLOSED"`)), wxpay.DidNotHappen, "", false},
		"one part is open":        {signedReply(200, orders(`"PAY_FAIL"`, `"ACCEPTED"`)), wxpay.Pending, "", false},
		"a word of tomorrow":      {signedReply(200, orders(`"TOMORROW"`)), wxpay.Pending, "TOMORROW", false},
		"no parts":                {signedReply(200, orders()), wxpay.Pending, "", false},
		"null":                    {signedReply(200, orders("null")), wxpay.Pending, "", false},
		"a list":                  {signedReply(200, "[]"), wxpay.Pending, "", false},
		"an empty object":         {signedReply(200, "{}"), wxpay.Pending, "", false},
		"not found, by a gateway": {reply(404, nil, `{"code":"ORDER_NOT_EXIST"}`), wxpay.Pending, "", true},
		"another refusal":         {signedReply(404, `{"code":"NO_SUCH_PATH"}`), wxpay.Pending, "", true},
		"broken":                  {signedReply(500, `{"code":"ORDER_NOT_EXIST"}`), wxpay.Pending, "", true},
		"unsigned":                {reply(200, nil, orders(`"SUCCESS"`)), wxpay.Pending, "", true},
	} {
		asked := false
		client := clientOver(t, func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				return reply(502, nil, "<html>"), nil
			}
			asked = r.URL.Path == "/v3/ecommerce/combine-papay/transactions/x 1"
			return row.answer, nil
		})
		post := client.Chain("v3/ecommerce/combine-papay/transactions")
		err := second(post.Post(bg, `{"combine_out_trade_no":"x 1"}`))
		r, failed := client.Resolve(bg, err)
		if r.Outcome != row.want || r.State != row.state || (failed != nil) != row.fails || !asked {
			t.Errorf("%s: got %v (%v), %v", name, r, r.Outcome, failed)
		}
	}
}

// Neither an error nor a Resolution prints the numbers of its call.
func TestWhatErrorsKeepForResolve(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			return reply(502, nil, ""), nil
		}
		return signedReply(200, `{"sub_orders":[{"trade_state":"SUCCESS"}],"combine_payer_info":{"openid":"`+payer+
			`"}}`), nil
	})
	post := client.Chain("v3/ecommerce/combine-papay/transactions")
	err := second(post.Post(bg, `{"combine_out_trade_no":"numberSECRET"}`))
	r := became(t, client, err, wxpay.Happened)
	leaktest.Check(t, err, "numberSECRET")
	leaktest.Check(t, r, "numberSECRET", payer)
	if text, err := json.Marshal(r); err != nil || strings.Contains(string(text), payer) {
		t.Errorf("%s, %v", text, err)
	}
	if got := fmt.Sprintf("%+v %d", r, r); strings.Count(got, "happened (SUCCESS) by GET v3/") != 2 {
		t.Errorf("got %s", got)
	}
}

// An error keeps the numbers of its call, and not the call. It runs alone, for it measures the
// whole program's memory.
func TestHeapOfAnError(t *testing.T) {
	const large, calls = 1 << 20, 32
	kept := make([]error, calls)
	post := clientOver(t, func(r *http.Request) (*http.Response, error) {
		return nil, errors.New("broken")
	}).Chain("v3/ecommerce/combine-papay/transactions")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range kept {
		kept[i] = second(post.Post(bg, `{"combine_out_trade_no":"x1","attach":"`+strings.Repeat("-", large)+`"}`))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / calls; each > large/2 {
		t.Errorf("an error keeps %d bytes of a call of %d", each, large)
	}
	runtime.KeepAlive(kept)
}
