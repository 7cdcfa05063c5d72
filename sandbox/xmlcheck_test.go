package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestRefusalsInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t, sandbox.WithPlan(ledger.Plan{ID: "7", Product: ledger.Papay, Disabled: true}),
		sandbox.WithMerchant(ledger.Merchant{MchID: "1900000777", AppIDs: []string{"wx7"},
			Plans: []ledger.Plan{{ID: "8", Product: ledger.Papay}}}))
	for name, c := range map[string]struct {
		code, path string
		f          map[string]string
	}{
		"another's appid": {"APPID_MCHID_NOT_MATCH", "papay/preentrustweb", with2(entryXML(), "appid", "wx7")},
		"no merchant":     {"FAIL", "papay/preentrustweb", with2(entryXML(), "mch_id", "1")},
		"an emoji": {"FAIL", "papay/preentrustweb", with2(entryXML(), "contract_display_account",
			"😀")},
		"no version":         {"FAIL", "papay/preentrustweb", with2(entryXML(), "version", "")},
		"milliseconds":       {"FAIL", "papay/preentrustweb", with2(entryXML(), "timestamp", "1599703200000")},
		"a serial with zero": {"FAIL", "papay/preentrustweb", with2(entryXML(), "request_serial", "01")},
		"no code":            {"FAIL", "papay/preentrustweb", with2(entryXML(), "contract_code", "")},
		// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_1.shtml
		"a code with a hyphen": {"FAIL", "papay/preentrustweb", with2(entryXML(), "contract_code", "1000-1")},
		"a code with a stop":   {"FAIL", "papay/preentrustweb", with2(entryXML(), "contract_code", "1000.1")},
		"a URL with a query":   {"FAIL", "papay/preentrustweb", with2(entryXML(), "notify_url", "https://a.cn/?c")},
		"a relative URL":       {"FAIL", "papay/preentrustweb", with2(entryXML(), "notify_url", "/x")},
		"an unknown plan":      {"PARAM_ERROR", "papay/preentrustweb", with2(entryXML(), "plan_id", "9")},
		"another's plan":       {"PARAM_ERROR", "papay/preentrustweb", with2(entryXML(), "plan_id", "8")},
		"a disabled plan":      {"NOAUTH", "papay/preentrustweb", with2(entryXML(), "plan_id", "7")},
		"an unknown contract":  {"CONTRACT_NOT_EXIST", "papay/querycontract", with2(byCodeXML(), "contract_id", "Wx1")},
		"an unknown code":      {"CONTRACT_NOT_EXIST", "papay/querycontract", byCodeXML()},
		"no contract":          {"FAIL", "papay/querycontract", with2(byCodeXML(), "contract_code", "")},
		"no remark":            {"PARAMETER FAIL", "papay/deletecontract", byCodeXML()},
		"no such path":         {"FAIL", "papay/nothing", entryXML()},
	} {
		w.refused(c.code, c.path, c.f)
		all, err := w.Journal(0, 1)
		w.ok(err)
		if last := all[len(all)-1]; last.Hint == "" && last.Unsupported == "" {
			t.Errorf("%s: refused without an explanation", name)
		}
	}
}

// What the sandbox says of a wrong sign, which WeChat Pay never does.
func TestExplainInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t, sandbox.WithMerchant(ledger.Merchant{MchID: "1900000777", AppIDs: []string{"wx7"},
		APIv2Key: wxpay.NewSecret(strings.Repeat("7", 32))}))
	config := w.ClientConfig()
	base := wire.Fields(with2(entryXML(), "mch_id", sandbox.DefaultMchID, "outerid", ""))
	encoded := maps.Clone(base)
	for name, value := range encoded {
		encoded[name] = url.QueryEscape(value)
	}
	for name, c := range map[string]struct{ sign, extra, says string }{
		"another merchant's key": {base.Digest(strings.Repeat("7", 32), wire.SignMD5), "",
			"APIv2 key of merchant 1900000777"},
		"the APIv3 key":  {base.Digest(config.APIv3Key.Reveal(), wire.SignMD5), "", "APIv3 key"},
		"HMAC under MD5": {base.Digest(w.key, wire.SignHMAC), "MD5", "signed with HMAC-SHA256, but"},
		"encoded values": {encoded.Digest(w.key, wire.SignMD5), "", "URL-encoded"},
		"a field added later": {wire.Fields(with2(base, "version", "")).Digest(w.key, wire.SignMD5), "",
			"version was not signed"},
		"two mistakes":            {encoded.Digest(config.APIv3Key.Reveal(), wire.SignMD5), "", "; and "},
		"no mistake we know":      {strings.Repeat("A", 32), "", "no known mistake"},
		"no digest":               {"hello", "", "hexadecimal"},
		"nothing":                 {"", "", "no sign"},
		"an unknown sign_type":    {strings.Repeat("A", 32), "RSA", "neither MD5"},
		"lower case is all right": {strings.ToLower(base.Digest(w.key, wire.SignMD5)), "", ""},
	} {
		f := maps.Clone(base)
		f["sign"] = c.sign
		if c.extra != "" {
			f["sign_type"] = c.extra
		}
		//nolint:noctx
		answer, err := http.Post(w.URL()+"/papay/preentrustweb", "text/xml", strings.NewReader(string(f.XML())))
		w.ok(err)
		body, err := io.ReadAll(answer.Body)
		w.ok(err)
		answer.Body.Close()
		hint := answer.Header.Get("X-Sandbox-Hint")
		if failed := strings.Contains(string(body), "签名错误"); failed != (c.says != "") || !strings.Contains(hint,
			c.says) || answer.StatusCode != 200 || failed && strings.Contains(string(body), "<sign>") {
			t.Errorf("%s: %s, hint %q", name, body, hint)
		}
	}
	all, err := w.Journal(0, 0)
	w.ok(err)
	for _, x := range all {
		if f, err := wire.ParseXML([]byte(x.Body)); err == nil && f["sign"] != "…" && f["sign"] != "" {
			t.Errorf("the journal keeps a sign: %s", x.Body)
		}
	}
}

// An answer that is no XML success makes the sandbox try again, whatever its
// status.
func TestAnswersInAPIv2(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"plain text":    "success",
		"JSON":          `{"code":"SUCCESS","message":"OK"}`,
		"HTML":          "<html><body>OK</body></html>",
		"FAIL":          strings.Replace(xmlSuccess, "SUCCESS", "FAIL", 1),
		"a line behind": xmlSuccess + "\n",
		"nothing":       " ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newXMLWorld(t)
			w.answer = answer
			session := w.must("papay/preentrustweb", entryXML())
			_, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
			w.ok(err)
			w.ok(w.Advance(45 * time.Second))
			w.answer = ""
			w.ok(w.Advance(3 * time.Hour))
			pushes, err := w.Pushes()
			w.ok(err)
			if p := pushes[0]; p.State != ledger.PushDelivered || len(p.Attempts) != 5 || p.Attempts[3].Error == "" ||
				p.Attempts[4].Error != "" {
				t.Errorf("got %+v", p.Attempts)
			}
		})
	}
}

// The pages, over REST.
func TestAdminOpensPagesInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	post := func(path string, body any) (int, object) {
		t.Helper()
		raw, err := json.Marshal(body)
		w.ok(err)
		answer, err := http.Post(w.AdminURL()+path, "application/json", bytes.NewReader(raw)) //nolint:noctx
		w.ok(err)
		defer answer.Body.Close()
		var out object
		w.ok(json.NewDecoder(answer.Body).Decode(&out))
		return answer.StatusCode, out
	}
	address, err := w.client.Chain("v2/papay/entrustweb").URL(entryXML())
	w.ok(err)
	payer := "/sandbox/payers/" + openID
	status, page := post(payer+"/open-url", object{"url": address})
	if status != 200 || page["token"] == "" || page["plan_id"] != "12535" {
		t.Errorf("got %d %v", status, page)
	}
	if status, page = post(payer+"/open-url", object{"url": address + "0"}); status != 409 ||
		page["reason"] != "rejected" {
		t.Errorf("got %d %v", status, page)
	}
	if status, _ = post(payer+"/open-url", object{}); status != 400 {
		t.Errorf("got %d", status)
	}
	launch, err := w.client.ContractExtraData(with2(entryXML(), "version", ""))
	w.ok(err)
	if status, page = post(payer+"/open-mini-program", object{"extra_data": launch.ExtraData}); status != 200 ||
		page["token"] == "" {
		t.Errorf("got %d %v", status, page)
	}
	if status, _ = post(payer+"/open-mini-program", object{}); status != 400 {
		t.Errorf("got %d", status)
	}
}
