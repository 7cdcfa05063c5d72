package witness

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A client was told by a notification what became of a debit, and took another number. When that is
// forgotten, so is the debit: of a time that is half remembered nothing is said.
func TestBothAreForgottenAlike(t *testing.T) {
	t.Parallel()
	w, now := new(Witness), time.Unix(1_800_000_000, 0)
	debit := func(number string, status int) {
		w.Answers(w.Comes(now), func(c *Call) {
			c.Said = Said{Number: number, Names: []string{"trade:" + number}, Contract: "C1", Amount: 100, Sum: 1}
			c.Operation, c.MchID, c.Status = "POST /v3/debit", "1900000109", status
		})
	}
	attempt := func(number string, status int) {
		a := &Attempt{At: now, Said: Said{Names: []string{"trade:" + number}}, Push: number, MchID: "1900000109", No: 1}
		w.Begins(a)
		w.Ends(a, status, status == 200)
	}
	report := func() *ledger.Report { return w.Report(World{Now: now}) }
	debit("P1", 0)
	debit("P2", 200)
	if r := report(); len(r.Findings) != 1 || r.Findings[0].Kind != ledger.FoundNewNumber {
		t.Fatalf("found %+v", r.Findings)
	}
	w.Forget()
	debit("P1", 0)
	attempt("P1", 200)
	debit("P2", 200)
	if r := report(); len(r.Findings) != 0 {
		t.Fatalf("found %+v", r.Findings)
	}
	for range kept {
		attempt("P9", 500)
	}
	r := report()
	if len(r.Findings) != 0 || r.Covered.ForgottenCalls != 2 || r.Covered.ForgottenAttempts != 1 ||
		r.Covered.Attempts != kept {
		t.Errorf("found %+v of %+v", r.Findings, r.Covered)
	}
}
