package sandbox_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

func billXML() map[string]string {
	return map[string]string{"appid": sandbox.DefaultAppID, "bill_date": "20200910"}
}

// bill downloads a bill.
func (w *xmlWorld) bill(f map[string]string, opts ...wxpay.Option) string {
	w.t.Helper()
	r, err := w.client.Chain("v2/pay/downloadbill").Post(context.Background(), f, opts...)
	w.ok(err)
	if r.Verified() {
		w.t.Error("a bill counts as verified")
	}
	return string(r.Text())
}

// noBill wants a refusal in the words that bills have, with a hint in the journal.
func (w *xmlWorld) noBill(code, message string, f map[string]string, opts ...wxpay.Option) {
	w.t.Helper()
	_, err := w.client.Chain("v2/pay/downloadbill").Post(context.Background(), f, opts...)
	var e *wxpay.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message || e.Verified || e.Status != http.StatusOK {
		w.t.Errorf("got %v, want %s %s", err, code, message)
	}
	if w.hint() == "" {
		w.t.Errorf("%s %s: refused without an explanation", code, message)
	}
}

// A day in APIv2: an order of 8.88 and a refund of 0.88.
func businessXML(t *testing.T) *xmlWorld {
	t.Helper()
	w := newXMLWorld(t)
	order := w.must("pay/unifiedorder", plainOrder("U1"))
	_, err := w.Payer(openID).Pay(order["prepay_id"].(string))
	w.ok(err)
	refund := refundFields("U1", "R1", "88")
	refund["total_fee"] = "888"
	w.must("secapi/pay/refund", refund, wxpay.MTLS())
	w.ok(w.Advance(time.Minute))
	w.received()
	return w
}

func TestBillInAPIv2(t *testing.T) {
	t.Parallel()
	w := businessXML(t)
	w.noBill("20002", "No Bill Exist", billXML())
	w.ok(w.Advance(22 * time.Hour)) // a quarter past eight on the next morning
	w.noBill("20002", "Bill Creating", billXML())
	w.ok(w.Advance(2 * time.Hour))

	text := w.bill(billXML())
	lines := strings.Split(text, "\r\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[0], "交易时间,公众账号ID,") ||
		lines[4] != "`2,`8.88,`0.88,`0.00,`0.00000,`8.88,`0.88" || !strings.Contains(lines[1], "`U1,") ||
		!strings.Contains(lines[2], "`R1,`0.88,") {
		t.Fatalf("got %s", text)
	}
	for _, same := range []map[string]string{
		with2(billXML(), "bill_type", "ALL"), with2(billXML(), "tar_type", "GZIP"),
		with2(billXML(), "sign_type", "HMAC-SHA256"), with2(billXML(), "mch_id", sandbox.DefaultMchID),
	} {
		if got := w.bill(same); got != text {
			t.Errorf("%v: got %s", same, got)
		}
	}
	if got := w.bill(with2(billXML(), "bill_type", "SUCCESS")); strings.Contains(got, "`REFUND") ||
		!strings.Contains(got, "`U1,") {
		t.Errorf("SUCCESS: got %s", got)
	}
	if got := w.bill(with2(billXML(), "bill_type", "REFUND")); !strings.HasPrefix(strings.Split(got, "\r\n")[4-1],
		"`1,`0.00,`0.88,") {
		t.Errorf("REFUND: got %s", got)
	}
	w.noBill("20002", "No Bill Exist", with2(billXML(), "bill_type", "RECHARGE_REFUND"))
	w.noBill("20002", "No Bill Exist", with2(billXML(), "bill_date", "20200909"))
	w.noBill("20002", "No Bill Exist", with2(billXML(), "sub_mch_id", "1900000110"))
	w.ok(w.Advance(91 * 24 * time.Hour))
	w.noBill("20001", "invalid bill_date", billXML())
}

// The bill of APIv3 has the same bytes.
func TestBothVersionsHaveOneBill(t *testing.T) {
	t.Parallel()
	w := dayWithBusiness(t, partnerRoot+"jsapi", partnerOrder(), with(refundBody("r1", 40), "sub_mchid", "1230000109"))
	w.ok(w.Advance(24 * time.Hour))
	want := w.download(w.must("GET", "v3/bill/tradebill?bill_date=2020-09-10&sub_mchid=1230000109", nil))
	x := &xmlWorld{t: t, Sandbox: w.Sandbox, client: w.client}
	if got := x.bill(with2(billXML(), "sub_mch_id", "1230000109")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestBillRefusalsInAPIv2(t *testing.T) {
	t.Parallel()
	w := businessXML(t)
	w.ok(w.Advance(24 * time.Hour))
	for message, f := range map[string]map[string]string{
		"invalid bill_type":                     with2(billXML(), "bill_type", "NONE"),
		"invalid tar_type, Only GZIP supported": with2(billXML(), "tar_type", "ZIP"),
		"nonce_str too long":                    with2(billXML(), "nonce_str", strings.Repeat("n", 33)),
		"missing parameter":                     with2(billXML(), "bill_date", ""),
		"invalid appid":                         with2(billXML(), "appid", "wx7"),
	} {
		w.noBill("20001", message, f)
	}
	for _, date := range []string{"2020-09-10", "20200931", "2020091", "x"} {
		w.noBill("20001", "invalid bill_date", with2(billXML(), "bill_date", date))
	}
	w.noBill("20001", "invalid parameter", with2(billXML(), "device_info", "1"))
	w.noBill("20001", "invalid parameter", with2(billXML(), "sub_mch_id", "1888888888"))
	w.noBill("20001", "sign error", with2(billXML(), "mch_id", "1"))
	w.ok(w.Inject(fault.Fault{Name: fault.Error, Times: 1}))
	w.noBill("20100", "system error", billXML())
	w.ok(w.Inject(fault.Fault{Name: fault.Error, Code: "20007", Message: "当前商户号账单API权限已经关闭", Times: 1}))
	w.noBill("20007", "当前商户号账单API权限已经关闭", billXML())
	w.ok(w.Inject(fault.Fault{Name: fault.Gateway, Times: 1}))
	_, err := w.client.Chain("v2/pay/downloadbill").Post(context.Background(), billXML())
	var e *wxpay.Error
	if !errors.As(err, &e) || e.Code != "" || !strings.Contains(e.Message, "not WeChat Pay's bill") {
		t.Errorf("a gateway: got %v", err)
	}
	w.bill(billXML())
}

// What goes over the wire, as a client of any language sees it.
func TestBillAsItTravels(t *testing.T) {
	t.Parallel()
	w := businessXML(t)
	w.ok(w.Advance(24 * time.Hour))
	failure := func(code, message string) string {
		return "<xml><return_code><![CDATA[FAIL]]></return_code>\n<return_msg><![CDATA[" + message +
			"]]></return_msg>\n<error_code><![CDATA[" + code + "]]></error_code>\n</xml>"
	}
	const path = "pay/downloadbill"
	asked := with2(billXML(), "nonce_str", "n")
	for _, row := range []struct {
		key    string
		fields map[string]string
		want   string
	}{
		{w.ClientConfig().APIv3Key.Reveal(), asked, failure("20001", "sign error")},
		{w.key, with2(asked, "mch_id", "1"), failure("20001", "sign error")},
		{w.key, billXML(), failure("20001", "missing parameter")}, // nonce_str
		{w.key, with2(asked, "bill_date", "20200909", "tar_type", "GZIP"), failure("20002", "No Bill Exist")},
	} {
		got, header := w.posted(path, row.key, row.fields)
		if got != row.want || header.Get("Content-Type") != "text/plain" || header.Get("X-Sandbox-Hint") == "" {
			t.Errorf("got %s\nwith %v, want %s", got, header, row.want)
		}
	}
	plain, header := w.posted(path, w.key, asked)
	if !strings.HasPrefix(plain, "交易时间,") || !strings.Contains(plain, "`U1,") ||
		header.Get("Content-Type") != "text/plain" {
		t.Errorf("got %s, %v", plain, header)
	}
	packed, _ := w.posted(path, w.key, with2(asked, "tar_type", "GZIP"))
	r, err := gzip.NewReader(strings.NewReader(packed))
	w.ok(err)
	if text, err := io.ReadAll(r); err != nil || string(text) != plain {
		t.Errorf("packed: got %s, %v", text, err)
	}
	for _, row := range []struct{ method, body, want string }{
		{http.MethodGet, "", failure("20001", "require POST method")},
		{http.MethodPost, "", failure("20001", "empty post data")},
		{http.MethodPost, "{}", failure("20001", "data format error")},
	} {
		request, err := http.NewRequest(row.method, w.URL()+"/"+path, strings.NewReader(row.body))
		w.ok(err)
		answer, err := http.DefaultClient.Do(request)
		w.ok(err)
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || !bytes.Equal(body, []byte(row.want)) {
			t.Errorf("%s %q: got %s, %v", row.method, row.body, body, err)
		}
	}
}
