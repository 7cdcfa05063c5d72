package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// A letter changes its state between two looks at the table, as where it is replayed and fails: it
// is forgotten all the same.
func TestForgetWhileALetterMoves(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{Attempts: 1, OnDead: func(context.Context, inbox.Dead) {}})
		if err := b.Take(w.Context(), paid("n1", "T1", "4200")); err != nil {
			w.Fatal(err)
		}
		ours, c := w.db, w.cut()
		states := []string{"due", "due", "dead"}
		c.asked.Store(func(query string) {
			if strings.Contains(query, "payload") && len(states) > 0 {
				_, err := ours.Exec(w.marks("UPDATE "+w.prefix+"events SET state = ?"), states[0])
				states = states[1:]
				if err != nil {
					w.Error(err)
				}
			}
		})
		f, err := w.box(inbox.Config{}).Forget(w.Context(), inbox.Person{OpenIDs: []string{payer}})
		c.asked.Store(func(string) {})
		if err != nil || f.Letters != 1 || strings.Contains(w.dump(), payer) {
			w.Errorf("%+v, %v, and left is:\n%s", f, err, w.dump())
		}
	})
}

// A letter that is to be replayed comes again, and fails: it is to be replayed still.
func TestALetterThatIsDueComesAgain(t *testing.T) {
	onEach(t, func(w *world) {
		for _, attempts := range []int{1, 10} { // it is the last one, or not
			fails := true
			b := w.box(inbox.Config{Attempts: 1, OnDead: func(context.Context, inbox.Dead) {}})
			again := w.box(inbox.Config{Attempts: attempts, OnDead: func(_ context.Context, d inbox.Dead) {
				w.Errorf("it was made a dead letter: %+v", d)
			}})
			for _, box := range []*inbox.Box{b, again} {
				box.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
					if fails {
						return errors.New("x")
					}
					return w.write(ctx, d, fmt.Sprint(d.ID, " ", d.Attempt))
				})
			}
			n := paid("n1", "T1", "4200")
			if err := b.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
			if _, err := b.Requeue(w.Context(), "", ""); err != nil {
				w.Fatal(err)
			}
			if err := again.Take(w.Context(), n); err != nil {
				w.Errorf("it is stored, and was answered with a failure: %v", err)
			}
			fails = false
			if handled, err := b.Work(w.Context()); err != nil || handled != 1 {
				w.Errorf("%d handled, %v", handled, err)
			}
			if e := w.effect(); !slices.Equal(e, []string{"n1 3"}) {
				w.Errorf("effects %q", e)
			}
			for _, table := range tables {
				w.exec("DELETE FROM " + w.prefix + table)
			}
			w.exec("DELETE FROM " + w.effects())
		}
	})
}

// A queue of the user's may hand over an id that is no text. It is made a dead letter, and
// replayed, like any other.
func TestAnIDThatIsNoText(t *testing.T) {
	onEach(t, func(w *world) {
		var dead []string
		b := w.box(inbox.Config{OnDead: func(_ context.Context, d inbox.Dead) { dead = append(dead, d.ID) }})
		fails := true
		var ran *notify.Notification
		b.Otherwise(func(_ context.Context, d *inbox.Delivery) error {
			if fails {
				return errors.New("x")
			}
			ran = d.Notification
			return nil
		})
		n := &notify.Notification{MchID: mchID, ID: "n\xff", EventType: "X\xfe", Summary: "s\xfd",
			OriginalType: "o\xfc", RequestID: "r\xfb", CreateTime: w.clock.now(), Plaintext: []byte("{}")}
		if err := b.Take(w.Context(), n); err == nil {
			w.Fatal("it did not fail")
		}
		w.clock.advance(30 * time.Hour)
		if _, err := b.Work(w.Context()); err != nil || !slices.Equal(dead, []string{n.ID}) {
			w.Fatalf("dead are %q, %v", dead, err)
		}
		fails = false
		if err := b.Replay(w.Context(), n.MchID, n.ID); err != nil || ran == nil {
			w.Fatal(err)
		}
		if ran.ID != n.ID || ran.EventType != n.EventType || ran.Summary != n.Summary ||
			ran.OriginalType != n.OriginalType || ran.RequestID != n.RequestID || !ran.CreateTime.Equal(n.CreateTime) {
			w.Errorf("%q came back as %q", fmt.Sprint(n.ID, n.EventType), fmt.Sprint(ran.ID, ran.EventType))
		}
	})
}

// KeepEvents bounds the ids that are remembered. That a payment happened, and which message a sign
// proved, is remembered for Keep.
func TestAPaymentIsKnownLongerThanItsNotification(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.writes(inbox.Config{KeepEvents: 1})
		for _, n := range []*notify.Notification{paid("n1", "T1", "4200"), paid("n2", "T2", "4201")} {
			if err := b.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
			w.clock.advance(49 * time.Hour)
		}
		if p, err := b.Prune(w.Context()); err != nil || p != (inbox.Pruned{Events: 1}) {
			w.Fatalf("%+v, %v", p, err)
		}
		for _, id := range []string{"n1", "another"} {
			if err := b.Take(w.Context(), paid(id, "T1", "4200")); err != nil {
				w.Error(err)
			}
		}
		if e := w.effect(); len(e) != 2 {
			w.Errorf("effects %q", e)
		}
	})
}

// A dead letter may be kept longer than what was handled: a payment that was told under another id
// meanwhile is a repeat still when the letter is replayed.
func TestALetterThatOutlivesWhatWasHandled(t *testing.T) {
	onEach(t, func(w *world) {
		cfg := inbox.Config{Attempts: 1, Keep: inbox.MinKeep, OnDead: func(context.Context, inbox.Dead) {}}
		if err := w.box(cfg).Take(w.Context(), paid("n1", "T1", "4200")); err != nil {
			w.Fatal(err)
		}
		b := w.writes(cfg)
		if err := b.Take(w.Context(), paid("n2", "T1", "4200")); err != nil {
			w.Fatal(err)
		}
		w.clock.advance(60 * 24 * time.Hour)
		if p, err := b.Prune(w.Context()); err != nil || p.Events != 1 {
			w.Fatalf("%+v, %v", p, err)
		}
		if err := b.Replay(w.Context(), mchID, "n1"); err != nil {
			w.Error(err)
		}
		if e := w.effect(); !slices.Equal(e, []string{"TRANSACTION.SUCCESS n2"}) {
			w.Errorf("effects %q", e)
		}
	})
}
