package sandbox

import (
	"context"
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What tests and the admin look at: views, without what only the store needs. Everything
// returned is a copy as of now.

// Contracts lists every contract, oldest first.
func (s *Sandbox) Contracts() ([]*Contract, error) { return list(s.engine, (*contractRow).view) }

// Sessions lists every presigned session, oldest first.
func (s *Sandbox) Sessions() ([]*Session, error) { return list(s.engine, (*sessionRow).view) }

// Orders lists every order, oldest first.
func (s *Sandbox) Orders() ([]*Order, error) { return list(s.engine, (*orderRow).view) }

// Debits lists every debit, oldest first.
func (s *Sandbox) Debits() ([]*Debit, error) { return list(s.engine, (*debitRow).view) }

// Refunds lists every refund, oldest first.
func (s *Sandbox) Refunds() ([]*Refund, error) { return list(s.engine, (*refundRow).view) }

// Pushes lists every notification, oldest first.
func (s *Sandbox) Pushes() ([]*Push, error) { return list(s.engine, (*pushRow).view) }

// Contract is one contract as it is now.
func (s *Sandbox) Contract(id string) (*Contract, error) {
	var c *contractRow
	err := s.engine.look(func(st *step) (err error) {
		c, err = st.contract(id)
		return err
	})
	return c.view(), err
}

// Journal lists the API calls after a sequence number, oldest first: the newest
// of them if newest is above 0, otherwise all that are kept.
func (s *Sandbox) Journal(after int64, newest int) ([]Exchange, error) {
	return s.engine.journal.list(context.Background(), after, newest)
}

// Redeliver sends a notification once more at once, whatever has become of it.
func (s *Sandbox) Redeliver(pushID string) error {
	return s.engine.step(context.Background(), func(st *step) error {
		p, err := get[pushRow](st.Tx, pushID)
		if errors.Is(err, store.ErrNotFound) {
			return &PageError{Reason: PageUnknown, Message: "There is no such notification."}
		}
		if err != nil {
			return err
		}
		p.again(st.now)
		st.pushed = true
		return put(st.Tx, p)
	})
}
