package sandbox

import (
	"errors"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A call of a merchant's sees its own rows and nobody else's, and of those the newest.
func TestScoped(t *testing.T) {
	t.Parallel()
	s := New(t)
	err := s.engine.Step(t.Context(), func(st *engine.Step) error {
		for _, mchid := range []string{"1", "2", "1", "2"} {
			id := mchid + st.Random.Roll(random.Decimal, 10)
			if err := rows.Put(st.Tx, &rows.Order{Order: ledger.Order{ID: id, MchID: mchid, OutTradeNo: id,
				TransactionID: "T", State: ledger.OrderPaid, Total: 1}}); err != nil {
				return err
			}
		}
		all, err := rows.Find[rows.Order](st.Tx, "transaction:T", 0)
		if err != nil || len(all) != 4 {
			t.Fatalf("found %d orders, %v", len(all), err)
		}
		c := st.CallBy(&registry.Merchant{Merchant: ledger.Merchant{MchID: "1"}})
		for newest, want := range map[int][]*rows.Order{0: {all[0], all[2]}, 1: {all[2]}} {
			got, err := rows.Find[rows.Order](c.Tx, "transaction:T", newest)
			if err != nil || len(got) != len(want) || got[0].ID != want[0].ID {
				t.Errorf("the newest %d: got %v, %v", newest, got, err)
			}
		}
		if _, err := rows.Get[rows.Order](c.Tx, all[0].ID); err != nil {
			t.Errorf("its own: %v", err)
		}
		if _, err := rows.Get[rows.Order](c.Tx, all[1].ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another's: got %v, want %v", err, store.ErrNotFound)
		}
		if _, err := rows.Get[rows.Order](rows.Unscoped(c.Tx), all[1].ID); err != nil {
			t.Errorf("unscoped: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
