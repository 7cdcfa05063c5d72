package sandbox_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Whoever is registered stays so, also where others are at the same moment, and where something
// falls due before.
func TestNobodyIsForgottenBesideAnother(t *testing.T) {
	t.Parallel()
	const rounds, many = 100, 12
	for range rounds {
		w := newWorld(t)
		w.must("POST", debitSchool, debitOf(w.signSchool("C1").ID, "first00001", 100)) // due in 5 s
		var wg sync.WaitGroup
		for i := range many {
			wg.Go(func() {
				w.ok(w.AddPlan(sandbox.DefaultMchID,
					ledger.Plan{ID: fmt.Sprint(9000 + i), Product: ledger.CombinePapay}))
			})
			wg.Go(func() {
				w.ok(w.AddPayer(map[string]string{"wxa": fmt.Sprint("oA", i), "wxb": fmt.Sprint("oB", i)}))
			})
		}
		w.ok(w.Clock().Set(w.Clock().Now().Add(time.Minute)))
		wg.Wait()
		plans := map[string]bool{}
		for _, p := range w.Merchants()[0].Plans {
			plans[p.ID] = true
		}
		for i := range many {
			if !plans[fmt.Sprint(9000+i)] {
				t.Errorf("plan %d is forgotten", 9000+i)
			}
			w.ok(w.Payer(fmt.Sprint("oA", i)).Fund(100))
			w.ok(w.Payer(fmt.Sprint("oB", i)).Fund(100))
			if wallet, err := w.Payer(fmt.Sprint("oA", i)).Wallet(); err != nil || wallet.Balance != 200 {
				t.Errorf("payer %d is two people: %+v, %v", i, wallet, err)
			}
		}
		w.ok(w.Close())
		if t.Failed() {
			return
		}
	}
}
