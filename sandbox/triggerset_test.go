package sandbox_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func setting(pairs ...string) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return out
}

// Members are set by their place, in the type they have; amounts that said the same follow.
func TestTriggerSets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		event, product string
		set            map[string]any
		want           string // members that come then
	}{
		{"TRANSACTION.SUCCESS", "", setting("amount.total", `"5"`),
			`{"amount":{"currency":"CNY","payer_currency":"CNY","payer_total":5,"total":5}}`},
		{"TRANSACTION.SUCCESS", "", setting("/amount/total", `5`, "amount.payer_total", `"4"`),
			`{"amount":{"currency":"CNY","payer_currency":"CNY","payer_total":4,"total":5}}`},
		{"TRANSACTION.SUCCESS", "", setting("amount", `"{\"total\":7}"`), `{"amount":{"total":7}}`},
		{"TRANSACTION.SUCCESS", "", setting("attach", `"42"`, "scene_info.device_id", `"D1"`),
			`{"attach":"42","scene_info":{"device_id":"D1"}}`},
		{"TRANSACTION.SUCCESS", "", setting("promotion_detail", `[{"coupon_id":"1","amount":5}]`),
			`{"promotion_detail":[{"amount":5,"coupon_id":"1"}]}`},
		{"TRANSACTION.SUCCESS", "combine-transactions", setting("sub_orders[1].amount.total_amount", `"9"`),
			`{"sub_orders":[{"amount":{"total_amount":100}},{"amount":{"payer_amount":9,"total_amount":9}}]}`},
		{"TRANSACTION.SUCCESS", "papay", setting("trade_state", `"NEW_STATE"`),
			`{"trade_state":"NEW_STATE","trade_type":"PAP"}`},
		{"REFUND.SUCCESS", "", setting("amount.refund", `"10"`),
			`{"amount":{"payer_refund":10,"payer_total":100,"refund":10,"total":100}}`},
		{"V2.PAYMENT", "", setting("total_fee", `"5"`), `{"cash_fee":"5","total_fee":"5"}`},
		{"V2.PAYMENT", "", setting("coupon_fee", `3`), `{"coupon_fee":"3"}`},
		{"ENTRUST.SIGN", "", setting("plan_id", `"9"`, "contract_id", `"C"`), `{"contract_id":"C","plan_id":9}`},
	} {
		sent, err := w.Trigger(ledger.Trigger{Event: c.event, Product: c.product, Set: c.set})
		if err != nil {
			t.Errorf("%s %v: %v", c.event, c.set, err)
			continue
		}
		var got, want any
		w.ok(json.Unmarshal(sent.Resource, &got))
		w.ok(json.Unmarshal([]byte(c.want), &want))
		if !includes(got, want) {
			t.Errorf("%s %s came as %s", c.event, c.want, sent.Resource)
		}
	}
}

// includes says whether a value has all that another one has.
func includes(got, want any) bool {
	switch want := want.(type) {
	case object:
		g, ok := got.(object)
		for name, value := range want {
			ok = ok && includes(g[name], value)
		}
		return ok
	case []any:
		g, ok := got.([]any)
		ok = ok && len(g) == len(want)
		for i := 0; ok && i < len(want); i++ {
			ok = includes(g[i], want[i])
		}
		return ok
	}
	return got == want
}

// What makes no sense is an error that says what there is, and nothing is sent.
func TestTriggerRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		ask  ledger.Trigger
		want string
	}{
		{ledger.Trigger{Event: "ENTRUST.SING"}, "did you mean ENTRUST.SIGN?"},
		{ledger.Trigger{Event: "transaction_success"}, "did you mean TRANSACTION.SUCCESS?"},
		{ledger.Trigger{Event: "something else"}, "GET /sandbox/events"},
		{ledger.Trigger{Event: "REFUND.SUCCESS", Product: "pay"}, "there are refund, ecommerce-refunds"},
		{ledger.Trigger{Event: "REFUND.SUCCESS", MchID: "42"}, "there is no merchant 42"},
		{ledger.Trigger{Event: "REFUND.SUCCESS", NotifyURL: "yourapp"}, "is no address"},
		{ledger.Trigger{Event: "ENTRUST.TERMINATE", Variants: []string{"user", "system"}}, "exclude each other"},
		{ledger.Trigger{Event: "ENTRUST.TERMINATE", Variants: []string{"used"}}, "there are user, merchant, console"},
		{ledger.Trigger{Event: "ENTRUST.TERMINATE", Variants: []string{""}}, "no variant"},
		{ledger.Trigger{Event: "ENTRUST.TERMINATE", Variants: []string{"user=3s"}}, "takes no duration"},
		{ledger.Trigger{Event: "ENTRUST.TERMINATE", Variants: []string{"late=soon"}}, "a duration such as 30s"},
		{ledger.Trigger{Event: "V2.PAYMENT", Variants: []string{"stale"}}, "no variant"},
		{ledger.Trigger{Event: "V2.PAYMENT", Variants: []string{"order", "bank-error"}}, "leave order out"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: setting("amount.totl", `5`)}, "did you mean amount.total"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: setting("total", `5`)}, "did you mean amount.total"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: setting("nothing.like.this", `5`)}, "it has amount, "},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: setting("amount..total", `5`)}, "is no place"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: setting("amount.total", `"five"`)}, "is a whole number"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: setting("amount.total", `5.5`)}, "is a whole number"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: setting("attach", `5`)}, "is a string"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: setting("amount", `"5"`)}, "is an object"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: setting("amount", `{}`, "amount.total", `5`)},
			"one holds the other"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: setting("amount.total", `5`, "/amount/total", `6`)},
			"one holds the other"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Product: "combine-transactions",
			Set: setting("sub_orders[7].amount.total_amount", `5`)}, "has no member"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: map[string]any{"attach": func() {}}}, "JSON cannot say"},
		{ledger.Trigger{Event: "TRANSACTION.SUCCESS", Set: map[string]any{"amount.total": 1.5}}, "is a whole number"},
		{ledger.Trigger{Event: "V2.PAYMENT", Set: setting("total_fee", `"x"`)}, "is a whole number"},
		{ledger.Trigger{Event: "V2.PAYMENT", Set: setting("attach", `{}`)}, "is text or a number"},
	} {
		if _, err := w.Trigger(c.ask); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.ask, err, c.want)
		}
	}
	if list, err := w.Pushes(); len(list) != 0 || err != nil {
		t.Errorf("%d were sent, %v", len(list), err)
	}
	// A merchant whose plans have no address has to be told one.
	m, err := w.AddMerchant(ledger.Merchant{MchID: "1900000222"})
	w.ok(err)
	if _, err := w.Trigger(ledger.Trigger{Event: "ENTRUST.SIGN", MchID: m.MchID}); err == nil ||
		!strings.Contains(err.Error(), "--notify-url") {
		t.Errorf("got %v", err)
	}
}
