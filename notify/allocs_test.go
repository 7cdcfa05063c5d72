//go:build !race

package notify_test

import (
	"testing"

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
	}); n > 53 {
		t.Errorf("to verify, open and decode a notification takes %v allocations, at most 53 are allowed", n)
	}
}
