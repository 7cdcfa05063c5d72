package engine

import (
	"context"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// All that happened can be taken back, or be replaced by what happened elsewhere, while calls are
// under way: in one transaction that lies between all others. Who was registered stays.

// setUp are the kinds of rows that say who was registered, with which keys, and not what happened.
// The clock is neither: where it stands is a time, and not a row.
var setUp = [...]string{
	(*savedMerchant)(nil).RowKind(), (*savedPlan)(nil).RowKind(), (*SavedKeys)(nil).RowKind(),
	(*savedFormer)(nil).RowKind(), (*registry.SavedCertificate)(nil).RowKind(), "journal", // see package front
}

// Happened says whether rows of a kind say what happened, payers included, and not who was
// registered or what the clock shows.
func Happened(kind string) bool {
	return kind != (*savedClock)(nil).RowKind() && !slices.Contains(setUp[:], kind)
}

// Replacement is what comes in the place of all that happened.
type Replacement struct {
	Stays []string  // kinds of rows that stay, beside those that did not happen
	At    time.Time // what the clock shows then; zero for what it showed at the start
	// Put writes what there is then, and may change the merchants. It may run again, and so may
	// Then, which follows when it is known who is who; it may be nil.
	Put, Then func(*registry.State, *Step) error
	// Committed follows when all of it is in the store, before anybody else acts.
	Committed func()
}

// Replace has all that happened be replaced, or changes nothing. The clock is the caller's alone.
func (e *Engine) Replace(ctx context.Context, by Replacement) error {
	at := by.At
	if at.IsZero() {
		at = e.Clock.Began()
	}
	var next *registry.State
	return e.update(ctx, &e.Registry.Mu, func(s *Step) error {
		s.Now, s.Pushed = at, true
		next = e.Registry.State.Load().Clone()
		next.ForgetPeople()
		kinds, err := s.Kinds()
		for i := 0; err == nil && i < len(kinds); i++ {
			if kind := kinds[i]; Happened(kind) && !slices.Contains(by.Stays, kind) ||
				kind == (*savedClock)(nil).RowKind() {
				err = s.Clear(kind)
			}
		}
		if err == nil {
			err = by.Put(next, s)
		}
		if err == nil {
			err = s.recallPeople(next)
		}
		if err == nil {
			err = s.joinAll(next, e.payers)
		}
		if err == nil && by.Then != nil {
			err = by.Then(next, s)
		}
		if err == nil && !by.At.IsZero() && !e.Clock.Manual() {
			err = rows.Put(s.Tx, &savedClock{Offset: time.Until(at)})
		}
		return err
	}, func() {
		e.Registry.Publish(next)
		e.asides.forget()
		if by.At.IsZero() {
			e.Clock.Restart()
		} else {
			e.Clock.Show(by.At)
		}
		e.Replaced.Add(1)
		by.Committed()
	})
}
