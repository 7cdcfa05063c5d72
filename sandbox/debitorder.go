package sandbox

import "net/http"

// orDebit lets an endpoint of orders, a query or the close, find debits too:
// those of products that have no query of their own. A provider finds its debits
// on the partner paths, with the sub-merchant's id.
func orDebit(order behaviour) behaviour {
	return func(c *call) (document, error) {
		d, err := c.debitAsOrder()
		switch {
		case err != nil:
			return nil, err
		case d == nil:
			return order(c)
		case c.op.Method == http.MethodPost:
			return nil, c.closeDebit(d)
		}
		r, err := c.rulesFor(d)
		if err != nil {
			return nil, err
		}
		return r.asOrder(d), nil
	}
}

// debitAsOrder finds the debit of the path, of the merchant and sub-merchant the
// call names, or nil.
func (c *call) debitAsOrder() (*debitRow, error) {
	key := tradeKey(c.merchant.MchID, c.vars["out_trade_no"])
	if id := c.vars["transaction_id"]; id != "" {
		key = "transaction:" + id
	}
	list, err := find[debitRow](c.Tx, key, 0)
	if err != nil {
		return nil, err
	}
	named := func(name string) string { return c.query.Get(name) + c.text(name) }
	for _, d := range list {
		mchid := named("mchid") + named("sp_mchid")
		r, err := c.rulesFor(d)
		if err != nil {
			return nil, err
		}
		if r.asOrder != nil && mchid == d.MchID && named("sub_mchid") == d.SubMchID {
			return d, nil
		}
	}
	return nil, nil
}
