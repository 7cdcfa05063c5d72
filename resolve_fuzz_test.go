package wxpay_test

import (
	"encoding/json"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// Whatever a body or an answer is, what is read of it is a plain value of it.
func FuzzWordsAt(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"sub_orders":[{"trade_state":"SUCCESS"},{"trade_state":"REFUND"}]}`, "sub_orders.trade_state"},
		{`{"schedule_items":[{"out_record_id":"r1"}]}`, "schedule_items.0.out_record_id"},
		{`{"plan_id": 12535 }`, "plan_id"}, {`{"a":null}`, "a"}, {`{"a":{}}`, "a"}, {`[[1]]`, "0"}, {` "x"`, ""},
		{`{"a":[[["x"]]]}`, "a"}, {`{"a":"\ud800"}`, "a"}, {`{"a":[]}`, "a.-1"}, {``, ""}, {`[`, "."},
	} {
		f.Add([]byte(seed[0]), seed[1])
	}
	f.Fuzz(func(t *testing.T, raw []byte, place string) {
		words := wxpay.WordsAt(raw, place)
		if len(words) > 0 && place != "" && !json.Valid(raw) {
			t.Errorf("%q of what is no JSON", words)
		}
		if len(words) > len(raw) {
			t.Errorf("%d words of %d bytes", len(words), len(raw))
		}
	})
}
