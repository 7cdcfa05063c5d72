package sandbox_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const xmlSuccess = `<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>`

// xmlWorld is a sandbox with a manual clock, its client, and a merchant's APIv2
// inbox.
type xmlWorld struct {
	t *testing.T
	*sandbox.Sandbox
	client *wxpay.Client
	key    string

	mu     sync.Mutex
	got    []wire.Fields
	paths  []string
	answer string // "" for xmlSuccess
}

func newXMLWorld(t *testing.T, options ...sandbox.Option) *xmlWorld {
	t.Helper()
	sb := sandbox.New(t, append([]sandbox.Option{sandbox.At(start)}, options...)...)
	w := &xmlWorld{t: t, Sandbox: sb, client: sb.Client(), key: sb.ClientConfig().APIv2Key.Reveal()}
	w.ok(sb.Receive("https://yourapp.com", w))
	return w
}

func (w *xmlWorld) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f, err := wire.ParseXML(body)
	if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml") ||
		r.Header.Get(ledger.HeaderSandbox) == "" {
		w.t.Errorf("got %q, %v, %v", body, r.Header, err)
	}
	if sealed := f["req_info"]; sealed != "" {
		plain, err := wire.OpenReqInfo(w.key, sealed)
		if err != nil || !strings.HasPrefix(string(plain), "<root>") || f["sign"] != "" || f["mch_id"] == "" ||
			f["appid"] == "" {
			w.t.Errorf("got %v, sealed %s, %v", f, plain, err)
		}
		f, _ = wire.ParseXML([]byte(strings.NewReplacer("<root>", "<xml>", "</root>", "</xml>").Replace(string(plain))))
	} else if !f.Verify(w.key) {
		w.t.Errorf("the sign of %s does not verify", body)
	}
	w.promised(f)
	w.mu.Lock()
	w.got, w.paths = append(w.got, f), append(w.paths, r.URL.Path)
	answer := w.answer
	w.mu.Unlock()
	if answer == "" {
		answer = xmlSuccess
	}
	_, _ = io.WriteString(rw, answer)
}

func (w *xmlWorld) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// received settles and takes the notifications since the last look.
func (w *xmlWorld) received() []wire.Fields {
	w.t.Helper()
	w.ok(w.Settle())
	w.mu.Lock()
	defer w.mu.Unlock()
	got := w.got
	w.got = nil
	return got
}

func (w *xmlWorld) receivedOne() wire.Fields {
	w.t.Helper()
	got := w.received()
	if len(got) != 1 {
		w.t.Fatalf("got %d notifications, want one: %v", len(got), got)
	}
	return got[0]
}

// call gives what a call was answered, which no receiver takes for a notification.
func (w *xmlWorld) call(path string, f map[string]string, opts ...wxpay.Option) (map[string]any, error) {
	w.t.Helper()
	r, err := w.client.Chain("v2/"+path).Post(context.Background(), f, opts...)
	if err != nil {
		return nil, err
	}
	receiver := notify.New(nil, notify.APIv2Key(w.client.MchID(), wxpay.NewSecret(w.key)))
	if n, err := receiver.Parse(nil, r.Body); err == nil && n.EventType != notify.V2Other {
		w.t.Errorf("the reply of %s is taken for a notification, %s", path, n.EventType)
	}
	m, err := r.Map()
	w.ok(err)
	op, _, _ := described(w.t).Match("POST", "/"+path)
	for name := range m {
		if numbered := strings.TrimRight(name, "0123456789"); op.Reply.Field(name) == nil && op.Reply.Field(numbered+
			"0") == nil {
			w.t.Errorf("%s answers %s, which the catalogue does not know", path, name)
		}
	}
	return m, nil
}

// promised checks a notification against the catalogue.
func (w *xmlWorld) promised(f wire.Fields) {
	eventType := "V2.PAYMENT"
	switch {
	case f["change_type"] != "":
		eventType = "V2.CONTRACT"
	case f["out_refund_no"] != "":
		eventType = "V2.REFUND"
	}
	for _, e := range described(w.t).Events() {
		if e.Type != eventType {
			continue
		}
		for name := range f {
			if name != "sign" && name != "nonce_str" && e.Resource.Field(name) == nil {
				w.t.Errorf("%s carries %s, which the catalogue does not know", eventType, name)
			}
		}
	}
}

func (w *xmlWorld) must(path string, f map[string]string, opts ...wxpay.Option) map[string]any {
	w.t.Helper()
	m, err := w.call(path, f, opts...)
	if err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
	return m
}

// get is a browser.
func (w *xmlWorld) get(address string) wire.Fields {
	w.t.Helper()
	answer, err := http.Get(address) //nolint:noctx
	w.ok(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	w.ok(err)
	f, err := wire.ParseXML(body)
	w.ok(err)
	return f
}

// refused wants result_code FAIL, or return_code FAIL where code is "FAIL".
func (w *xmlWorld) refused(code, path string, f map[string]string, opts ...wxpay.Option) *wxpay.Error {
	w.t.Helper()
	_, err := w.call(path, f, opts...)
	var e *wxpay.Error
	if !errors.As(err, &e) || e.Code != code || e.Verified != (code != "FAIL") {
		w.t.Fatalf("%s: got %v, want %s", path, err, code)
	}
	return e
}

// hint is why the last call was refused, as the journal has it.
func (w *xmlWorld) hint() string {
	w.t.Helper()
	all, err := w.Journal(0, 1)
	w.ok(err)
	return all[len(all)-1].Hint
}

func with2(f map[string]string, pairs ...string) map[string]string {
	out := maps.Clone(f)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

func entryXML() map[string]string {
	return map[string]string{
		"appid": sandbox.DefaultAppID, "plan_id": sandbox.DefaultPlanID, "contract_code": "100000",
		"request_serial":           "1000",
		"contract_display_account": "微信代扣", "notify_url": "https://yourapp.com/v2", "version": "1.0",
		"timestamp": "1599703200",
	}
}

func byCodeXML() map[string]string {
	return map[string]string{"appid": sandbox.DefaultAppID, "plan_id": sandbox.DefaultPlanID, "contract_code": "100000",
		"version": "1.0"}
}

// TestContractInAPIv2 is the life of a contract, signed in the APP.
func TestContractInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	session := w.must("papay/preentrustweb", entryXML())
	token, _ := session["pre_entrustweb_id"].(string)
	if token == "" || session["nonce_str"] == "" || session["mch_id"] != sandbox.DefaultMchID {
		t.Fatalf("got %v", session)
	}
	if again := w.must("papay/preentrustweb", with2(entryXML(), "timestamp",
		"1599703201")); again["pre_entrustweb_id"] != token {
		t.Error("the same request again has another session")
	}
	if q := w.must("papay/querycontract", byCodeXML()); q["contract_state"] != "9" || q["request_serial"] != "1000" {
		t.Errorf("before: %v", q)
	}
	contract, err := w.Payer(openID).Agree(token)
	w.ok(err)
	if !strings.HasPrefix(contract.ID, "20200910") || len(contract.ID) != 18 {
		t.Errorf("contract_id %s", contract.ID)
	}
	add := w.receivedOne()
	want := wire.Fields{
		"return_code": "SUCCESS", "return_msg": "OK", "result_code": "SUCCESS", "mch_id": sandbox.DefaultMchID,
		"contract_code": "100000", "plan_id": "12535", "openid": openID, "change_type": "ADD",
		"operate_time": "2020-09-10 10:00:00",
		"contract_id":  contract.ID, "contract_expired_time": "2030-09-08 10:00:00", "request_serial": "1000",
		"sign": add["sign"],
	}
	if !maps.Equal(add, want) || len(add["sign"]) != 32 || w.paths[0] != "/v2" {
		t.Errorf("got %v at %v", add, w.paths)
	}

	q := w.must("papay/querycontract", map[string]string{"appid": sandbox.DefaultAppID, "contract_id": contract.ID,
		"version": "1.0"})
	if q["contract_state"] != "0" || q["err_code"] != "0" || q["contract_signed_time"] != "2020-09-10 10:00:00" ||
		q["openid"] != openID {
		t.Errorf("signed: %v", q)
	}
	w.refused("INVALID_REQUEST", "papay/preentrustweb", entryXML())

	w.ok(w.Advance(time.Hour))
	w.must("papay/deletecontract", with2(byCodeXML(), "contract_termination_remark", "解约原因"))
	end := w.receivedOne()
	if end["change_type"] != "DELETE" || end["contract_termination_mode"] != "3" ||
		end["operate_time"] != "2020-09-10 11:00:00" || w.paths[1] != "/notify" {
		t.Errorf("got %v at %v", end, w.paths)
	}
	q = w.must("papay/querycontract", byCodeXML())
	if q["contract_state"] != "1" || q["contract_termination_mode"] != "3" ||
		q["contract_terminated_time"] != "2020-09-10 11:00:00" {
		t.Errorf("ended: %v", q)
	}
	w.refused("CONTRACT_NOT_EXIST", "papay/deletecontract", with2(byCodeXML(), "contract_termination_remark", "x"))
	// The code may be used again once its contract has ended.
	again := w.must("papay/preentrustweb", entryXML())
	second, err := w.Payer(openID).Agree(again["pre_entrustweb_id"].(string))
	w.ok(err)
	if q := w.must("papay/querycontract", byCodeXML()); q["contract_id"] != second.ID || q["contract_state"] != "0" {
		t.Errorf("signed again: %v", q)
	}
}

// Each way of ending has a number of its own.
func TestTerminationModesInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	for mode, want := range map[ledger.Termination]string{
		ledger.ByUser: "2", ledger.ByMerchant: "3", ledger.ByConsole: "3", ledger.BySystem: "5",
		ledger.ByCustomerService: "7",
	} {
		session := w.must("papay/preentrustweb", entryXML())
		contract, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
		w.ok(err)
		w.receivedOne()
		w.ok(w.Terminate(contract.ID, mode, "x"))
		if got := w.receivedOne()["contract_termination_mode"]; got != want {
			t.Errorf("%s: mode %s, want %s", mode, got, want)
		}
	}
}

// A provider signs with their own key, and names the sub-merchant.
func TestProviderInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	f := with2(entryXML(), "sub_mch_id", "1900000110")
	w.refused("FAIL", "papay/partner/preentrustweb", entryXML())
	w.refused("NOAUTH", "papay/partner/preentrustweb", with2(f, "sub_mch_id", "1"))
	session := w.must("papay/partner/preentrustweb", f)
	if session["sub_mch_id"] != "1900000110" {
		t.Errorf("got %v", session)
	}
	contract, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	if add := w.receivedOne(); add["sub_mch_id"] != "1900000110" || add["mch_id"] != sandbox.DefaultMchID {
		t.Errorf("got %v", add)
	}
	w.refused("CONTRACT_NOT_EXIST", "papay/querycontract", byCodeXML())
	if q := w.must("papay/partner/querycontract", with2(byCodeXML(), "sub_mch_id",
		"1900000110")); q["contract_id"] != contract.ID {
		t.Errorf("got %v", q)
	}
	w.must("papay/deletecontract", with2(byCodeXML(), "sub_mch_id", "1900000110", "contract_termination_remark", "x"))
}
