package sandbox_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// TestPagesInAPIv2 signs through the pages, whose URL the payer opens.
func TestPagesInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	address, err := w.client.Chain("v2/papay/entrustweb").URL(with2(entryXML(), "return_web", "1", "notify_url",
		"https://yourapp.com/v2/a=1%26b=%2B"))
	w.ok(err)
	payer := w.Payer(openID)
	page, err := payer.OpenURL(address)
	w.ok(err)
	if page.PlanID != "12535" || page.Account != "微信代扣" {
		t.Errorf("got %+v", page)
	}
	w.ok(payer.Decline(page.Token))
	if got := w.received(); len(got) != 0 {
		t.Errorf("declining notified: %v", got)
	}
	contract, err := payer.Agree(page.Token)
	w.ok(err)
	if contract.NotifyURL != "https://yourapp.com/v2/a=1%26b=%2B" {
		t.Errorf("notify_url %s", contract.NotifyURL)
	}
	if _, err := payer.OpenURL(address); pageReason(err) != ledger.PageRejected {
		t.Errorf("opened again: %v", err)
	}

	// The mini program gets the fields themselves.
	launch, err := w.client.ContractExtraData(with2(entryXML(), "contract_code", "100002", "version", ""))
	w.ok(err)
	third := w.Payer("third-openid")
	page, err = third.OpenMiniProgram(launch.ExtraData)
	w.ok(err)
	if _, err := third.Agree(page.Token); err != nil {
		t.Error(err)
	}
	launch.ExtraData["plan_id"] = "12536"
	if _, err := third.OpenMiniProgram(launch.ExtraData); pageReason(err) != ledger.PageRejected {
		t.Errorf("changed extraData: %v", err)
	}
	for _, bad := range []string{"https://api.mch.weixin.qq.com/papay/querycontract?x=1", "%zz", w.URL() +
		"/papay/entrustweb?a=1&a=2", w.URL() + "/papay/entrustweb"} {
		if _, err := payer.OpenURL(bad); pageReason(err) == "" {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// redirected calls an APIv2 GET, and gives the address it answers with.
func (w *xmlWorld) redirected(path string, f map[string]string, opts ...wxpay.Option) string {
	w.t.Helper()
	for name, value := range f {
		opts = append(opts, wxpay.Query(name, value))
	}
	r, err := w.client.Chain("v2/"+path).Get(context.Background(), opts...)
	w.ok(err)
	m, err := r.Map()
	w.ok(err)
	if r.Verified() || m["sign"] != nil || m["appid"] != nil || m["result_code"] != "SUCCESS" {
		w.t.Errorf("%s answers %v, verified %v", path, m, r.Verified())
	}
	address, _ := m["redirect_url"].(string)
	return address
}

// For pages outside WeChat the backend calls, and the payer is sent on to what it is answered.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_4.shtml
func TestH5InAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	h5 := with2(entryXML(), "contract_code", "100001", "clientip", "119.145.83.6", "return_appid", "wxcbda96de0b165486")
	address := w.redirected("papay/h5entrustweb", h5)
	payer := w.Payer("another-openid")
	if _, err := payer.From("8.8.8.8").OpenURL(address); pageReason(err) != ledger.PageWrongUser {
		t.Errorf("from elsewhere: %v", err)
	}
	page, err := payer.From("119.145.83.6").OpenURL(address)
	w.ok(err)
	_, err = payer.Agree(page.Token)
	w.ok(err)

	// A browser that is sent to the API itself sees XML.
	f := with2(h5, "contract_code", "100002", "mch_id", sandbox.DefaultMchID, "sign_type", "")
	query := func(f wire.Fields, by wire.SignType) string {
		q := url.Values{"sign": {f.Digest(w.key, by)}}
		for name, value := range f {
			q.Set(name, value)
		}
		return w.URL() + "/papay/h5entrustweb?" + q.Encode()
	}
	if _, err := payer.OpenURL(query(f, wire.SignHMAC)); pageReason(err) != ledger.PageUnknown ||
		!strings.Contains(err.Error(), "redirect_url") {
		t.Errorf("the call as a page: %v", err)
	}
	for what, c := range map[string]struct{ address, says string }{
		"an MD5":               {query(f, wire.SignMD5), "SIGN_ERROR"},
		"an MD5 that says so":  {query(with2(f, "sign_type", "MD5"), wire.SignMD5), ""},
		"no clientip":          {query(with2(f, "clientip", ""), wire.SignHMAC), "INVALID_REQUEST"},
		"another's appid":      {query(with2(f, "appid", "wx7"), wire.SignHMAC), "INVALID_REQUEST"},
		"a plan nobody knows":  {query(with2(f, "plan_id", "9"), wire.SignHMAC), "INVALID_REQUEST"},
		"a parameter too many": {query(with2(f, "nonce_str", "x"), wire.SignHMAC), "INVALID_REQUEST"},
	} {
		got := w.get(c.address)
		if got["return_code"] != "SUCCESS" || got["result_msg"] != c.says || got["sign"] != "" ||
			(got["redirect_url"] == "") != (c.says != "") || got["err_code"] != "" ||
			(got["result_code"] == "FAIL") != (c.says != "") {
			t.Errorf("%s: got %v", what, got)
		}
	}
	w.ok(w.Inject(fault.Fault{Name: fault.Error}))
	if got := w.get(query(f, wire.SignHMAC)); got["return_code"] != "SUCCESS" || got["result_code"] != "FAIL" ||
		got["result_msg"] != "SYSTEMERROR" || got["redirect_url"] != "" {
		t.Errorf("out of order: got %v", got)
	}
}

func pageReason(err error) ledger.PageReason {
	var e *ledger.PageError
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
