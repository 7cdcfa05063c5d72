package payments

import (
	"cmp"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// payment is anything paid that can be refunded: an order, a debit, or a part of
// a combined one.
type payment struct {
	of                        rows.Entity // to be stored again after refunded moved
	appid, subMchID, openid   string
	person                    string
	outTradeNo, transactionID string
	total                     int64
	refunded                  *int64
	paidAt                    time.Time
	sold, attach              string
}

// paymentOf finds what a refund is about, by either number, among what was paid to the sub-merchant
// that the call names; to the merchant itself where it names none.
func paymentOf(c *engine.Call, r *rows.Refund) (*payment, error) {
	key := "transaction:" + r.TransactionID
	if r.TransactionID == "" {
		key = rows.TradeKey(c.Merchant.MchID, r.OutTradeNo)
	}
	orders, err := rows.Find[rows.Order](c.Tx, key, 0)
	if err != nil {
		return nil, err
	}
	debits, err := rows.Find[rows.Debit](c.Tx, key, 0)
	if err != nil {
		return nil, err
	}
	var paid []*payment
	for _, o := range orders {
		paid = append(paid, paymentsOfOrder(c.Step, o)...)
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
		return nil, engine.InvalidRequest("商户订单号对应多笔支付").
			Hinting("several payments have this out_trade_no: name the transaction_id of one")
	case len(paid) > 0 && r.SubMchID == "":
		refused := engine.BadField("/sub_mchid", "服务商模式需传sub_mchid").
			Hinting("the payment was made to a sub-merchant: name it")
		refused.Internal = engine.InternalNoSubMchID
		return nil, refused
	case len(paid) > 0:
		return nil, engine.InvalidRequest("子商户号与支付时不一致").
			Hinting("the order was paid to another sub-merchant, or to none")
	case len(orders)+len(debits) > 0:
		return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "原订单不存在").
			Hinting("for refunds an order is there once it is paid: this one is not paid, or the two numbers are of " +
				"different orders")
	}
	return nil, engine.NotFound("RESOURCE_NOT_EXISTS", "订单不存在").Hinting("no order or debit of merchant " +
		c.Merchant.MchID +
		" has this number")
}

func paymentsOfOrder(s *engine.Step, o *rows.Order) []*payment {
	if o.State != ledger.OrderPaid {
		return nil
	}
	base := payment{of: o, appid: o.AppID, subMchID: o.SubMchID, openid: o.OpenID, person: s.WhoPaid(o).ID,
		paidAt: o.PaidAt}
	if !o.Combined {
		asked := engine.DecodeBody(o.Request)
		base.sold = cmp.Or(engine.TextOf(asked, "description"), engine.TextOf(asked, "body")) // as APIv2 has it
		base.attach = engine.TextOf(asked, "attach")
		base.outTradeNo, base.transactionID = o.OutTradeNo, o.TransactionID
		base.total, base.refunded = o.Total, &o.Refunded
		return []*payment{&base}
	}
	return paymentsOfParts(base, o.SubOrders)
}

func paymentsOfDebit(d *rows.Debit) []*payment {
	if d.State != ledger.DebitPaid {
		return nil
	}
	base := payment{of: d, appid: d.AppID, subMchID: d.SubMchID, openid: d.OpenID, person: d.Person,
		paidAt: d.PaidAt(), sold: d.Description, attach: d.Attach}
	if len(d.Parts) == 0 {
		base.outTradeNo, base.transactionID = d.OutTradeNo, d.TransactionID
		base.total, base.refunded = d.Total, &d.Refunded
		return []*payment{&base}
	}
	return paymentsOfParts(base, d.Parts)
}

// paymentsOfParts are the parts of a combined payment, refunded one by one.
func paymentsOfParts(base payment, parts []ledger.SubOrder) []*payment {
	out := make([]*payment, len(parts))
	for i := range parts {
		p := base
		p.subMchID, p.outTradeNo, p.transactionID = parts[i].SubMchID, parts[i].OutTradeNo, parts[i].TransactionID
		p.total, p.refunded = parts[i].Total, &parts[i].Refunded
		p.sold, p.attach = engine.TextOf(engine.DecodeBody(parts[i].Request), "description"), parts[i].Attach
		out[i] = &p
	}
	return out
}
