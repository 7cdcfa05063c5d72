package debits

import (
	"net/http"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// OrDebit lets an endpoint of orders, a query or the close, find debits too:
// those of products that have no query of their own. A provider finds its debits
// on the partner paths, with the sub-merchant's id.
func OrDebit(order engine.Behaviour) engine.Behaviour {
	return func(c *engine.Call) (engine.Document, error) {
		d, err := debitAsOrder(c)
		switch {
		case err != nil:
			return nil, err
		case d == nil:
			return order(c)
		case c.Op.Method == http.MethodPost:
			return nil, Close(c, d)
		}
		r, err := c.RulesFor(d)
		if err != nil {
			return nil, err
		}
		return r.AsOrder(d), nil
	}
}

// debitAsOrder finds the debit of the path, of the merchant and sub-merchant the
// call names, or nil.
func debitAsOrder(c *engine.Call) (*rows.Debit, error) {
	key := rows.TradeKey(c.Merchant.MchID, c.Vars["out_trade_no"])
	if id := c.Vars["transaction_id"]; id != "" {
		key = "transaction:" + id
	}
	list, err := rows.Find[rows.Debit](c.Tx, key, 0)
	if err != nil {
		return nil, err
	}
	named := func(name string) string { return c.Query.Get(name) + c.Text(name) }
	for _, d := range list {
		mchid := named("mchid") + named("sp_mchid")
		r, err := c.RulesFor(d)
		if err != nil {
			return nil, err
		}
		if r.AsOrder != nil && mchid == d.MchID && named("sub_mchid") == d.SubMchID {
			return d, nil
		}
	}
	return nil, nil
}
