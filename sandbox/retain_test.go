package sandbox_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// presign opens so many sessions, with codes of their own.
func (w *world) presign(from, to int) {
	w.t.Helper()
	for n := from; n < to; n++ {
		w.must("POST", presignCombine, with(combineBody(), "out_contract_code", fmt.Sprintf("code%06d", n)))
	}
}

func (w *world) count(list string) int {
	w.t.Helper()
	return len(w.adminOK("GET", "/sandbox/"+list, nil)["data"].([]any))
}

// What is over goes by its age, and what is not stays.
func TestWhatEndedLongAgoIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.presign(0, 3)
	signed := w.combineContract()
	w.ok(w.Advance(24 * time.Hour))
	if sessions, pushes := w.count("sessions"), w.count("pushes"); sessions != 4 || pushes != 1 {
		t.Fatalf("after a day there are %d sessions and %d notifications", sessions, pushes)
	}
	w.ok(w.Advance(31 * 24 * time.Hour))
	if sessions, pushes := w.count("sessions"), w.count("pushes"); sessions != 1 || pushes != 0 {
		t.Errorf("after 400 days there are %d sessions and %d notifications", sessions, pushes)
	}
	got := w.adminOK("GET", "/sandbox/contracts/"+signed.ID, nil)
	if got["state"] != string(ledger.ContractSigned) {
		t.Errorf("the contract is %v", got)
	}
	w.adminOK("GET", "/sandbox/sessions/"+signed.Token, nil)

	// A code whose session is gone can be used again, as one whose session has expired.
	body := with(combineBody(), "out_contract_code", "code000000")
	again := w.must("POST", presignCombine, with(body, "contract_display_account", "another"))
	if again["pre_entrustweb_id"] == "" {
		t.Errorf("got %v", again)
	}
}

// Of many the newest stay, and whatever is not over.
func TestOfManyTheNewestAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Kept(5))
	w.presign(0, 400) // more than are looked at in one go
	w.ok(w.Advance(25 * time.Hour))
	if n := w.count("sessions"); n != 5 {
		t.Errorf("%d sessions are kept", n)
	}
	w.presign(400, 410)
	w.ok(w.Advance(25 * time.Hour))
	list := w.adminOK("GET", "/sandbox/sessions", nil)["data"].([]any)
	if n := len(list); n != 5 || list[4].(object)["out_contract_code"] != "code000409" {
		t.Errorf("%d sessions are kept, the last of them %v", n, list[n-1])
	}
	w.presign(500, 520)
	w.ok(w.Advance(time.Minute))
	if n := w.count("sessions"); n != 20 {
		t.Errorf("of 20 sessions that wait %d are kept", n)
	}
}

// What waits for a forward is not over, and what waits long keeps nobody else.
func TestWhatWaitsIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Kept(5))
	if _, err := w.client.Chain("v3/security/echo").Post(t.Context(), object{
		"echo_message": "later", "notify_url": "https://nobody.example/notify",
	}); err != nil {
		t.Fatal(err)
	}
	w.ok(w.Settle())
	w.ok(w.Advance(40 * 24 * time.Hour))
	if n := w.count("pushes"); n != 1 {
		t.Errorf("%d notifications wait", n)
	}
	before := w.count("sessions")
	w.presign(0, 300)
	w.ok(w.Advance(3 * time.Hour)) // all of them expire
	w.presign(300, 600)            // and these wait
	w.ok(w.Advance(time.Second))
	if n := w.count("sessions"); n > before+300 || n < 300 {
		t.Errorf("%d sessions are kept", n)
	}
}

// Whoever goes first is the oldest, however few go at a time.
func TestTheOldestGoFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Kept(300))
	for from := 0; from < 400; from += 20 {
		w.presign(from, from+20)
		w.ok(w.Advance(3 * time.Hour)) // they expire, and twenty of the first go
	}
	list := w.adminOK("GET", "/sandbox/sessions", nil)["data"].([]any)
	for i, session := range list {
		if code, want := session.(object)["out_contract_code"], fmt.Sprintf("code%06d", 100+i); code != want {
			t.Fatalf("number %d of %d is %v, want %s", i, len(list), code, want)
		}
	}
	if len(list) != 300 {
		t.Errorf("%d sessions are kept", len(list))
	}
}

// The journal goes by age as well.
func TestTheJournalForgetsWhatIsOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	calls := func() int {
		exchanges, err := w.Journal(0, 0)
		w.ok(err)
		return len(exchanges)
	}
	w.presign(0, 3)
	w.ok(w.Advance(399 * 24 * time.Hour))
	w.presign(3, 5)
	if n := calls(); n != 5 {
		t.Errorf("within 400 days there are %d calls", n)
	}
	w.ok(w.Advance(2 * 24 * time.Hour))
	w.presign(5, 6)
	if n := calls(); n != 3 {
		t.Errorf("after 400 days there are %d calls", n)
	}
}
