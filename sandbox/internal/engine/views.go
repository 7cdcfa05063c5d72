package engine

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// List is everything of a kind, oldest first.
func List[E, V any, P interface {
	*E
	rows.Entity
}](e *Engine, view func(P) *V) (out []*V, err error) {
	out, _, err = Page(e, view, "", 0, func(*V) bool { return true })
	return out, err
}

// pageRead is how many rows are read at a time.
const pageRead = 256

// Page is what is wanted of a kind after the one with an id, oldest first: at most limit of them
// (0: all), and whether there are more.
func Page[E, V any, P interface {
	*E
	rows.Entity
}](e *Engine, view func(P) *V, after string, limit int, wanted func(*V) bool) (out []*V, more bool, err error) {
	err = e.Look(func(s *Step) error {
		out, more = nil, false
		read := pageRead
		if limit > 0 && limit < pageRead {
			read = limit + 1
		}
		for last := after; ; read = pageRead {
			var list []P
			if list, last, err = rows.Page[E, P](s.Tx, last, read); err != nil {
				return err
			}
			for _, row := range list {
				v := view(row)
				if !wanted(v) {
					continue
				}
				if more = limit > 0 && len(out) == limit; more {
					return nil
				}
				out = append(out, v)
			}
			if last == "" {
				return nil
			}
		}
	})
	return out, more, err
}

// Look is one of those that list lists.
func Look[E, V any, P interface {
	*E
	rows.Entity
}](e *Engine, id string, view func(P) *V) (v *V, err error) {
	err = e.Look(func(s *Step) error {
		row, err := rows.Get[E, P](s.Tx, id)
		if err == nil {
			v = view(row)
		}
		return err
	})
	return v, err
}
