package sandbox

// payFrom takes an order's money from its payer when openid comes, and writes down who paid: by
// the openid under the order's appid, for one under another appid is not the merchant's to know.
func (s *step) payFrom(o *orderRow, openid string) (Failure, error) {
	who, _ := s.payerOf(o.payers(), openid)
	switch {
	case o.OpenID != "":
	case o.SubOpenID == "": // the call named nobody
		o.OpenID = who.openID(o.AppID, openid)
	default:
		o.OpenID = who.openID(o.AppID, "")
	}
	o.Person = who.id
	return s.charge(who.id, o.Total)
}

func (s *step) mayPay(o *orderRow, openid string) error {
	switch o.stateAt(s.now) {
	case OrderPaid:
		return &PageError{Reason: PageUsed, Message: "This order has been paid already."}
	case OrderClosed, OrderReversed, OrderFailed:
		return &PageError{Reason: PageClosed, Message: "This order is closed."}
	}
	if !s.now.Before(o.PrepayExpiresAt) {
		return &PageError{Reason: PageExpired,
			Message: "This payment has expired. Please start again from the merchant's app."}
	}
	who, ok := s.payerOf(o.payers(), openid)
	if !ok {
		return &PageError{Reason: PageWrongUser, Message: "This order is to be paid by another WeChat user."}
	}
	w, err := s.wallet(who.id)
	if err == nil && !w.is(o.RealName, o.IDNumber) {
		return &PageError{Reason: PageIdentity, Message: "Your identity is not the one the merchant has given."}
	}
	return err
}

// pay settles the order and writes the notification of it, in this step.
func (s *step) pay(o *orderRow) (err error) {
	o.State, o.PaidAt = OrderPaid, s.now
	if o.TransactionID, err = s.newTransactionID(); err != nil {
		return err
	}
	for i := range o.SubOrders {
		if o.SubOrders[i].TransactionID, err = s.newTransactionID(); err != nil {
			return err
		}
	}
	if err := put(s.Tx, o); err != nil || o.NotifyURL == "" {
		return err
	}
	return s.tellPaid[o.placing()](s, o)
}

// placing is the kind of call that an order was placed by, and that it is notified after.
type placing string

const (
	placedPlain    placing = "order"
	placedCombined placing = "combined order"
	placedXML      placing = "APIv2 order"
)

func (o *orderRow) placing() placing {
	switch {
	case o.V2:
		return placedXML
	case o.Combined:
		return placedCombined
	}
	return placedPlain
}
