package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/notify"
)

// Shares came under the event type of payments once, and are none.
func TestAShareIsNoPayment(t *testing.T) {
	t.Parallel()
	w, log := newWechat(t), newErrorLog()
	plain := `{"mchid":"1900000109","transaction_id":"4200","receiver":{"account":"1900009999","amount":888}}`
	e := w.envelope("share", "TRANSACTION.SUCCESS", plain)
	e.Resource.OriginalType = "profitsharing"
	share := w.attempt(t, e)
	r := notify.New(w.keys(t), log.option())
	notify.On(r, func(context.Context, *notify.Notification, *event.TransactionSuccess) error {
		t.Error("it was taken for a payment")
		return nil
	})
	if a := share.post(r); a.Code != http.StatusNotImplemented {
		t.Errorf("without Otherwise: answered %d", a.Code)
	}
	if err := log.take(t); err == nil || err.Check != notify.CheckEvent {
		t.Errorf("got %v", err)
	}
	r = notify.New(w.keys(t))
	notify.On(r, func(context.Context, *notify.Notification, *event.TransactionSuccess) error {
		t.Error("it was taken for a payment")
		return nil
	})
	others := 0
	r.Otherwise(func(context.Context, *notify.Notification) error { others++; return nil })
	if a := share.post(r); a.Code != http.StatusNoContent || others != 1 {
		t.Errorf("answered %d, handled %d times", a.Code, others)
	}
}

// Nor are they, however the notification is decoded.
func TestAShareIsDecodedAsNoPayment(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	e := w.envelope("share", "TRANSACTION.SUCCESS", `{"mchid":"1900000109","transaction_id":"4200"}`)
	e.Resource.OriginalType = "profitsharing"
	var kept []byte
	decodes := func(n *notify.Notification) {
		if err := n.Decode(&event.TransactionSuccess{}); err == nil {
			t.Error("it was decoded as a payment")
		}
		var own struct {
			TransactionID string `json:"transaction_id"`
		}
		if err := n.Decode(&own); err != nil || own.TransactionID != "4200" {
			t.Errorf("into a type of one's own: %+v, %v", own, err)
		}
	}
	r := notify.New(w.keys(t))
	r.Handle("TRANSACTION.SUCCESS", func(_ context.Context, n *notify.Notification) (err error) {
		decodes(n)
		kept, err = json.Marshal(n)
		return err
	})
	if a := w.attempt(t, e).post(r); a.Code != http.StatusNoContent {
		t.Errorf("answered %d", a.Code)
	}
	var later notify.Notification
	if err := json.Unmarshal(kept, &later); err != nil {
		t.Fatal(err)
	}
	decodes(&later)
	// Of an archive that keeps what README's keeps.
	who := `{"mchid":"1900000109","transaction_id":"4200","receiver":{"account":"1900009999"}}`
	decodes(&notify.Notification{ID: "share", EventType: "TRANSACTION.SUCCESS", Plaintext: []byte(who)})
}

// A payment of an archive without OriginalType whose receiver says nothing is a payment, and what
// is refused as a share is not said to have an OriginalType.
func TestArchivedPaymentsAndShares(t *testing.T) {
	t.Parallel()
	for receiver, want := range map[string]string{`null`: "", `""`: "", `[]`: "", `{"account":"1"}`: "receiver"} {
		n := &notify.Notification{ID: "1", EventType: "TRANSACTION.SUCCESS",
			Plaintext: []byte(`{"transaction_id":"4200","receiver":` + receiver + `}`)}
		var e event.TransactionSuccess
		switch err := n.Decode(&e); {
		case want == "" && (err != nil || e.TransactionID != "4200"):
			t.Errorf("%s: got %+v, %v", receiver, e, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "OriginalType")):
			t.Errorf("%s: got %v", receiver, err)
		}
	}
}

// shared is the share that comes under an event type of its own.
type shared struct {
	TransactionID string `json:"transaction_id"`
}

func (shared) EventType() string { return "PROFITSHARING.SUCCESS" }

func TestSharesUnderTheirOwnEventType(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	e := w.envelope("share", "PROFITSHARING.SUCCESS", `{"mchid":"1900000109","transaction_id":"4200"}`)
	e.Resource.OriginalType = "profitsharing"
	r, ran := notify.New(w.keys(t)), 0
	notify.On(r, func(_ context.Context, _ *notify.Notification, s *shared) error {
		if s.TransactionID == "4200" {
			ran++
		}
		return nil
	})
	r.Otherwise(func(context.Context, *notify.Notification) error {
		t.Error("it went to Otherwise")
		return nil
	})
	if a := w.attempt(t, e).post(r); a.Code != http.StatusNoContent || ran != 1 {
		t.Errorf("answered %d, ran %d times", a.Code, ran)
	}
}

// coupon is of an APIv2 message that package api/event has nothing for.
type coupon struct {
	CouponID string `xml:"coupon_id"`
}

func (coupon) EventType() string { return notify.V2Other }

// What an archive keeps of an APIv2 message, as README's does, decodes as it came.
func TestArchivedMessagesOfAPIv2(t *testing.T) {
	t.Parallel()
	for eventType, into := range map[string]func(n *notify.Notification) (string, error){
		notify.V2Payment: func(n *notify.Notification) (string, error) {
			var e event.V2Payment
			err := n.Decode(&e)
			return e.OutTradeNo, err
		},
		notify.V2Contract: func(n *notify.Notification) (string, error) {
			var e event.V2Contract
			err := n.Decode(&e)
			return e.ContractCode, err
		},
		notify.V2Other: func(n *notify.Notification) (string, error) {
			var e coupon
			err := n.Decode(&e)
			return e.CouponID, err
		},
	} {
		n := &notify.Notification{ID: "1", EventType: eventType,
			Plaintext: []byte(`{"coupon_id":"T1","out_trade_no":"T1","contract_code":"T1","total_fee":"1"}`)}
		if got, err := into(n); err != nil || got != "T1" {
			t.Errorf("%s: got %q, %v", eventType, got, err)
		}
	}
}

// A failure is answered as one, whatever a function makes of its error.
func TestAFailureIsNeverAnsweredAsASuccess(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	r := notify.New(w.keys(t))
	r.Handle("TRANSACTION.SUCCESS", func(_ context.Context, n *notify.Notification) error {
		err := n.Decode(new(int))
		if e, ok := err.(*notify.Error); ok {
			e.Status = http.StatusNoContent
		}
		return err
	})
	if a := w.attempt(t, w.envelope("1", "TRANSACTION.SUCCESS", `{"mchid":"1900000109"}`)).post(r); a.Code < 500 {
		t.Errorf("answered %d", a.Code)
	}
	r = notify.New(w.keys(t), notify.OnError(func(_ context.Context, e *notify.Error) {
		e.Status = http.StatusNoContent
	}))
	r.Handle("TRANSACTION.SUCCESS", func(context.Context, *notify.Notification) error { return errors.New("db down") })
	if a := w.attempt(t, w.envelope("2", "TRANSACTION.SUCCESS", `{"mchid":"1900000109"}`)).post(r); a.Code < 500 {
		t.Errorf("whatever the error function makes of it: answered %d", a.Code)
	}
}

// One sample of WeChat Pay's has nothing for associated_data.
func TestWithoutAssociatedData(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	const plain = `{"mchid":"1900000109","echo_message":"hello"}`
	e := w.envelope("1", "SECURITY_ECHO.SUCCESS", plain)
	e.Resource.AssociatedData = ""
	e.Resource.Ciphertext = w.aead.Seal(e.Resource.Nonce, "", []byte(plain))
	r, got := notify.New(w.keys(t)), ""
	r.Handle("SECURITY_ECHO.SUCCESS", func(_ context.Context, n *notify.Notification) error {
		got = string(n.Plaintext)
		return nil
	})
	if a := w.attempt(t, e).post(r); a.Code != http.StatusNoContent || got != plain {
		t.Errorf("answered %d, got %s", a.Code, got)
	}
}
