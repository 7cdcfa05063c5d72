package notify_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/internal/leaktest"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const (
	apiV2Key  = "192006250b4c09247ec02edce69f6a2d"
	successV2 = "<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>"
)

func signedV2(f wire.Fields, by wire.SignType) []byte {
	f["return_code"] = "SUCCESS"
	f["sign"] = f.Digest(apiV2Key, by)
	return f.XML()
}

func addV2() wire.Fields {
	return wire.Fields{
		"return_code": "SUCCESS", "result_code": "SUCCESS", "mch_id": "1900000109", "contract_code": "100000",
		"plan_id": "12535",
		"openid":  "oUpF8uMuAJOM2pxb1Q", "change_type": "ADD", "operate_time": "2030-01-01 08:00:05",
		"contract_id": "Wx1", "request_serial": "1000", "later": "new",
	}
}

func refundBody(inner string) []byte {
	return wire.Fields{"return_code": "SUCCESS", "appid": "wx1", "mch_id": "1900000109", "nonce_str": "n",
		"req_info": wire.SealReqInfo(apiV2Key, []byte(inner))}.XML()
}

// One receiver, both versions: told apart without a word.
func TestBothVersions(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	r := notify.New(w.keys(t), notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	var got []string
	notify.On(r, func(_ context.Context, n *notify.Notification, e *event.V2Contract) error {
		got = append(got, e.ChangeType+" "+e.ContractID+" of plan "+strings.Repeat("I", int(e.PlanID/12535))+
			" "+n.CreateTime.Format(time.RFC3339))
		return nil
	})
	notify.On(r, func(_ context.Context, n *notify.Notification, e *event.V2Payment) error {
		got = append(got, e.ResultCode+" "+e.OutTradeNo)
		return nil
	})
	notify.On(r, func(_ context.Context, n *notify.Notification, e *event.V2Refund) error {
		got = append(got, e.RefundStatus+" "+e.RefundRecvAccout)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *signed) error {
		got = append(got, "v3 "+e.OutContractCode)
		return nil
	})
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		var f map[string]string
		err := n.Decode(&f)
		got = append(got, n.EventType+" "+f["color"])
		return err
	})
	for name, body := range map[string][]byte{
		"1 contract": signedV2(addV2(), wire.SignMD5),
		"2 debit": signedV2(wire.Fields{"mch_id": "1900000109", "result_code": "FAIL", "err_code": "NOTENOUGH",
			"out_trade_no": "A1", "contract_id": "Wx1"}, wire.SignHMAC),
		"3 refund": refundBody(
			"<root><refund_id>5</refund_id><refund_status><![CDATA[SUCCESS]]></refund_status><refund_recv_accout>零钱</refund_recv_accout></root>"),
		"4 other": signedV2(wire.Fields{"mch_id": "1900000109", "color": "red"}, wire.SignMD5),
	} {
		a := r.Receive(context.Background(), http.Header{"Content-Type": {"text/xml"}}, body)
		if a.Status != 200 || a.ContentType != "text/xml" || string(a.Body) != successV2 {
			t.Errorf("%s: answered %d %s %q", name, a.Status, a.ContentType, a.Body)
		}
	}
	if a := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext)).post(r); a.Code != 204 {
		t.Errorf("v3: answered %d", a.Code)
	}
	slices.Sort(got)
	want := []string{"ADD Wx1 of plan I 2030-01-01T08:00:05+08:00", "FAIL A1", "SUCCESS 零钱", "V2 red",
		"v3 wxwtdk20200910100000"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// APIv2 sends the very same bytes again, and must be told that they are handled.
func TestRepeatedV2(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
		notify.OnError(func(context.Context, *notify.Error) {}))
	runs := 0
	fail := true
	notify.On(r, func(context.Context, *notify.Notification, *event.V2Contract) error {
		runs++
		if fail {
			return errors.New("secret trouble")
		}
		return nil
	})
	body := signedV2(addV2(), wire.SignMD5)
	a := r.Receive(context.Background(), nil, body)
	if f, err := wire.ParseXML(a.Body); err != nil || a.Status != 500 || f["return_code"] != "FAIL" ||
		strings.Contains(f["return_msg"], "secret") {
		t.Errorf("failed: answered %d %s", a.Status, a.Body)
	}
	fail = false
	for range 3 {
		if a := r.Receive(context.Background(), nil, body); a.Status != 200 || string(a.Body) != successV2 {
			t.Errorf("answered %d %s", a.Status, a.Body)
		}
	}
	// Signed the other way it is still the same notification, another time it is another.
	r.Receive(context.Background(), nil, signedV2(addV2(), wire.SignHMAC))
	if runs != 2 {
		t.Errorf("ran %d times, want 2", runs)
	}
	other := addV2()
	other["operate_time"] = "2030-01-01 08:00:06"
	r.Receive(context.Background(), nil, signedV2(other, wire.SignMD5))
	if runs != 3 {
		t.Errorf("ran %d times, want 3", runs)
	}
}

func TestRefusalsV2(t *testing.T) {
	t.Parallel()
	forged := signedV2(addV2(), wire.SignMD5)
	unsigned := addV2()
	tampered := strings.Replace(string(forged), "Wx1", "Wx2", 1)
	wrongNumber := addV2()
	wrongNumber["plan_id"] = "secret"
	w := newWechat(t)
	v3 := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	for name, c := range map[string]struct {
		header http.Header
		body   string
		check  wxpay.Check
		status int
	}{
		"changed on the way": {nil, tampered, wxpay.CheckSignature, 401},
		"unsigned":           {nil, string(unsigned.XML()), wxpay.CheckSignature, 401},
		"an empty sign": {nil, "<xml><change_type>ADD</change_type><sign></sign></xml>", wxpay.CheckSignature,
			401},
		"cut short": {nil, string(forged[:50]), notify.CheckEnvelope, 400},
		"HTML":      {nil, "<html><body>502</body></html>", notify.CheckEnvelope, 400},
		"a doctype": {nil, `<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>&e;</a></xml>`,
			notify.CheckEnvelope, 400},
		"another key's seal": {nil, string(wire.Fields{"mch_id": "1900000109",
			"req_info": wire.SealReqInfo(strings.ToUpper(apiV2Key),
				[]byte("<root><refund_id>1</refund_id></root>"))}.XML()), notify.CheckResource, 400},
		"a seal of something": {nil, string(refundBody("hello")), notify.CheckResource, 400},
		"a sealed v3 body":    {nil, string(refundBody(`{"refund_id":1}`)), notify.CheckResource, 400},
		"no number":           {nil, string(signedV2(wrongNumber, wire.SignMD5)), notify.CheckDecode, 500},
		"v3 without keys":     {v3.header, string(v3.body), wxpay.CheckSignature, 401},
	} {
		var got *notify.Error
		r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
			notify.OnError(func(_ context.Context, e *notify.Error) { got = e }))
		notify.On(r, func(context.Context, *notify.Notification, *event.V2Contract) error { return nil })
		a := r.Receive(context.Background(), c.header, []byte(c.body))
		if got == nil || got.Check != c.check || a.Status != c.status || strings.Contains(got.Error(), "secret") {
			t.Errorf("%s: %v, answered %d", name, got, a.Status)
			continue
		}
		if name == "v3 without keys" {
			continue
		}
		if f, err := wire.ParseXML(a.Body); err != nil || f["return_code"] != "FAIL" || a.ContentType != "text/xml" ||
			a.Status == 200 {
			t.Errorf("%s: answered %s", name, a.Body)
		}
	}
}

// While the key is being replaced both hold.
func TestTwoAPIv2Keys(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(strings.Repeat("0", 32)),
		wxpay.NewSecret(apiV2Key)))
	for _, body := range [][]byte{signedV2(addV2(), wire.SignMD5),
		refundBody("<root><refund_id>1</refund_id></root>")} {
		n, err := r.Parse(nil, body)
		if err != nil || !strings.HasPrefix(n.ID, "V2-") || len(n.ID) > 36 {
			t.Errorf("got %v, %v", n, err)
		}
	}
}

func TestSetUpV2(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(){
		"a short key":          func() { notify.APIv2Key("1900000109", wxpay.NewSecret("short")) },
		"an empty key":         func() { notify.APIv2Key("1900000109", wxpay.Secret{}) },
		"no key":               func() { notify.New(nil) },
		"no key given":         func() { notify.New(nil, notify.APIv2Key("1900000109")) },
		"a key for a merchant": func() { notify.APIv2Key(apiV2Key, wxpay.NewSecret(apiV2Key)) },
		"no merchant":          func() { notify.APIv2Key("", wxpay.NewSecret(apiV2Key)) },
		"no keys":              func() { notify.Keys(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// TestSandboxV2 is the life of a contract against the sandbox: every kind of
// message, retried until it was handled.
func TestSandboxV2(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t, sandbox.At(time.Date(2030, 1, 1, 2, 0, 0, 0, time.UTC)))
	client, config := s.Client(), s.ClientConfig()
	r := notify.New(s.Keys(), notify.APIv2Key(config.MchID, config.APIv2Key),
		notify.OnError(func(context.Context, *notify.Error) {}))
	var got []string
	var tries atomic.Int64
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.V2Contract) error {
		if tries.Add(1) == 1 {
			return errors.New("the database is away")
		}
		got = append(got, e.ChangeType+e.ContractTerminationMode)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.V2Payment) error {
		got = append(got, e.ResultCode+" "+e.ErrCode)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.V2Refund) error {
		got = append(got, "refund "+e.RefundStatus)
		return nil
	})
	server := httptest.NewServer(r)
	defer server.Close()
	if err := s.Forward("https://yourapp.com", server.URL); err != nil {
		t.Fatal(err)
	}
	call := func(path string, f map[string]string) map[string]any {
		t.Helper()
		f["appid"] = sandbox.DefaultAppID
		result, err := client.Chain("v2/"+path).Post(context.Background(), f, wxpay.MTLS())
		if err != nil {
			t.Fatal(err)
		}
		m, err := result.Map()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	session := call("papay/preentrustweb", map[string]string{
		"plan_id": sandbox.DefaultPlanID, "contract_code": "100000", "request_serial": "1000",
		"contract_display_account": "用户A",
		"notify_url":               sandbox.DefaultNotifyURL, "version": "1.0", "timestamp": "1893463200",
	})
	payer := s.Payer(openid)
	contract, err := payer.Agree(session["pre_entrustweb_id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(time.Minute); err != nil { // the first try fails
		t.Fatal(err)
	}
	debit := func(number string) {
		t.Helper()
		call("pay/pappayapply", map[string]string{
			"body": "x", "out_trade_no": number, "total_fee": "888", "spbill_create_ip": "8.8.8.8",
			"notify_url": sandbox.DefaultNotifyURL,
			"trade_type": "PAP", "contract_id": contract.ID,
		})
		if err := s.Settle(); err != nil {
			t.Fatal(err)
		}
	}
	if err := payer.FailNext(ledger.NotEnough); err != nil {
		t.Fatal(err)
	}
	debit("A1")
	debit("A2")
	call("secapi/pay/refund", map[string]string{
		"out_trade_no": "A2", "out_refund_no": "R1", "total_fee": "888", "refund_fee": "1",
		"notify_url": sandbox.DefaultNotifyURL,
	})
	if err := s.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := payer.Terminate(contract.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	want := []string{"ADD", "FAIL NOTENOUGH", "SUCCESS ", "refund SUCCESS", "DELETE2"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if all := statuses(t, s); !slices.Equal(all, []int{500, 200, 200, 200, 200, 200}) {
		t.Errorf("answered %v", all)
	}
	pushes, err := s.Pushes()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pushes {
		if p.State != ledger.PushDelivered {
			t.Errorf("%s is %s", p.Event, p.State)
		}
	}
}

// Whatever comes in, only what is signed with the key gets through, and the
// answer is XML.
func FuzzParseV2(f *testing.F) {
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	f.Add(signedV2(addV2(), wire.SignMD5))
	f.Add(refundBody("<root><refund_id>5</refund_id><refund_status><![CDATA[SUCCESS]]></refund_status></root>"))
	f.Add([]byte("<xml><mch_id>1900000109</mch_id><req_info>AAAA</req_info></xml>"))
	f.Add([]byte("\ufeff <xml><sign>0</sign><change_type>ADD</change_type></xml>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := r.Parse(nil, body)
		if err == nil {
			again, err := r.Parse(nil, body)
			if err != nil || again.ID != n.ID || n.EventType == "" {
				t.Fatalf("parsed as %v, then %v, %v", n, again, err)
			}
			var e event.V2Contract
			var m map[string]string
			if err := n.Decode(&m); err != nil {
				t.Fatal(err)
			}
			if n.EventType == notify.V2Contract {
				_ = n.Decode(&e)
			}
			return
		}
		var e *notify.Error
		if !errors.As(err, &e) || e.Status < 400 {
			t.Fatalf("an error of no kind: %v", err)
		}
	})
}

// A payer holds what the merchant signed to open a page with, and may send it
// anywhere.
func TestWhatTheMerchantSignedIsNoNotification(t *testing.T) {
	t.Parallel()
	log := newErrorLog()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)), log.option())
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		t.Errorf("handled as %s", n)
		return nil
	})
	page := wire.Fields{"appid": "wx1", "mch_id": "1900000109", "plan_id": "12535", "contract_code": "100000",
		"timestamp": "1900000000", "version": "1.0"}
	page["sign"] = page.Digest(apiV2Key, wire.SignMD5)
	a := r.Receive(context.Background(), http.Header{}, page.XML())
	if e := log.take(t); a.Status != http.StatusUnauthorized || e == nil || e.Check != wxpay.CheckSignature {
		t.Errorf("answered %d, reported %v", a.Status, e)
	}
}

func TestPrintingAReceiverKeepsItsKeysIn(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	r := notify.New(w.keys(t), notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	leaktest.Check(t, r, apiV2Key, apiV3Key)
}
