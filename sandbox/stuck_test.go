package sandbox

import (
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A row that stays due although its time was acted on stops Advance with an error that names it.
func TestARowThatStaysDueEndsAdvance(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{}, ledger.Plan{Days: 1}, func(p *engine.Product) {
		p.Over = func(*engine.Step, *rows.Contract) error { return nil } // forgets to move the end, or to end
	})
	err := l.Advance(48 * time.Hour)
	if err == nil || !strings.Contains(err.Error(), "contract "+l.contract) {
		t.Fatalf("got %v, want an error that names contract %s", err, l.contract)
	}
	if at := l.Clock().Now(); at.Before(testStart) || at.After(testStart.Add(25*time.Hour)) {
		t.Errorf("the clock stands at %s", at)
	}
}

// A row whose moment panics, which the background would die of, is an error that names it.
func TestARowThatPanicsIsNamed(t *testing.T) {
	t.Parallel()
	l := newTestProduct(t, &engine.DebitRules{}, ledger.Plan{Days: 1}, func(p *engine.Product) {
		p.Over = func(*engine.Step, *rows.Contract) error { panic("sorry\nfor this") }
	})
	err := l.Advance(48 * time.Hour)
	if err == nil || !strings.Contains(err.Error(), "contract "+l.contract+` cannot happen: sorry\nfor this`) {
		t.Fatalf("got %v, want an error that names contract %s", err, l.contract)
	}
}
