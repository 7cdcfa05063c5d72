package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// rewrite changes the first row of a kind behind the sandbox's back.
func rewrite(t *testing.T, s store.Store, kind string, change func(*store.Row, object)) {
	t.Helper()
	if err := s.Update(context.Background(), func(tx store.Tx) error {
		rows, err := tx.Find(kind, "", 0)
		if err != nil || len(rows) == 0 {
			t.Fatalf("%d rows of kind %s, %v", len(rows), kind, err)
		}
		row, data := rows[0], object{}
		if err := json.Unmarshal(row.Data, &data); err != nil {
			return err
		}
		change(&row, data)
		if row.Data, err = json.Marshal(data); err != nil {
			return err
		}
		if row.ID != rows[0].ID {
			row.Rev = 0
		}
		_, err = tx.Put(kind, row)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// lived is a store with a contract, a debit and a refund in it.
func lived(t *testing.T) (keep, *ledger.Contract) {
	t.Helper()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	c := w.combineContract()
	w.must("POST", combineDebits, combineDebitBody(c, "P1"))
	_, err := w.Payer(openID).Pay(w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"].(string))
	w.ok(err)
	w.must("POST", domestic, refundBody("r1", 40))
	w.ok(w.Settle())
	w.ok(w.Close())
	return kept, c
}

// listening are the options of a sandbox on a store whose log can be read.
func listening(kept store.Store) (log func() string, options []sandbox.Option) {
	var mu sync.Mutex
	var lines strings.Builder
	log = func() string {
		mu.Lock()
		defer mu.Unlock()
		return lines.String()
	}
	return log, []sandbox.Option{sandbox.WithStore(kept), func(c *sandbox.Config) {
		c.Logf = func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(&lines, format+"\n", args...)
		}
	}}
}

// A row that this version can make nothing of, of a newer one or damaged, and that is due, or that
// a start goes through, stays as it is. One line of the log names it and says what to do; all else
// goes on.
func TestADueRowThatCannotBeUnderstoodStopsNothingElse(t *testing.T) {
	t.Parallel()
	const name = "lottery"
	due := func(member string, value any) func(*store.Row, object) {
		return func(row *store.Row, data object) { row.Due, data[member] = 1, value }
	}
	for _, c := range []struct {
		what, kind string
		change     func(*store.Row, object)
		says       string
	}{
		{"a product", "contract", due("product", name), `is of the product "lottery"`},
		{"a debit's rules", "debit", due("rules", name), `runs under the rules "lottery"`},
		{"a debit's contract", "debit", due("contract_id", "gone"), "is under contract gone, which is not there"},
		{"a refund's kind", "refund", due("kind", name), `is of the kind "lottery"`},
		{"the year 10000", "contract", due("expires_at", "9999-12-31T23:59:59Z"), "cannot be stored"},
		{"a contract's state", "contract", due("state", "PAUSED"), `is in the state "PAUSED"`},
		{"a debit's state", "debit", due("trade_state", "HELD"), `is in the state "HELD"`},
		{"a refund's state", "refund", due("status", ""), `is in the state ""`},
		{"a debit that has ended", "debit", due("trade_state", "SUCCESS"), "has ended as SUCCESS"},
		{"a number as a text", "contract", due("state", 7), "is not what was put there"},
		{"a notification", "push", due("state", 7), "is not what was put there"},
		{"a notification's slot", "push", due("slot", -5), "is at slot -5 of its schedule"},
		{"a notification's last slot", "push", due("slot", math.MaxInt), "of its schedule"},
		{"a notification of another protocol", "push", due("v2", true), "has a resource that is not flat"},
		{"an attempt under way", "push", func(row *store.Row, data object) {
			row.Keys, data["state"] = append(row.Keys, "attempt:open"), 7
		}, "is not what was put there"},
		{"what has nowhere to go", "push", func(row *store.Row, data object) {
			row.Keys, data["state"] = append(row.Keys, "state:UNDELIVERABLE"), 7
		}, "is not what was put there"},
		{"another row's id", "debit", due("id", "x"), "is not what was put there: its data has the id of another row"},
		{"what its store cannot read", "refund", func(row *store.Row, _ object) {
			row.Due, row.Damage = 1, "has in its column keys a picture"
		}, "has in its column keys a picture"},
		{"an id of two lines", "debit", func(row *store.Row, data object) {
			row.ID, row.Due, data["id"], data["rules"] = "\x1b[31m\nFAKE", 1, "\x1b[31m\nFAKE", name
		}, `the store's debit \x1b[31m\nFAKE runs`},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			kept, _ := lived(t)
			id := ""
			rewrite(t, kept, c.kind, func(row *store.Row, data object) {
				c.change(row, data)
				id = row.ID
			})
			stored := func() (row store.Row) {
				if err := kept.View(t.Context(), func(tx store.Tx) (err error) {
					row, err = tx.Get(c.kind, id)
					return err
				}); err != nil {
					t.Error(err)
				}
				return row
			}
			before := stored()
			log, options := listening(kept)
			w := newWorld(t, options...)
			for _, no := range []string{"again-1", "again-2"} {
				order := w.must("POST", directRoot+"jsapi", with(orderBody(), "out_trade_no", no))
				_, err := w.Payer(openID).Pay(order["prepay_id"].(string))
				w.ok(err)
				w.ok(w.Advance(48 * time.Hour))
				paid := func(n notification) bool { return n.Event == "TRANSACTION.SUCCESS" }
				if !slices.ContainsFunc(w.received(), paid) {
					t.Error("the notification did not come")
				}
			}
			if after := stored(); !reflect.DeepEqual(after, before) {
				t.Errorf("the row was %+v, and is %+v", before, after)
			}
			said := log()
			id = strings.NewReplacer("\x1b", `\x1b`, "\n", `\n`).Replace(id)
			if strings.Count(said, "the store's "+c.kind+" "+id+" ") != 1 || strings.Count(said, c.says) != 1 ||
				!strings.Contains(said, "If a newer version wrote it") || strings.Contains(said, "\x1b") ||
				strings.Count(said, "\n") != 1 {
				t.Errorf("got %q", said)
			}
		})
	}
}

// What was set aside happens once somebody has mended the row.
func TestADueRowThatIsMendedHappens(t *testing.T) {
	t.Parallel()
	kept, _ := lived(t)
	kind := ""
	rewrite(t, kept, "refund", func(_ *store.Row, data object) {
		kind, data["kind"] = data["kind"].(string),
			"lottery"
	})
	w := newWorld(t, sandbox.WithStore(kept))
	state := func(want ledger.RefundState) {
		t.Helper()
		w.ok(w.Advance(48 * time.Hour))
		if refunds, err := w.Refunds(); err != nil || len(refunds) != 1 || refunds[0].State != want {
			t.Errorf("got %+v, %v, want %s", refunds, err, want)
		}
	}
	state(ledger.RefundProcessing)
	rewrite(t, kept, "refund", func(_ *store.Row, data object) { data["kind"] = kind })
	state(ledger.RefundSuccess)
}

// Whoever needs a row whose data is another's is told, and nothing is written over the other.
func TestARowWithTheDataOfAnotherIsNotWritten(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	first := newWorld(t, sandbox.WithStore(kept))
	first.ok(first.Payer("p1").Fund(100))
	first.ok(first.Payer("p2").Fund(200))
	first.ok(first.Close())
	for what, id := range map[string]any{"another": "p2", "none": ""} {
		rewrite(t, kept, "wallet", func(_ *store.Row, data object) { data["person"] = id })
		w := newWorld(t, sandbox.WithStore(kept))
		err := w.Payer("p1").Fund(5)
		if err == nil || strings.Contains(err.Error(), "p1") || !strings.HasPrefix(err.Error(), "the store's wallet "+
			"sha256:f64551fcd6f0 is not what was put there: its data has the id of another row, or none. If a newer") {
			t.Errorf("%s: got %v", what, err)
		}
		if other, err := w.Payer("p2").Wallet(); err != nil || other.Balance != 200 {
			t.Errorf("%s: the other has %+v, %v", what, other, err)
		}
		w.ok(w.Close())
	}
}

// What is not due is no reason not to start; who acts on it is told.
func TestAContractThatCannotBeUnderstoodIsNotEnded(t *testing.T) {
	t.Parallel()
	kept, c := lived(t)
	rewrite(t, kept, "contract", func(_ *store.Row, data object) { data["product"] = "lottery" })
	w := newWorld(t, sandbox.WithStore(kept))
	for how, err := range map[string]error{
		"the payer":  w.Payer(openID).Terminate(c.ID),
		"the system": w.Terminate(c.ID, ledger.BySystem, ""),
		"deleting":   w.Payer(openID).Delete(c.ID),
	} {
		if err == nil || !strings.Contains(err.Error(), "the store's contract "+c.ID+` is of the product "lottery"`) {
			t.Errorf("%s: got %v", how, err)
		}
	}
}

// A merchant may be known by its certificate alone: then its client exists and calls nothing.
func TestAMerchantWithoutItsPrivateKey(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	first := newWorld(t, sandbox.WithStore(kept))
	m, err := first.AddMerchant(sandbox.DefaultMerchant())
	first.ok(err)
	first.ok(first.Close())
	rewrite(t, kept, "merchant", func(_ *store.Row, data object) {
		delete(data["merchant"].(object), "private_key")
	})
	w := newWorld(t, sandbox.WithStore(kept))
	_, err = w.do("POST", presignEdu, eduBody())
	if err == nil || !strings.Contains(err.Error(), "merchant "+m.MchID+" came without its private key") {
		t.Errorf("got %v", err)
	}
}

// Whoever hears of such a row may look at the sandbox and change it: the log is written when
// nothing is held any more.
func TestTheLogMayUseTheSandbox(t *testing.T) {
	t.Parallel()
	kept, _ := lived(t)
	rewrite(t, kept, "push", func(row *store.Row, data object) { row.Due, data["state"] = 1, 7 })
	var s *sandbox.Sandbox
	heard := 0
	s, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Store: kept, Start: start, ManualClock: true,
		Logf: func(string, ...any) {
			if heard++; s == nil {
				return
			}
			_, err := s.Contracts()
			if err := errors.Join(err, s.AddPayer(map[string]string{"wxa": "oA", "wxb": "oB"})); err != nil {
				t.Error(err)
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before := heard
	if err := s.Settle(); err != nil || heard == before {
		t.Errorf("got %v, and the log was not written to", err)
	}
}
