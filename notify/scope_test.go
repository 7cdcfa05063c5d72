package notify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// One sealed refund can be made into any number of them without a key, and copies of APIv2 never
// grow old. So what proves less pushes nothing out of the memory that proves more.
func TestWhatProvesLessPushesNothingOut(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	r := notify.New(w.keys(t), notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)), notify.Remember(2))
	runs := map[string]int{}
	r.Otherwise(func(_ context.Context, n *notify.Notification) error { runs[n.ID]++; return nil })
	take := func(m message, want int) string {
		t.Helper()
		if a := r.Receive(t.Context(), m.header, m.body); a.Status != want {
			t.Fatalf("answered %d, want %d: %s", a.Status, want, a.Body)
		}
		if n, err := r.Parse(m.header, m.body); err == nil {
			return n.ID
		}
		return ""
	}
	payment := func(number string) message {
		return message{body: signedV2(wire.Fields{"result_code": "SUCCESS", "mch_id": "1900000109", "bank_type": "CMC",
			"out_trade_no": number, "transaction_id": "4" + number, "total_fee": "1"}, wire.SignMD5)}
	}
	refund := func(number int) message {
		return message{body: refundBody(fmt.Sprintf(
			"<root><refund_id>5%d</refund_id><refund_status>SUCCESS</refund_status></root>", number))}
	}
	third := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	thirdID, secondID := take(third, 204), take(payment("0"), 200)
	for i := range 9 {
		take(refund(i), 200)
	}
	take(payment("0"), 200)
	if runs[secondID] != 1 {
		t.Errorf("refunds pushed out a payment: it ran %d times", runs[secondID])
	}
	for i := range 9 {
		take(payment(fmt.Sprint(i+1)), 200)
	}
	take(third, 409)
	if runs[thirdID] != 1 || len(runs) != 20 {
		t.Errorf("APIv3's ran %d times, and there were %d kinds", runs[thirdID], len(runs))
	}
	// Each has its bound all the same.
	take(payment("0"), 200)
	take(refund(0), 200)
	if runs[secondID] != 2 {
		t.Errorf("the payment that was handled first ran %d times", runs[secondID])
	}
}

// A refund whose blocks were moved about, so that its numbers are none that WeChat Pay writes.
func TestARefundOfMovedBlocks(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	lawful := map[string]string{"refund_id": "50000408942018111907145868882", "out_refund_no": "R-1_2|*@",
		"refund_status": "REFUNDCLOSE", "success_time": "2018-11-19 16:24:13"}
	body := func(name, value string) []byte {
		inner := ""
		for n, v := range lawful {
			if n == name {
				v = value
			}
			inner += "<" + n + "><![CDATA[" + v + "]]></" + n + ">"
		}
		return refundBody("<root>" + inner + "</root>")
	}
	if _, err := r.Parse(nil, body("", "")); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"out_refund_no", "refund_status", "success_time"} {
		if _, err := r.Parse(nil, body(name, "")); err != nil {
			t.Errorf("without %s: %v", name, err)
		}
	}
	for name, values := range map[string][]string{
		"refund_id":     {strings.Repeat("1", 33), "5000040894SUCCESS", "50 1", "50<1"},
		"out_refund_no": {strings.Repeat("1", 65), "R1 ", "1<![CDATA[1", "退"},
		"refund_status": {"SUCCESS1", strings.Repeat("A", 33)},
		"success_time":  {"2018-11-19 16:24:132018-11-19 16:24", "<2018"},
	} {
		for _, value := range values {
			if _, err := r.Parse(nil, body(name, value)); err == nil || !strings.Contains(err.Error(), name) ||
				strings.Contains(err.Error(), value) {
				t.Errorf("%s %q: %v", name, value, err)
			}
		}
	}
}
