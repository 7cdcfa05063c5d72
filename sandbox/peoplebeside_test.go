package sandbox_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// puts is a store that tells of the kinds of rows that a transaction wrote, once it is committed
// and before whoever asked for it knows.
type puts struct {
	store.Store
	committed func(kind string)
}

func (p *puts) Update(ctx context.Context, f func(store.Tx) error) error {
	var kinds []string
	err := p.Store.Update(ctx, func(tx store.Tx) error {
		kinds = nil
		return f(putsTx{tx, &kinds})
	})
	for _, kind := range kinds {
		if err == nil {
			p.committed(kind)
		}
	}
	return err
}

type putsTx struct {
	store.Tx
	kinds *[]string
}

func (p putsTx) Put(kind string, row store.Row) (int64, error) {
	*p.kinds = append(*p.kinds, kind)
	return p.Tx.Put(kind, row)
}

// beside runs f beside something that happens, which f may have to wait for, and gives it more than
// enough turns to come first.
func beside(f func()) (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	for range 20_000 {
		select {
		case <-done:
			return done
		default:
			runtime.Gosched()
		}
	}
	return done
}

// Whoever acts at the moment at which two openids turn out to be one person acts as that person or
// as somebody who was there before, and nothing that they have is lost: also after a restart.
func TestWhoActsWhileTheyTurnOutToBeSomebody(t *testing.T) {
	t.Parallel()
	kept := &puts{Store: store.NewMemory(), committed: func(string) {}}
	w := newWorld(t, sandbox.WithStore(keep{kept}))
	w.ok(w.Payer("oFirst").Fund(100))
	_, err := w.Payer("oFirst").SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
	w.ok(err)
	var funded, signed error
	var ended <-chan struct{}
	kept.committed = func(kind string) {
		if kind != "person" {
			return
		}
		kept.committed = func(string) {}
		ended = beside(func() {
			funded = w.Payer("oSecond").Fund(100)
			_, signed = w.Payer("oSecond").SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
		})
	}
	w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: "oFirst", sandbox.DefaultEduAppID: "oSecond"}))
	<-ended
	w.ok(funded)
	w.page(signed, ledger.PageSigned)
	look := func(w *world) {
		t.Helper()
		for _, openid := range []string{"oFirst", "oSecond"} {
			if wallet, err := w.Payer(openid).Wallet(); err != nil || wallet.Balance != 200 {
				t.Errorf("%s has %+v, %v", openid, wallet, err)
			}
		}
	}
	look(w)
	w.ok(w.Close())
	look(newWorld(t, sandbox.WithStore(keep{kept})))
}
