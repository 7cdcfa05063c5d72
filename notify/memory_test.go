package notify

import (
	"context"
	"crypto/sha256"
	"strconv"
	"testing"
	"time"
)

// However often a notification comes, signed anew each time, what is known of it stays
// small.
func TestSignsOfOneNotificationAreBounded(t *testing.T) {
	t.Parallel()
	m := newMemory(10, time.Now)
	for i := range 10_000 {
		n := &Notification{ID: "1", v2: true, proof: sha256.Sum256([]byte(strconv.Itoa(i)))}
		if d, state := m.begin(n); state == isNew {
			m.end(d, nil)
		} else if state != isHandled || !m.answer(d, n) {
			t.Fatalf("attempt %d: state %d", i, state)
		}
	}
	if len(m.bySign) > keptSigns {
		t.Errorf("%d signs are kept", len(m.bySign))
	}
}

// An attempt that waited for one that was forgotten at once leaves nothing behind.
func TestSharersLeaveNoSigns(t *testing.T) {
	t.Parallel()
	m := newMemory(0, time.Now)
	for i := range 100 {
		attempt := func(nonce string) *Notification {
			return &Notification{ID: strconv.Itoa(i), proof: sha256.Sum256([]byte(nonce + strconv.Itoa(i)))}
		}
		first, second := attempt("a"), attempt("b")
		d, _ := m.begin(first)
		if _, state := m.begin(second); state != isRunning {
			t.Fatal("the second does not share the first's run")
		}
		m.end(d, nil) // with max 0 it is forgotten here
		m.answer(d, second)
	}
	if len(m.byID) != 0 || len(m.bySign) != 0 {
		t.Errorf("%d notifications and %d signs are left", len(m.byID), len(m.bySign))
	}
}

// Who waited for a run that has ended takes over its outcome, also where they hung up meanwhile: a
// failure would be reported that is none.
func TestAnEndedRunIsSharedByWhoHungUp(t *testing.T) {
	t.Parallel()
	r := &Receiver{deadline: time.Minute}
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	m := newMemory(100, time.Now)
	for i := range 64 { // select takes either of two that are ready
		first, second := &Notification{ID: strconv.Itoa(i)}, &Notification{ID: strconv.Itoa(i)}
		d, _ := m.begin(first)
		if _, state := m.begin(second); state != isRunning {
			t.Fatal("the second does not share the first's run")
		}
		m.end(d, nil)
		if err := r.share(ctx, second, m, d); err != nil {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
}

// No failure is answered as anything else, though it came with no status or that of a success.
func TestFailuresLookLikeFailures(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int{0: 500, 200: 500, 399: 500, 600: 500, 400: 400, 501: 501, 599: 599} {
		if a := (&Error{as: outcome{CheckHandler, status}}).answer(); a.Status != want {
			t.Errorf("%d is answered %d", status, a.Status)
		}
	}
}
