package sandbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// An endpoint the sandbox lacks, one under another method, and one that nobody
// has heard of are told apart, in both protocols.
func TestWhatIsLacking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name, method, path         string
		status                     int
		message, unsupported, hint string
		operation                  string
	}{
		{"known, not played", "POST", "/v3/payscore/serviceorder", 404,
			"not emulated by this sandbox: 创建支付分订单",
			"not emulated by this sandbox: 创建支付分订单 (POST /v3/payscore/serviceorder)",
			"play it (docs/adding-a-product.md)", "POST /v3/payscore/serviceorder"},
		{"known with a variable", "GET", "/v3/ebike/charge/users/o1/contract", 404,
			"not emulated by this sandbox: 通过用户标识查询用户状态", "GET /v3/ebike/charge/users/{openid}/contract",
			"WeChat Pay has this endpoint",
			"GET /v3/ebike/charge/users/{openid}/contract"},
		{"of another host", "GET", "/hk/v3/certificates", 404, "not emulated by this sandbox: ",
			"GET /hk/v3/certificates", "", "GET /hk/v3/certificates"},
		{"another method", "DELETE", "/v3/payscore/serviceorder", 405, "", "",
			"this path takes GET, POST, not DELETE", ""},
		{"mistyped", "POST", "/v3/edu-papay/contract/presign", 404, "", "unknown path",
			"Did you mean POST /v3/edu-papay/contracts/presign?", ""},
		{"unheard of", "GET", "/v3/no/such/path", 404, "", "unknown path", "check it for typing mistakes", ""},
		{"v2: known, not played", "POST", "/mmpaymkttransfers/promotion/transfers", 200,
			"not emulated by this sandbox: ", "(POST /mmpaymkttransfers/promotion/transfers)",
			"WeChat Pay has this endpoint", "POST /mmpaymkttransfers/promotion/transfers"},
		{"v2: another method", "GET", "/mmpaymkttransfers/promotion/transfers", 200, "请使用post方法", "",
			"this path takes POST, not GET", ""},
		{"v2: mistyped", "POST", "/papay/querycontracts", 200, "请求的接口不存在", "unknown path",
			"Did you mean POST /papay/querycontract?", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, w.URL()+c.path, strings.NewReader(`{}`))
		w.ok(err)
		p, err := http.DefaultTransport.RoundTrip(r)
		w.ok(err)
		body, err := io.ReadAll(p.Body)
		w.ok(err)
		p.Body.Close()
		unsupported, hint := p.Header.Get(ledger.HeaderUnsupported), p.Header.Get(ledger.HeaderHint)
		shape := `"code":"`
		if c.message == "" { // WeChat Pay has no word for it
			shape = ""
		}
		if strings.HasPrefix(c.name, "v2: ") {
			shape = "<return_code><![CDATA[FAIL]]></return_code>"
		}
		if p.StatusCode != c.status || shape == "" && len(body) > 0 || !strings.Contains(string(body), shape) ||
			!strings.Contains(string(body), c.message) {
			t.Errorf("%s: got %d %s", c.name, p.StatusCode, body)
		}
		if !strings.Contains(unsupported, c.unsupported) || (c.unsupported == "") != (unsupported == "") ||
			!strings.Contains(hint, c.hint) {
			t.Errorf("%s: unsupported %q, hint %q", c.name, unsupported, hint)
		}
		all, err := w.Journal(0, 1)
		w.ok(err)
		if last := all[0]; last.Operation != c.operation || last.Unsupported != unsupported || last.Hint != hint {
			t.Errorf("%s: written down as %+v", c.name, last)
		}
	}

	// A merchant whose call is genuine gets a signed answer.
	p, e := w.send(raw{uri: "/v3/payscore/serviceorder"})
	if p.StatusCode != 404 || e.Code != "NOT_FOUND" || p.Header.Get(wire.HeaderSignature) == "" {
		t.Errorf("signed: got %d %s", p.StatusCode, e.Code)
	}
}

// What docs/fidelity.md says of an endpoint is what the sandbox does: stateful
// and stub ones have a behaviour, and the others have none.
func TestFidelityIsWhatThereIs(t *testing.T) {
	t.Parallel()
	played := newWorld(t).Played()
	for _, o := range described(t).Operations() {
		if played[o.ID()] != (o.Fidelity != catalogue.FidelityNone) {
			t.Errorf("%s: the sandbox plays it: %v, but data/%s.json says %q", o.ID(), played[o.ID()], o.Family.Name,
				o.Fidelity)
		}
		delete(played, o.ID())
	}
	for id := range played {
		t.Errorf("%s is played and not in the catalogue", id)
	}
}
