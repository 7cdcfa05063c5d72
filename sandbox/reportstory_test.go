package sandbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A merchant who repeats what failed under the same number, verifies, and debits once, is found
// fault with in nothing, whatever happens; and the report says that nothing came of the faults.
func TestReportOfAGoodClientInChaos(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sandbox.WithChaos(), sandbox.Seed(seed))
			stubborn := func(method, path string, body any) object {
				t.Helper()
				for range 50 {
					out, err := w.do(method, path, body)
					if err == nil {
						return out
					}
				}
				t.Fatal("fifty tries were not enough")
				return nil
			}
			token := stubborn("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
			c, err := w.Payer(openID).Agree(token)
			w.ok(err)
			for i := range 30 {
				no := fmt.Sprintf("P%02d", i)
				stubborn("POST", combineDebits, combineDebitBody(c, no))
				stubborn("GET", combineDebits+"/"+no, nil)
				_, err := w.Trigger(ledger.Trigger{Event: "TRANSACTION.SUCCESS"})
				w.ok(err)
				w.ok(w.Settle())
			}
			w.ok(w.Advance(2 * aDay))
			w.found()
			r := w.report()
			if len(r.Strikes) == 0 || len(r.Faults) == 0 || r.Covered.Calls < 60 || r.Covered.ForgottenCalls != 0 {
				t.Errorf("covers %+v with %d strikes", r.Covered, len(r.Strikes))
			}
			for _, s := range r.Strikes {
				if !s.Survived && s.Fault != fault.Lost { // nobody asks about what was triggered
					t.Errorf("not survived: %+v", s)
				}
			}
		})
	}
}

// What was injected stays in the report when it is cleared, with its times.
func TestReportRemembersClearedFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.Inject(fault.Fault{Name: fault.Error, Endpoint: "*"}))
	w.refused(500, "SYSTEM_ERROR", "POST", presignPapay, papayBody("A1"))
	if got := w.strike(fault.Error); got.Survived || got.Survival != ledger.SurvivalOpen || got.RequestID == "" {
		t.Errorf("nothing followed: %+v", got)
	}
	w.ok(w.Advance(hour))
	w.ClearFaults()
	w.must("POST", presignPapay, papayBody("A1"))
	r := w.report()
	if len(r.Faults) != 1 || !r.Faults[0].ArmedAt.Equal(start) || !r.Faults[0].ClearedAt.Equal(start.Add(hour)) ||
		r.Faults[0].Applied != 1 {
		t.Errorf("the faults are %+v", r.Faults)
	}
	if got := w.strike(fault.Error); got.Survival != ledger.SurvivedRepeated {
		t.Errorf("repeated: %+v", got)
	}
	if len(r.Calls) != 1 || r.Calls[0].Succeeded != 1 || r.Calls[0].Untold != 1 || r.Calls[0].Refused != 0 {
		t.Errorf("counted %+v", r.Calls)
	}
	if !r.Covered.Since.Equal(start) || r.Covered.Calls != 2 || !r.At.Equal(start.Add(hour)) {
		t.Errorf("covers %+v", r.Covered)
	}
}

// What calm disarms is told of as what was cleared is, until a reset begins anew.
func TestReportOfWhatCalmDisarmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.Inject(fault.Fault{Name: fault.Error, Endpoint: "*"}))
	w.ok(w.Advance(hour))
	w.Calm()
	if r := w.report(); len(r.Faults) != 1 || !r.Faults[0].ClearedAt.Equal(start.Add(hour)) {
		t.Errorf("after calm the faults are %+v", r.Faults)
	}
	w.ok(w.Reset())
	if r := w.report(); len(r.Faults) != 0 {
		t.Errorf("after a reset the faults are %+v", r.Faults)
	}
}

// Faults of whole notifications are struck too, and a query makes good for what was lost.
func TestReportOfLostAndLateNotifications(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.Inject(fault.Fault{Name: fault.Lost, Event: "ECOMMERCE_ENTRUST.SIGN"},
		fault.Fault{Name: fault.Late, Event: "TRANSACTION.SUCCESS", Delay: time.Minute}))
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	_, err := w.Payer(openID).Agree(token)
	w.ok(err)
	triggered(w)
	if lost, late := w.strike(fault.Lost), w.strike(fault.Late); lost.Survived || late.Survived {
		t.Errorf("too early: %+v, %+v", lost, late)
	}
	w.must("GET", "v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/"+code, nil)
	w.ok(w.Advance(hour))
	lost, late := w.strike(fault.Lost), w.strike(fault.Late)
	if lost.Survival != ledger.SurvivedAsked || late.Survival != ledger.SurvivedDelivered {
		t.Errorf("got %+v, %+v", lost, late)
	}
	w.found()
}

// APIv2 answers 200 to everything: what counts is its code. A call that is sent again has another
// nonce, and is the same all the same.
func TestReportOfAPIv2(t *testing.T) {
	t.Parallel()
	for between, want := range map[string][]ledger.FindingKind{
		"": {ledger.FoundNewNumber}, "pay/paporderquery": nil, "pay/pappayapply": nil,
	} {
		w := newXMLWorld(t)
		c := w.signXML("100000")
		w.ok(w.Inject(fault.Fault{Name: fault.Error, Endpoint: "POST /pay/pappayapply", Committed: true, Times: -1}))
		w.refused("SYSTEMERROR", "pay/pappayapply", applyXML(c.ID, "A1"))
		w.ClearFaults()
		switch between {
		case "pay/paporderquery":
			w.must(between, orderNo("A1"))
		case "pay/pappayapply":
			w.refused("ORDER_ACCEPTED", between, applyXML(c.ID, "A1"))
		}
		w.refused("ORDER_ACCEPTED", "pay/pappayapply", applyXML(c.ID, "A2"))
		r, err := w.Report()
		w.ok(err)
		var got []ledger.FindingKind
		for _, f := range r.Findings {
			got = append(got, f.Kind)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q between them: found %+v", between, r.Findings)
		}
		if len(want) > 0 && (r.Findings[0].Contract != c.ID || !strings.Contains(r.Findings[0].Says, "888 fen")) {
			t.Errorf("got %+v", r.Findings[0])
		}
	}
}

// Who ends a contract themselves knows of it too.
func TestReportFindsADebitAfterTheMerchantsOwnEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.combineContract()
	w.must("POST", "v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/"+code+"/terminate",
		object{"contract_termination_remark": "x"})
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", combineDebits, combineDebitBody(c, "P1"))
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", combineDebits, combineDebitBody(c, "P2"))
	got := w.found(ledger.FoundAfterEnd)
	if got.Contract != c.ID || !strings.HasSuffix(got.Proof[0].Operation, "/terminate") || got.Proof[1].Number != "P1" {
		t.Errorf("got %+v", got)
	}
}

// The admin says it in the language that is asked for.
func TestAdminReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.Receive("https://yourapp.com", careless))
	w.ok(w.Inject(fault.Fault{Name: fault.BadSignature, Event: "*"}))
	triggered(w)
	for query, want := range map[string]string{
		"": "answered 200 to a forged notification", "?lang=zh": "对伪造的通知应答了 200",
	} {
		got := w.adminOK("GET", "/sandbox/report"+query, nil)["findings"].([]any)[0].(object)
		if says, _ := got["says"].(string); !strings.HasPrefix(says, want) {
			t.Errorf("%q says %v", query, says)
		}
	}
	w.adminRefuses(400, "GET", "/sandbox/report?lang=fr", nil)
}
