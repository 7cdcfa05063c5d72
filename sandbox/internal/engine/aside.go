package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A store may have been written by a newer version, or by nobody in their right mind. What comes
// out of it is looked up here, and a row that this version can make nothing of is an error that
// names it. It stops what needs the row, and nothing else: what is due to happen to it, or needs it
// to happen, is set aside and logged, and stays as it is.

// asides are the rows that are due and that this version can make nothing of. A row is left out of
// what is due until somebody changes it, or until the sandbox starts again: nobody has to wait for
// it, and it is told once.
type asides struct {
	mu sync.RWMutex
	// revs are those at which a row was looked at. There may be some that were never committed, of
	// a row that something else changed before it was found to be misread.
	revs map[rowName]map[int64]bool
}

type rowName struct{ kind, id string }

// forget is for when all rows were replaced.
func (a *asides) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.revs)
}

func (a *asides) has(kind string, row store.Row) bool {
	return a.revs[rowName{kind, row.ID}][row.Rev]
}

// add says whether the row is a new one.
func (a *asides) add(kind string, row store.Row) (fresh bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	name := rowName{kind, row.ID}
	fresh = a.revs[name] == nil
	if fresh {
		a.revs[name] = map[int64]bool{}
	}
	a.revs[name][row.Rev] = true
	return fresh
}

// setAside sets a row that something is to happen to aside where err says that it, or what it
// needs, is misread.
func (e *Engine) setAside(kind string, row store.Row, err error) bool {
	return e.asides.set(e.Logf, kind, row, err)
}

// SetAside is the same within a transaction.
func (s *Step) SetAside(kind string, row store.Row, err error) bool {
	return s.asides.set(s.Logf, kind, row, err)
}

func (a *asides) set(logf func(string, ...any), kind string, row store.Row, err error) bool {
	if !rows.IsMisread(err) {
		return false
	}
	if a.add(kind, row) {
		logf("sandbox: %s %s stays as it is, while all else goes on: %v", kind, shown.Value(row.ID), err)
	}
	return true
}

// DueBy are the first rows with the key that are due, as the store has them, without those set
// aside.
func (s *Step) DueBy(kind, key string, until time.Time, limit int) ([]store.Row, error) {
	a := s.asides
	a.mu.RLock()
	defer a.mu.RUnlock()
	most := limit
	if limit > 0 {
		most += len(a.revs)
	}
	rows, err := s.Due(kind, key, until.UnixMilli(), most)
	rows = slices.DeleteFunc(rows, func(row store.Row) bool { return a.has(kind, row) })
	if limit > 0 && len(rows) > limit {
		rows = rows[:limit]
	}
	return rows, err
}

// ProductOf is the product that a row names.
func (k *Known) ProductOf(of rows.Entity, name ledger.Product) (*Product, error) {
	if p := k.Products[name]; p != nil {
		return p, nil
	}
	return nil, rows.Misread(of, "is of the product %q, which this version does not have", shown.Value(string(name)))
}

// RulesFor are the rules that a debit runs under.
func (k *Known) RulesFor(d *rows.Debit) (*DebitRules, error) {
	if r := k.Debits[d.Rules]; r != nil {
		return r, nil
	}
	return nil, rows.Misread(d, "runs under the rules %q, which this version does not have", shown.Value(d.Rules))
}

// RefundRulesFor are the rules that a refund runs under.
func (k *Known) RefundRulesFor(r *rows.Refund) (*RefundRules, error) {
	if rules := k.Refunds[r.Kind]; rules != nil {
		return rules, nil
	}
	return nil, rows.Misread(r, "is of the kind %q, which this version does not have", shown.Value(r.Kind))
}

// happening is what happens to a row that is due. It is the background's, where nobody else would
// catch a panic: one row must not end the whole process. A panic is a fault of the sandbox and not
// the row's, so it sets nothing aside, and stops whoever acts after that moment.
func (s *Step) happening(due dueRow) (err error) {
	defer Contain(s.Logf, due.String()+" cannot happen", &err)
	err = due.timer.happen(s, due.row)
	if refused := (*Refusal)(nil); errors.As(err, &refused) || errors.As(err, new(*ledger.PageError)) {
		// Nobody asked, so nobody is refused: the row is in a state in which this cannot happen.
		return rows.Damaged(due.timer.kind, due.row.ID, "is due, and in a state in which nothing can come of it: "+
			err.Error())
	}
	return err
}

// Contain is deferred, and makes of a panic an error that says what came of it.
func Contain(logf func(string, ...any), what string, err *error) {
	if p := recover(); p != nil {
		logf("sandbox: %s: panic: %v\n%s", what, p, debug.Stack())
		*err = fmt.Errorf("sandbox: %s: %s. It is a fault of the sandbox: report it with its log, "+
			"which has more, and start with a new store", what, shown.Line(fmt.Sprint(p), shown.MaxLine))
	}
}
