package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func (w *world) admin(method, path string, body object, header ...string) (int, object) {
	w.t.Helper()
	var payload []byte
	if body != nil {
		payload, _ = json.Marshal(body)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, w.AdminURL()+path, bytes.NewReader(payload))
	w.ok(err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	p, err := http.DefaultTransport.RoundTrip(r)
	w.ok(err)
	defer p.Body.Close()
	var out object
	if err := json.NewDecoder(p.Body).Decode(&out); err != nil {
		w.t.Fatalf("%s %s: %d, not JSON: %v", method, path, p.StatusCode, err)
	}
	if p.StatusCode != 200 && out["error"] == nil {
		w.t.Errorf("%s %s: %d without a sentence", method, path, p.StatusCode)
	}
	return p.StatusCode, out
}

func (w *world) adminOK(method, path string, body object) object {
	w.t.Helper()
	status, out := w.admin(method, path, body)
	if status != 200 {
		w.t.Fatalf("%s %s: %d %v", method, path, status, out)
	}
	return out
}

func (w *world) adminRefuses(want int, method, path string, body object, header ...string) {
	w.t.Helper()
	if status, out := w.admin(method, path, body, header...); status != want {
		w.t.Errorf("%s %s: got %d %v, want %d", method, path, status, out, want)
	}
}

func TestAdminPlaysThePayer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := "/sandbox/payers/" + openID
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	if page := w.adminOK("POST", payer+"/open", object{"token": token}); page["account"] != "微信代扣用户A" {
		t.Errorf("open: got %v", page)
	}
	w.adminOK("POST", payer+"/decline", object{"token": token})
	contract := w.adminOK("POST", payer+"/agree", object{"token": token})
	id := contract["contract_id"].(string)
	w.adminRefuses(409, "POST", payer+"/agree", object{"token": token})
	w.adminRefuses(404, "POST", payer+"/agree", object{"token": "none"})
	w.adminRefuses(400, "POST", payer+"/agree", object{})
	w.adminRefuses(409, "POST", "/sandbox/payers/stranger/terminate", object{"contract_id": id})
	if got := w.adminOK("POST", "/sandbox/contracts/"+id+"/terminate",
		object{"mode": "CUSTOMER_SERVICE_TERMINATE"}); got["state"] != "TERMINATED" {
		t.Errorf("terminate: got %v", got)
	}
	w.adminRefuses(409, "POST", payer+"/terminate", object{"contract_id": id})
	w.adminRefuses(400, "POST", "/sandbox/contracts/"+id+"/terminate", object{"mode": "BY_MAGIC"})
	w.adminRefuses(404, "GET", "/sandbox/contracts/none", nil)

	prepay := w.must("POST", "v3/pay/transactions/jsapi", orderBody())["prepay_id"].(string)
	w.must("POST", presignAfterPay, afterPayBody(prepay))
	if receipt := w.adminOK("POST", payer+"/pay", object{"prepay_id": prepay}); receipt["prompt"] == nil {
		t.Errorf("pay: got %v", receipt)
	}
	w.adminOK("POST", payer+"/decline-after-pay", object{"prepay_id": prepay})
	w.adminOK("POST", payer+"/agree-after-pay", object{"prepay_id": prepay})
	w.adminOK("POST", "/sandbox/settle", object{})
	if got := w.inbox.take(); len(got) != 4 {
		t.Errorf("got %d notifications, want 4", len(got))
	}
	for path, want := range map[string]int{"sessions": 2, "contracts": 2, "orders": 1, "pushes": 4, "journal": 3,
		"journal?newest=1": 1} {
		if rows := w.adminOK("GET", "/sandbox/"+path, nil)["data"].([]any); len(rows) != want {
			t.Errorf("%s: %d rows, want %d", path, len(rows), want)
		}
	}
	push := w.adminOK("GET", "/sandbox/pushes", nil)["data"].([]any)[0].(object)["id"].(string)
	w.adminOK("POST", "/sandbox/pushes/"+push+"/retry", object{})
	w.ok(w.Settle())
	if got := w.inbox.take(); len(got) != 1 || got[0].ID != push {
		t.Errorf("retry: got %v", got)
	}
	w.adminRefuses(404, "POST", "/sandbox/pushes/none/retry", object{})
}

// Who looks around finds the way: the list, and what points to it.
func TestAdminListsItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := w.adminCalls()
	for _, want := range [][2]string{{"GET", "/sandbox/clock"}, {"POST", "/sandbox/payers/" + openID + "/agree"},
		{"DELETE", "/sandbox/faults/F1"}} {
		if !slices.Contains(list, want) {
			t.Errorf("the list lacks %v: %v", want, list)
		}
	}
	if status, out := w.admin("GET", "/sandbox/nope", nil); status != 404 || !strings.Contains(out["error"].(string),
		"GET /sandbox/ lists") {
		t.Errorf("an unknown path is answered %d %v", status, out)
	}
}

func TestAdminMovesTheClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.adminOK("POST", "/sandbox/clock/advance",
		object{"duration": "2h"}); got["time"] != "2020-09-10T12:00:00+08:00" || got["manual"] != true {
		t.Errorf("advance: got %v", got)
	}
	w.adminOK("POST", "/sandbox/clock/set", object{"time": "2021-01-01T00:00:00+08:00"})
	if got := w.adminOK("GET", "/sandbox/health", nil); got["time"] != "2021-01-01T00:00:00+08:00" ||
		got["api"] != w.URL() {
		t.Errorf("health: got %v", got)
	}
	w.adminRefuses(400, "POST", "/sandbox/clock/advance", object{"duration": "-2h"})
	w.adminRefuses(400, "POST", "/sandbox/clock/set", object{"time": "tomorrow"})
	for duration, says := range map[string]string{
		"9999999h": "too long", "1h99999999999999999999s": "too long", "2500000h": "1971 to 2261",
		"-9999999h": "needs", "9999999": "needs", "h": "needs", "": "needs",
	} {
		status, out := w.admin("POST", "/sandbox/clock/advance", object{"duration": duration})
		if said, _ := out["error"].(string); status != 400 || !strings.Contains(said, says) {
			t.Errorf("%q is answered %d %v, want it to say %q", duration, status, out, says)
		}
	}
}

func TestAdminRegisters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.adminOK("POST", "/sandbox/plans", object{"id": "777", "product": "combine-papay"})
	w.must("POST", presignCombine, with(combineBody(), "plan_id", 777))
	w.adminRefuses(400, "POST", "/sandbox/plans", object{"id": "777", "product": "lottery"})
	w.adminRefuses(400, "POST", "/sandbox/plans", object{"mchid": "1", "id": "777", "product": "edu-papay"})
	w.adminOK("POST", "/sandbox/plans", object{"id": "777", "product": "combine-papay", "disabled": true})
	w.refused(403, "NO_AUTH", "POST", presignCombine,
		with(with(combineBody(), "plan_id", 777), "out_contract_code", "B"))

	made := w.adminOK("POST", "/sandbox/merchants", object{"mchid": "1900000130",
		"appids": []string{"wxd678efh567hg6787"}})
	if made["private_key"] == nil || made["api_v3_key"] == nil {
		t.Errorf("a new merchant without keys: %v", made)
	}
	client := w.clientOf("1900000130")
	other := &world{t, w.Sandbox, client, nil}
	other.refused(400, "PARAM_ERROR", "POST", presignCombine, combineBody()) // the plan is the first merchant's
	other.refused(404, "RESOURCE_NOT_EXISTS", "GET",
		"v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/x", nil)
	w.adminRefuses(400, "POST", "/sandbox/merchants", object{"mchid": "letters"})

	for _, m := range w.adminOK("GET", "/sandbox/merchants", nil)["data"].([]any) {
		if m.(object)["private_key"] != nil || m.(object)["api_v3_key"] != nil {
			t.Error("the list of merchants shows secrets")
		}
	}
	got := w.adminOK("GET", "/sandbox/merchants/1900000109/credentials", nil)
	if !strings.Contains(got["private_key"].(string), "PRIVATE KEY") || len(got["platform_keys"].(object)) != 2 ||
		got["host"] != w.URL() {
		t.Errorf("credentials: got %v", got)
	}
	w.adminRefuses(404, "GET", "/sandbox/merchants/1/credentials", nil)

	w.adminOK("POST", "/sandbox/payers",
		object{"openids": object{"wxd678efh567hg6787": "a", "wx8888888888888888": "b"}})
	w.adminRefuses(400, "POST", "/sandbox/payers", object{})
	w.adminOK("POST", "/sandbox/faults", object{"name": "probe", "times": 2})
	w.adminRefuses(400, "POST", "/sandbox/faults", object{"name": "flood"})
	server := httptest.NewServer(w.inbox)
	defer server.Close()
	w.adminOK("POST", "/sandbox/forwards", object{"prefix": "https://other.example", "target": server.URL})
	w.adminRefuses(400, "POST", "/sandbox/forwards", object{"prefix": "https://other.example",
		"target": "http://example.com"})
	if got := w.adminOK("GET", "/sandbox/forwards", nil); got["https://other.example"] != server.URL || len(got) != 2 {
		t.Errorf("forwards: got %v", got)
	}
	w.adminRefuses(404, "GET", "/", nil)
	w.adminRefuses(400, "GET", "/sandbox/journal?newest=some", nil)
}

func TestAdminKeepsWebPagesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	advance := object{"duration": "1h"}
	for name, header := range map[string][]string{
		"another origin":     {"Origin", "https://evil.example"},
		"the null origin":    {"Origin", "null"},
		"another host":       {"Host", "evil.example"},
		"a rebound host":     {"Host", "evil.example:80"},
		"a cross-site fetch": {"Sec-Fetch-Site", "cross-site"},
		"a form":             {"Content-Type", "text/plain"},
	} {
		if status, _ := w.admin("POST", "/sandbox/clock/advance", advance, header...); status != 403 {
			t.Errorf("%s: got %d, want 403", name, status)
		}
	}
	w.adminRefuses(403, "GET", "/sandbox/merchants/1900000109/credentials", nil, "Sec-Fetch-Site", "same-site")
	if status, _ := w.admin("POST", "/sandbox/clock/advance", advance, "Origin", w.AdminURL(), "Sec-Fetch-Site",
		"same-origin"); status != 200 {
		t.Error("its own page is kept out")
	}
	if now := w.Clock().Now().Sub(start).Hours(); now != 1 {
		t.Errorf("the clock moved %v hours, want 1", now)
	}
}

// Beyond this machine a page may have its own name lead to the admin once it is loaded.
func TestAdminBeyondThisMachineHasNoNameOfAWebSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *sandbox.Config) { c.AllowNonLoopback, c.AdminAddr = true, "0.0.0.0:0" })
	for host, want := range map[string]int{
		"evil.example": 403, "evil.example:9971": 403, "127.0.0.1.nip.io": 403, "internal.example": 403,
		"internal": 200, "wxpay:9971": 200, "10.0.0.7": 200, "[fd00::1]:9971": 200, "localhost": 200,
		"host.docker.internal:9971": 200, "wxpay.default.svc.cluster.local": 200, "WXPAY.LAN.": 200,
	} {
		if status, _ := w.admin("GET", "/sandbox/merchants/1900000109/credentials", nil, "Host", host); status != want {
			t.Errorf("%s: got %d, want %d", host, status, want)
		}
	}
}

// Of a header that is given twice, the admin would go by one and a proxy by the other.
func TestAdminTakesNoHeaderTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host := strings.TrimPrefix(w.AdminURL(), "http://")
	for _, lines := range []string{
		"Origin: " + w.AdminURL() + "\r\nOrigin: https://evil.example",
		"Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site",
		"Content-Type: text/plain", "X-Sandbox:\r\nX-Sandbox: 1", "Host: evil.example", "A: b",
	} {
		c, err := net.Dial("tcp", host)
		w.ok(err)
		_, err = io.WriteString(c, "POST /sandbox/settle HTTP/1.1\r\nHost: "+host+
			"\r\nConnection: close\r\nContent-Length: 2\r\nContent-Type: application/json\r\n"+lines+"\r\n\r\n{}")
		w.ok(err)
		answer, err := io.ReadAll(c)
		w.ok(err)
		w.ok(c.Close())
		if taken := strings.Contains(string(answer), " 200 "); taken != (lines == "A: b") {
			t.Errorf("%q is answered %s", lines, answer)
		}
	}
}

func TestGuardRails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config sandbox.Config
		says   string
	}{
		"a public address":       {sandbox.Config{Addr: "0.0.0.0:0"}, "AllowNonLoopback"},
		"a public admin address": {sandbox.Config{AdminAddr: ":0"}, "AllowNonLoopback"},
		"no port":                {sandbox.Config{Addr: "127.0.0.1"}, "want an address"},
		"a merchant without id":  {sandbox.Config{Merchants: []ledger.Merchant{{}}}, "1 to 32 digits"},
		"half a key pair": {sandbox.Config{Merchants: []ledger.Merchant{{MchID: "1",
			PrivateKey: wxpay.NewSecret("x")}}}, "both or neither"},
		"a short APIv3 key": {sandbox.Config{Merchants: []ledger.Merchant{{MchID: "1",
			APIv3Key: wxpay.NewSecret("x")}}}, "APIv3 key"},
		"a real certificate": {sandbox.Config{Merchants: []ledger.Merchant{{MchID: "1",
			Certificate: tenpayCertificate(t)}}}, "looks real"},
		"a forward to nowhere": {sandbox.Config{Forward: map[string]string{"https://a.example": "http://b.example"}},
			"only calls this machine"},
	} {
		c.config.Keys = pinnedKeys(t)
		s, err := sandbox.Start(c.config)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.says)
		}
	}
}

func TestStartMakesFreshKeys(t *testing.T) {
	t.Parallel()
	s, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := &world{t, s, s.Client(), nil}
	w.must("POST", presignEdu, eduBody())
	if s.ClientConfig().SerialNo == sandbox.New(t).ClientConfig().SerialNo {
		t.Error("the published test keys are used outside of tests")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
