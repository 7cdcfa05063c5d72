package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// Structs of a user's own round an event that they point to.
type (
	paidV2 struct {
		*event.V2Payment
		Color string `xml:"color"`
	}
	paidV3 struct {
		*event.TransactionSuccess
		Color string `json:"color"`
	}
	deeper struct {
		paidV3
	}
	anyEvent struct {
		notify.Event `json:"-"`
		OutTradeNo   string `json:"out_trade_no"`
	}
	Recursive struct {
		*Recursive
		*event.TransactionSuccess
	}
)

// bothPayments gives one payment as APIv2 and as APIv3 tell of it.
func bothPayments(t *testing.T) (v2, v3 *notify.Notification) {
	t.Helper()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	v2, err := r.Parse(nil, signedFields(wire.Fields{"out_trade_no": "T1", "total_fee": "5", "color": "red"}).XML())
	if err != nil {
		t.Fatal(err)
	}
	w := newWechat(t)
	m := w.attempt(t, w.envelope("EV-1", "TRANSACTION.SUCCESS",
		`{"out_trade_no":"T1","transaction_id":"42","color":"red"}`))
	v3, err = notify.New(w.keys(t)).Parse(m.header, m.body)
	if err != nil {
		t.Fatal(err)
	}
	return v2, v3
}

// queued is n after a queue that took it as JSON, with its members changed by edit.
func queued(t *testing.T, n *notify.Notification, edit func(members map[string]json.RawMessage)) *notify.Notification {
	t.Helper()
	raw, err := json.Marshal(n)
	var members map[string]json.RawMessage
	if err == nil {
		err = json.Unmarshal(raw, &members)
	}
	if err != nil {
		t.Fatal(err)
	}
	edit(members)
	raw, err = json.Marshal(members)
	later := new(notify.Notification)
	if err == nil {
		err = json.Unmarshal(raw, later)
	}
	if err != nil {
		t.Fatal(err)
	}
	return later
}

func failsDecode(err error, words string) bool {
	var e *notify.Error
	return errors.As(err, &e) && e.Check == notify.CheckDecode && strings.Contains(e.Error(), words)
}

// An event that is embedded by a pointer, set or not, is filled and still checked for its type.
func TestEventsEmbeddedByAPointer(t *testing.T) {
	t.Parallel()
	v2, v3 := bothPayments(t)
	for name, set := range map[string]bool{"nil": false, "set": true} {
		var two paidV2
		var three deeper
		if set {
			two.V2Payment, three.TransactionSuccess = new(event.V2Payment), new(event.TransactionSuccess)
		}
		if err := v2.Decode(&two); err != nil || two.OutTradeNo != "T1" || two.TotalFee != 5 || two.Color != "red" {
			t.Errorf("%s: APIv2 decoded %+v, %v", name, two, err)
		}
		if err := v3.Decode(&three); err != nil || three.OutTradeNo != "T1" || three.Color != "red" {
			t.Errorf("%s: APIv3 decoded %+v, %v", name, three, err)
		}
	}
	if err := v3.Decode(new(paidV2)); !failsDecode(err, notify.V2Payment) {
		t.Errorf("a payment of APIv3 decoded as one of APIv2: %v", err)
	}
	if err := v2.Decode(new(deeper)); !failsDecode(err, "TRANSACTION.SUCCESS") {
		t.Errorf("a payment of APIv2 decoded as one of APIv3: %v", err)
	}
}

// An event in an embedded interface says what it is for where there is one.
func TestEventsEmbeddedByAnInterface(t *testing.T) {
	t.Parallel()
	_, v3 := bothPayments(t)
	for words, e := range map[string]notify.Event{"": event.TransactionSuccess{}, "as a V2.PAYMENT": event.V2Payment{},
		"set what it embeds": nil} {
		v := anyEvent{Event: e}
		switch err := v3.Decode(&v); {
		case words == "" && (err != nil || v.OutTradeNo != "T1"):
			t.Errorf("decoded %+v, %v", v, err)
		case words != "" && !failsDecode(err, words):
			t.Errorf("got %v, want %s", err, words)
		}
	}
}

// A type that embeds itself ends.
func TestEventsThatEmbedThemselves(t *testing.T) {
	t.Parallel()
	_, v3 := bothPayments(t)
	for _, v := range []*Recursive{{}, {TransactionSuccess: new(event.TransactionSuccess)}} {
		if err := v3.Decode(v); err != nil || v.OutTradeNo != "T1" {
			t.Errorf("decoded %+v, %v", v.TransactionSuccess, err)
		}
	}
}

// On takes an event that is embedded by a pointer, and says of one that it cannot ask why not.
func TestOnOfEmbeddedPointers(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	var got paidV2
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *paidV2) error { got = *e; return nil })
	a := r.Receive(t.Context(), nil, signedFields(wire.Fields{"out_trade_no": "T1", "total_fee": "5",
		"color": "red"}).XML())
	if a.Status != 200 || got.V2Payment == nil || got.TotalFee != 5 || got.Color != "red" {
		t.Errorf("answered %d, had %+v", a.Status, got)
	}
	defer func() {
		if s, _ := recover().(string); !strings.HasPrefix(s, "notify.On: ") {
			t.Errorf("panicked with %q", s)
		}
	}()
	notify.On(r, func(context.Context, *notify.Notification, *notify.Event) error { return nil })
}

// Behind interfaces and pointers an event is filled whole, whichever protocol told of it.
func TestDecodingBehindInterfaces(t *testing.T) {
	t.Parallel()
	asReceived, _ := bothPayments(t)
	for name, n := range map[string]*notify.Notification{"as received": asReceived,
		"through a queue": queued(t, asReceived, func(map[string]json.RawMessage) {})} {
		var plain, boxed, named event.V2Payment
		var pointer *event.V2Payment
		var anything, inside any = &boxed, &pointer
		var e notify.Event = &named
		for _, v := range []any{&plain, &anything, &e, &inside} {
			if err := n.Decode(v); err != nil {
				t.Errorf("%s: into a %T: %v", name, v, err)
			}
		}
		for _, got := range []*event.V2Payment{&plain, &boxed, &named, pointer} {
			if got == nil || *got != plain || got.OutTradeNo != "T1" || got.TotalFee != 5 {
				t.Errorf("%s: got %+v", name, got)
			}
		}
		var nothing any
		if err := n.Decode(&nothing); err != nil || nothing.(map[string]any)["total_fee"] != "5" {
			t.Errorf("%s: got %v, %v", name, nothing, err)
		}
	}
}

// What cannot be filled is an error that says why, and none is looked for without end.
func TestDecodingIntoWhatCannotBeFilled(t *testing.T) {
	t.Parallel()
	v2, v3 := bothPayments(t)
	var circle, null any
	circle, null = &circle, (*event.V2Payment)(nil)
	var v2Value, v3Value notify.Event = event.V2Payment{}, event.TransactionSuccess{}
	for _, c := range []struct {
		v     any
		words string
	}{
		{circle, "without end"},
		{&circle, "without end"},
		{&null, "a nil pointer"},
		{&v2Value, "put a pointer"},
		{&v3Value, "put a pointer"},
		{event.V2Payment{}, "no pointer"},
		{nil, "no pointer"},
	} {
		for _, n := range []*notify.Notification{v2, v3} {
			if err := n.Decode(c.v); !failsDecode(err, c.words) {
				t.Errorf("%s into a %T: got %v, want %s", n.EventType, c.v, err, c.words)
			}
		}
	}
}

// A queue that lost the resource must not make an empty event of it.
func TestNotificationsWithoutPlaintext(t *testing.T) {
	t.Parallel()
	v2, v3 := bothPayments(t)
	for name, edit := range map[string]func(map[string]json.RawMessage){
		"null":      func(m map[string]json.RawMessage) { m["Plaintext"] = json.RawMessage("null") },
		"missing":   func(m map[string]json.RawMessage) { delete(m, "Plaintext") },
		"no object": func(m map[string]json.RawMessage) { m["Plaintext"] = json.RawMessage("[]") },
	} {
		for n, v := range map[*notify.Notification]any{v2: new(event.V2Payment), v3: new(event.TransactionSuccess)} {
			for _, v := range []any{v, new(any), new(map[string]string)} {
				if err := queued(t, n, edit).Decode(v); !failsDecode(err, "Plaintext") {
					t.Errorf("%s: %s into a %T: got %v", name, n.EventType, v, err)
				}
			}
		}
	}
}
