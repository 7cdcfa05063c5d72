package payments

import (
	"errors"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What former versions left in a store, made into what this one expects.

// DropBills drops the files that were stored before anything ended them.
func DropBills(s *engine.Step) error {
	kind := (*billFile)(nil).RowKind()
	files, err := s.Find(kind, "", 0)
	for i := 0; err == nil && i < len(files); i++ {
		if files[i].Due == 0 && rows.Readable(kind, files[i]) == nil {
			err = s.Delete(kind, files[i].ID, files[i].Rev)
		}
	}
	return err
}

// byDay is the note of a store in which payments and refunds are found by their day.
type byDay struct{ rows.Rev }

func (b *byDay) RowKind() string { return "by-day" }

func (b *byDay) Row() store.Row { return store.Row{ID: "by-day"} }

func (b *byDay) Owner() string { return "" }

// IndexDays has what was paid and given back be found by its day, once. What cannot be read stays
// as it is.
func IndexDays(s *engine.Step) error {
	_, err := rows.Get[byDay](s.Tx, (*byDay)(nil).Row().ID)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := errors.Join(indexDays[rows.Order](s), indexDays[rows.Debit](s),
		indexDays[rows.Refund](s)); err != nil {
		return err
	}
	return rows.Put(s.Tx, &byDay{})
}

func indexDays[E any, P interface {
	*E
	rows.Entity
}](s *engine.Step) error {
	const together = 256
	kind := P(new(E)).RowKind()
	for last := ""; ; {
		list, err := s.Page(kind, "", last, together)
		if err != nil {
			return err
		}
		for _, row := range list {
			last = row.ID
			e, err := rows.Decode(P(new(E)), row)
			if rows.IsMisread(err) {
				continue
			}
			if err != nil {
				return err
			}
			known := func(key string) bool { return slices.Contains(row.Keys, key) }
			if !slices.ContainsFunc(e.Row().Keys, func(key string) bool { return !known(key) }) {
				continue
			}
			if err := rows.Put(s.Tx, e); err != nil && !rows.IsMisread(err) {
				return err
			}
		}
		if len(list) < together {
			return nil
		}
	}
}
