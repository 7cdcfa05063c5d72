package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// report is one that its reader may rely on: nothing in it is anybody's secret, and every finding
// has its proof and its words.
func (w *world) report() *ledger.Report {
	w.t.Helper()
	r, err := w.Report()
	w.ok(err)
	raw, err := json.Marshal(r)
	w.ok(err)
	m := w.Merchants()[0]
	for _, secret := range []string{openID, papayOpenID, eduOpenID, m.APIv3Key.Reveal(), m.APIv2Key.Reveal()} {
		if strings.Contains(string(raw), secret) {
			w.t.Errorf("the report repeats %s", secret)
		}
	}
	for _, f := range r.Findings {
		if f.Says == "" || f.SaysZH == "" || f.Advice == "" || f.AdviceZH == "" || f.MchID == "" || len(f.Proof) == 0 {
			w.t.Errorf("the finding lacks something: %+v", f)
		}
	}
	return r
}

// found wants findings of these kinds and no others, and gives the first.
func (w *world) found(kinds ...ledger.FindingKind) ledger.Finding {
	w.t.Helper()
	r := w.report()
	var got []ledger.FindingKind
	for _, f := range r.Findings {
		got = append(got, f.Kind)
	}
	if !slices.Equal(got, kinds) {
		w.t.Errorf("found %v, want %v: %+v", got, kinds, r.Findings)
		return ledger.Finding{}
	}
	if len(r.Findings) == 0 {
		return ledger.Finding{}
	}
	return r.Findings[0]
}

// breaking has every debit fail so that the client cannot know what became of it.
func (w *world) breaking(f fault.Fault, debit object) {
	w.t.Helper()
	f.Endpoint, f.Times = "POST "+combineDebits, -1
	w.ok(w.Inject(f))
	if _, err := w.do("POST", combineDebits, debit); err == nil {
		w.t.Error("the debit was answered")
	}
	w.ClearFaults()
}

// Who gives up a debit and asks for another one under a new number may take the money twice.
func TestReportFindsANewNumber(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault.Fault{
		"cut":          {Name: fault.Cut, Committed: true},
		"cut before":   {Name: fault.Cut},
		"error":        {Name: fault.Error, Committed: true},
		"gateway":      {Name: fault.Gateway},
		"unverifiable": {Name: fault.BadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.combineContract()
			w.breaking(f, combineDebitBody(c, "P1"))
			w.must("POST", combineDebits, combineDebitBody(c, "P2"))
			got := w.found(ledger.FoundNewNumber)
			if got.Contract != c.ID || !strings.Contains(got.Says, "300 fen") || len(got.Proof) != 2 ||
				got.Proof[0].Number != "P1" || got.Proof[1].Number != "P2" || got.Proof[1].RequestID == "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A client that stops waiting does not know what became of its call either.
func TestReportFindsANewNumberAfterATimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.combineContract()
	w.ok(w.Inject(fault.Fault{Name: fault.Latency, Endpoint: "POST " + combineDebits, Times: -1}))
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if _, err := w.client.Chain(combineDebits).Post(ctx, combineDebitBody(c, "P1")); err == nil {
		t.Error("the debit was answered, under a clock that stands still")
	}
	w.ClearFaults()
	for len(w.report().Strikes) == 0 { // until the sandbox has noticed that nobody waits
		runtime.Gosched()
	}
	w.must("POST", combineDebits, combineDebitBody(c, "P2"))
	if got := w.found(ledger.FoundNewNumber); got.Contract != c.ID || got.Proof[0].Number != "P1" {
		t.Errorf("got %+v", got)
	}
}

// Who asks first, repeats the call, or was told that it was refused, may take a new number; so may
// who debits something else.
func TestReportFindsNoNewNumber(t *testing.T) {
	t.Parallel()
	lost := func(w *world, c *ledger.Contract) {
		w.breaking(fault.Fault{Name: fault.Cut, Committed: true}, combineDebitBody(c, "P1"))
	}
	for name, before := range map[string]func(w *world, c *ledger.Contract, next object){
		"asked": func(w *world, c *ledger.Contract, _ object) {
			lost(w, c)
			w.must("GET", combineDebits+"/P1", nil)
		},
		"repeated": func(w *world, c *ledger.Contract, _ object) {
			lost(w, c)
			w.must("POST", combineDebits, combineDebitBody(c, "P1"))
		},
		"refused": func(w *world, c *ledger.Contract, _ object) {
			w.ok(w.Payer(openID).FailNext(ledger.NotEnough))
			w.refused(403, "NOT_ENOUGH", "POST", combineDebits, combineDebitBody(c, "P1"))
		},
		"another sum": func(w *world, c *ledger.Contract, next object) {
			lost(w, c)
			next["sub_orders"].([]any)[0].(object)["amount"].(object)["total_amount"] = 1
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.combineContract()
			next := combineDebitBody(c, "P2")
			before(w, c, next)
			w.must("POST", combineDebits, next)
			w.found()
		})
	}
}

// A notification that tells what became of a debit is as good as a query.
func TestReportTakesANotificationForAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.eduContract()
	path, notice := eduNotice(c)
	w.must("POST", path, notice)
	w.ok(w.Advance(aDay))
	w.ok(w.Inject(fault.Fault{Name: fault.Cut, Committed: true, Endpoint: "POST " + eduDebits, Times: -1}))
	if _, err := w.do("POST", eduDebits, eduDebitBody(c, "E1")); err == nil {
		t.Error("the debit was answered")
	}
	w.ClearFaults()
	w.ok(w.Advance(aDay))
	if got := w.inbox.take(); len(got) != 1 || got[0].Event != "TRANSACTION.SUCCESS" {
		t.Errorf("notified of %v", got)
	}
	w.refused(400, "INVALID_REQUEST", "POST", eduDebits, eduDebitBody(c, "E2")) // which was not announced
	w.found()
	if got := w.strike(fault.Cut); got.Survival != ledger.SurvivedNotified {
		t.Errorf("the cut: %+v", got)
	}
}

// strike is what a fault hit first.
func (w *world) strike(name fault.Name) ledger.Strike {
	w.t.Helper()
	for _, s := range w.report().Strikes {
		if s.Fault == name {
			return s
		}
	}
	w.t.Errorf("%s hit nothing", name)
	return ledger.Strike{}
}

// careless answers everything with 200, whoever it is from.
var careless = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// A receiver that does not verify says yes to everybody.
func TestReportFindsAForgeryThatWasAccepted(t *testing.T) {
	t.Parallel()
	for _, name := range []fault.Name{fault.Probe, fault.BadSignature, fault.WrongSerial, fault.Stale, fault.Stripped,
		fault.Reencoded, fault.BOM, fault.Skew} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ok(w.Inject(fault.Fault{Name: name, Event: "*"}))
			id := triggered(w) // a careful one refuses it
			w.found()
			got := w.strike(name)
			if got.Survival != ledger.SurvivedRefused || !got.Survived || got.Notification != id {
				t.Errorf("refused: %+v", got)
			}

			w = newWorld(t)
			w.ok(w.Receive("https://yourapp.com", careless))
			w.ok(w.Inject(fault.Fault{Name: name, Event: "*"}))
			id = triggered(w)
			accepted := w.found(ledger.FoundForgery)
			want := "answered 200 to a forged notification: TRANSACTION.SUCCESS " + id + " was sent with the fault " +
				string(name)
			if accepted.Says != want || accepted.Proof[0].Notification != id || accepted.Proof[0].Status != 200 {
				t.Errorf("got %+v", accepted)
			}
			if s := w.strike(name); s.Survived || s.Survival != ledger.SurvivalAccepted {
				t.Errorf("accepted: %+v", s)
			}
		})
	}
}

// Of APIv2 it is the sign.
func TestReportFindsAForgeryOfAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, "<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>")
	})))
	w.ok(w.Inject(fault.Fault{Name: fault.BadSignature, Event: "*"}))
	_, err := w.Trigger(ledger.Trigger{Event: "PAPAY.SIGN"})
	w.ok(err)
	w.ok(w.Settle())
	r, err := w.Report()
	w.ok(err)
	if len(r.Findings) != 1 || r.Findings[0].Kind != ledger.FoundForgery {
		t.Errorf("found %+v", r.Findings)
	}
}

// Once a client was told that a contract has ended, it has no debit to ask for.
func TestReportFindsADebitAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.combineContract()
	w.must("POST", combineDebits, combineDebitBody(c, "P1"))
	w.ok(w.Payer(openID).Terminate(c.ID))
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", combineDebits, combineDebitBody(c, "P2")) // who could know
	w.found()
	w.receivedOne("ECOMMERCE_ENTRUST.TERMINATE")
	w.must("POST", combineDebits, combineDebitBody(c, "P1")) // which asks for nothing new
	w.found()
	for range 2 { // it may have been on its way
		w.refused(400, "CONTRACT_NOT_EXIST", "POST", combineDebits, combineDebitBody(c, "P3"))
		w.found()
	}
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", combineDebits, combineDebitBody(c, "P4"))
	got := w.found(ledger.FoundAfterEnd)
	if got.Contract != c.ID || len(got.Proof) != 3 || got.Proof[0].Event != "ECOMMERCE_ENTRUST.TERMINATE" ||
		got.Proof[1].Number != "P3" || got.Proof[1].Code != "CONTRACT_NOT_EXIST" || got.Proof[2].Number != "P4" {
		t.Errorf("got %+v", got)
	}
}

// A receiver that debits in each delivery of one notification has handled it twice.
func TestReportFindsWhatWasHandledTwice(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault.Fault{
		"duplicated":  {Name: fault.Duplicated, Event: "ECOMMERCE_ENTRUST.SIGN"},
		"answer lost": {Name: fault.AnswerLost, Event: "ECOMMERCE_ENTRUST.SIGN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for once, want := range map[bool][]ledger.FindingKind{true: nil, false: {ledger.FoundTwice}} {
				w := newWorld(t)
				var times atomic.Int64
				w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					var err error
					if no := times.Add(1); !once || no == 1 {
						list, _ := w.Contracts()
						debit := combineDebitBody(list[0], fmt.Sprint("D", no))
						_, err = w.client.Chain(combineDebits).Post(r.Context(), debit)
					}
					if err != nil {
						t.Error(err)
					}
					rw.WriteHeader(http.StatusNoContent)
				})))
				w.ok(w.Inject(f))
				token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
				c, err := w.Payer(openID).Agree(token)
				w.ok(err)
				w.ok(w.Advance(aDay))
				got := w.found(want...)
				if !once && (got.Contract != c.ID || !strings.Contains(got.Says, "contract "+c.ID+" handled twice") ||
					len(got.Proof) != 4) {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

// A number is one thing for good.
func TestReportFindsAnotherBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.combineContract()
	w.must("POST", combineDebits, combineDebitBody(c, "P1"))
	w.must("POST", combineDebits, combineDebitBody(c, "P1"))
	w.found()
	w.refused(400, "INVALID_REQUEST", "POST", combineDebits, with(combineDebitBody(c, "P1"), "risk_info", "k:v"))
	if got := w.found(ledger.FoundOtherBody); len(got.Proof) != 2 || got.Proof[1].Status != 400 {
		t.Errorf("got %+v", got)
	}
}

// What was refused for what it says, may be corrected; sent again and again it is a finding.
func TestReportFindsARepeatedRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.combineContract()
	wrong := with(combineDebitBody(c, "P1"), "contract_id", nil)
	for range 2 {
		w.refused(400, "PARAM_ERROR", "POST", combineDebits, wrong)
	}
	w.ok(w.Advance(2 * hour))
	for range 2 { // two an hour are no storm
		w.refused(400, "PARAM_ERROR", "POST", combineDebits, wrong)
	}
	for no := range 5 { // nor are different ones
		body := with(combineDebitBody(c, fmt.Sprint("other", no)), "contract_id", nil)
		w.refused(400, "PARAM_ERROR", "POST", combineDebits, body)
	}
	w.found()
	w.refused(400, "PARAM_ERROR", "POST", combineDebits, wrong)
	w.must("POST", combineDebits, combineDebitBody(c, "P1")) // as it should have been
	got := w.found(ledger.FoundRepeated)
	if len(got.Proof) != 3 || got.Proof[2].Code != "PARAM_ERROR" || got.Proof[0].Number != "P1" {
		t.Errorf("got %+v", got)
	}
}

// A receiver that is never there, and one that always refuses, get a notification to the last
// attempt.
func TestReportFindsWhatWasNeverAnswered(t *testing.T) {
	t.Parallel()
	for want, handler := range map[ledger.FindingKind]http.HandlerFunc{
		ledger.FoundNeverAccepted: func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusTeapot) },
		ledger.FoundNeverAnswered: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(string(want), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ok(w.Receive("https://yourapp.com", handler))
			id := triggered(w)
			w.found() // there may still come an answer
			w.ok(w.Advance(3 * aDay))
			got := w.found(want)
			if !strings.Contains(got.Says, id) || len(got.Proof) != 2 || got.Proof[0].Notification != id {
				t.Errorf("got %+v", got)
			}
			tally := w.report().Notifications
			if len(tally) != 1 || tally[0].Messages != 1 || tally[0].Accepted != 0 {
				t.Errorf("counted %+v", tally)
			}
		})
	}
}
