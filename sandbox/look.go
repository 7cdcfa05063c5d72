package sandbox

import (
	"context"
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What tests and the admin look at: views, without what only the store needs. Everything
// returned is a copy as of now.

// Contracts lists every contract, oldest first.
func (s *Sandbox) Contracts() ([]*ledger.Contract, error) {
	return engine.List(s.engine, (*rows.Contract).View)
}

// Sessions lists every presigned session, oldest first.
func (s *Sandbox) Sessions() ([]*ledger.Session, error) {
	return engine.List(s.engine, (*rows.Session).View)
}

// Orders lists every order, oldest first.
func (s *Sandbox) Orders() ([]*ledger.Order, error) {
	return engine.List(s.engine, (*rows.Order).View)
}

// Debits lists every debit, oldest first.
func (s *Sandbox) Debits() ([]*ledger.Debit, error) {
	return engine.List(s.engine, (*rows.Debit).View)
}

// Refunds lists every refund, oldest first.
func (s *Sandbox) Refunds() ([]*ledger.Refund, error) {
	return engine.List(s.engine, (*rows.Refund).View)
}

// Pushes lists every notification, oldest first.
func (s *Sandbox) Pushes() ([]*ledger.Push, error) {
	return engine.List(s.engine, (*push.Row).View)
}

// Contract is one contract as it is now.
func (s *Sandbox) Contract(id string) (*ledger.Contract, error) {
	var c *rows.Contract
	err := s.engine.Look(func(st *engine.Step) (err error) {
		c, err = st.Contract(id)
		return err
	})
	return c.View(), err
}

// Journal lists the API calls after a sequence number, oldest first: the newest
// of them if newest is above 0, otherwise all that are kept.
func (s *Sandbox) Journal(after int64, newest int) ([]ledger.Exchange, error) {
	return s.front.Journal.List(context.Background(), after, newest)
}

// Redeliver sends a notification once more at once, whatever has become of it; also one that a hold
// keeps back.
func (s *Sandbox) Redeliver(pushID string) error {
	return s.engine.Step(context.Background(), func(st *engine.Step) error {
		p, err := rows.Get[push.Row](st.Tx, pushID)
		if errors.Is(err, store.ErrNotFound) {
			return &ledger.PageError{Reason: ledger.PageUnknown, Message: "There is no such notification."}
		}
		if err != nil {
			return err
		}
		p.Again(st.Now)
		p.Excused, st.Pushed = true, true
		return rows.Put(st.Tx, p)
	})
}
