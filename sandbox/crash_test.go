package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// hanging is a world whose merchant refuses what it is notified of, until the
// attempt of that number, which hangs.
func hanging(t *testing.T, kept store.Store, attempt int) *world {
	t.Helper()
	w := newWorld(t, sandbox.WithStore(kept), sandbox.WithNotifyTimeout(time.Minute))
	hangs := make(chan struct{})
	release := make(chan struct{})
	w.inbox.answer = func() int {
		if attempt--; attempt == 0 {
			close(hangs)
			<-release
		}
		return 500
	}
	w.signCombine("A")
	walked := make(chan error, 1)
	go func() { walked <- w.Advance(24 * time.Hour) }()
	t.Cleanup(func() {
		close(release)
		w.ok(<-walked)
	})
	await(t, hangs, "the attempt that hangs")
	return w
}

// A sandbox that is killed in the last attempt has the next one make another: no
// notification is lost, whatever the merchant made of the one cut off.
func TestCrashInTheLastAttempt(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	killed := hanging(t, kept, 30)
	if p := killed.onlyPush(); p.State != ledger.PushPending || !p.NextAt.IsZero() || !p.Attempts[29].Open {
		t.Fatalf("it hangs in another attempt: %d of them, %s", len(p.Attempts), p.State)
	}

	next := newWorld(t, sandbox.WithStore(kept), sandbox.At(killed.Clock().Now().Add(time.Hour)))
	if a := next.onlyPush().Attempts[29]; a.Open || a.Error == "" {
		t.Errorf("the attempt cut off is %+v", a)
	}
	if got := next.received(); len(got) != 1 {
		t.Fatalf("the merchant got %v", got)
	}
	if p := next.onlyPush(); p.State != ledger.PushDelivered || len(p.Attempts) != 31 {
		t.Errorf("it is %s after %d attempts", p.State, len(p.Attempts))
	}
}

// Where more attempts are to come they are made in their slots.
func TestCrashInAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	killed := hanging(t, kept, 3)
	next := newWorld(t, sandbox.WithStore(kept), sandbox.At(killed.Clock().Now()))
	if got := next.received(); len(got) != 0 {
		t.Errorf("the merchant got %v out of turn", got)
	}
	if a := next.onlyPush().Attempts; len(a) != 3 || a[2].Open || a[2].Error == "" {
		t.Errorf("the attempts are %+v", a)
	}
	next.inbox.answer = func() int { return 500 }
	next.ok(next.Advance(24 * time.Hour))
	if p := next.onlyPush(); p.State != ledger.PushGivenUp || len(p.Attempts) != 30 {
		t.Errorf("it is %s after %d attempts", p.State, len(p.Attempts))
	}
}

// A merchant who is down for good does not keep the sandbox trying for ever.
func TestCrashThenNobodyAnswers(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	killed := hanging(t, kept, 30)
	next := newWorld(t, sandbox.WithStore(kept), sandbox.At(killed.Clock().Now()))
	next.inbox.answer = func() int { return 500 }
	next.ok(next.Advance(24 * time.Hour))
	if p := next.onlyPush(); p.State != ledger.PushGivenUp || len(p.Attempts) != 31 {
		t.Errorf("it is %s after %d attempts", p.State, len(p.Attempts))
	}
}
