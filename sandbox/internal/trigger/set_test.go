package trigger

import (
	"encoding/json"
	"testing"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// Whatever is set wherever, the document stays one, and what is set stands there or is refused.
func FuzzSet(f *testing.F) {
	c, err := catalogue.Default()
	if err != nil {
		f.Fatal(err)
	}
	var schema *catalogue.Field
	for _, e := range c.Events() {
		if e.Type == "TRANSACTION.SUCCESS" && e.Family.Name == "combine-transactions" {
			schema = e.Resource
		}
	}
	for _, seed := range [][2]string{
		{"combine_out_trade_no", "\"A\""}, {"/combine_payer_info/openid", "\"o\""},
		{"sub_orders[0].amount.total_amount", "5"}, {"/sub_orders/0/amount", "{\"total_amount\":5}"},
		{"scene_info.device_id", "\"D\""}, {"installment_info.use_subsidy", "true"}, {"a~1b/c~0", "1"},
		{"sub_orders[-1]", "{}"}, {"..", "null"}, {"sub_orders[0]", "[]"},
	} {
		f.Add(seed[0], seed[1])
	}
	const before = `{"combine_appid":"wx1","combine_out_trade_no":"T","sub_orders":[{"amount":{"total_amount":100,` +
		`"payer_amount":100},"out_trade_no":"1"}]}`
	f.Fuzz(func(t *testing.T, place, value string) {
		if !json.Valid([]byte(value)) {
			return
		}
		for _, v2 := range []bool{false, true} {
			document := engine.DecodeBody([]byte(before))
			err := set(document, schema, map[string]any{place: json.RawMessage(value)}, v2)
			if err != nil && len(err.Error()) > 4096 {
				t.Errorf("%q: an error of %d bytes", place, len(err.Error()))
			}
			if err != nil {
				continue
			}
			after := rows.EncodeJSON(document)
			if again := engine.DecodeBody(after); again == nil {
				t.Errorf("%q to %q: came to %s", place, value, after)
			}
			if _, err := find(document, schema, place); err != nil {
				t.Errorf("%q was set, and is not found: %v", place, err)
			}
		}
	})
}
