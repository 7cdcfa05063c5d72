//go:build !race

package notify_test

import (
	"strconv"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
)

// The race detector allocates on its own account, so this is counted without it; script/test runs
// it so.

func TestAllocsOfANotification(t *testing.T) {
	w := newWechat(t)
	r := notify.New(w.keys(t))
	m := w.attempt(t, w.envelope("EV-2030010108000500001", signedType, signedPlaintext))
	if n := testing.AllocsPerRun(50, func() {
		n, err := r.Parse(m.header, m.body)
		if err != nil {
			t.Fatal(err)
		}
		var e signed
		if err := n.Decode(&e); err != nil || e.PlanID != 12535 {
			t.Errorf("the notification decodes as plan %d, %v", e.PlanID, err)
		}
	}); n > 41 {
		t.Errorf("to verify, open and decode a notification takes %v allocations, at most 41 are allowed", n)
	}
}

// However many merchants share WeChat Pay's key, a signature is looked at once.
func TestMerchantsShareTheWorkOfAKey(t *testing.T) {
	w := newWechat(t)
	var others []*wxpay.Keys
	for i := range 100 {
		others = append(others, w.keysOf(t, strconv.Itoa(1900001000+i), otherV3Key))
	}
	forged := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	forged.body = append(forged.body, ' ')
	refusing := func(r *notify.Receiver) float64 {
		return testing.AllocsPerRun(10, func() {
			if _, err := r.Parse(forged.header, forged.body); err == nil {
				t.Error("a forgery was taken")
			}
		})
	}
	one, many := refusing(notify.New(w.keys(t))), refusing(notify.New(w.keys(t), notify.Keys(others...)))
	if many > one+5*100 { // what compares the ids of keys
		t.Errorf("to refuse a forgery takes %v allocations with one merchant and %v with 101", one, many)
	}
}
