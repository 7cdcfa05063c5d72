package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// meets are the faults of calls that an operation meets one after the other: those that keep it
// from being carried out, and those that take away or spoil its answer.
var meets = struct{ kept, lost []fault.Fault }{
	kept: []fault.Fault{
		{Name: fault.Error}, {Name: fault.Error, Status: 403, Code: "NO_AUTH"},
		{Name: fault.Error, Status: 403, Code: "NOT_ENOUGH"},
		{Name: fault.Error, Status: 400, Code: "CODE_OF_TOMORROW"},
		{Name: fault.Cut}, {Name: fault.Gateway}, {Name: fault.Gateway, Status: 403}, {Name: fault.RateLimit},
	},
	lost: []fault.Fault{
		{Name: fault.Error, Committed: true}, {Name: fault.Cut, Committed: true},
		{Name: fault.Gateway, Committed: true}, {Name: fault.Latency}, {Name: fault.BadSignature},
		{Name: fault.WrongSerial}, {Name: fault.Stale},
		{Name: fault.OtherKey}, {Name: fault.Stripped}, {Name: fault.Reencoded}, {Name: fault.Skew},
		{Name: fault.Probe}, {Name: fault.Early}, {Name: fault.Empty},
	},
}

// ofNotifications are the faults that no call meets.
var ofNotifications = []fault.Name{fault.BOM, fault.Lost, fault.Late, fault.Reordered, fault.Duplicated, fault.Race,
	fault.AnswerLost}

func TestEveryFaultMeetsACall(t *testing.T) {
	t.Parallel()
	err := newWorld(t).Inject(fault.Fault{Name: "none"}) // says which there are
	_, list, found := strings.Cut(fmt.Sprint(err), "there are ")
	if !found {
		t.Fatalf("got %v", err)
	}
	for name := range strings.SplitSeq(list, ", ") {
		met := slices.Contains(ofNotifications, fault.Name(name)) ||
			slices.ContainsFunc(slices.Concat(meets.kept, meets.lost), func(f fault.Fault) bool {
				return f.Name == fault.Name(name)
			})
		if !met {
			t.Errorf("no operation meets the fault %s: add it to meets", name)
		}
	}
}

// After any fault, committed or not, Resolve says what the ledger says. Which operations there are
// comes from the catalogue, and how one is brought about from the scenarios of the isolation: an
// operation whose outcome a query tells, and that no scenario calls, fails here.
func TestResolveSaysWhatTheLedgerSays(t *testing.T) {
	t.Parallel()
	c := described(t)
	scenarios, of := isolationScenarios(), map[string]string{}
	for name, scenario := range scenarios {
		h := &halt{c: c, seen: map[string]bool{}}
		h.run(t, scenario)
		for id := range h.seen {
			if of[id] == "" || name < of[id] {
				of[id] = name
			}
		}
	}
	for _, o := range c.Operations() {
		if o.Outcome == nil || o.Outcome.Query == "" || o.Fidelity != catalogue.FidelityStateful {
			continue
		}
		if of[o.ID()] == "" {
			t.Errorf("no scenario calls %s, of which %s tells the outcome", o.ID(), o.Outcome.Query)
			continue
		}
		t.Run(o.ID(), func(t *testing.T) {
			t.Parallel()
			arrange := func() (*world, *halted) {
				h := &halt{c: c, at: o.ID(), seen: map[string]bool{}}
				w := h.run(t, scenarios[of[o.ID()]])
				if h.call == nil {
					t.Fatal("the scenario did not come to it")
				}
				return w, h.call
			}
			meet(t, arrange, meets.kept)
			meet(t, arrange, meets.lost[:1])
			meet(t, arrange, meets.lost[1:2])
			meet(t, arrange, meets.lost[2:])
		})
	}
}

// meet makes a call again and again, and each time it meets another fault.
func meet(t *testing.T, arrange func() (*world, *halted), faults []fault.Fault) {
	t.Helper()
	w, call := arrange()
	client, open := w.Client(), map[string]error{}
	until, extra := w.Clock().Now(), []wxpay.Option{} // what the call does not have
	for _, name := range call.op.Outcome.Asks {
		if strings.Contains(call.op.Outcome.Query, "{"+name+"}") {
			extra = append(extra, wxpay.Path(name, map[string]string{"out_user_id": "pupil0001"}[name]))
			continue
		}
		extra = append(extra, wxpay.Query(name, calledContract(w, call).AppID))
	}
	for _, f := range faults {
		what := fmt.Sprintf("%s, committed %v, %s", f.Name, f.Committed, f.Code)
		kept := f
		f.Endpoint = call.op.ID()
		if err := w.Inject(f); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if f.Name == fault.Latency { // under a stopped clock the answer never comes
			ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
				WroteRequest: func(httptrace.WroteRequestInfo) { cancel() },
			})
		}
		err := call.make(ctx, w, client)
		cancel()
		w.ClearFaults()
		if err == nil {
			if truth := call.truth(w); truth == wxpay.DidNotHappen && !failing(w, call) {
				t.Errorf("%s: a success, and the ledger says that it did not happen", what)
			}
			continue
		}
		became, err2 := client.Resolve(t.Context(), fmt.Errorf("call: %w", errors.Join(err)), extra...)
		if err2 != nil {
			t.Errorf("%s: %v: %v", what, err, err2)
			continue
		}
		// After it: one that was late is still being carried out.
		truth := call.truth(w)
		early := became.Outcome == wxpay.Pending && !became.Until.IsZero() // it may still arrive
		if became.Outcome != truth && !early || early && truth == wxpay.Happened && f.Name != fault.Latency {
			t.Errorf("%s: %v: %v, and the ledger says %v", what, err, became, truth)
		}
		unknown := wxpay.OutcomeUnknown(err)
		untouched := truth == wxpay.DidNotHappen && slices.Contains(meets.kept, kept)
		if early && !unknown || !early && unknown && untouched {
			t.Errorf("%s: %v: %v, of a call that may be on its way: %v", what, err, became, unknown)
		}
		open[what] = err
		if became.Until.After(until) {
			until = became.Until
		}
	}
	w.ok(w.Advance(max(0, until.Sub(w.Clock().Now()))))
	for what, err := range open {
		became, err2 := client.Resolve(t.Context(), err, extra...)
		if truth := call.truth(w); err2 != nil || became.Outcome != truth {
			t.Errorf("%s, later: %v: %v, %v, and the ledger says %v", what, err, became, err2, truth)
		}
	}
}

// failing says whether the call was accepted and then failed, as the scenario has it.
func failing(w *world, c *halted) bool {
	w.t.Helper()
	return len(calledDebits(w, c)) > 0
}
