package sandbox

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A store may have been written by a newer version, or by nobody in their right mind. What comes
// out of it is looked up here, and a row that this version can make nothing of is an error that
// names it: it stops what needs the row, and, once something is due to happen to the row, whoever
// acts after that moment, for what comes later may depend on it.

// misreadRow is that error.
type misreadRow struct{ kind, id, problem string }

func (m *misreadRow) Error() string {
	return oneLine(fmt.Sprintf("the store's %s %s %s. If a newer version wrote it, use that version, or start with "+
		"a new store, wxpay sandbox with a new folder in --data; otherwise the store is damaged", m.kind, shown(m.id),
		m.problem), shownLine)
}

// readable is the error of a row that the store itself cannot read.
func readable(kind string, row store.Row) error {
	if row.Damage == "" {
		return nil
	}
	return &misreadRow{kind, row.ID, row.Damage}
}

func misread(e entity, format string, args ...any) error {
	return &misreadRow{e.kind(), e.row().ID, fmt.Sprintf(format, args...)}
}

// productOf is the product that a row names.
func (e *engine) productOf(of entity, name Product) (*product, error) {
	if p := e.products[name]; p != nil {
		return p, nil
	}
	return nil, misread(of, "is of the product %q, which this version does not have", shown(string(name)))
}

// rulesFor are the rules that a debit runs under.
func (e *engine) rulesFor(d *debitRow) (*debitRules, error) {
	if r := e.debits[d.Rules]; r != nil {
		return r, nil
	}
	return nil, misread(d, "runs under the rules %q, which this version does not have", shown(d.Rules))
}

// refundRulesFor are the rules that a refund runs under.
func (e *engine) refundRulesFor(r *refundRow) (*refundRules, error) {
	if rules := e.refunds[r.Kind]; rules != nil {
		return rules, nil
	}
	return nil, misread(r, "is of the kind %q, which this version does not have", shown(r.Kind))
}

// contractUnder is the contract that a debit was accepted under.
func (s *step) contractUnder(d *debitRow) (*contractRow, error) {
	contract, err := get[contractRow](s.Tx, d.ContractID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, misread(d, "is under contract %s, which is not there", shown(d.ContractID))
	}
	return contract, err
}

// happening is what happens to a row that is due. It is the background's, where nobody else would
// catch a panic: one row must not end the whole process.
func (s *step) happening(due dueRow) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.logf("sandbox: %s %s: panic: %v\n%s", due.timer.kind, shown(due.row.ID), p, debug.Stack())
			err = &misreadRow{due.timer.kind, due.row.ID, fmt.Sprintf("cannot happen: %v", p)}
		}
	}()
	return due.timer.happen(s, due.row)
}
