package contracts

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// page is the signing page of a session, for a person.
func page(s *engine.Step, session *rows.Session, openid string) (*ledger.Page, error) {
	if err := mayOpen(s, session, openid); err != nil {
		return nil, err
	}
	p, err := s.ProductOf(session, session.Product)
	if err != nil {
		return nil, err
	}
	who, _ := s.PayerOf(session.Payers(), openid)
	switch taken, err := placeTaken(s, p, session, who.ID); {
	case err != nil:
		return nil, err
	case taken:
		return nil, ErrSigned()
	}
	switch full, err := full(s, p, session, who.ID); {
	case err != nil:
		return nil, err
	case full:
		return nil, errFull()
	}
	if err := codeFree(s, session); err != nil {
		return nil, err
	}
	m := s.Registry.Merchant(session.MchID)
	if m == nil {
		return nil, &ledger.PageError{Reason: ledger.PageClosed, Message: "This merchant no longer offers the service."}
	}
	plan := m.Plan(session.Product, session.PlanID)
	if plan == nil || plan.Disabled {
		return nil, &ledger.PageError{Reason: ledger.PageClosed, Message: "This merchant no longer offers the service."}
	}
	return &ledger.Page{
		Product: session.Product, MchID: m.MchID, Merchant: m.Name, Plan: plan.Name, PlanID: plan.ID,
		Account: session.Account, Token: session.Token, ExpiresAt: session.ExpiresAt.In(wire.Beijing).
				Truncate(time.Second),
	}, nil
}

// elsewhere says whether the payer is known to be on another machine than the
// one the session was made for.
func elsewhere(s *engine.Step, session *rows.Session) bool {
	return session.ClientIP != "" && s.From != "" && s.From != session.ClientIP
}

// mayOpen says what keeps a person from the session's signing page.
func mayOpen(s *engine.Step, session *rows.Session, openid string) error {
	switch session.State(s.Now) {
	case ledger.SessionSigned:
		return &ledger.PageError{Reason: ledger.PageUsed, Message: "This request has already been agreed to."}
	case ledger.SessionExpired:
		return &ledger.PageError{Reason: ledger.PageExpired,
			Message: "This page has expired. Please start again from the merchant's app."}
	case ledger.SessionBurnt:
		return &ledger.PageError{Reason: ledger.PageUsed,
			Message: "This request could not be completed. Please start again from the merchant's app."}
	}
	if elsewhere(s, session) {
		return &ledger.PageError{Reason: ledger.PageWrongUser, Message: "This page was made for another device."}
	}
	if _, ok := s.PayerOf(session.Payers(), openid); ok {
		return nil
	}
	return &ledger.PageError{Reason: ledger.PageWrongUser, Message: "This page was made for another WeChat user."}
}

func ErrSigned() *ledger.PageError {
	return &ledger.PageError{Reason: ledger.PageSigned,
		Message: "You have already opened this service with this merchant, perhaps in another of its apps."}
}

// Session finds a session by its token, for a payer. One that came with an order has no page of its
// own: it is agreed to by paying.
func Session(s *engine.Step, token string) (*rows.Session, error) {
	session, err := rows.Get[rows.Session](s.Tx, token)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &ledger.PageError{Reason: ledger.PageUnknown,
			Message: "This page does not exist. Please start again from the merchant's app."}
	}
	if err == nil && session.PaySign {
		return nil, &ledger.PageError{Reason: ledger.PageNoPrompt,
			Message: "This service is opened by paying the order.",
			Hint:    "the session came with an order: pay that, with or without signing"}
	}
	return session, err
}

func Open(s *engine.Step, session *rows.Session, openid string) (*ledger.Page, error) {
	page, err := page(s, session, openid)
	if err != nil {
		return nil, err
	}
	session.OpenedAt = s.Now
	return page, rows.Put(s.Tx, session)
}

func Decline(s *engine.Step, session *rows.Session, openid string) error {
	if _, err := page(s, session, openid); err != nil {
		return err
	}
	session.OpenedAt, session.DeclinedAt = s.Now, s.Now
	return rows.Put(s.Tx, session)
}

func NotAnOrder(err error) error {
	if errors.As(err, new(*engine.Refusal)) {
		return &ledger.PageError{Reason: ledger.PageUnknown, Message: "This order does not exist."}
	}
	return err
}
