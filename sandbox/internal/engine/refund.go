package engine

import (
	"errors"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// RefundRow is a Refund as the store has it, with what the rules need to know.
type RefundRow struct {
	Rev
	ledger.Refund
	Person string `json:"person"`
	// Kind names the RefundRules it runs under, which write its notification.
	Kind        string `json:"kind"`
	Fingerprint string `json:"fingerprint"`
	RedoneBy    string `json:"redone_by,omitempty"` // fingerprint of that call
}

func (r *RefundRow) RowKind() string { return "refund" }

func (r *RefundRow) Row() store.Row {
	row := store.Row{ID: r.ID, Keys: []string{"mchid:" + r.MchID, "refund:" + r.RefundID, "transaction:" +
		r.TransactionID, TradeKey(r.MchID, r.OutTradeNo)}}
	if r.ReturnID != "" {
		row.Keys = append(row.Keys, "return:"+r.ReturnID)
	}
	if r.State == ledger.RefundProcessing {
		fallDue(&row, r.DueAt, r.CreatedAt)
	}
	return row
}

func refundNo(mchid, outRefundNo string) string { return Joined(mchid, outRefundNo) }

// RefundRules is what one way of refunding adds: /v3/refund/domestic,
// /v3/ecommerce/refunds, v2.
type RefundRules struct {
	Name     string
	Delay    time.Duration // from acceptance to the payer's account
	Retries  schedule
	Resource func(*RefundRow) Document
	Event    string // of every outcome; "" for REFUND.SUCCESS and its kin
}

const (
	maxRefunds = 50 // partial refunds of one order
	refundDays = 365
)

// Refund asks for a refund. r says which order, number and amount; refund fills
// in the rest. The same call again returns the same refund.
func (c *Call) Refund(rules *RefundRules, r *RefundRow) (*RefundRow, error) {
	r.Kind, r.MchID, r.ID = rules.Name, c.Merchant.MchID, refundNo(c.Merchant.MchID, r.OutRefundNo)
	switch old, err := Get[RefundRow](c.Tx, r.ID); {
	case err == nil && old.Fingerprint != c.Fingerprint():
		return nil, InvalidRequest("请求重入时，参数与首次请求时不一致").
			Hinting("this out_refund_no was used with other parameters: repeat them exactly, or use a new number")
	case err == nil:
		return old, nil
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	p, err := c.paymentOf(r)
	if err != nil {
		return nil, err
	}
	earlier, err := Find[RefundRow](c.Tx, "transaction:"+p.transactionID, 0)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Total != p.total:
		return nil, InvalidRequest("订单金额与支付时不一致").Hinting("amount.total is not the order's")
	case r.Amount > p.total-*p.refunded:
		return nil, notEnoughToRefund()
	case len(earlier) >= maxRefunds:
		return nil, InvalidRequest("退款次数超过限制").Hinting("an order is refunded at most fifty times")
	case c.Now.After(p.paidAt.AddDate(0, 0, refundDays)):
		return nil, InvalidRequest("订单已超过可退款期限").Hinting("an order is refunded within a year")
	}
	*p.refunded += r.Amount
	r.OutTradeNo, r.TransactionID, r.OpenID, r.Person = p.outTradeNo, p.transactionID, p.openid, p.person
	SetDefault(&r.AppID, p.appid)
	if r.Request == nil {
		r.Request = c.Raw
	}
	if r.RefundID, err = c.newRefundID(); err != nil {
		return nil, err
	}
	r.State, r.Fingerprint = ledger.RefundProcessing, c.Fingerprint()
	r.CreatedAt, r.DueAt = c.Now, c.Now.Add(rules.Delay)
	c.Pushed = true // something will fall due
	return r, c.PutAll(p.of, r)
}

func notEnoughToRefund() *Refusal {
	return &Refusal{Status: 403, Code: "NOT_ENOUGH", Message: "可用退款余额不足", Internal: InternalParam,
		Hint: "more would be refunded than was paid"}
}

// RefundsUnder finds the refunds under a key of what was paid to the sub-merchant that the call
// names; to the merchant itself where it names none.
func (c *Call) RefundsUnder(key, subMchID string) ([]*RefundRow, error) {
	list, err := Find[RefundRow](c.Tx, key, 0)
	return slices.DeleteFunc(list, func(r *RefundRow) bool { return r.SubMchID != subMchID }), err
}

// RefundByNo finds a refund by the merchant's number.
func (c *Call) RefundByNo(outRefundNo, subMchID string) (*RefundRow, error) {
	r, err := Get[RefundRow](c.Tx, refundNo(c.Merchant.MchID, outRefundNo))
	if errors.Is(err, store.ErrNotFound) || err == nil && r.SubMchID != subMchID {
		return nil, noSuchRefund().Hinting("no refund of this merchant and sub-merchant has this out_refund_no")
	}
	return r, err
}

// RefundByID finds a refund by WeChat Pay's number.
func (c *Call) RefundByID(id, subMchID string) (*RefundRow, error) {
	list, err := c.RefundsUnder("refund:"+id, subMchID)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, noSuchRefund().Hinting("no refund of this merchant and sub-merchant has this refund_id")
	}
	return list[0], nil
}

func noSuchRefund() *Refusal { return NotFound("RESOURCE_NOT_EXISTS", "退款单不存在") }

// refundDue ends a refund whose time has come.
func (s *Step) refundDue(r *RefundRow) error {
	if r.State != ledger.RefundProcessing {
		return Misread(r, "is due, and has ended as %s", r.State)
	}
	rules, err := s.RefundRulesFor(r)
	if err != nil {
		return err
	}
	person := s.Registry.Person(r.Person).ID // another one is the same person by now, perhaps
	w, err := s.Wallet(person)
	if err != nil {
		return err
	}
	r.State, r.EndedAt = ledger.RefundSuccess, s.Now
	e := Event{EventType: "REFUND.SUCCESS", OriginalType: "refund", Summary: "退款成功"}
	switch {
	case w.CloseRefunds > 0:
		w.CloseRefunds--
		r.State, e = ledger.RefundClosed, Event{EventType: "REFUND.CLOSED", OriginalType: "refund", Summary: "退款关闭"}
		if err = Put(s.Tx, w); err == nil {
			err = s.unrefund(r)
		}
	case w.FailRefunds > 0:
		w.FailRefunds--
		r.State, e = ledger.RefundAbnormal, Event{EventType: "REFUND.ABNORMAL", OriginalType: "refund", Summary: "退款异常"}
		err = Put(s.Tx, w)
	default:
		err = s.payBack(r, person)
	}
	if err != nil {
		return err
	}
	if err := Put(s.Tx, r); err != nil || r.NotifyURL == "" {
		return err
	}
	if rules.Event != "" {
		e.EventType = rules.Event
	}
	return s.Notify(&PushRow{Push: ledger.Push{MchID: r.MchID, URL: r.NotifyURL, Event: e.EventType,
		OriginalType: e.OriginalType, Summary: e.Summary, Resource: EncodeJSON(rules.Resource(r)), About: r.ID},
		Retries: rules.Retries})
}

// payBack gives a person the money of a refund, what they do not owe of it.
func (s *Step) payBack(r *RefundRow, person string) error {
	p, err := s.refunded(r)
	left := r.Amount
	if err == nil && p != nil {
		if d, ok := p.of.(*DebitRow); ok {
			left, err = s.forgive(d, left)
		}
	}
	if err != nil || r.Channel != "" {
		return err
	}
	return s.GiveBack(person, left)
}

// unrefund makes what a closed refund took of its order refundable again.
func (s *Step) unrefund(r *RefundRow) error {
	p, err := s.refunded(r)
	if err != nil || p == nil {
		return err
	}
	*p.refunded -= r.Amount
	return Put(s.Tx, p.of)
}

// refunded is what a refund gives money of back, nil for nothing that is there.
func (s *Step) refunded(r *RefundRow) (*payment, error) {
	orders, err := Find[OrderRow](s.Tx, "transaction:"+r.TransactionID, 0)
	if err != nil {
		return nil, err
	}
	debits, err := Find[DebitRow](s.Tx, "transaction:"+r.TransactionID, 0)
	if err != nil {
		return nil, err
	}
	var payments []*payment
	for _, o := range orders {
		payments = append(payments, s.paymentsOfOrder(o)...)
	}
	for _, d := range debits {
		payments = append(payments, paymentsOfDebit(d)...)
	}
	for _, p := range payments {
		if p.transactionID == r.TransactionID {
			return p, nil
		}
	}
	return nil, nil
}

func (r *RefundRow) Way() string {
	if r.Channel != "" {
		return r.Channel
	}
	return "ORIGINAL"
}

// sound finds a state that nobody can go on from.
func (r *RefundRow) sound() error {
	switch r.State {
	case ledger.RefundProcessing, ledger.RefundSuccess, ledger.RefundClosed, ledger.RefundAbnormal:
		return nil
	}
	return unknownState(r, string(r.State))
}
