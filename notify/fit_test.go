package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/notify"
)

const successType = "TRANSACTION.SUCCESS"

// paid is a payment with one member more, or another.
func paid(change string) string {
	return `{"out_trade_no":"T1","trade_state":"SUCCESS","amount":{"total":100},"payer":{"openid":"o1"},` + change + `}`
}

// One member that is written otherwise than documented does not keep an event back.
func TestOneOddMemberDoesNotBlockAnEvent(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	for name, c := range map[string]struct{ odd, leftOut string }{
		"a text for a number":         {`"promotion_detail":[{"coupon_id":"c","wechatpay_contribute":"100"}]`, ""},
		"a number for a text":         {`"promotion_detail":[{"coupon_id":17}]`, ""},
		"a total as a text":           {`"amount":{"total":"100","payer_total":"90"}`, ""},
		"an order's number as number": {`"out_trade_no":20260101123456789012`, ""},
		"an empty text for an object": {`"scene_info":""`, ""},
		"an empty text for a list":    {`"promotion_detail":""`, ""},
		"an empty list for an object": {`"scene_info":[],"installment_info":[]`, ""},
		"null":                        {`"scene_info":null,"promotion_detail":null,"bank_type":null`, ""},
		"a list for an object":        {`"scene_info":[{"device_id":"d"}]`, "/scene_info"},
		"an object for a list":        {`"promotion_detail":{"coupon_id":"c"}`, "/promotion_detail"},
		"an object for a text":        {`"promotion_detail":[{"coupon_id":{}}]`, "/promotion_detail"},
		"words for a number":          {`"promotion_detail":[{"amount":"all of it"}],"scene_info":7`, "/promotion_detail, /scene_info"},
		"a part in another part": {`"promotion_detail":[{"coupon_id":"c","goods_detail":{"goods_id":"g"}}]`,
			"/promotion_detail/0/goods_detail"},
	} {
		var told []*notify.Error
		var got *event.TransactionSuccess
		r := notify.New(w.keys(t), notify.OnError(func(_ context.Context, e *notify.Error) { told = append(told, e) }))
		notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.TransactionSuccess) error {
			got = e
			return nil
		})
		m := w.attempt(t, w.envelope("EV-"+name, successType, paid(c.odd)))
		if a := r.Receive(context.Background(), m.header, m.body); a.Status != http.StatusNoContent {
			t.Errorf("%s: answered %d, %v", name, a.Status, told)
			continue
		}
		if got.OutTradeNo == "" || got.Amount.Total != 100 || got.Payer.OpenID != "o1" || got.TradeState != "SUCCESS" {
			t.Errorf("%s: got %+v", name, got)
		}
		switch {
		case c.leftOut == "" && len(told) > 0:
			t.Errorf("%s: told of %v", name, told)
		case c.leftOut != "" && (len(told) != 1 || told[0].Check != notify.CheckPart || told[0].Status != 0 ||
			!strings.Contains(told[0].Error(), ": part check failed: "+c.leftOut+" does not fit")):
			t.Errorf("%s: told of %v, want %s", name, told, c.leftOut)
		}
	}
}

// So it is of events that read second names for a member, and of types that read themselves.
func TestOddMembersOfEventsThatReadThemselves(t *testing.T) {
	t.Parallel()
	decode := func(kind, plaintext string, e any) error {
		return (&notify.Notification{ID: "EV", EventType: kind, Plaintext: json.RawMessage(plaintext)}).Decode(e)
	}
	for odd, want := range map[string]int64{
		`{"estimated_deduct_amount":{"total":"100"}}`: 100, `{"estimated_deduct_amount":{"amount":"100"}}`: 100,
		`{"estimated_deduct_amount":{"amount":100}}`: 100, `{"estimated_deduct_amount":""}`: 0,
		`{"estimated_deduct_amount":[]}`: 0, `{"estimated_deduct_amount":100}`: -1, `[1]`: -1,
		`{"estimated_deduct_amount":{"total":"lots"}}`: -1,
	} {
		var e event.EntrustSign
		err := decode("ENTRUST.SIGN", `{"contract_id":"C","plan_id":12535,"deduct_schedule":`+odd+`}`, &e)
		got := int64(-1) // refused: an agreed debit is no part that an event is understood without
		if err == nil {
			if got = 0; e.DeductSchedule.EstimatedDeductAmount != nil {
				got = e.DeductSchedule.EstimatedDeductAmount.Total
			}
		}
		if err == nil && e.ContractID != "C" || got != want {
			t.Errorf("%s: got %d (%+v), %v", odd, got, e.DeductSchedule, err)
		}
	}
	var opened event.PayscoreUserOpenService
	if err := decode("PAYSCORE.USER_OPEN_SERVICE", `{"contract_id":"C","plan_id":123}`, &opened); err != nil ||
		opened.PlanID != "123" {
		t.Errorf("got %+v, %v", opened, err)
	}
	type timed struct {
		event.TransactionSuccess
		Promotions []struct {
			At time.Time `json:"at"`
		} `json:"promotion_detail"`
	}
	var own timed
	if err := decode(successType, paid(`"promotion_detail":[{"at":"yesterday"}]`), &own); err != nil ||
		own.Amount.Total != 100 || own.Promotions != nil {
		t.Errorf("got %+v, %v", own, err)
	}
}

// Second names are read also where an event is embedded, by value or by a pointer, beside members
// of one's own; what a struct was used for before counts for nothing.
func TestSecondNamesOfEventsThatAreEmbedded(t *testing.T) {
	t.Parallel()
	const opened = "PAYSCORE.USER_OPEN_SERVICE"
	decode := func(kind, plaintext string, e any) {
		t.Helper()
		n := &notify.Notification{ID: "EV", EventType: kind, Plaintext: json.RawMessage(plaintext)}
		if err := n.Decode(e); err != nil {
			t.Errorf("%s: %v", plaintext, err)
		}
	}
	var value struct {
		event.PayscoreUserOpenService
		Extra string `json:"extra"`
	}
	var pointer struct {
		*event.PayscoreUserOpenService
		Extra string `json:"extra"`
	}
	for member, want := range map[string]string{`"mch_id":"m1"`: "m1", `"mch_id":19`: "19",
		`"mchid":"m2","mch_id":"m1"`: "m2"} {
		decode(opened, `{"contract_id":"C","extra":"E",`+member+`}`, &value)
		decode(opened, `{"contract_id":"C","extra":"E",`+member+`}`, &pointer)
		if value.MchID != want || value.Extra != "E" || pointer.MchID != want || pointer.Extra != "E" {
			t.Errorf("%s: got %+v and %+v", member, value, pointer)
		}
		value.MchID, pointer.MchID = "", ""
	}
	var e event.EntrustSign
	for _, amount := range []string{`"total":100`, `"amount":250`} {
		decode("ENTRUST.SIGN", `{"contract_id":"C","deduct_schedule":{"estimated_deduct_amount":{`+amount+`}}}`, &e)
	}
	if got := e.DeductSchedule.EstimatedDeductAmount.Total; got != 250 {
		t.Errorf("of the second message %d fen were read", got)
	}
}

// A struct of the caller's own is fitted as encoding/json reads it.
func TestOddMembersOfAStructOfOnesOwn(t *testing.T) {
	t.Parallel()
	type unread struct {
		Total string `json:"out_trade_no"`
	}
	var own struct {
		event.TransactionSuccess
		Scene  string `json:"scene_info"` // nearer than that of the event
		unread `json:"-"`
		Count  int64  `json:"count,string"`
		Raw    []byte `json:"raw"`
		Odd    int    `json:"odd"`
	}
	n := &notify.Notification{EventType: successType,
		Plaintext: json.RawMessage(paid(`"scene_info":"shop","count":"12","raw":"YQ==","odd":"7"`))}
	if err := n.Decode(&own); err != nil || own.Scene != "shop" || own.Count != 12 || string(own.Raw) != "a" ||
		own.Odd != 7 || own.OutTradeNo != "T1" || own.Amount.Total != 100 {
		t.Errorf("got %+v, %v", own, err)
	}
}

// What an event is not understood without has to fit, and nothing stays of a first try.
func TestWhatMattersHasToFit(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{
		`"amount":[{"total":100}]`, `"amount":{"total":"a lot"}`, `"amount":{"total":1.5}`, `"amount":{"total":""}`,
		`"amount":{"total":99999999999999999999}`, `"trade_state":{}`, `"trade_state":true`, `"payer":"o1"`,
		`"sub_orders":{"out_trade_no":"S1"}`, `"sub_orders":[{"amount":[1]}]`,
	} {
		n := &notify.Notification{ID: "EV", EventType: successType, Plaintext: json.RawMessage(paid(odd))}
		got := event.TransactionSuccess{Attach: "mine"}
		err := n.Decode(&got)
		var e *notify.Error
		if !errors.As(err, &e) || e.Check != notify.CheckDecode || e.Status != http.StatusInternalServerError ||
			strings.Contains(err.Error(), "a lot") {
			t.Errorf("%s: got %v", odd, err)
		}
		if got.OutTradeNo != "" || got.Attach != "mine" {
			t.Errorf("%s: half of it was filled in: %+v", odd, got)
		}
	}
}

// The words around the resource are of help, not of need.
func TestAnOddEnvelope(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	m := w.attempt(t, w.envelope("17", signedType, signedPlaintext))
	for from, to := range map[string]string{
		`"summary":"签约"`: `"summary":{"zh":"签约"}`, `"id":"17"`: `"id":17`,
		`"resource_type":"encrypt-resource"`: `"resource_type":[]`, `"original_type":"entrust"`: `"original_type":null`,
		`"create_time":"`: `"create_time":1767225600,"was":"`,
	} {
		body := bytes.Replace(m.body, []byte(from), []byte(to), 1)
		if bytes.Equal(body, m.body) {
			t.Fatalf("%s has no %s", m.body, from)
		}
		signed := w.sign(t, body)
		n, err := notify.New(w.keys(t)).Parse(signed.header, signed.body)
		if err != nil || n.ID != "17" || n.EventType != signedType {
			t.Errorf("%s: got %v, %v", to, n, err)
		}
	}
}

// Whatever the resource is, nothing panics, and an amount that was understood is the one it has.
func FuzzOddResources(f *testing.F) {
	f.Add([]byte(paid(`"promotion_detail":[{"wechatpay_contribute":"100"}]`)))
	f.Add([]byte(paid(`"scene_info":"","sub_orders":[]`)))
	f.Add([]byte(`{"AMOUNT":{"Total":"7"},"amount":""}`))
	f.Fuzz(func(t *testing.T, plaintext []byte) {
		n := &notify.Notification{EventType: successType, Plaintext: plaintext}
		var e event.TransactionSuccess
		if n.Decode(&e) != nil {
			return
		}
		var strict struct {
			Amount *struct {
				Total json.Number `json:"total"`
			} `json:"amount"`
		}
		if json.Unmarshal(plaintext, &strict) != nil || strict.Amount == nil || e.Amount == nil {
			return
		}
		if total, err := strict.Amount.Total.Int64(); err == nil && total != e.Amount.Total {
			t.Fatalf("%s was read as %d", plaintext, e.Amount.Total)
		}
	})
}
