package engine

import (
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A store may have been written by a newer version, or by nobody in their right mind. What comes
// out of it is looked up here, and a row that this version can make nothing of is an error that
// names it. It stops what needs the row, and nothing else: what is due to happen to it, or needs it
// to happen, is set aside and logged, and stays as it is.

// misreadRow is that error.
type misreadRow struct{ kind, id, problem string }

func (m *misreadRow) Error() string {
	return OneLine(fmt.Sprintf("the store's %s %s %s. If a newer version wrote it, use that version, or start with "+
		"a new store, wxpay sandbox with a new folder in --data; otherwise the store is damaged", m.kind, Shown(m.id),
		m.problem), ShownLine)
}

// readable is the error of a row that the store itself cannot read.
func readable(kind string, row store.Row) error {
	if row.Damage == "" {
		return nil
	}
	return &misreadRow{kind, row.ID, row.Damage}
}

// asides are the rows that are due and that this version can make nothing of. A row is left out of
// what is due until somebody changes it, or until the sandbox starts again: nobody has to wait for
// it, and it is told once.
type asides struct {
	mu   sync.RWMutex
	revs map[rowName]int64 // as of which a row was looked at
}

type rowName struct{ kind, id string }

func (a *asides) has(kind string, row store.Row) bool {
	rev, aside := a.revs[rowName{kind, row.ID}]
	return aside && rev == row.Rev
}

// add says whether the row is a new one.
func (a *asides) add(kind string, row store.Row) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.has(kind, row)
	a.revs[rowName{kind, row.ID}] = row.Rev
	return !known
}

// setAside sets a row that something is to happen to aside where err says that it, or what it
// needs, is misread.
func (e *Engine) setAside(kind string, row store.Row, err error) bool {
	return e.asides.set(e.Logf, kind, row, err)
}

// setAside is the same within a transaction.
func (s *Step) setAside(kind string, row store.Row, err error) bool {
	return s.asides.set(s.Logf, kind, row, err)
}

func (a *asides) set(logf func(string, ...any), kind string, row store.Row, err error) bool {
	if !errors.As(err, new(*misreadRow)) {
		return false
	}
	if a.add(kind, row) {
		logf("sandbox: %s %s stays as it is, while all else goes on: %v", kind, Shown(row.ID), err)
	}
	return true
}

// due are the first rows with the key that are due, as the store has them, without those set aside.
func (s *Step) due(kind, key string, until time.Time, limit int) ([]store.Row, error) {
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

func Misread(e Entity, format string, args ...any) error {
	return &misreadRow{e.RowKind(), e.Row().ID, fmt.Sprintf(format, args...)}
}

func unknownState(e Entity, state string) error {
	return Misread(e, "is in the state %q, which this version does not have", Shown(state))
}

// productOf is the product that a row names.
func (e *Engine) productOf(of Entity, name ledger.Product) (*Product, error) {
	if p := e.Products[name]; p != nil {
		return p, nil
	}
	return nil, Misread(of, "is of the product %q, which this version does not have", Shown(string(name)))
}

// rulesFor are the rules that a debit runs under.
func (e *Engine) rulesFor(d *DebitRow) (*DebitRules, error) {
	if r := e.Debits[d.Rules]; r != nil {
		return r, nil
	}
	return nil, Misread(d, "runs under the rules %q, which this version does not have", Shown(d.Rules))
}

// RefundRulesFor are the rules that a refund runs under.
func (e *Engine) RefundRulesFor(r *RefundRow) (*RefundRules, error) {
	if rules := e.Refunds[r.Kind]; rules != nil {
		return rules, nil
	}
	return nil, Misread(r, "is of the kind %q, which this version does not have", Shown(r.Kind))
}

// contractUnder is the contract that a debit was accepted under.
func (s *Step) contractUnder(d *DebitRow) (*ContractRow, error) {
	contract, err := Get[ContractRow](s.Tx, d.ContractID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, Misread(d, "is under contract %s, which is not there", Shown(d.ContractID))
	}
	return contract, err
}

// happening is what happens to a row that is due. It is the background's, where nobody else would
// catch a panic: one row must not end the whole process. A panic is a fault of the sandbox and not
// the row's, so it sets nothing aside, and stops whoever acts after that moment.
func (s *Step) happening(due dueRow) (err error) {
	defer contain(s.Logf, due.String()+" cannot happen", &err)
	err = due.timer.happen(s, due.row)
	if refused := (*Refusal)(nil); errors.As(err, &refused) || errors.As(err, new(*ledger.PageError)) {
		// Nobody asked, so nobody is refused: the row is in a state in which this cannot happen.
		return &misreadRow{due.timer.kind, due.row.ID, "is due, and in a state in which nothing can come of it: " +
			err.Error()}
	}
	return err
}

// contain is deferred, and makes of a panic an error that says what came of it.
func contain(logf func(string, ...any), what string, err *error) {
	if p := recover(); p != nil {
		logf("sandbox: %s: panic: %v\n%s", what, p, debug.Stack())
		*err = fmt.Errorf("sandbox: %s: %s. It is a fault of the sandbox: report it with its log, "+
			"which has more, and start with a new store", what, OneLine(fmt.Sprint(p), ShownLine))
	}
}

// eachPush does something to the notifications with a key, and sets aside those that are misread.
func (s *Step) eachPush(key string, do func(*PushRow) error) error {
	kind := (*PushRow)(nil).RowKind()
	rows, err := s.Find(kind, key, 0)
	if err != nil {
		return err
	}
	for _, row := range rows {
		p, err := decode(new(PushRow), row)
		if err == nil {
			err = do(p)
		}
		if err != nil && !s.setAside(kind, row, err) {
			return err
		}
	}
	return nil
}

// check finds what no message can be made of.
func (p *PushRow) check() error {
	switch {
	case p.Slot < 0 || p.Slot == math.MaxInt: // it is counted on
		return Misread(p, "is at slot %d of its schedule", p.Slot)
	case p.V2 && FieldsOfJSON(p.Resource) == nil:
		return Misread(p, "has a resource that is not flat, as those of APIv2 are")
	}
	return nil
}
