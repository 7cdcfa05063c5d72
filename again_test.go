package wxpay_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/api/payv2"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// repeated is the setup of a sandbox's client as New makes it of a program's: it repeats. It waits
// for nobody, and writes its pauses down.
func repeated(wechat *sandbox.Sandbox, pauses *[]time.Duration) wxpay.Config {
	cfg := wechat.ClientConfig()
	cfg.Attempts = 0
	cfg.Wait = func(ctx context.Context, d time.Duration) error {
		if pauses != nil {
			*pauses = append(*pauses, d)
		}
		return ctx.Err()
	}
	return cfg
}

// made is a client of a Config that has to be right.
func made(t testing.TB, cfg wxpay.Config) *wxpay.Client {
	t.Helper()
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sentTo is what a sandbox heard of an endpoint.
func sentTo(t *testing.T, wechat *sandbox.Sandbox, endpoint string) (list []ledger.Exchange) {
	t.Helper()
	journal, err := wechat.Journal(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range journal {
		if x.Method+" "+x.URI == endpoint {
			list = append(list, x)
		}
	}
	return list
}

// repeatedDebits are debits by a client that repeats; each has a contract already.
var repeatedDebits = map[string]func(ctx context.Context, c *wxpay.Client, contract string) error{
	"combine-papay": func(ctx context.Context, c *wxpay.Client, contract string) error {
		return second(combinepapay.Of(c).Transactions.Post(ctx, combinedDebit(contract, "x1")))
	},
	"APIv2": func(ctx context.Context, c *wxpay.Client, contract string) error {
		return second(payv2.Of(c).PapPayApply.Post(ctx, &payv2.PapPayApplyRequest{
			AppID: sandbox.DefaultAppID, Body: "水电代扣", OutTradeNo: "x1", TotalFee: 1, SpbillCreateIP: "8.8.8.8",
			NotifyURL: "https://yourapp.com/paid", TradeType: "PAP", ContractID: contract,
		}))
	},
}

// debitable is a sandbox with a contract of the kind.
func debitable(t *testing.T, kind string) (wechat *sandbox.Sandbox, contract string) {
	t.Helper()
	wechat = sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
	debits[kind].contract(t, wechat)
	contracts, err := wechat.Contracts()
	if err != nil {
		t.Fatal(err)
	}
	return wechat, contracts[0].ID
}

// What a debit meets, how often it is then sent, what comes of it, and how often the sandbox took
// the money: once at most.
func TestADebitIsRepeatedWhereThatIsSafe(t *testing.T) {
	t.Parallel()
	const forever = -1
	systemError := fault.Fault{Name: fault.Error}
	committed := fault.Fault{Name: fault.Error, Committed: true}
	limited := fault.Fault{Name: fault.RateLimit}
	always := func(f fault.Fault) fault.Fault { f.Times = forever; return f }
	then := func(f fault.Fault) fault.Fault { f.Skip = 1; return f }
	for name, row := range map[string]struct {
		faults           []fault.Fault
		sent, taken      int
		succeeds, leaves bool // leaves the outcome open
	}{
		"none":                      {nil, 1, 1, true, false},
		"SYSTEM_ERROR":              {[]fault.Fault{systemError}, 2, 1, true, false},
		"SYSTEM_ERROR, committed":   {[]fault.Fault{committed}, 2, 1, true, false},
		"SYSTEM_ERROR for ever":     {[]fault.Fault{always(systemError)}, 3, 0, false, true},
		"committed, for ever":       {[]fault.Fault{always(committed)}, 3, 1, false, true},
		"too many":                  {[]fault.Fault{limited}, 2, 1, true, false},
		"too many for ever":         {[]fault.Fault{always(limited)}, 3, 0, false, false},
		"too many, behind an error": {[]fault.Fault{systemError, always(then(limited))}, 3, 0, false, true},
		"too many, behind a success": {[]fault.Fault{committed, always(then(limited))}, 3, 1, false,
			true},
		"refused, behind a success": {[]fault.Fault{committed,
			then(fault.Fault{Name: fault.Error, Status: 403, Code: "NO_AUTH"})}, 2, 1, false, true},
		"cut":            {[]fault.Fault{{Name: fault.Cut}}, 1, 0, false, true},
		"cut, committed": {[]fault.Fault{{Name: fault.Cut, Committed: true}}, 1, 1, false, true},
		"a gateway":      {[]fault.Fault{{Name: fault.Gateway}}, 1, 0, false, true},
		"a gateway that is too busy, committed": {[]fault.Fault{{Name: fault.Gateway, Status: 503, Committed: true}},
			1, 1, false, true},
		"a gateway's limit":  {[]fault.Fault{{Name: fault.Gateway, Status: 429}}, 1, 0, false, true},
		"a wrong signature":  {[]fault.Fault{{Name: fault.BadSignature}}, 1, 1, false, true},
		"no signature":       {[]fault.Fault{{Name: fault.Stripped}}, 1, 1, false, true},
		"an unsigned error":  {[]fault.Fault{systemError, {Name: fault.Stripped}}, 1, 0, false, true},
		"a code of tomorrow": {[]fault.Fault{{Name: fault.Error, Status: 500, Code: "NEW"}}, 1, 0, false, true},
		"a refusal for good": {[]fault.Fault{{Name: fault.Error, Status: 403, Code: "NO_AUTH"}}, 1, 0, false, false},
		"not enough, for now": {[]fault.Fault{{Name: fault.Error, Status: 403, Code: "NOT_ENOUGH"}}, 1, 0, false,
			false},
	} {
		for kind, debit := range repeatedDebits {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				wechat, contract := debitable(t, kind)
				for _, f := range row.faults {
					f.Endpoint = debits[kind].endpoint
					if err := wechat.Inject(f); err != nil {
						t.Fatal(err)
					}
				}
				err := debit(t.Context(), made(t, repeated(wechat, nil)), contract)
				row := row
				if kind == "APIv2" && name == "SYSTEM_ERROR, committed" { // to the repeat: ORDER_ACCEPTED
					row.succeeds, row.leaves = false, true
				}
				if (err == nil) != row.succeeds || wxpay.OutcomeUnknown(err) != row.leaves {
					t.Errorf("got %v, unknown %v", err, wxpay.OutcomeUnknown(err))
				}
				sent := sentTo(t, wechat, debits[kind].endpoint)
				if len(sent) != row.sent {
					t.Errorf("it was sent %d times, want %d", len(sent), row.sent)
				}
				list, err := wechat.Debits()
				if err != nil {
					t.Fatal(err)
				}
				if len(list) != row.taken {
					t.Errorf("%d debits, want %d", len(list), row.taken)
				}
				for _, x := range sent {
					if x.Body != sent[0].Body {
						t.Error("a repeat has another body")
					}
				}
				// One option turns it off.
				if row.sent > 1 {
					before := len(sent)
					cfg := repeated(wechat, nil)
					cfg.Attempts = 1
					_ = debit(t.Context(), made(t, cfg), contract)
					if n := len(sentTo(t, wechat, debits[kind].endpoint)); n != before+1 {
						t.Errorf("with Attempts 1 it was sent %d times", n-before)
					}
				}
			})
		}
	}
}

// Each attempt is signed afresh: it has a nonce of its own.
func TestRepeatsAreSignedAfresh(t *testing.T) {
	t.Parallel()
	wechat, contract := debitable(t, "combine-papay")
	endpoint := debits["combine-papay"].endpoint
	if err := wechat.Inject(fault.Fault{Name: fault.Error, Endpoint: endpoint, Times: 2}); err != nil {
		t.Fatal(err)
	}
	var pauses []time.Duration
	nonces := map[string]bool{}
	cfg := repeated(wechat, &pauses)
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		a, err := wire.ParseAuthorization(r.Header.Get("Authorization"))
		if err != nil {
			t.Error(err)
		}
		nonces[a.Nonce] = true
		return http.DefaultTransport.RoundTrip(r)
	})}
	if err := repeatedDebits["combine-papay"](t.Context(), made(t, cfg), contract); err != nil {
		t.Fatal(err)
	}
	if len(nonces) != 3 {
		t.Errorf("three attempts have %d nonces", len(nonces))
	}
	for i, most := range []time.Duration{500 * time.Millisecond, time.Second} {
		if len(pauses) != 2 || pauses[i] > most || pauses[i] < most/2 {
			t.Fatalf("it waited %v", pauses)
		}
	}
}

// What the attempts of a call came to is known also where the last of them never left, or was never
// begun.
func TestOutcomeOverAllAttempts(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		first fault.Name
		code  string
		open  bool
	}{
		"after SYSTEM_ERROR": {fault.Error, "SYSTEM_ERROR", true},
		"after a 429":        {fault.RateLimit, "FREQUENCY_LIMITED", false},
	} {
		for how, what := range map[string]func(*road, context.CancelFunc) error{
			"never left":   func(r *road, _ context.CancelFunc) error { r.closed.Store(true); return nil },
			"was given up": func(_ *road, cancel context.CancelFunc) error { cancel(); return nil },
			"could not be told": func(*road, context.CancelFunc) error {
				return errors.New("the clock of oSECRET")
			},
		} {
			t.Run(name+" it "+how, func(t *testing.T) {
				t.Parallel()
				wechat, contract := debitable(t, "combine-papay")
				if err := wechat.Inject(fault.Fault{Name: row.first, Endpoint: "POST *"}); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				cfg, r := twoHosts(t, wechat)
				cfg.BackupHost = ""
				cfg.Wait = func(context.Context, time.Duration) error { return what(r, cancel) }
				err := repeatedDebits["combine-papay"](ctx, made(t, cfg), contract)
				var refused *wxpay.Error
				if !errors.As(err, &refused) || refused.Code != row.code || !refused.Verified ||
					wxpay.OutcomeUnknown(err) != row.open || strings.Contains(err.Error(), "SECRET") {
					t.Errorf("got %v, unknown %v", err, wxpay.OutcomeUnknown(err))
				}
				if lost := (*wxpay.TransportError)(nil); errors.As(err, &lost) {
					t.Errorf("a part of it says what was sent: %v", lost)
				}
				if errors.Is(err, context.Canceled) != (how == "was given up") {
					t.Errorf("the context: %v", err)
				}
			})
		}
	}
}

// Of calls that were too many each is repeated at its own turn, and where its time does not last
// until then it is not.
func TestTooManyCallsComeBackOneByOne(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
	if err := wechat.Inject(fault.Fault{Name: fault.RateLimit, Endpoint: "*", Times: -1}); err != nil {
		t.Fatal(err)
	}
	var pauses []time.Duration
	c := made(t, repeated(wechat, &pauses))
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for range 4 {
		_, _ = c.Chain("v3/certificates").Get(ctx)
	}
	if len(pauses) != 8 || !slices.IsSorted(pauses[6:]) || pauses[7] != 1400*time.Millisecond {
		t.Errorf("on a clock that stands still they waited %v", pauses)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := c.Chain("v3/certificates").Get(short); err == nil || len(pauses) != 8 {
		t.Errorf("got %v, having waited %v", err, pauses[8:])
	}
}

// While nothing works a client repeats ten calls and then none; every call that succeeds pays for a
// tenth of another repeat.
func TestAnOutageIsNotMultiplied(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
	c := made(t, repeated(wechat, nil))
	down := fault.Fault{Name: fault.Error, Endpoint: "GET /v3/certificates", Times: -1}
	calls := func(n int) (sent int) {
		before := len(sentTo(t, wechat, "GET /v3/certificates"))
		for range n {
			_, _ = c.Chain("v3/certificates").Get(t.Context())
		}
		return len(sentTo(t, wechat, "GET /v3/certificates")) - before
	}
	if err := wechat.Inject(down); err != nil {
		t.Fatal(err)
	}
	if n := calls(30); n != 40 {
		t.Errorf("30 calls were sent %d times, want 40", n)
	}
	wechat.ClearFaults()
	if n := calls(20); n != 20 {
		t.Errorf("20 calls were sent %d times", n)
	}
	if err := wechat.Inject(down); err != nil {
		t.Fatal(err)
	}
	if n := calls(30); n != 32 {
		t.Errorf("30 calls after 20 that succeeded were sent %d times, want 32", n)
	}
}

func TestAttemptsMustBeANumber(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.Attempts = -1
	var e *wxpay.ConfigError
	if _, err := wxpay.New(cfg); !errors.As(err, &e) || e.Field != "Attempts" {
		t.Errorf("got %v", err)
	}
	for _, n := range []int{0, -1} {
		_, err := made(t, testConfig()).Chain("v3/x").Get(bg, wxpay.Attempts(n))
		var e *wxpay.RequestError
		if !errors.As(err, &e) {
			t.Errorf("Attempts(%d): got %v", n, err)
		}
	}
}
