package sandbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const yes = `{"code":"SUCCESS","message":"","retention_type":"COUPON","coupon_info":{"state":"SEND_COUPON","coupon_id":"1"}}`

// asking is a world with a contract whose merchant is asked both questions.
func asking(t *testing.T, options ...sandbox.Option) (*world, *ledger.Contract) {
	t.Helper()
	w := newWorld(t, append(options, sandbox.WithPlan(ledger.Plan{ID: "3", Product: ledger.Papay,
		NotifyURL: sandbox.DefaultNotifyURL, AsksFirst: true, Retention: true}))...)
	token := w.must("POST", presignPapay, with(papayBody("A1"), "plan_id", 3))["pre_entrustweb_id"].(string)
	c, err := w.Payer(papayOpenID).Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGN")
	return w, c
}

// answered says whether both questions about a contract have a yes; the payer has left then.
func (w *world) answered(c *ledger.Contract) bool {
	w.t.Helper()
	payer := w.Payer(papayOpenID)
	offer, err := payer.Leave(c.ID)
	w.ok(err)
	err = payer.Terminate(c.ID)
	if offer == nil {
		w.page(err, ledger.PageRefused)
		return false
	}
	w.ok(err)
	return true
}

// An answer that does not come whole in time is none, where it counts what it says.
func TestAnAnswerThatDoesNotComeWholeIsNone(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"nothing": "", "a yes": yes, "the beginning of it": yes[:20]} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c := asking(t, sandbox.WithNotifyTimeout(200*time.Millisecond))
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(rw, body)
				rw.(http.Flusher).Flush()
				<-r.Context().Done()
			}))
			defer server.Close()
			w.ok(w.Forward("https://yourapp.com/notify", server.URL))
			if w.answered(c) {
				t.Error("it is taken for a yes")
			}
			w.ok(w.Sandbox.Terminate(c.ID, ledger.ByConsole, "x"))
			w.ok(w.Settle())
			pushes, err := w.Pushes()
			w.ok(err)
			for i, want := range []ledger.PushState{ledger.PushGivenUp, ledger.PushGivenUp, ledger.PushDelivered} {
				if p := pushes[i+1]; p.State != want { // of a notification the status alone decides
					t.Errorf("%s is %s, want %s", p.Event, p.State, want)
				}
			}
		})
	}
}

// Questions meet the faults of notifications: an answer that is not heard, or to a message that
// should have been refused, is no consent.
func TestFaultsOfQuestions(t *testing.T) {
	t.Parallel()
	for name, c := range map[fault.Name]struct {
		counts bool
		told   int // messages about the two questions, on their way and a day later
		state  ledger.PushState
	}{
		fault.Lost:         {false, 0, ledger.PushLost},
		fault.Late:         {false, 2, ledger.PushDelivered},
		fault.Reordered:    {false, 2, ledger.PushDelivered},
		fault.AnswerLost:   {false, 2, ledger.PushGivenUp},
		fault.BadSignature: {false, 2, ledger.PushGivenUp},
		fault.Stripped:     {false, 2, ledger.PushGivenUp},
		fault.Probe:        {true, 4, ledger.PushDelivered}, // the genuine message follows
		fault.Duplicated:   {true, 4, ledger.PushDelivered},
	} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			w, contract := asking(t)
			told := 0
			w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				told++
				_, _ = io.WriteString(rw, yes)
			})))
			w.ok(w.Inject(fault.Fault{Name: name, Event: "*", Times: 2}))
			if got := w.answered(contract); got != c.counts {
				t.Errorf("a yes counts: %v", got)
			}
			if w.Faults()[0].Applied != 2 {
				t.Errorf("got %+v", w.Faults())
			}
			w.ok(w.Advance(24 * time.Hour))
			if c.counts {
				told-- // TERMINATE
			}
			if told != c.told {
				t.Errorf("%d messages, want %d", told, c.told)
			}
			pushes, err := w.Pushes()
			w.ok(err)
			for _, p := range pushes[1:3] {
				if p.State != c.state {
					t.Errorf("%s is %s, want %s: %+v", p.Event, p.State, c.state, p.Attempts)
				}
			}
			after, err := w.Contract(contract.ID)
			w.ok(err)
			if after.State == ledger.ContractTerminated != c.counts {
				t.Errorf("the contract is %s", after.State)
			}
		})
	}
}

// Who deletes a contract leaves it as who ends it does.
func TestWhoDeletesLeavesLikeAnybody(t *testing.T) {
	t.Parallel()
	w, c := asking(t)
	payer := w.Payer(papayOpenID)
	w.say(200, `{"code":"FAIL"}`)
	w.page(payer.Delete(c.ID), ledger.PageRefused)
	w.receivedOne("ENTRUST.TERMINATE_INQUIRY")
	if c, err := w.Contract(c.ID); err != nil || c.State != ledger.ContractSigned || c.Deleted {
		t.Errorf("after a no: %+v, %v", c, err)
	}
	w.say(200, yes)
	w.ok(payer.Delete(c.ID))
	if got := w.received(); len(got) != 2 || got[1].Event != "ENTRUST.TERMINATE" {
		t.Errorf("after a yes: got %v", got)
	}
	if c, err := w.Contract(c.ID); err != nil || c.State != ledger.ContractTerminated || !c.Deleted {
		t.Errorf("after a yes: %+v, %v", c, err)
	}

	insured := w.insured(insuranceBody())
	payer = w.Payer(openID)
	state := func(want ledger.ContractState, deleted bool) {
		t.Helper()
		if c, err := w.Contract(insured.ID); err != nil || c.State != want || c.Deleted != deleted {
			t.Errorf("%+v, %v", c, err)
		}
	}
	w.ok(payer.Delete(insured.ID))
	state(ledger.ContractTerminatePending, true)
	w.ok(payer.StayInsured(insured.ID))
	state(ledger.ContractSigned, false)
	w.ok(payer.Terminate(insured.ID))
	w.ok(w.Advance(23 * hour))
	w.ok(payer.Delete(insured.ID)) // which gives them no other day
	state(ledger.ContractTerminatePending, true)
	w.ok(w.Advance(hour))
	state(ledger.ContractTerminated, true)
}

// Questions are told of as every attempt is.
func TestQuestionsAreAttempts(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var events []string
	w, c := asking(t, func(config *sandbox.Config) {
		config.OnAttempt = func(p ledger.Push, a ledger.Attempt) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, p.Event+" "+strconv.Itoa(a.Status))
		}
	})
	_, err := w.Payer(papayOpenID).Leave(c.ID)
	w.ok(err)
	w.ok(w.Payer(papayOpenID).Terminate(c.ID))
	mu.Lock()
	defer mu.Unlock()
	for _, event := range []string{"ENTRUST.TERMINATE_INQUIRY 204", "ENTRUST.TERMINATE_RETENTION 204"} {
		if !slices.Contains(events, event) {
			t.Errorf("%s is not among %v", event, events)
		}
	}
}

// A question lets go what was held back until something about the same contract followed.
func TestAQuestionFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "3", Product: ledger.Papay, NotifyURL: sandbox.DefaultNotifyURL,
		Retention: true}))
	w.ok(w.Inject(fault.Fault{Name: fault.Reordered, Event: "ENTRUST.SIGN"}))
	token := w.must("POST", presignPapay, with(papayBody("A1"), "plan_id", 3))["pre_entrustweb_id"].(string)
	c, err := w.Payer(papayOpenID).Agree(token)
	w.ok(err)
	if got := w.received(); len(got) != 0 {
		t.Fatalf("before anything followed: %v", got)
	}
	_, err = w.Payer(papayOpenID).Leave(c.ID) // who looks at the offer, and stays
	w.ok(err)
	var events []string
	for _, n := range w.received() {
		events = append(events, n.Event)
	}
	slices.Sort(events)
	if want := "ENTRUST.SIGN ENTRUST.TERMINATE_RETENTION"; strings.Join(events, " ") != want {
		t.Errorf("got %v, want %s", events, want)
	}
}
