package sandbox_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A refund is in the bill of the day on which it arrived, with the payment of an earlier day that
// it is of, and not in that one's.
func TestARefundIsInTheBillOfItsDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Payer(openID).Pay(w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"].(string))
	w.ok(err)
	w.ok(w.Advance(24 * time.Hour))
	w.must("POST", domestic, refundBody("r1", 40))
	w.ok(w.Advance(24 * time.Hour))
	const trade = "v3/bill/tradebill?bill_date="
	if text := w.download(w.must("GET", trade+"2020-09-10", nil)); !strings.Contains(text,
		"`1,`1.00,`0.00,`0.00,`0.00000,`1.00,`0.00") {
		t.Errorf("the day of the payment: %s", text)
	}
	if text := w.download(w.must("GET", trade+"2020-09-11", nil)); !strings.Contains(text,
		"`1,`0.00,`0.40,`0.00,`0.00000,`0.00,`0.40") || !strings.Contains(text, "`20150806125346,") ||
		!strings.Contains(text, "`JSAPI,`REFUND,") {
		t.Errorf("the day of the refund: %s", text)
	}
}

// Former versions did not write down on which day money moved. Their stores have the same bills.
func TestBillsOfAFormerVersionsStore(t *testing.T) {
	t.Parallel()
	s := store.NewMemory()
	w := dayWithBusiness(t, directRoot+"jsapi", orderBody(), refundBody("r1", 40), sandbox.WithStore(keptOpen{s}))
	w.ok(w.Advance(24 * time.Hour))
	const bill = "v3/bill/tradebill?bill_date=2020-09-10"
	want := w.download(w.must("GET", bill, nil))
	w.ok(w.Close())

	w.ok(s.Update(context.Background(), func(tx store.Tx) error {
		note, err := tx.Find("by-day", "", 0)
		if err != nil || len(note) != 1 {
			t.Fatalf("got %v, %v", note, err)
		}
		for _, kind := range []string{"order", "refund"} {
			list, err := tx.Find(kind, "", 0)
			if err != nil {
				return err
			}
			for _, row := range list {
				row.Keys = slices.DeleteFunc(row.Keys, func(key string) bool { return strings.HasPrefix(key, "day:") })
				if _, err := tx.Put(kind, row); err != nil {
					return err
				}
			}
		}
		return tx.Delete("by-day", note[0].ID, note[0].Rev)
	}))
	later := newWorld(t, sandbox.At(start.Add(25*time.Hour)), sandbox.WithStore(s))
	if got := later.download(later.must("GET", bill, nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
