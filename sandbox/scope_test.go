package sandbox

import (
	"errors"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A call of a merchant's sees its own rows and nobody else's, and of those the newest.
func TestScoped(t *testing.T) {
	t.Parallel()
	s := New(t)
	err := s.engine.step(t.Context(), func(st *step) error {
		for _, mchid := range []string{"1", "2", "1", "2"} {
			id := mchid + st.random.roll(decimal, 10)
			if err := put(st.Tx, &orderRow{Order: Order{ID: id, MchID: mchid, OutTradeNo: id,
				TransactionID: "T"}}); err != nil {
				return err
			}
		}
		all, err := find[orderRow](st.Tx, "transaction:T", 0)
		if err != nil || len(all) != 4 {
			t.Fatalf("found %d orders, %v", len(all), err)
		}
		c := st.callBy(&merchant{Merchant: Merchant{MchID: "1"}})
		for newest, want := range map[int][]*orderRow{0: {all[0], all[2]}, 1: {all[2]}} {
			got, err := find[orderRow](c.Tx, "transaction:T", newest)
			if err != nil || len(got) != len(want) || got[0].ID != want[0].ID {
				t.Errorf("the newest %d: got %v, %v", newest, got, err)
			}
		}
		if _, err := get[orderRow](c.Tx, all[0].ID); err != nil {
			t.Errorf("its own: %v", err)
		}
		if _, err := get[orderRow](c.Tx, all[1].ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another's: got %v, want %v", err, store.ErrNotFound)
		}
		if _, err := get[orderRow](unscoped(c.Tx), all[1].ID); err != nil {
			t.Errorf("unscoped: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
