package inboxtest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/wxpay-go/wxpay/inbox"
)

// writes is a box whose function writes what came.
func (w *world) writes(cfg inbox.Config) *inbox.Box {
	b := w.box(cfg)
	b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error { return w.write(ctx, d, d.EventType+" "+d.ID) })
	return b
}

func TestARepeatHasNoSecondEffect(t *testing.T) {
	onEach(t, func(w *world) {
		one, other := w.writes(inbox.Config{}), w.writes(inbox.Config{})
		for _, b := range []*inbox.Box{one, one, other} {
			if err := b.Take(w.Context(), paid("n1", "T1", "4200")); err != nil {
				w.Fatal(err)
			}
		}
		if got := w.effect(); !slices.Equal(got, []string{"TRANSACTION.SUCCESS n1"}) {
			w.Errorf("effects: %q", got)
		}
	})
}

func TestWhatFailsIsUndoneAndRunsAgain(t *testing.T) {
	onEach(t, func(w *world) {
		b, fails := w.box(inbox.Config{}), true
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			if err := w.write(ctx, d, d.ID); err != nil {
				return err
			}
			if fails {
				return errors.New("out of stock")
			}
			return nil
		})
		if err := b.Take(w.Context(), paid("n1", "T1", "4200")); err == nil || w.effect() != nil {
			w.Fatalf("%v, effects %q", err, w.effect())
		}
		fails = false
		for range 2 {
			if err := b.Take(w.Context(), paid("n1", "T1", "4200")); err != nil {
				w.Fatal(err)
			}
		}
		if got := w.effect(); !slices.Equal(got, []string{"n1"}) {
			w.Errorf("effects: %q", got)
		}
		if n := w.count("SELECT COUNT(*) FROM ~events WHERE payload IS NOT NULL"); n != 0 {
			w.Errorf("%d notifications are kept that were handled", n)
		}
	})
}
