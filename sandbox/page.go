package sandbox

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// page is the signing page of a session, for a person.
func (s *step) page(session *sessionRow, openid string) (*Page, error) {
	if err := s.mayOpen(session, openid); err != nil {
		return nil, err
	}
	who, _ := s.payerOf(session.payers(), openid)
	_, err := get[claim](s.Tx, liveKey(session.Product, session.MchID, session.PlanID, who.id, session.UserCode))
	switch {
	case err == nil:
		return nil, errSigned()
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	m := s.registry.merchant(session.MchID)
	if m == nil {
		return nil, &PageError{Reason: PageClosed, Message: "This merchant no longer offers the service."}
	}
	plan := m.plan(session.Product, session.PlanID)
	if plan == nil || plan.Disabled {
		return nil, &PageError{Reason: PageClosed, Message: "This merchant no longer offers the service."}
	}
	return &Page{
		Product: session.Product, MchID: m.MchID, Merchant: m.Name, Plan: plan.Name, PlanID: plan.ID,
		Account: session.Account, Token: session.Token, ExpiresAt: session.ExpiresAt.In(wire.Beijing).
				Truncate(time.Second),
	}, nil
}

// elsewhere says whether the payer is known to be on another machine than the
// one the session was made for.
func (s *step) elsewhere(session *sessionRow) bool {
	return session.ClientIP != "" && s.from != "" && s.from != session.ClientIP
}

// mayOpen says what keeps a person from the session's signing page.
func (s *step) mayOpen(session *sessionRow, openid string) error {
	switch session.State(s.now) {
	case SessionSigned:
		return &PageError{Reason: PageUsed, Message: "This request has already been agreed to."}
	case SessionExpired:
		return &PageError{Reason: PageExpired,
			Message: "This page has expired. Please start again from the merchant's app."}
	case SessionBurnt:
		return &PageError{Reason: PageUsed,
			Message: "This request could not be completed. Please start again from the merchant's app."}
	}
	if s.elsewhere(session) {
		return &PageError{Reason: PageWrongUser, Message: "This page was made for another device."}
	}
	if _, ok := s.payerOf(session.payers(), openid); ok {
		return nil
	}
	return &PageError{Reason: PageWrongUser, Message: "This page was made for another WeChat user."}
}

func errSigned() *PageError {
	return &PageError{Reason: PageSigned,
		Message: "You have already opened this service with this merchant, perhaps in another of its apps."}
}

// session finds a session by its token, for a payer.
func (s *step) session(token string) (*sessionRow, error) {
	session, err := get[sessionRow](s.Tx, token)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &PageError{Reason: PageUnknown,
			Message: "This page does not exist. Please start again from the merchant's app."}
	}
	return session, err
}

// prompt finds the offer to sign that an order's payment page shows, which is
// there only if the order was paid while the session lived.
func (s *step) prompt(o *orderRow) (*sessionRow, error) {
	sessions, err := find[sessionRow](s.Tx, "prepay:"+o.PrepayID, 0)
	if err != nil {
		return nil, err
	}
	none := &PageError{Reason: PageNoPrompt, Message: "This payment comes with no offer to sign."}
	if len(sessions) == 0 {
		return nil, none
	}
	session := sessions[len(sessions)-1] // the latest call decides what is offered
	if o.State != OrderPaid {
		return nil, &PageError{Reason: PageNoPrompt, Message: "The offer to sign appears only after the payment."}
	}
	return session, nil
}

func (s *step) open(session *sessionRow, openid string) (*Page, error) {
	page, err := s.page(session, openid)
	if err != nil {
		return nil, err
	}
	session.OpenedAt = s.now
	return page, put(s.Tx, session)
}

func (s *step) decline(session *sessionRow, openid string) error {
	if _, err := s.page(session, openid); err != nil {
		return err
	}
	session.OpenedAt, session.DeclinedAt = s.now, s.now
	return put(s.Tx, session)
}

func notAnOrder(err error) error {
	if errors.As(err, new(*refusal)) {
		return &PageError{Reason: PageUnknown, Message: "This order does not exist."}
	}
	return err
}
