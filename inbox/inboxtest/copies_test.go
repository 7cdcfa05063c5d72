package inboxtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// A copy of an APIv2 message, which never grows too old to be sent, has no second effect once the
// message's id was forgotten for KeepEvents: its sign is known.
func TestACopyOfWhatWasForgottenIsARepeat(t *testing.T) {
	const merchant = "1900000109"
	message := func(of wire.Fields) []byte {
		f := wire.Fields{"return_code": "SUCCESS", "nonce_str": "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"}
		for name, value := range of {
			f[name] = value
		}
		f["sign"] = f.Digest(apiV2Key, wire.SignMD5)
		return f.XML()
	}
	bodies := [][]byte{
		message(wire.Fields{"result_code": "SUCCESS", "mch_id": merchant, "appid": "wxd930ea5d5a258f4f",
			"out_trade_no": "T1", "transaction_id": "4200000001202611280000000001", "total_fee": "100",
			"time_end": "20261128120000", "openid": payer, "trade_type": "PAP"}),
		message(wire.Fields{"result_code": "FAIL", "err_code": "NOTENOUGH", "mch_id": merchant,
			"appid": "wxd930ea5d5a258f4f", "out_trade_no": "T2", "total_fee": "100", "openid": payer,
			"trade_type": "PAP"}),
		message(wire.Fields{"result_code": "SUCCESS", "combine_mch_id": merchant, "combine_out_trade_no": "P1",
			"combine_appid": "wxd930ea5d5a258f4f", "sub_order_num": "1", "time_end": "20261128120000", "openid": payer,
			"trade_type": "JSAPI", "sub_order_list": `{"order_list":[{"mch_id":"` + merchant +
				`","out_trade_no":"S1","transaction_id":"4200000001202611280000000002","total_fee":100}]}`}),
	}
	onEach(t, func(w *world) {
		send := func() {
			w.Helper()
			b := w.box(inbox.Config{})
			b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error { return w.write(ctx, d, d.EventType) })
			r := notify.New(nil, notify.APIv2Key(merchant, wxpay.NewSecret(apiV2Key)))
			b.Attach(r)
			for i, body := range bodies {
				if a := r.Receive(w.Context(), nil, body); a.Status != 200 {
					w.Errorf("message %d is answered %d %s", i, a.Status, a.Body)
				}
			}
		}
		send()
		w.clock.advance(49 * time.Hour)
		b := w.writes(inbox.Config{KeepEvents: 1})
		for i := range 2 {
			n := paid(fmt.Sprint("n", i), fmt.Sprint("N", i), fmt.Sprint("43", i))
			if err := b.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
		}
		if p, err := b.Prune(w.Context()); err != nil || p.Events < len(bodies) {
			w.Fatalf("pruned %+v, %v", p, err)
		}
		before := w.effect()
		send()
		if after := w.effect(); len(before) != len(bodies)+2 || !slices.Equal(before, after) {
			w.Errorf("effects %q, and after the copies %q", before, after)
		}
	})
}

// A payment of APIv2's combined orders happens once, under however many ids it is told.
func TestACombinedPaymentOfV2HappensOnce(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.writes(inbox.Config{})
		for i, list := range []string{
			`{"order_list":[{"transaction_id":"42"}]}`, `{"order_num":1,"order_list":[{"transaction_id":"42"}]}`,
			`[{"transaction_id":"42"}]`,
		} {
			n := notified(fmt.Sprint("q", i), notify.V2Combined, object{"combine_out_trade_no": "P1",
				"result_code": "SUCCESS", "sub_order_list": list})
			if err := b.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
		}
		if e := w.effect(); len(e) != 1 {
			w.Errorf("effects %q", e)
		}
	})
}
