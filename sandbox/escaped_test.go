package sandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// post sends a signed APIv2 call to a path as it is written here.
func (w *xmlWorld) post(path string, fields map[string]string) (wire.Fields, http.Header) {
	w.t.Helper()
	f := wire.Fields(with2(fields, "mch_id", sandbox.DefaultMchID, "nonce_str", "n"))
	f["sign"] = f.Digest(w.key, wire.SignMD5)
	answer, err := http.Post(w.URL()+path, "text/xml", bytes.NewReader(f.XML())) //nolint:noctx
	w.ok(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	w.ok(err)
	said, err := wire.ParseXML(body)
	if err != nil {
		said = wire.Fields{"return_code": "FAIL", "return_msg": string(body)} // APIv3's, of a path that is not APIv2's
	}
	return said, answer.Header
}

// A path that is escaped without need is none of WeChat Pay's: no endpoint is found by it without
// its fields.
func TestAnEscapedPathIsAnother(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	c := w.signXML("200000")
	w.ok(w.Payer(c.OpenID).Fund(100000))
	for _, path := range []string{"/pay/%70appayapply", "/pay/pappayappl%79", "/%70ay/pappayapply",
		"/pay%2Fpappayapply"} {
		said, header := w.post(path, applyXML(c.ID, ""))
		if said["return_code"] != "FAIL" || !strings.HasPrefix(header.Get(ledger.HeaderUnsupported), "unknown path") {
			t.Errorf("%s: got %v, %s", path, said, header.Get(ledger.HeaderUnsupported))
		}
	}
	said, _ := w.post("/pay/pappayapply", applyXML(c.ID, ""))
	if !strings.Contains(said["return_msg"], "/body/xml/out_trade_no") {
		t.Errorf("without a number: got %v", said)
	}
	w.ok(w.Advance(48 * time.Hour))
	if debits, err := w.Debits(); err != nil || len(debits) != 0 {
		t.Errorf("debited: %v, %v", debits, err)
	}

	address, err := w.client.Chain("v2/papay/entrustweb").URL(entryXML())
	w.ok(err)
	_, err = w.Payer(openID).OpenURL(strings.Replace(address, "/entrustweb", "/%65ntrustweb", 1))
	if pageReason(err) != ledger.PageUnknown {
		t.Errorf("the page: got %v", err)
	}
}

// A fault strikes a segment with an escaped slash as one segment, however it is written.
func TestAFaultOfAnEscapedPath(t *testing.T) {
	t.Parallel()
	const query = "v3/papay/sign/contracts/plan-id/12535/out-contract-code/"
	for _, endpoint := range []string{"GET /" + query + "*", "/" + query + "a%2fb",
		"/" + query + "{out_contract_code}"} {
		w := newWorld(t)
		w.ok(w.Inject(fault.Fault{Name: fault.Skew, Endpoint: endpoint}))
		_, err := w.client.Chain(query + "a%2Fb").Get(t.Context())
		if w.Faults()[0].Applied != 1 {
			t.Errorf("%s was not struck: %v", endpoint, err)
		}
	}
}
