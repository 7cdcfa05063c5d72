package inboxtest

import (
	"context"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// The function fails once on what a query told, and the sweeper is down for more than 25 hours (or
// Config.Recheck is longer): when it asks again, the function has to run again.
func TestWhatWasSweptAndFailedOnceIsNotBuried(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{OnDead: func(_ context.Context, d inbox.Dead) { w.Logf("buried: %+v", d) }},
			fault.Lost)
		c := contracts["combined"]
		m.expect(c.expected)
		c.sign(m)
		m.err = context.DeadlineExceeded
		if err := m.s.Advance(time.Hour); err != nil {
			w.Fatal(err)
		}
		if s, err := m.box.Sweep(w.Context(), m.c); err == nil || s.Failed != 1 {
			w.Fatalf("%+v, %v", s, err)
		}
		m.err = nil
		if err := m.s.Advance(26 * time.Hour); err != nil {
			w.Fatal(err)
		}
		if _, err := m.box.Work(w.Context()); err != nil { // buries it after one attempt
			w.Fatal(err)
		}
		for range 3 {
			m.sweep(7 * time.Hour)
		}
		m.wantEffects(c.signed + " swept")
		if n := m.open(); n != 0 {
			w.Errorf("%d are expected still, and asked for for ever", n)
		}
	})
}
