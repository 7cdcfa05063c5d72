package sandbox

func list[E, V any, P interface {
	*E
	entity
}](e *engine, view func(P) *V) (out []*V, err error) {
	err = e.look(func(s *step) error {
		rows, err := find[E, P](s.Tx, "", 0)
		for _, row := range rows {
			out = append(out, view(row))
		}
		return err
	})
	return out, err
}

// look is one of those that list lists.
func look[E, V any, P interface {
	*E
	entity
}](e *engine, id string, view func(P) *V) (v *V, err error) {
	err = e.look(func(s *step) error {
		row, err := get[E, P](s.Tx, id)
		if err == nil {
			v = view(row)
		}
		return err
	})
	return v, err
}

func (c *contractRow) view() *Contract {
	if c == nil {
		return nil
	}
	return &c.Contract
}

func (s *sessionRow) view() *Session { return &s.Session }
func (o *orderRow) view() *Order     { return &o.Order }
func (d *debitRow) view() *Debit     { return &d.Debit }
func (r *refundRow) view() *Refund   { return &r.Refund }
func (p *pushRow) view() *Push       { return &p.Push }
