//go:build !race

package notify_test

import (
	"strconv"
	"testing"
	"time"

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

// However many merchants share WeChat Pay's key, a signature is looked at once, also where each has
// another key besides that is its current one.
func TestMerchantsShareTheWorkOfAKey(t *testing.T) {
	w := newWechat(t)
	shared := w.keys(t).Current()
	shared.NotBefore, shared.NotAfter = w.now.AddDate(-1, 0, 0), w.now.AddDate(1, 0, 0)
	newer := shared
	newer.ID, newer.NotBefore = "6157F09EFDC096DE15EBE81A47057A7232F1B8E2", w.now.AddDate(0, -1, 0)
	public := shared
	public.ID, public.NotBefore, public.NotAfter = "PUB_KEY_ID_0119000001092026010100000000", time.Time{}, time.Time{}
	for name, besides := range map[string][]wxpay.PlatformKey{
		"alone": {shared}, "beside a newer certificate": {shared, newer}, "beside a public key": {public, shared},
	} {
		w.sharesWork(t, name, besides)
	}
}

func (w *wechat) sharesWork(t *testing.T, name string, platformKeys []wxpay.PlatformKey) {
	t.Helper()
	var all []*wxpay.Keys
	for i := range 101 {
		keys, err := wxpay.NewKeys(wxpay.Config{MchID: strconv.Itoa(1900001000 + i), PlatformKeys: platformKeys,
			APIv3Key: wxpay.NewSecret(otherV3Key), Now: func() time.Time { return w.now }})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, keys)
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
	one, many := refusing(notify.New(all[0])), refusing(notify.New(all[0], notify.Keys(all[1:]...)))
	if many > one+5*100 { // what compares the ids of keys
		t.Errorf("%s: to refuse a forgery takes %v allocations with one merchant and %v with 101", name, one, many)
	}
}
