package payments

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

func refundNo(mchid, outRefundNo string) string { return rows.Joined(mchid, outRefundNo) }

const (
	maxRefunds = 50 // partial refunds of one order
	refundDays = 365
)

// Refund asks for a refund. r says which order, number and amount; refund fills
// in the rest. The same call again returns the same refund.
func Refund(c *engine.Call, rules *engine.RefundRules, r *rows.Refund) (*rows.Refund, error) {
	r.Kind, r.MchID, r.ID = rules.Name, c.Merchant.MchID, refundNo(c.Merchant.MchID, r.OutRefundNo)
	switch old, err := rows.Get[rows.Refund](c.Tx, r.ID); {
	case err == nil && old.Fingerprint != c.Fingerprint():
		return nil, engine.InvalidRequest("请求重入时，参数与首次请求时不一致").
			Hinting("this out_refund_no was used with other parameters: repeat them exactly, or use a new number")
	case err == nil:
		return old, nil
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	p, err := paymentOf(c, r)
	if err != nil {
		return nil, err
	}
	earlier, err := rows.Find[rows.Refund](c.Tx, "transaction:"+p.transactionID, 0)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Total != p.total:
		return nil, engine.InvalidRequest("您的请求参数与订单信息不一致").Hinting("amount.total is not the order's")
	case r.Amount > p.total-*p.refunded:
		// As recorded of APIv2. NOT_ENOUGH is of a merchant's balance, which is no matter here.
		return nil, engine.InvalidRequest(cmp.Or(rules.TooMuch, "退款金额大于可退金额")).
			Hinting("more would be refunded than is left of what was paid")
	case len(earlier) >= maxRefunds:
		return nil, engine.InvalidRequest("退款次数超过限制").Hinting("an order is refunded at most fifty times")
	case c.Now.After(p.paidAt.AddDate(0, 0, refundDays)):
		return nil, engine.InvalidRequest("订单已超过可退款期限").Hinting("an order is refunded within a year")
	}
	*p.refunded += r.Amount
	r.OutTradeNo, r.TransactionID, r.OpenID, r.Person = p.outTradeNo, p.transactionID, p.openid, p.person
	engine.SetDefault(&r.AppID, p.appid)
	if r.Request == nil {
		r.Request = c.Raw
	}
	if r.RefundID, err = c.NewRefundID(); err != nil {
		return nil, err
	}
	r.State, r.Fingerprint = ledger.RefundProcessing, c.Fingerprint()
	r.CreatedAt, r.DueAt = c.Now, c.Now.Add(rules.Delay)
	c.Pushed = true // something will fall due
	return r, c.PutAll(p.of, r)
}

// RefundsUnder finds the refunds under a key of what was paid to the sub-merchant that the call
// names; to the merchant itself where it names none.
func RefundsUnder(c *engine.Call, key, subMchID string) ([]*rows.Refund, error) {
	list, err := rows.Find[rows.Refund](c.Tx, key, 0)
	return slices.DeleteFunc(list, func(r *rows.Refund) bool { return r.SubMchID != subMchID }), err
}

// RefundByNo finds a refund by the merchant's number.
func RefundByNo(c *engine.Call, outRefundNo, subMchID string) (*rows.Refund, error) {
	r, err := rows.Get[rows.Refund](c.Tx, refundNo(c.Merchant.MchID, outRefundNo))
	if errors.Is(err, store.ErrNotFound) || err == nil && r.SubMchID != subMchID {
		return nil, noSuchRefund().Hinting("no refund of this merchant and sub-merchant has this out_refund_no")
	}
	return r, err
}

// RefundByID finds a refund by WeChat Pay's number.
func RefundByID(c *engine.Call, id, subMchID string) (*rows.Refund, error) {
	list, err := RefundsUnder(c, "refund:"+id, subMchID)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, noSuchRefund().Hinting("no refund of this merchant and sub-merchant has this refund_id")
	}
	return list[0], nil
}

func noSuchRefund() *engine.Refusal {
	return engine.NotFound("RESOURCE_NOT_EXISTS", "退款单不存在")
}

// refundDue ends a refund whose time has come.
func refundDue(s *engine.Step, r *rows.Refund) error {
	if r.State != ledger.RefundProcessing {
		return rows.Misread(r, "is due, and has ended as %s", r.State)
	}
	rules, err := s.RefundRulesFor(r)
	if err != nil {
		return err
	}
	if p, err := refunded(s, r); err != nil || p != nil && r.Amount > p.total {
		return cmp.Or(err, rows.Misread(r, "gives %d fen back, and less was paid", r.Amount))
	}
	person := s.Registry.Person(r.Person).ID // another one is the same person by now, perhaps
	w, err := s.Wallet(person)
	if err != nil {
		return err
	}
	r.State, r.EndedAt = ledger.RefundSuccess, s.Now
	switch {
	case w.CloseRefunds > 0:
		w.CloseRefunds--
		r.State = ledger.RefundClosed
		if err = rows.Put(s.Tx, w); err == nil {
			err = unrefund(s, r)
		}
	case w.FailRefunds > 0:
		w.FailRefunds--
		r.State = ledger.RefundAbnormal
		err = rows.Put(s.Tx, w)
	default:
		err = payBack(s, r, person)
	}
	if err != nil {
		return err
	}
	if err := rows.Put(s.Tx, r); err != nil || r.NotifyURL == "" {
		return err
	}
	return NotifyRefund(s, rules, r)
}

// NotifyRefund writes the notification of a refund that has ended.
func NotifyRefund(s *engine.Step, rules *engine.RefundRules, r *rows.Refund) error {
	e := engine.Event{EventType: "REFUND.SUCCESS", OriginalType: "refund", Summary: "退款成功"}
	switch r.State {
	case ledger.RefundClosed:
		e.EventType, e.Summary = "REFUND.CLOSED", "退款关闭"
	case ledger.RefundAbnormal:
		e.EventType, e.Summary = "REFUND.ABNORMAL", "退款异常"
	}
	if rules.Event != "" {
		e.EventType = rules.Event
	}
	return push.Notify(s, &push.Row{Push: ledger.Push{MchID: r.MchID, URL: r.NotifyURL, Event: e.EventType,
		OriginalType: e.OriginalType, Summary: e.Summary, Resource: rows.EncodeJSON(rules.Resource(r)), About: r.ID},
		Retries: rules.Retries})
}

// payBack gives a person the money of a refund, what they do not owe of it.
func payBack(s *engine.Step, r *rows.Refund, person string) error {
	p, err := refunded(s, r)
	left := r.Amount
	if err == nil && p != nil {
		if d, ok := p.of.(*rows.Debit); ok {
			left, err = debits.Forgive(s, d, left)
		}
	}
	if err != nil || r.Channel != "" {
		return err
	}
	return s.GiveBack(person, left)
}

// unrefund makes what a closed refund took of its order refundable again.
func unrefund(s *engine.Step, r *rows.Refund) error {
	p, err := refunded(s, r)
	if err != nil || p == nil {
		return err
	}
	*p.refunded -= r.Amount
	return rows.Put(s.Tx, p.of)
}

// refunded is what a refund gives money of back, nil for nothing that is there.
func refunded(s *engine.Step, r *rows.Refund) (*payment, error) {
	orders, err := rows.Find[rows.Order](s.Tx, "transaction:"+r.TransactionID, 0)
	if err != nil {
		return nil, err
	}
	debits, err := rows.Find[rows.Debit](s.Tx, "transaction:"+r.TransactionID, 0)
	if err != nil {
		return nil, err
	}
	var payments []*payment
	for _, o := range orders {
		payments = append(payments, paymentsOfOrder(s, o)...)
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

// RefundsDue ends refunds at their time.
func RefundsDue() engine.Timer {
	return engine.On(func(r *rows.Refund) time.Time { return r.DueAt }, refundDue)
}
