package sandbox_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// signElsewhere has one notification sent, to the address of a plan.
func (w *world) signElsewhere(plan, openid string) {
	w.t.Helper()
	_, err := w.Payer(openid).SignElsewhere(ledger.Papay, plan)
	w.ok(err)
}

// Attempts of one notification may overlap. Each writes down its own end, faults or not, and none
// another's.
func TestAttemptsThatOverlap(t *testing.T) {
	t.Parallel()
	arrived, written := make(chan chan struct{}), make(chan struct{}, 3)
	sb := sandbox.New(t, sandbox.WithNotifyTimeout(time.Minute), func(c *sandbox.Config) {
		c.OnAttempt = func(ledger.Push, ledger.Attempt) { written <- struct{}{} }
	})
	w := &world{t, sb, sb.Client(), nil}
	w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		answer := make(chan struct{})
		arrived <- answer
		<-answer
		rw.WriteHeader(http.StatusNoContent)
	})))
	w.ok(w.Inject(fault.Fault{Name: fault.Duplicated, Event: "*"}))
	_, err := w.Payer(openID).SignElsewhere(ledger.EduSchoolPay, sandbox.DefaultEduPlanID)
	w.ok(err)
	first := await(t, arrived, "the first attempt")
	w.ok(w.Clock().Set(w.Clock().Now().Add(2 * time.Second)))
	second := await(t, arrived, "the second attempt, while the first is under way")
	close(first)
	close(await(t, arrived, "what a fault made of the first attempt"))
	for range 2 {
		await(t, written, "the end of the first attempt")
	}
	close(second)
	w.ok(w.Settle())
	p, numbers := w.onlyPush(), ""
	for _, a := range p.Attempts {
		numbers += fmt.Sprint(a.No, " ")
		if a.Open || a.Error != "" || a.Status != http.StatusNoContent {
			t.Errorf("got %+v", a)
		}
	}
	if p.State != ledger.PushDelivered || numbers != "1 1 2 " {
		t.Errorf("got %s, attempts %s", p.State, numbers)
	}
}

// What is asked for while an attempt is under way is no part of that attempt.
func TestRedeliverDuringAnAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deliveries := 0
	w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		if deliveries++; deliveries == 1 {
			w.ok(w.Redeliver(w.onlyPush().ID))
		}
		rw.WriteHeader(http.StatusNoContent)
	})))
	w.signElsewhere(sandbox.DefaultPlanID, openID)
	w.ok(w.Settle())
	if p := w.onlyPush(); deliveries != 2 || p.State != ledger.PushDelivered || len(p.Attempts) != 2 {
		t.Errorf("%d deliveries, %s after %d attempts", deliveries, p.State, len(p.Attempts))
	}
}

// Whoever redelivers what a fault is about to lose or hold back either comes before, or sends it.
func TestRedeliverWhatAFaultTakes(t *testing.T) {
	t.Parallel()
	for _, name := range []fault.Name{fault.Lost, fault.Late, fault.Reordered} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			sb := sandbox.New(t)
			w := &world{t, sb, sb.Client(), nil}
			w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
			w.ok(w.Inject(fault.Fault{Name: name, Event: "*", Times: -1}))
			var all sync.WaitGroup
			for i := range 40 {
				w.signElsewhere(sandbox.DefaultPlanID, fmt.Sprint("p", i))
				pushes, err := w.Pushes()
				w.ok(err)
				for range 4 {
					all.Go(func() {
						for range 4 {
							if err := w.Redeliver(pushes[i].ID); err != nil {
								t.Error(err)
							}
						}
					})
				}
			}
			all.Wait()
			w.ok(w.Settle())
			pushes, err := w.Pushes()
			w.ok(err)
			for _, p := range pushes {
				for i, a := range p.Attempts {
					if a.Open || a.No != i+1 {
						t.Errorf("attempt %d is %+v", i, a)
					}
				}
				w.ok(w.Redeliver(p.ID))
			}
			w.ok(w.Settle())
			pushes, err = w.Pushes()
			w.ok(err)
			for _, p := range pushes {
				if p.State != ledger.PushDelivered || len(p.Faults) != 1 {
					t.Errorf("got %s with the faults %v", p.State, p.Faults)
				}
			}
		})
	}
}

// sorry is a source of randomness that panics as often as it is told to.
type sorry struct {
	io.Reader
	times atomic.Int32
}

func (s *sorry) Read(p []byte) (int, error) {
	if s.times.Add(-1) >= 0 {
		panic("sorry\nfor this")
	}
	return s.Reader.Read(p)
}

// A panic while a notification is sent is a fault of the sandbox. The log has it, the attempt has
// failed, and the next one is made in its turn; in a background the process would end.
func TestAPanicIsAFailedAttempt(t *testing.T) {
	t.Parallel()
	made := &sorry{Reader: rand.Reader}
	log, options := listening(keep{store.NewMemory()})
	w := newWorld(t, append(options, func(c *sandbox.Config) { c.Rand = made })...)
	w.signElsewhere(sandbox.DefaultPlanID, openID)
	made.times.Store(1)
	w.ok(w.Advance(time.Hour))
	p := w.onlyPush()
	if len(p.Attempts) != 2 || p.State != ledger.PushDelivered ||
		!strings.Contains(p.Attempts[0].Error, `cannot be sent: sorry\nfor this. It is a fault of the sandbox`) {
		t.Errorf("got %s after %+v", p.State, p.Attempts)
	}
	if said := log(); !strings.Contains(said, p.ID+" cannot be sent: panic: sorry") {
		t.Errorf("the log has %q", said)
	}
}

// meanwhile is a store with which something happens after an attempt was made, before its end is
// written down.
type meanwhile struct {
	store.Store
	happens func()
	done    atomic.Bool
}

func (m *meanwhile) Update(ctx context.Context, f func(store.Tx) error) error {
	var open []store.Row
	if err := m.View(ctx, func(tx store.Tx) (err error) {
		open, err = tx.Find("push", "attempt:open", 0)
		return err
	}); err != nil {
		return err
	}
	if len(open) > 0 && m.done.CompareAndSwap(false, true) {
		m.happens()
	}
	return m.Store.Update(ctx, f)
}

// A route that comes while an attempt finds none is seen when that is written down.
func TestARouteThatComesDuringAnAttempt(t *testing.T) {
	t.Parallel()
	kept := &meanwhile{Store: store.NewMemory()}
	sb := sandbox.New(t, sandbox.At(start), sandbox.WithStore(kept))
	w := &world{t, sb, sb.Client(), nil}
	kept.happens = func() {
		w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	}
	w.signElsewhere(sandbox.DefaultPlanID, openID)
	w.ok(w.Settle())
	if p := w.onlyPush(); p.State != ledger.PushDelivered || len(p.Attempts) != 2 {
		t.Errorf("got %s, %q after %d attempts", p.State, p.Problem, len(p.Attempts))
	}
}
