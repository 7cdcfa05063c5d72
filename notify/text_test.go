package notify_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// What others wrote into a notification, or your function into its error, makes no
// second line of the log.
func TestErrorsPrintOneLine(t *testing.T) {
	t.Parallel()
	const nasty = "a\nlevel=ERROR forged\r\x1b[31m\u009b\u2028\u202e"
	for _, f := range []wire.Fields{{"out_trade_no": nasty[:5]}, {"color": "red"}} {
		f["mch_id"] = "1900000109"
		body := signedV2(f, wire.SignMD5)
		var got *notify.Error
		keep := notify.OnError(func(_ context.Context, e *notify.Error) { got = e })
		r := notify.New(newWechat(t).keys(t), nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)), keep, nil)
		r.Otherwise(func(context.Context, *notify.Notification) error { return errors.New(nasty) })
		a := r.Receive(context.Background(), http.Header{"Request-Id": {nasty}}, body)
		if a.Status != http.StatusInternalServerError || got == nil {
			t.Fatalf("answered %d %s", a.Status, a.Body)
		}
		if text := got.Error(); wire.OneLine(text) != text || !strings.Contains(text, "a·level=ERROR forged") {
			t.Errorf("told %q", text)
		}
		if f, err := wire.ParseXML(a.Body); err != nil || f["return_code"] != "FAIL" || f["return_msg"] == "" {
			t.Errorf("answered %q, %v", a.Body, err)
		}
	}
}

// A carriage return that was signed arrives as one: as text and as a struct.
func TestCarriageReturnsOfAPIv2(t *testing.T) {
	t.Parallel()
	r := notify.New(newWechat(t).keys(t), notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	var got, plain string
	notify.On(r, func(_ context.Context, n *notify.Notification, e *event.V2Payment) error {
		got, plain = e.Attach, string(n.Plaintext)
		return nil
	})
	body := signedV2(wire.Fields{"mch_id": "1900000109", "out_trade_no": "A1", "result_code": "SUCCESS", "attach": "a\r\nb"}, wire.SignMD5)
	a := r.Receive(context.Background(), http.Header{}, body)
	if a.Status != 200 || got != "a\r\nb" || !strings.Contains(plain, `a\r\nb`) {
		t.Errorf("answered %d %s, got %q, %s", a.Status, a.Body, got, plain)
	}
}
