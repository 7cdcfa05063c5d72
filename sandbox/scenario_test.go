package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The failures that bite integrators, one test each: what the merchant's client
// and receiver say, and what has become of the contract or the money. They are
// numbered as in docs/failures.md, which tells them to people.

// shop is a merchant's backend, made of the SDK.
type shop struct {
	*world
	receiver *notify.Receiver

	mu     sync.Mutex
	events []string        // handled, as "ECOMMERCE_ENTRUST.SIGN"
	bodies []string        // their resources
	errs   []*notify.Error // of messages that were not handled
}

func newShop(t *testing.T, options ...sandbox.Option) *shop {
	t.Helper()
	s := &shop{world: newWorld(t, options...)}
	s.open(s.Keys())
	return s
}

// open receives with these keys from now on.
func (s *shop) open(keys *wxpay.Keys) {
	s.t.Helper()
	s.receiver = notify.New(keys, notify.OnError(func(_ context.Context, e *notify.Error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.errs = append(s.errs, e)
	}))
	s.receiver.Otherwise(func(_ context.Context, n *notify.Notification) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events, s.bodies = append(s.events, n.EventType), append(s.bodies, string(n.Plaintext))
		return nil
	})
	s.ok(s.Receive("https://yourapp.com", s.receiver))
}

// handled settles, and wants these events to have been handled so far.
func (s *shop) handled(want ...string) {
	s.t.Helper()
	s.ok(s.Settle())
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.events, want) {
		s.t.Errorf("handled %v, want %v", s.events, want)
	}
}

// failed settles, and wants the receiver to have refused messages at these
// checks, since the last look.
func (s *shop) failed(want ...wxpay.Check) {
	s.t.Helper()
	s.ok(s.Settle())
	s.mu.Lock()
	defer s.mu.Unlock()
	var got []wxpay.Check
	for _, e := range s.errs {
		got = append(got, e.Check)
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("the receiver failed at %v, want %v", got, want)
	}
	s.errs = nil
}

// answered are the statuses of the only notification's attempts.
func (s *shop) answered(want ...int) {
	s.t.Helper()
	var got []int
	for _, a := range s.onlyPush().Attempts {
		got = append(got, a.Status)
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("the attempts were answered %v, want %v", got, want)
	}
}

// as is the shop's client, set up otherwise.
func (s *shop) as(change func(*wxpay.Config)) *shop {
	s.t.Helper()
	cfg := s.ClientConfig()
	change(&cfg)
	client, err := wxpay.New(cfg)
	s.ok(err)
	w := *s.world
	w.client = client
	return &shop{world: &w}
}

// presign is a call that changes something.
func (s *shop) presign(code string) (object, error) {
	return s.do("POST", presignCombine, with(combineBody(), "out_contract_code", code))
}

// state is what a query says of a code's contract.
func (s *shop) state(code string) string {
	s.t.Helper()
	return s.must("GET", combineByCode+code, nil)["contract_state"].(string)
}

const combineByCode = "v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/"

// eachWay runs a scenario twice: with its faults injected from Go, and by the
// admin's REST.
func eachWay(t *testing.T, scenario func(t *testing.T, inject func(*shop, fault.Fault))) {
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		scenario(t, func(s *shop, f fault.Fault) {
			s.t.Helper()
			s.ok(s.Inject(f))
		})
	})
	t.Run("admin", func(t *testing.T) {
		t.Parallel()
		scenario(t, func(s *shop, f fault.Fault) {
			s.t.Helper()
			raw, err := json.Marshal(f)
			s.ok(err)
			var body object
			s.ok(json.Unmarshal(raw, &body))
			s.adminOK("POST", "/sandbox/faults", body)
		})
	})
}

// wantError wants WeChat Pay's own answer.
func wantError(t *testing.T, err error, status int, code string) *wxpay.Error {
	t.Helper()
	var e *wxpay.Error
	if !errors.As(err, &e) || e.Status != status || e.Code != code {
		t.Fatalf("got %v, want %d %s", err, status, code)
	}
	return e
}

// wantUnproven wants a reply that cannot be shown to come from WeChat Pay.
func wantUnproven(t *testing.T, err error, check wxpay.Check) {
	t.Helper()
	var e *wxpay.SignatureError
	if !errors.As(err, &e) || e.Check != check {
		t.Errorf("got %v, want the %s check to fail", err, check)
	}
}

// wantUnknown wants a call whose outcome nobody told.
func wantUnknown(t *testing.T, err error) {
	t.Helper()
	var e *wxpay.TransportError
	if !errors.As(err, &e) || !e.Sent {
		t.Errorf("got %v, want a TransportError whose outcome is unknown", err)
	}
}

// hint is what the sandbox said about the last call.
func (s *shop) hint() string {
	s.t.Helper()
	all, err := s.Journal(0, 1)
	s.ok(err)
	return all[len(all)-1].Hint
}

// rewriter is a transport that changes requests after they were signed.
type rewriter func(*http.Request)

func (f rewriter) RoundTrip(r *http.Request) (*http.Response, error) {
	f(r)
	return http.DefaultTransport.RoundTrip(r)
}

// remarshal decodes a request's body and encodes it again, as a middleware that
// logs or redacts does.
func remarshal(r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var v any
	_ = json.Unmarshal(raw, &v)
	raw, _ = json.Marshal(v) // sorts the keys, and escapes &, < and >
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(bytes.NewReader(raw)), int64(len(raw)), nil
}

func mentions(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q does not mention %q", text, word)
		}
	}
}

func (s *shop) onlyContract() *ledger.Contract {
	s.t.Helper()
	list, err := s.Contracts()
	s.ok(err)
	if len(list) != 1 {
		s.t.Fatalf("%d contracts, want one", len(list))
	}
	return list[0]
}
