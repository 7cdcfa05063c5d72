package notify_test

import (
	"context"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// A durable receiver asks its function about every message, the same bytes included, and answers
// with a success where the function does.
func TestADurableReceiverAsksItsFunction(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	r := notify.New(w.keys(t))
	runs := 0
	count := func(context.Context, *notify.Notification) error {
		runs++
		return nil
	}
	r.Durable(count)
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	for range 3 {
		if a := m.post(r); a.Code != 204 {
			t.Errorf("answered %d", a.Code)
		}
	}
	if runs != 3 {
		t.Errorf("the function ran %d times", runs)
	}
	panics(t, "Durable while it serves", func() { r.Durable(count) })
}

// A function beside the durable one would run on every repeat.
func TestADurableReceiverHasOneFunction(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	one := func(context.Context, *notify.Notification) error { return nil }
	register := map[string]func(r *notify.Receiver){
		"On": func(r *notify.Receiver) {
			notify.On(r, func(context.Context, *notify.Notification, *signed) error { return nil })
		},
		"Handle":    func(r *notify.Receiver) { r.Handle(signedType, one) },
		"Otherwise": func(r *notify.Receiver) { r.Otherwise(one) },
		"Durable":   func(r *notify.Receiver) { r.Durable(one) },
	}
	for name, before := range register {
		r := notify.New(w.keys(t))
		before(r)
		panics(t, "Durable after "+name, func() { r.Durable(one) })
		r = notify.New(w.keys(t))
		r.Durable(one)
		panics(t, name+" after Durable", func() { before(r) })
	}
	panics(t, "Durable without a function", func() { notify.New(w.keys(t)).Durable(nil) })
}

// The hash is of APIv2's sign, whatever the case it is written in, and tells no other message.
func TestSignHash(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	r := notify.New(w.keys(t), notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	hash := func(body []byte) string {
		n, err := r.Parse(nil, body)
		if err != nil {
			t.Fatal(err)
		}
		return n.SignHash()
	}
	add := addV2()
	first := hash(signedV2(add, wire.SignMD5))
	add["nonce_str"] = "another"
	if again := hash(signedV2(add, wire.SignMD5)); len(first) != 64 || again == first || again == "" {
		t.Errorf("of two signs: %q, %q", first, again)
	}
	if h := hash(refundBody("<root><refund_id>5</refund_id><out_refund_no>R1</out_refund_no>" +
		"<refund_status>SUCCESS</refund_status></root>")); h != "" {
		t.Errorf("of a refund, which has none: %q", h)
	}
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	n, err := r.Parse(m.header, m.body)
	if err != nil || n.SignHash() != "" {
		t.Errorf("of APIv3: %q, %v", n.SignHash(), err)
	}
}

func panics(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error(what + " does not panic")
		}
	}()
	f()
}
