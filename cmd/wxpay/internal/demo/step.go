package demo

import (
	"context"
	"encoding/json"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Kind says what a step is.
type Kind string

// The kinds of steps.
const (
	KindFlow         Kind = "flow"         // another contract begins
	KindCall         Kind = "call"         // the merchant calls WeChat Pay
	KindLaunch       Kind = "launch"       // the merchant's app opens WeChat
	KindPayer        Kind = "payer"        // the payer does something
	KindNotification Kind = "notification" // WeChat Pay notifies the merchant
)

// Step is one thing that happened: one line of `wxpay demo --json`, whose names
// are kept from one version to the next.
type Step struct {
	Number int    `json:"step,omitempty"`
	Flow   string `json:"flow"` // the product, as the catalogue names it
	Kind   Kind   `json:"kind"`
	Does   string `json:"does"` // in words

	Method    string          `json:"method,omitempty"`
	URI       string          `json:"uri,omitempty"` // path and query of a call, address of a notification
	Sent      json.RawMessage `json:"sent,omitempty"`
	Status    int             `json:"status,omitempty"`   // of the reply, or of the merchant's answer
	Verified  bool            `json:"verified,omitempty"` // the signature of what came back, or in
	SignedBy  string          `json:"signed_by,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Event     string          `json:"event,omitempty"`
	ID        string          `json:"id,omitempty"`  // of the notification
	Got       json.RawMessage `json:"got,omitempty"` // reply, page, launch parameters, opened resource

	State        string  `json:"state,omitempty"` // of the contract, after the step: WAITING, SIGNED or TERMINATED
	Checks       int     `json:"checks"`          // made and passed
	Milliseconds float64 `json:"ms"`
	OK           bool    `json:"ok"`
	Problem      string  `json:"problem,omitempty"`

	Err error `json:"-"` // the problem, as it can be said in another language
}

// run is one performance.
type run struct {
	*Stage
	ctx     context.Context
	show    func(Step)
	flow    ledger.Product
	payer   *sandbox.Payer
	step    Step
	started time.Time
	sum     Summary
}

// begin opens a flow.
func (r *run) begin(product ledger.Product, title, openid string) {
	r.flow, r.payer = product, r.Sandbox.Payer(openid)
	r.show(Step{Flow: string(product), Kind: KindFlow, Does: title, OK: true})
}

func (r *run) start(kind Kind, does string) {
	r.sum.Steps++
	r.step = Step{Number: r.sum.Steps, Flow: string(r.flow), Kind: kind, Does: does}
	r.started = time.Now()
}

// want is one thing the step must have come to. The first that it has not is
// the step's problem.
func want[T comparable](r *run, what string, got, want T) {
	r.check(got == want, "%s is %v, want %v", what, got, want)
}

func (r *run) check(ok bool, format string, args ...any) {
	switch {
	case ok:
		r.step.Checks++
	case r.step.Err == nil:
		r.step.Err = lang.Errorf(format, args...)
	}
}

// end shows the step and gives its problem as an error.
func (r *run) end(err error) error {
	if err == nil {
		err = r.ctx.Err()
	}
	if err != nil {
		r.step.Err = err
	}
	r.step.Milliseconds = milliseconds(time.Since(r.started))
	r.step.OK = r.step.Err == nil
	if !r.step.OK {
		r.step.Problem = r.step.Err.Error()
	}
	if state, err := r.state(); err == nil {
		r.step.State = state
	}
	r.show(r.step)
	if !r.step.OK {
		return lang.Errorf("step %d, %s: %v: %w", r.step.Number, r.flow, doing(r.step.Does), r.step.Err)
	}
	return nil
}

// doing is a step's Does.
type doing string

// In is what a step does in a language.
func (d doing) In(l lang.Lang) string { return l.Translate(string(d)) }

// state is that of the flow's contract as WeChat Pay keeps it.
func (r *run) state() (string, error) {
	contracts, err := r.Sandbox.Contracts()
	if err != nil {
		return "", err
	}
	for _, c := range contracts {
		if c.Product == r.flow {
			return string(c.State), nil
		}
	}
	sessions, err := r.Sandbox.Sessions()
	if err != nil {
		return "", err
	}
	for _, s := range sessions {
		if s.Product == r.flow {
			return string(s.State(r.Sandbox.Clock().Now())), nil
		}
	}
	return "", nil
}

// call makes one call of the SDK and lets check look at its reply.
func call[R any](r *run, does string, make func() (*R, error), check func(*R)) (*R, error) {
	r.start(KindCall, does)
	reply, err := make()
	t := r.trace
	r.step.Method, r.step.URI, r.step.Sent, r.step.Got = t.method, t.uri, t.sent, t.got.Bytes()
	r.step.Status, r.step.RequestID = t.status, t.requestID
	if err == nil {
		// The SDK gives no reply that it has not verified.
		r.step.Verified, r.step.SignedBy = true, t.platformID
		r.sum.Calls++
		check(reply)
	}
	return reply, r.end(err)
}

// launch shows what the app is given to open WeChat with.
func (r *run) launch(does string, parameters any, err error) error {
	r.start(KindLaunch, does)
	if err == nil {
		r.step.Got, err = json.Marshal(parameters)
	}
	return r.end(err)
}

// acts lets the payer do something; shown is what they then see, if anything.
func (r *run) acts(does string, act func(*sandbox.Payer) (shown any, err error)) error {
	r.start(KindPayer, does)
	shown, err := act(r.payer)
	if err == nil && shown != nil {
		r.step.Got, err = json.Marshal(shown)
	}
	if err == nil {
		r.sum.PayerActions++
	}
	return r.end(err)
}

// notified waits for the notification of E and lets check look at it.
func notified[E any](r *run, does string, check func(*E)) error {
	r.start(KindNotification, does)
	timer := time.NewTimer(r.Patience)
	defer timer.Stop()
	select {
	case a := <-r.backend.arrived:
		if a.err != nil {
			return r.end(a.err)
		}
		n := a.notification
		r.step.Event, r.step.ID, r.step.Got = n.EventType, n.ID, n.Plaintext
		r.step.RequestID, r.step.Verified = n.RequestID, true
		e, ok := a.event.(*E)
		r.check(ok, "a notification %s arrived instead", n.EventType)
		if ok {
			check(e)
			r.sum.Notifications++
		}
		return r.end(r.answered(n.ID))
	case <-r.ctx.Done():
		return r.end(r.ctx.Err())
	case <-timer.C:
		return r.end(lang.Errorf("no notification arrived in %s", r.Patience))
	}
}

// answered looks up what WeChat Pay made of the merchant's answer.
func (r *run) answered(id string) error {
	if err := r.Sandbox.Settle(); err != nil {
		return err
	}
	pushes, err := r.Sandbox.Pushes()
	if err != nil {
		return err
	}
	for _, p := range pushes {
		if p.ID == id && len(p.Attempts) > 0 {
			r.step.URI, r.step.Status = p.URL, p.Attempts[len(p.Attempts)-1].Status
			want(r, "notification", p.State, ledger.PushDelivered)
			return nil
		}
	}
	return lang.Errorf("WeChat Pay does not know that it sent %s", id)
}

func milliseconds(d time.Duration) float64 { return float64(d.Round(10*time.Microsecond)) / 1e6 }
