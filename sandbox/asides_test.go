package sandbox_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A row that can be made nothing of is told once and left, also where something that is due after
// it writes it: a debit writes its contract.
func TestARowIsLeftAlsoWhereAnotherWritesIt(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"start", "advance", "set"} {
		var mu sync.Mutex
		var told []string
		listening := func(c *sandbox.Config) {
			c.Logf = func(format string, args ...any) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, fmt.Sprintf(format, args...))
			}
		}
		kept := keep{store.NewMemory()}
		w := newXMLWorld(t, planOfTwoDays(), sandbox.WithStore(kept), listening)
		w.signTwoDays(11) // the term ends on the 12th at 10:00, the debit is due at 11:00
		rewrite(t, kept, "contract", func(_ *store.Row, data object) { data["product"] = "lottery" })
		switch how {
		case "advance":
			w.ok(w.Advance(30 * time.Hour))
		case "set":
			w.ok(w.Clock().Set(start.Add(200 * time.Hour)))
			w.ok(w.Payer("oAnother").Fund(1))
		case "start":
			w.ok(w.Close())
			w = newXMLWorld(t, planOfTwoDays(), sandbox.WithStore(kept), listening,
				func(c *sandbox.Config) { c.Start = start.Add(200 * time.Hour) })
			w.ok(w.Payer("oAnother").Fund(1))
		}
		debits, err := w.Debits()
		if err != nil || len(debits) != 1 || debits[0].State != ledger.DebitFailed {
			t.Errorf("%s: %+v, %v", how, debits, err)
		}
		mu.Lock()
		if n := strings.Count(strings.Join(told, "\n"), "stays as it is, while all else goes on"); n != 1 {
			t.Errorf("%s: told %d times: %q", how, n, told)
		}
		mu.Unlock()
		w.ok(w.Close())
	}
}

// What is in a contract that is not due matters to nobody who only asks whether there is one.
func TestAPayerWhoseContractIsMisread(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	both := map[string]string{sandbox.DefaultAppID: openID, sandbox.DefaultEduAppID: eduOpenID}
	w := newWorld(t, sandbox.WithStore(kept))
	w.ok(w.AddPayer(both))
	w.combineContract()
	w.ok(w.Close())
	rewrite(t, kept, "contract", func(_ *store.Row, data object) { data["state"] = "PAUSED" })
	w = newWorld(t, sandbox.WithStore(kept), sandbox.WithPayer(both))
	w.ok(w.AddPayer(both))
}

// Amounts and states out of a damaged store move no money.
func TestDamagedAmountsMoveNoMoney(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		kind, member string
		value        any
	}{
		{"debit", "total", -500}, {"refund", "amount", -500}, {"refund", "amount", 1 << 40}, {"refund", "amount", 1 << 41},
		{"order", "trade_state", "FROZEN"}, {"order", "trade_state", ""}, {"wallet", "balance", -5},
		{"order", "sub_orders", []object{{"total": 1 << 40}}},
	} {
		kept := keep{store.NewMemory()}
		w := newWorld(t, sandbox.WithStore(kept))
		payer := openID
		order := w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"].(string)
		switch row.kind {
		case "debit":
			payer = eduOpenID
			w.must("POST", debitSchool, debitOf(w.signSchool("C1").ID, "first00001", 100)) // due in 5 s
		case "refund":
			_, err := w.Payer(payer).Pay(order)
			w.ok(err)
			w.must("POST", domestic, refundBody("r1", 40))
		}
		w.ok(w.Payer(payer).Fund(1000))
		w.ok(w.Close())
		rewrite(t, kept, row.kind, func(_ *store.Row, data object) {
			data[row.member] = row.value
			if row.value == 1<<41 { // of a payment that was as much
				data["total"] = row.value
			}
		})
		w = newWorld(t, sandbox.WithStore(kept))
		w.ok(w.Advance(48 * time.Hour))
		_, err := w.Payer(payer).Pay(order)
		if (row.kind == "order" || row.kind == "wallet") && err == nil {
			t.Errorf("%v: it was paid", row)
		}
		if wallet, err := w.Payer(payer).Wallet(); row.kind != "wallet" && (err != nil || wallet.Balance != 1000) {
			t.Errorf("%v: there are %d fen of 1000, %v", row, wallet.Balance, err)
		}
	}
}
