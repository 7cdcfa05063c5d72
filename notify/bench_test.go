package notify_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/notify"
)

// BenchmarkParse verifies, opens and decodes one notification. Beside a floor and other SDKs
// script/bench peers does.
func BenchmarkParse(b *testing.B) {
	w := newWechat(b)
	r := notify.New(w.keys(b))
	m := w.attempt(b, w.envelope("EV-2030010108000500001", signedType, signedPlaintext))
	b.ReportAllocs()
	for b.Loop() {
		n, err := r.Parse(m.header, m.body)
		if err != nil {
			b.Fatal(err)
		}
		var e signed
		if err := n.Decode(&e); err != nil || e.PlanID != 12535 {
			b.Fatal(err)
		}
	}
}
