package outbox

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/redact"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/internal/witness"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// deliver makes one attempt: seal, sign, post. Faults may make more of it, or
// less.
func (o *Outbox) deliver(ctx context.Context, p *push.Row) (results []ledger.Attempt, problem string) {
	m := o.Registry.Merchant(p.MchID)
	if m == nil {
		return []ledger.Attempt{{At: o.Clock.Now(), Error: "not sent"}}, "merchant " + p.MchID +
			" is not registered any more"
	}
	transport, target, problem := o.Routes.resolve(p.URL, p.Event)
	if problem != "" {
		return []ledger.Attempt{{At: o.Clock.Now(), Error: "not sent: " + problem}}, problem
	}
	s := append(own(p, armed.OfAttempt), o.faults.OfPush(&p.Push, armed.OfAttempt)...)
	var one sync.Mutex // a [fault.Race] sends two at a time
	send := func(s armed.Injected) ledger.Attempt {
		a, refused := o.Post(ctx, transport, target, m, p, s)
		one.Lock()
		defer one.Unlock()
		problem = cmp.Or(problem, refused)
		return a
	}
	if s == nil {
		results = []ledger.Attempt{send(nil)}
	} else {
		results = s.Deliver(send)
	}
	return results, problem
}

// Post sends one message. refused is why the address may not be called at all.
func (o *Outbox) Post(ctx context.Context, transport http.RoundTripper, target string, m *registry.Merchant,
	p *push.Row,
	s armed.Injected) (result ledger.Attempt, refused string) {
	var failed error
	accepted := false
	seen := o.seen(p, s)
	defer func() {
		if failed != nil {
			result.Error = failed.Error()
		}
		o.witness.Ends(seen, result.Status, accepted)
	}()
	defer engine.Contain(o.Logf, "notification "+shown.Value(p.ID)+" cannot be sent", &failed)
	result = ledger.Attempt{At: o.Clock.Now(), Faults: s.Names()}
	fail := func(format string, args ...any) (ledger.Attempt, string) {
		result.Error = shown.Line(fmt.Sprintf(format, args...), shown.MaxLine)
		return result, refused
	}
	body, header, err := o.message(m, p, s)
	if err != nil {
		return fail("the sandbox cannot sign: %v", err)
	}
	// The deadline is real time, whatever the sandbox's clock does.
	ctx, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return fail("the URL cannot be called: %v", err)
	}
	r.Header = header
	// The transport alone: a redirect is an answer that is not 2xx.
	answer, err := transport.RoundTrip(r)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return fail("no answer within %s", o.Patience)
		}
		if no := (*notCalled)(nil); errors.As(err, &no) {
			refused = no.Problem
			return fail("not sent: %s", no.Problem)
		}
		return fail("the merchant cannot be reached: %v", err)
	}
	defer answer.Body.Close()
	result.Status = answer.StatusCode
	if answer.StatusCode == http.StatusSwitchingProtocols {
		// What follows is another protocol, of no end, and net/http ends it by no deadline.
		return fail("answered 101, after which the connection has another protocol; want 200 or 204")
	}
	// to the end, so that the connection can be used again
	said, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	switch {
	case p.V2:
		result.Error = judgeXML(answer.StatusCode, said, o.said)
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return fail("answered %d, want 200 or 204", answer.StatusCode)
	case p.Heard != nil && err != nil: // of what is no question the status alone decides
		return fail("the body of the answer did not come whole in time")
	}
	accepted = result.Error == ""
	result = armed.Judge(result)
	if p.Heard != nil && result.Error == "" {
		p.Heard(said)
	}
	return result, ""
}

// seen begins an attempt as the witness sees it.
func (o *Outbox) seen(p *push.Row, s armed.Injected) *witness.Attempt {
	a := &witness.Attempt{At: o.Clock.Now(), Said: witness.Read(engine.DecodeBody(p.Resource)), Push: p.ID,
		Event: p.Event, MchID: p.MchID, About: p.About, No: p.Begun, Faults: s.Names()}
	o.witness.Begins(a)
	return a
}

// said is a value of a merchant's answer as it is shown.
func (o *Outbox) said(value string) string {
	r := redact.Redaction{Secrets: o.Registry.Secrets()}
	return shown.Value(r.Brief(value, 400))
}

// message is the body of an attempt with the headers it is sent with.
func (o *Outbox) message(m *registry.Merchant, p *push.Row, s armed.Injected) (body []byte, h http.Header,
	err error) {
	h = http.Header{
		"Content-Type": {"application/json"}, "Accept": {"*/*"}, "User-Agent": {engine.SandboxName},
		ledger.HeaderSandbox: {engine.SandboxName},
		wire.HeaderRequestID: {o.Random.RequestID(0)},
	}
	if p.V2 {
		h.Set("Content-Type", "text/xml")
		return s.Tamper(o.xmlMessage(m, p, s)), h, nil
	}
	body = o.envelope(m, p)
	err = o.Prove(h, m, keyOf(m, p), o.Random.PushNonce(), body, s)
	return s.Tamper(body), h, err
}

// keyOf is the key that a notification asks to be signed by: half of them the public key, by the
// last digit of their id. A merchant who is not moving from one key to the other gets no choice.
func keyOf(m *registry.Merchant, p *push.Row) string {
	if strings.ContainsAny(p.ID[max(len(p.ID)-1, 0):], "02468ace") {
		return m.PublicKeyID
	}
	return ""
}

// envelope seals the resource under a fresh nonce.
func (o *Outbox) envelope(m *registry.Merchant, p *push.Row) []byte {
	nonce := o.Random.Roll(random.Letters, wire.NonceSize)
	return rows.EncodeJSON(wire.Envelope{
		ID: p.ID, CreateTime: wire.FormatTime(p.CreatedAt), ResourceType: "encrypt-resource",
		EventType: p.Event, Summary: p.Summary,
		Resource: wire.Resource{
			OriginalType: p.OriginalType, Algorithm: wire.Algorithm, AssociatedData: p.OriginalType, Nonce: nonce,
			Ciphertext: m.AEAD.Seal(nonce, p.OriginalType, p.Resource),
		},
	})
}

// attempt delivers a claimed push and writes down what came of it.
func (o *Outbox) attempt(ctx context.Context, p *push.Row) {
	if p.Claimed != o.Replaced.Load() {
		return // it is no more
	}
	began, requeues := p.Attempts[len(p.Attempts)-1], o.requeues.Load()
	results, problem := o.deliver(ctx, p)
	if ctx.Err() != nil { // shutting down: the next start sweeps
		return
	}
	results[len(results)-1].At = began.At
	now, err := o.writeDown(context.WithoutCancel(ctx), p, began.No, results, problem, requeues)
	if err != nil {
		o.Logf("sandbox: write down an attempt to deliver %s: %v", p.ID, err)
		return
	}
	if now != nil {
		o.tell(now, results)
	}
}

// tell tells of attempts that were written down.
func (o *Outbox) tell(p *push.Row, results []ledger.Attempt) {
	r := redact.Redaction{Secrets: o.Registry.Secrets()}
	for _, a := range results {
		if a.Error != "" {
			a.Error = r.Brief(a.Error, shown.MaxLine)
			o.Warn("sandbox: notification %s to %s: %s", p.Event, o.whither(p, r), a.Error)
		}
		if o.told != nil && (o.listens == nil || o.listens()) {
			told := p.Push
			told.URL, told.Problem = r.Text(told.URL), r.Text(told.Problem)
			o.told(told, a)
		}
	}
}

// whither is where a notification goes, and says so where that is a plan's address: what tells of
// a contract's end goes there, whatever notify_url the call gave.
func (o *Outbox) whither(p *push.Row, r redact.Redaction) string {
	to := shown.Value(r.Text(p.URL))
	m := o.Registry.Merchant(p.MchID)
	if m == nil {
		return to
	}
	if slices.ContainsFunc(m.Plans, func(plan ledger.Plan) bool { return plan.NotifyURL == p.URL }) {
		to += ", the address of a plan (ledger.Plan.NotifyURL)"
	}
	return to
}

// writeDown has a notification know how an attempt ended, which began after that many
// requeues. Of another one since, which did not find the notification among those
// that cannot be delivered, it does the work. It gives nil for a notification that is no more.
func (o *Outbox) writeDown(ctx context.Context, p *push.Row, no int, results []ledger.Attempt, problem string,
	requeues int64) (now *push.Row, err error) {
	defer engine.Contain(o.Logf, "how notification "+shown.Value(p.ID)+" was sent cannot be written down", &err)
	err = o.Transact(ctx, func(s *engine.Step) (err error) {
		if now = nil; p.Claimed != o.Replaced.Load() {
			return nil
		}
		if now, err = rows.Get[push.Row](s.Tx, p.ID); err != nil {
			return err
		}
		now.Finish(no, results, problem)
		if problem != "" && now.State == ledger.PushUndeliverable && requeues != o.requeues.Load() && o.reachable(now) {
			now.Again(s.Now)
			s.Pushed = true
		}
		if err := rows.Put(s.Tx, now); err != nil {
			return err
		}
		return o.letGo(s, now)
	})
	return now, err
}

// answerWithin is how long WeChat Pay waits for a merchant's answer.
// https://pay.weixin.qq.com/wiki/doc/apiv3/Practices/chapter1_1_5.shtml
const answerWithin = 5 * time.Second

// answerLimit is how much of a merchant's answer is read.
const answerLimit = 64 << 10
