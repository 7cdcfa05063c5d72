package engine

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

func List[E, V any, P interface {
	*E
	rows.Entity
}](e *Engine, view func(P) *V) (out []*V, err error) {
	err = e.Look(func(s *Step) error {
		list, err := rows.Find[E, P](s.Tx, "", 0)
		for _, row := range list {
			out = append(out, view(row))
		}
		return err
	})
	return out, err
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
