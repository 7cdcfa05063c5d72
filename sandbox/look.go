package sandbox

import (
	"context"
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What tests and the admin look at. Everything returned is a copy as of now.

// Contracts lists every contract, oldest first.
func (s *Sandbox) Contracts() ([]*Contract, error) { return list[Contract](s.engine, 0) }

// Sessions lists every presigned session, oldest first.
func (s *Sandbox) Sessions() ([]*Session, error) { return list[Session](s.engine, 0) }

// Orders lists every order, oldest first.
func (s *Sandbox) Orders() ([]*Order, error) { return list[Order](s.engine, 0) }

// Debits lists every debit, oldest first.
func (s *Sandbox) Debits() ([]*Debit, error) { return list[Debit](s.engine, 0) }

// Refunds lists every refund, oldest first.
func (s *Sandbox) Refunds() ([]*Refund, error) { return list[Refund](s.engine, 0) }

// Pushes lists every notification, oldest first.
func (s *Sandbox) Pushes() ([]*Push, error) { return list[Push](s.engine, 0) }

// Contract is one contract as it is now.
func (s *Sandbox) Contract(id string) (c *Contract, err error) {
	err = s.engine.view(context.Background(), func(st *step) error {
		c, err = st.contract(id)
		return err
	})
	return c, err
}

// Journal lists the API calls after a sequence number, oldest first: the newest
// of them if newest is above 0, otherwise all that are kept.
func (s *Sandbox) Journal(after int64, newest int) ([]Exchange, error) {
	return s.engine.journal.list(context.Background(), after, newest)
}

// Redeliver sends a notification once more at once, whatever has become of it.
func (s *Sandbox) Redeliver(pushID string) error {
	return s.engine.step(context.Background(), func(st *step) error {
		p, err := get[Push](st.Tx, pushID)
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

// requeue sends what could not be delivered and now can, because a route came.
func (e *engine) requeue(ctx context.Context) error {
	return e.step(ctx, func(s *step) error {
		stuck, err := find[Push](s.Tx, "state:"+string(PushUndeliverable), 0)
		if err != nil {
			return err
		}
		for _, p := range stuck {
			if _, _, problem := e.routes.resolve(p.URL); problem != "" || e.registry.merchant(p.MchID) == nil {
				continue
			}
			p.again(s.now)
			s.pushed = true
			if err := put(s.Tx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func list[E any, P interface {
	*E
	entity
}](e *engine, newest int) (out []P, err error) {
	err = e.view(context.Background(), func(s *step) error {
		out, err = find[E, P](s.Tx, "", newest)
		return err
	})
	return out, err
}
