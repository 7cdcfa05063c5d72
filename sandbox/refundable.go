package sandbox

import (
	"slices"
	"time"
)

// payment is anything paid that can be refunded: an order, a debit, or a part of
// a combined one.
type payment struct {
	of                        entity // to be stored again after refunded moved
	appid, subMchID, openid   string
	person                    string
	outTradeNo, transactionID string
	total                     int64
	refunded                  *int64
	paidAt                    time.Time
}

// paymentOf finds what a refund is about, by either number, among what was paid to the sub-merchant
// that the call names; to the merchant itself where it names none.
func (c *call) paymentOf(r *refundRow) (*payment, error) {
	key := "transaction:" + r.TransactionID
	if r.TransactionID == "" {
		key = tradeKey(c.merchant.MchID, r.OutTradeNo)
	}
	orders, err := find[orderRow](c.Tx, key, 0)
	if err != nil {
		return nil, err
	}
	debits, err := find[debitRow](c.Tx, key, 0)
	if err != nil {
		return nil, err
	}
	var paid []*payment
	for _, o := range orders {
		paid = append(paid, c.paymentsOfOrder(o)...)
	}
	for _, d := range debits {
		paid = append(paid, paymentsOfDebit(d)...)
	}
	paid = slices.DeleteFunc(paid, func(p *payment) bool {
		return r.TransactionID != "" && p.transactionID != r.TransactionID || r.OutTradeNo != "" &&
			p.outTradeNo != r.OutTradeNo
	})
	own := slices.DeleteFunc(slices.Clone(paid), func(p *payment) bool { return p.subMchID != r.SubMchID })
	switch {
	case len(own) == 1:
		return own[0], nil
	case len(own) > 1:
		return nil, invalidRequest("商户订单号对应多笔支付").
			hinting("several payments have this out_trade_no: name the transaction_id of one")
	case len(paid) > 0 && r.SubMchID == "":
		refused := badField("/sub_mchid", "", "服务商模式需传sub_mchid").
			hinting("the payment was made to a sub-merchant: name it")
		refused.internal = internalNoSubMchID
		return nil, refused
	case len(paid) > 0:
		return nil, invalidRequest("子商户号与支付时不一致").hinting("the order was paid to another sub-merchant, or to none")
	case len(orders)+len(debits) > 0:
		return nil, invalidRequest("订单未支付，不能退款").
			hinting("the order is not paid, or the two numbers are of different orders")
	}
	return nil, notFound("RESOURCE_NOT_EXISTS", "订单不存在").hinting("no order or debit of merchant " + c.merchant.MchID +
		" has this number")
}

func (s *step) paymentsOfOrder(o *orderRow) []*payment {
	if o.State != OrderPaid {
		return nil
	}
	base := payment{of: o, appid: o.AppID, subMchID: o.SubMchID, openid: o.OpenID, person: s.whoPaid(o).id,
		paidAt: o.PaidAt}
	if !o.Combined {
		base.outTradeNo, base.transactionID = o.OutTradeNo, o.TransactionID
		base.total, base.refunded = o.Total, &o.Refunded
		return []*payment{&base}
	}
	return paymentsOfParts(base, o.SubOrders)
}

func paymentsOfDebit(d *debitRow) []*payment {
	if d.State != DebitPaid {
		return nil
	}
	base := payment{of: d, appid: d.AppID, subMchID: d.SubMchID, openid: d.OpenID, person: d.Person, paidAt: d.EndedAt}
	if !d.Advanced && !d.RepaidAt.IsZero() {
		base.paidAt = d.RepaidAt // the merchant had nothing before
	}
	if len(d.Parts) == 0 {
		base.outTradeNo, base.transactionID = d.OutTradeNo, d.TransactionID
		base.total, base.refunded = d.Total, &d.Refunded
		return []*payment{&base}
	}
	return paymentsOfParts(base, d.Parts)
}

// paymentsOfParts are the parts of a combined payment, refunded one by one.
func paymentsOfParts(base payment, parts []SubOrder) []*payment {
	out := make([]*payment, len(parts))
	for i := range parts {
		p := base
		p.subMchID, p.outTradeNo, p.transactionID = parts[i].SubMchID, parts[i].OutTradeNo, parts[i].TransactionID
		p.total, p.refunded = parts[i].Total, &parts[i].Refunded
		out[i] = &p
	}
	return out
}
