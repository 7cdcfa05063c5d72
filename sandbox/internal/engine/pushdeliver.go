package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// deliver makes one attempt: seal, sign, post. Faults may make more of it, or
// less.
func (o *Outbox) deliver(ctx context.Context, p *PushRow) (results []ledger.Attempt, problem string) {
	m := o.Registry.Merchant(p.MchID)
	if m == nil {
		return []ledger.Attempt{{At: o.Clock.Now(), Error: "not sent"}}, "merchant " + p.MchID +
			" is not registered any more"
	}
	transport, target, problem := o.Routes.resolve(p.URL)
	if problem != "" {
		return []ledger.Attempt{{At: o.Clock.Now(), Error: "not sent: " + problem}}, problem
	}
	s := o.faults.ofPush(&p.Push, ofAttempt)
	var one sync.Mutex // a [fault.Race] sends two at a time
	send := func(s injected) ledger.Attempt {
		a, refused := o.Post(ctx, transport, target, m, p, s)
		one.Lock()
		defer one.Unlock()
		problem = cmp.Or(problem, refused)
		return a
	}
	if s == nil {
		results = []ledger.Attempt{send(nil)}
	} else {
		results = s.deliver(send)
	}
	return results, problem
}

// Post sends one message. refused is why the address may not be called at all.
func (o *Outbox) Post(ctx context.Context, transport http.RoundTripper, target string, m *Merchant, p *PushRow,
	s injected) (result ledger.Attempt, refused string) {
	var failed error
	defer func() {
		if failed != nil {
			result.Error = failed.Error()
		}
	}()
	defer contain(o.Logf, "notification "+Shown(p.ID)+" cannot be sent", &failed)
	result = ledger.Attempt{At: o.Clock.Now(), Faults: s.names()}
	fail := func(format string, args ...any) (ledger.Attempt, string) {
		result.Error = OneLine(fmt.Sprintf(format, args...), ShownLine)
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
	said, _ := io.ReadAll(io.LimitReader(answer.Body, answerLimit)) // to the end, so that the connection can be used again
	if p.V2 {
		result.Error = judgeXML(answer.StatusCode, said)
		return result, ""
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fail("answered %d, want 200 or 204", answer.StatusCode)
	}
	if p.heard != nil {
		p.heard(said)
	}
	return result, ""
}

// message is the body of an attempt with the headers it is sent with.
func (o *Outbox) message(m *Merchant, p *PushRow, s injected) (body []byte, h http.Header, err error) {
	h = http.Header{
		"Content-Type": {"application/json"}, "Accept": {"*/*"}, "User-Agent": {SandboxName},
		ledger.HeaderSandbox: {SandboxName},
		wire.HeaderRequestID: {o.Random.requestID(0)},
	}
	if p.V2 {
		h.Set("Content-Type", "text/xml")
		return s.tamper(o.xmlMessage(m, p, s)), h, nil
	}
	body = o.envelope(m, p)
	err = o.Prove(h, m, "", body, s)
	return s.tamper(body), h, err
}

// envelope seals the resource under a fresh nonce.
func (o *Outbox) envelope(m *Merchant, p *PushRow) []byte {
	nonce := o.Random.Roll(Letters, wire.NonceSize)
	return EncodeJSON(wire.Envelope{
		ID: p.ID, CreateTime: wire.FormatTime(p.CreatedAt), ResourceType: "encrypt-resource",
		EventType: p.Event, Summary: p.Summary,
		Resource: wire.Resource{
			OriginalType: p.OriginalType, Algorithm: wire.Algorithm, AssociatedData: p.OriginalType, Nonce: nonce,
			Ciphertext: m.AEAD.Seal(nonce, p.OriginalType, p.Resource),
		},
	})
}

// attempt delivers a claimed push and writes down what came of it.
func (o *Outbox) attempt(ctx context.Context, p *PushRow) {
	began, requeues := p.Attempts[len(p.Attempts)-1], o.requeues.Load()
	results, problem := o.deliver(ctx, p)
	if ctx.Err() != nil { // shutting down: the next start sweeps
		return
	}
	results[len(results)-1].At = began.At
	now, err := o.writeDown(context.WithoutCancel(ctx), p.ID, began.No, results, problem, requeues)
	if err != nil {
		o.Logf("sandbox: write down an attempt to deliver %s: %v", p.ID, err)
		return
	}
	r := Redaction{Secrets: o.Registry.Secrets()}
	for _, a := range results {
		if a.Error != "" {
			a.Error = r.text(a.Error)
			o.warn("sandbox: notification %s: %s", p.Event, a.Error)
		}
		if o.told != nil {
			told := now.Push
			told.URL, told.Problem = r.text(told.URL), r.text(told.Problem)
			o.told(told, a)
		}
	}
}

// writeDown has a notification know how an attempt ended, which began after that many
// requeues. Of another one since, which did not find the notification among those
// that cannot be delivered, it does the work.
func (o *Outbox) writeDown(ctx context.Context, id string, no int, results []ledger.Attempt, problem string,
	requeues int64) (now *PushRow, err error) {
	defer contain(o.Logf, "how notification "+Shown(id)+" was sent cannot be written down", &err)
	err = o.transact(ctx, func(s *Step) (err error) {
		if now, err = Get[PushRow](s.Tx, id); err != nil {
			return err
		}
		now.finish(no, results, problem)
		if problem != "" && now.State == ledger.PushUndeliverable && requeues != o.requeues.Load() && o.reachable(now) {
			now.Again(s.Now)
			s.Pushed = true
		}
		if err := Put(s.Tx, now); err != nil {
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
