package sandbox_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// writers counts who comes to write.
type writers struct {
	store.Store
	came atomic.Int32
}

func (w *writers) Update(ctx context.Context, f func(store.Tx) error) error {
	w.came.Add(1)
	return w.Store.Update(ctx, f)
}

// Who only asks waits for no commit.
func TestQueriesGoBesideTheWriter(t *testing.T) {
	t.Parallel()
	kept := &writers{Store: store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	c := w.combineContract()
	w.ok(w.Payer(openID).Fund(1000))
	w.must("POST", combineDebits, combineDebitBody(c, "P1"))
	before := kept.came.Load()
	for _, path := range []string{
		"v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/" + c.Code, combineDebits + "/P1",
		"v3/certificates",
	} {
		w.must("GET", path, nil)
	}
	w.refused(404, "ORDER_NOT_EXIST", "GET", combineDebits+"/none", nil)
	if n := kept.came.Load() - before; n != 0 {
		t.Errorf("four queries came to write %d times", n)
	}
}
