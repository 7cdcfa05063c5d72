package contracts

import (
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A payer has one place under a plan, or one for each of their accounts with the merchant, which a
// claim takes while a contract is in force. Some products have contracts beside each other: those
// take no place, and are counted.

// claims says whether the contract of a session takes a place.
func claims(p *engine.Product, s *rows.Session) bool { return p.Beside == nil || !p.Beside(s) }

// placeTaken says whether another contract of the person is in the way of a session's.
func placeTaken(s *engine.Step, p *engine.Product, session *rows.Session, person string) (bool, error) {
	if !claims(p, session) {
		return false, nil
	}
	_, err := rows.Get[rows.Claim](s.Tx, rows.LiveKey(p.Name, session.MchID, session.PlanID, person, session.UserCode))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// full says whether the person has as many contracts under a plan as they may.
func full(s *engine.Step, p *engine.Product, session *rows.Session, person string) (bool, error) {
	if p.Most == 0 {
		return false, nil
	}
	all, err := rows.Find[rows.Contract](rows.Scope(rows.Unscoped(s.Tx), session.MchID), "person:"+person, 0)
	n := 0
	for _, c := range all {
		if c.Product == p.Name && c.PlanID == session.PlanID && c.Live() {
			n++
		}
	}
	return n >= p.Most, err
}

// errFull is for a payer who has as many contracts under a plan as they may.
// https://pay.weixin.qq.com/doc/v3/merchant/4015980869
func errFull() *ledger.PageError {
	return &ledger.PageError{Reason: ledger.PageSigned,
		Message: "You have opened this service as often as it can be opened. (已超过该服务可开通的次数限制)"}
}

// giveUpPlace lets the payer sign again. A store may have lost the claim, and even given the place
// to another contract: this one ends all the same.
func giveUpPlace(s *engine.Step, c *rows.Contract) error {
	live, err := rows.Get[rows.Claim](s.Tx, c.LiveKey())
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && live.ContractID != c.ID:
		return nil
	case err != nil:
		return err
	}
	return s.Delete(live.RowKind(), live.ID, *live.Revision())
}
