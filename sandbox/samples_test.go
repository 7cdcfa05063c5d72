package sandbox_test

import (
	"encoding/json"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// sample is the catalogue's own example of an endpoint's body.
func (w *world) sample(path string) object {
	w.t.Helper()
	op, _, ok := described(w.t).Match("POST", "/"+path)
	if !ok {
		w.t.Fatalf("no endpoint %s", path)
	}
	var body object
	w.ok(json.Unmarshal(op.Sample(), &body))
	return body
}

// The catalogue's examples work with the default merchant as they stand.
func TestCampusAndGlobalSamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("POST", presignSchool, w.sample(presignSchool))
	w.must("POST", presignFace, w.sample(presignFace))
	w.must("POST", "v3/offlinefacemch/tokens", w.sample("v3/offlinefacemch/tokens"))
	w.must("POST", face+"authinfo", w.sample(face+"authinfo"))
	w.must("POST", face+"repayment-url", w.sample(face+"repayment-url"))
	for i, scene := range []string{"app", "miniprogram", "jsapi", "h5", "web"} {
		path := globalContracts + scene + "-pre-entrust-sign"
		w.must("POST", path, with(w.sample(path), "out_contract_code", "100001256"+string(rune('a'+i))))
	}

	c := w.signSchool("for-a-debit")
	w.must("POST", debitSchool, with(w.sample(debitSchool), "contract_id", c.ID))
	w.signFace("pupil0002")
	code, err := w.ShowFace(w.authInfo(), "pupil0002")
	w.ok(err)
	w.must("POST", debitFace, with(w.sample(debitFace), "auth_code", code))
	_, err = w.Payer(openID).SignElsewhere(ledger.OfflineFace, sandbox.DefaultOrganizationID)
	w.page(err, ledger.PageUnknown) // there is no pupil without a call
}
