package sandbox_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A fault of one merchant strikes nobody else and is not used up by them, also one that strikes
// before the signature has been verified.
func TestAFaultOfOneMerchant(t *testing.T) {
	t.Parallel()
	for _, name := range []fault.Name{fault.Skew, fault.Reencoded, fault.Error} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			const other = "1900000777"
			w := newWorld(t, sandbox.WithMerchant(ledger.Merchant{MchID: other,
				AppIDs: []string{sandbox.DefaultAppID},
				Plans:  []ledger.Plan{{ID: sandbox.DefaultPlanID, Product: ledger.CombinePapay}}}))
			config, err := w.ClientConfigFor(other)
			w.ok(err)
			client, err := wxpay.New(config)
			w.ok(err)
			w.ok(w.Inject(fault.Fault{Name: name, Endpoint: "*", MchID: sandbox.DefaultMchID}))
			if _, err := client.Chain(presignCombine).Post(t.Context(), combineBody()); err != nil {
				t.Errorf("it struck the other merchant: %v", err)
			}
			for _, claims := range []raw{{auth: "nonsense"}, {signed: []byte("something else")},
				{key: config.PrivateKey}, {mchid: other}, {serial: config.SerialNo}, {at: start.Add(-time.Hour)}} {
				w.send(claims) // is nobody's
			}
			if armed := w.Faults()[0]; armed.Met != 0 {
				t.Errorf("others were counted: %+v", armed)
			}
			if _, err := w.do("POST", presignCombine, combineBody()); err == nil {
				t.Error("it did not strike its own merchant")
			}
			if armed := w.Faults()[0]; armed.Applied != 1 {
				t.Errorf("got %+v", armed)
			}
		})
	}
}

// Numbers that JSON cannot write are refused: the admin could not list them.
func TestFaultsOfNoNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, n := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for says, f := range map[string]fault.Fault{
			"chance":     {Name: fault.Cut, Endpoint: "*", Chance: n},
			"per_second": {Name: fault.RateLimit, Endpoint: "*", PerSecond: n},
		} {
			if err := w.Inject(fault.Fault{Name: fault.Probe}, f); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s %v: got %v", says, n, err)
			}
		}
	}
	if list := w.adminOK("GET", "/sandbox/faults", nil)["data"].([]any); len(list) != 0 {
		t.Errorf("the admin lists %v", list)
	}
}
