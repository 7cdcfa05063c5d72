package sandbox

import (
	"errors"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// refundRow is a Refund as the store has it, with what the rules need to know.
type refundRow struct {
	rev
	Refund
	Person string `json:"person"`
	// Kind names the refundRules it runs under, which write its notification.
	Kind        string `json:"kind"`
	Fingerprint string `json:"fingerprint"`
	RedoneBy    string `json:"redone_by,omitempty"` // fingerprint of that call
}

func (r *refundRow) kind() string { return "refund" }

func (r *refundRow) row() store.Row {
	row := store.Row{ID: r.ID, Keys: []string{"mchid:" + r.MchID, "refund:" + r.RefundID, "transaction:" +
		r.TransactionID, tradeKey(r.MchID, r.OutTradeNo)}}
	if r.ReturnID != "" {
		row.Keys = append(row.Keys, "return:"+r.ReturnID)
	}
	if r.State == RefundProcessing {
		fallDue(&row, r.DueAt, r.CreatedAt)
	}
	return row
}

func refundNo(mchid, outRefundNo string) string { return joined(mchid, outRefundNo) }

// refundRules is what one way of refunding adds: /v3/refund/domestic,
// /v3/ecommerce/refunds, v2.
type refundRules struct {
	name     string
	delay    time.Duration // from acceptance to the payer's account
	retries  schedule
	resource func(*refundRow) document
	event    string // of every outcome; "" for REFUND.SUCCESS and its kin
}

const (
	maxRefunds = 50 // partial refunds of one order
	refundDays = 365
)

// refund asks for a refund. r says which order, number and amount; refund fills
// in the rest. The same call again returns the same refund.
func (c *call) refund(rules *refundRules, r *refundRow) (*refundRow, error) {
	r.Kind, r.MchID, r.ID = rules.name, c.merchant.MchID, refundNo(c.merchant.MchID, r.OutRefundNo)
	switch old, err := get[refundRow](c.Tx, r.ID); {
	case err == nil && old.Fingerprint != c.fingerprint():
		return nil, invalidRequest("请求重入时，参数与首次请求时不一致").
			hinting("this out_refund_no was used with other parameters: repeat them exactly, or use a new number")
	case err == nil:
		return old, nil
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	p, err := c.paymentOf(r)
	if err != nil {
		return nil, err
	}
	earlier, err := find[refundRow](c.Tx, "transaction:"+p.transactionID, 0)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Total != p.total:
		return nil, invalidRequest("订单金额与支付时不一致").hinting("amount.total is not the order's")
	case r.Amount > p.total-*p.refunded:
		return nil, notEnoughToRefund()
	case len(earlier) >= maxRefunds:
		return nil, invalidRequest("退款次数超过限制").hinting("an order is refunded at most fifty times")
	case c.now.After(p.paidAt.AddDate(0, 0, refundDays)):
		return nil, invalidRequest("订单已超过可退款期限").hinting("an order is refunded within a year")
	}
	*p.refunded += r.Amount
	r.OutTradeNo, r.TransactionID, r.OpenID, r.Person = p.outTradeNo, p.transactionID, p.openid, p.person
	setDefault(&r.AppID, p.appid)
	if r.Request == nil {
		r.Request = c.raw
	}
	if r.RefundID, err = c.newRefundID(); err != nil {
		return nil, err
	}
	r.State, r.Fingerprint = RefundProcessing, c.fingerprint()
	r.CreatedAt, r.DueAt = c.now, c.now.Add(rules.delay)
	c.pushed = true // something will fall due
	return r, c.putAll(p.of, r)
}

func notEnoughToRefund() *refusal {
	return &refusal{status: 403, code: "NOT_ENOUGH", message: "可用退款余额不足", internal: internalParam,
		hint: "more would be refunded than was paid"}
}

// refundsUnder finds the refunds under a key of what was paid to the sub-merchant that the call
// names; to the merchant itself where it names none.
func (c *call) refundsUnder(key, subMchID string) ([]*refundRow, error) {
	list, err := find[refundRow](c.Tx, key, 0)
	return slices.DeleteFunc(list, func(r *refundRow) bool { return r.SubMchID != subMchID }), err
}

// refundByNo finds a refund by the merchant's number.
func (c *call) refundByNo(outRefundNo, subMchID string) (*refundRow, error) {
	r, err := get[refundRow](c.Tx, refundNo(c.merchant.MchID, outRefundNo))
	if errors.Is(err, store.ErrNotFound) || err == nil && r.SubMchID != subMchID {
		return nil, noSuchRefund().hinting("no refund of this merchant and sub-merchant has this out_refund_no")
	}
	return r, err
}

// refundByID finds a refund by WeChat Pay's number.
func (c *call) refundByID(id, subMchID string) (*refundRow, error) {
	list, err := c.refundsUnder("refund:"+id, subMchID)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, noSuchRefund().hinting("no refund of this merchant and sub-merchant has this refund_id")
	}
	return list[0], nil
}

func noSuchRefund() *refusal { return notFound("RESOURCE_NOT_EXISTS", "退款单不存在") }

// refundDue ends a refund whose time has come.
func (s *step) refundDue(r *refundRow) error {
	rules, err := s.refundRulesFor(r)
	if err != nil {
		return err
	}
	person := s.registry.person(r.Person).id // another one is the same person by now, perhaps
	w, err := s.wallet(person)
	if err != nil {
		return err
	}
	r.State, r.EndedAt = RefundSuccess, s.now
	e := event{eventType: "REFUND.SUCCESS", originalType: "refund", summary: "退款成功"}
	switch {
	case w.CloseRefunds > 0:
		w.CloseRefunds--
		r.State, e = RefundClosed, event{eventType: "REFUND.CLOSED", originalType: "refund", summary: "退款关闭"}
		if err = put(s.Tx, w); err == nil {
			err = s.unrefund(r)
		}
	case w.FailRefunds > 0:
		w.FailRefunds--
		r.State, e = RefundAbnormal, event{eventType: "REFUND.ABNORMAL", originalType: "refund", summary: "退款异常"}
		err = put(s.Tx, w)
	default:
		err = s.payBack(r, person)
	}
	if err != nil {
		return err
	}
	if err := put(s.Tx, r); err != nil || r.NotifyURL == "" {
		return err
	}
	if rules.event != "" {
		e.eventType = rules.event
	}
	return s.notify(&pushRow{Push: Push{MchID: r.MchID, URL: r.NotifyURL, Event: e.eventType,
		OriginalType: e.originalType, Summary: e.summary, Resource: encodeJSON(rules.resource(r)), About: r.ID},
		retries: rules.retries})
}

// payBack gives a person the money of a refund, what they do not owe of it.
func (s *step) payBack(r *refundRow, person string) error {
	p, err := s.refunded(r)
	left := r.Amount
	if err == nil && p != nil {
		if d, ok := p.of.(*debitRow); ok {
			left, err = s.forgive(d, left)
		}
	}
	if err != nil || r.Channel != "" {
		return err
	}
	return s.giveBack(person, left)
}

// unrefund makes what a closed refund took of its order refundable again.
func (s *step) unrefund(r *refundRow) error {
	p, err := s.refunded(r)
	if err != nil || p == nil {
		return err
	}
	*p.refunded -= r.Amount
	return put(s.Tx, p.of)
}

// refunded is what a refund gives money of back, nil for nothing that is there.
func (s *step) refunded(r *refundRow) (*payment, error) {
	orders, err := find[orderRow](s.Tx, "transaction:"+r.TransactionID, 0)
	if err != nil {
		return nil, err
	}
	debits, err := find[debitRow](s.Tx, "transaction:"+r.TransactionID, 0)
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

func (r *refundRow) way() string {
	if r.Channel != "" {
		return r.Channel
	}
	return "ORIGINAL"
}
