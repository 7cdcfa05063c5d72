package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// Events of a user's own for payments of APIv2.
type (
	v2Event struct{}
	bank    string

	embedding struct {
		event.V2Payment
		Bank *bank `xml:"bank_type"`
	}
	byPointer struct {
		TotalFee uint32 `xml:"total_fee"`
	}
	inTexts map[string]string
	inJSON  struct {
		v2Event
		OutTradeNo string `json:"out_trade_no"`
	}
	listing struct {
		event.V2Payment
		Coupons []string `xml:"coupon_id_0"`
	}
)

// payment is embedded by a pointer, and not exported.
type payment struct {
	TotalFee uint32 `xml:"total_fee"`
}

type unfillable struct {
	v2Event
	*payment
}

func (v2Event) EventType() string    { return notify.V2Payment }
func (*byPointer) EventType() string { return notify.V2Payment }
func (inTexts) EventType() string    { return notify.V2Payment }

func (b *bank) UnmarshalText(text []byte) error {
	if *b = bank(text); *b == "NONE" {
		return errors.New("no bank for SECRET")
	}
	return nil
}

// received gives a debit to a function for E and tells what it had, or why it did not run.
func received[E notify.Event](t *testing.T, bankType string) (got string) {
	t.Helper()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
		notify.OnError(func(_ context.Context, e *notify.Error) {
			got = fmt.Sprint(e.Check, e.Status, e)
		}))
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *E) error {
		switch e := any(e).(type) {
		case *embedding:
			got = fmt.Sprint(e.OutTradeNo, e.TotalFee, *e.Bank)
		case **byPointer:
			got = fmt.Sprint((*e).TotalFee)
		case *inTexts:
			got = (*e)["total_fee"]
		}
		return nil
	})
	r.Receive(t.Context(), nil, signedFields(wire.Fields{"out_trade_no": "T1", "total_fee": "5",
		"bank_type": bankType}).XML())
	return got
}

func TestV2EventsOfOnesOwn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ got, want string }{
		"embedded":  {received[embedding](t, "ICBC"), "T15ICBC"},
		"a pointer": {received[*byPointer](t, "ICBC"), "5"},
		"a map":     {received[inTexts](t, "ICBC"), "5"},
		"does not take": {received[embedding](t, "NONE"),
			"the UnmarshalText of the field Bank does not take bank_type"},
	} {
		if !strings.Contains(strings.ReplaceAll(c.got, " ", ""), strings.ReplaceAll(c.want, " ", "")) ||
			strings.Contains(c.got, "SECRET") {
			t.Errorf("%s: got %s", name, c.got)
		}
	}
}

// No function runs on an event that a message cannot fill: it is told of before
// the first one arrives, or where it is decoded.
func TestV2EventsThatCannotBeFilled(t *testing.T) {
	t.Parallel()
	for field, f := range map[string]func(){
		"the field OutTradeNo has no xml tag": func() { received[inJSON](t, "ICBC") },
		"the field Coupons (coupon_id_0)":     func() { received[listing](t, "ICBC") },
		"the field payment is embedded by":    func() { received[unfillable](t, "ICBC") },
	} {
		func() {
			defer func() {
				if s, _ := recover().(string); !strings.HasPrefix(s, "notify.On: ") || !strings.Contains(s, field) {
					t.Errorf("%s: panicked with %q", field, s)
				}
			}()
			f()
		}()
	}
	var last *notify.Error
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
		notify.OnError(func(_ context.Context, e *notify.Error) { last = e }))
	r.Handle(notify.V2Payment, func(_ context.Context, n *notify.Notification) error { return n.Decode(new(inJSON)) })
	a := r.Receive(t.Context(), nil, signedFields(wire.Fields{"out_trade_no": "T1"}).XML())
	if a.Status != 500 || last == nil || last.Check != notify.CheckDecode || !strings.Contains(last.Error(),
		"OutTradeNo") {
		t.Errorf("answered %d, %v", a.Status, last)
	}
}

// A nil pointer is told of, also one to an event, whose type cannot be asked.
func TestDecodingIntoNothing(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	n, err := r.Parse(nil, signedFields(wire.Fields{"out_trade_no": "T1"}).XML())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{(*event.V2Payment)(nil), (*inTexts)(nil), (*struct{})(nil), nil} {
		var e *notify.Error
		if err := n.Decode(v); !errors.As(err, &e) || e.Check != notify.CheckDecode {
			t.Errorf("%T: got %v", v, err)
		}
	}
}

// A notification that went through a queue as JSON decodes as it did before.
func TestV2EventsThroughAQueue(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	n, err := r.Parse(nil, signedFields(wire.Fields{"out_trade_no": "T1", "total_fee": "5"}).XML())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	var later notify.Notification
	if err := json.Unmarshal(raw, &later); err != nil {
		t.Fatal(err)
	}
	var e event.V2Payment
	if err := later.Decode(&e); err != nil || e.OutTradeNo != "T1" || e.TotalFee != 5 {
		t.Errorf("decoded %+v, %v", e, err)
	}
}

// Of several times that a message has, the one of the event counts, whenever it is read.
func TestTheTimeOfAMessageWithSeveral(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	f := addV2()
	f["success_time"], f["time_end"] = "2030-01-02 08:00:05", "20300103080005"
	body := signedV2(f, wire.SignMD5)
	for range 64 {
		n, err := r.Parse(nil, body)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.CreateTime.Format(time.DateTime); got != "2030-01-01 08:00:05" {
			t.Fatalf("got %s", got)
		}
	}
}
