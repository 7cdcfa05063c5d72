package main

import (
	"context"
	"strings"
	"testing"

	local "github.com/wxpay-go/wxpay/sandbox"
)

// lived is a shop after five lives to their end, of a sandbox that nobody killed.
func lived(t *testing.T) *shop {
	t.Helper()
	wechat, err := local.Start(local.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = wechat.Close() })
	s := &sandbox{}
	s.ready.URL, s.ready.Admin = wechat.URL(), wechat.AdminURL()
	w, err := newShop(s, wechat.ClientConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	if err := wechat.Forward(notifyOrigin, w.url()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if !w.live(context.Background(), w.born()) {
			t.Fatal(w.broken())
		}
	}
	if err := s.finish(); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWhatIsWholeIsFoundSo(t *testing.T) {
	t.Parallel()
	found, err := lived(t).judge()
	if err != nil || !strings.Contains(found, "40 steps of 5 payers acknowledged, 5 contracts, 5 debits, 5 orders") {
		t.Errorf("found %s, %v", found, err)
	}
}

// The judge must find what a kill could do.
func TestWhatIsMissingIsFound(t *testing.T) {
	t.Parallel()
	const code = "crash0000000001"
	const sign = "ECOMMERCE_ENTRUST.SIGN " + code
	for said, harm := range map[string]func(*shop){
		"its session is missing": func(w *shop) {
			w.lives = append(w.lives, &life{openID: "oUpF8uMuAJO_nobody", code: "crash0000000099", came: presigned})
		},
		"its contract has another id":             func(w *shop) { w.lives[0].contract = "1" },
		"its order was paid under another number": func(w *shop) { w.lives[0].transaction = "1" },
		"REFUND.SUCCESS " + code + " was not notified": func(w *shop) {
			delete(w.heard, "REFUND.SUCCESS "+code)
		},
		"TRANSACTION.SUCCESS X was notified and has not happened": func(w *shop) { w.heard["TRANSACTION.SUCCESS X"]++ },
		"was notified as 2 events":                                func(w *shop) { w.heard[sign]++ },
		"fen, and by what was taken it should be": func(w *shop) {
			_ = w.sandbox.post("/sandbox/payers/"+w.lives[0].openID+"/fund", `{"amount":1}`, nil)
		},
	} {
		w := lived(t)
		harm(w)
		if _, err := w.judge(); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("looking for %q, it found %v", said, err)
		}
	}
}

// What is half done, as the admin would show it.
func TestWhatIsHalfDoneIsFound(t *testing.T) {
	t.Parallel()
	l := &life{code: "A"}
	for said, there := range map[string]truth{
		"do not agree on whether it was signed": {sessions: map[string]session{"A": {Token: "T", ContractID: "1"}}},
		"are of others": {
			sessions:  map[string]session{"A": {Token: "T", ContractID: "1"}},
			contracts: map[string]contract{"A": {ID: "2", Token: "T"}},
		},
		"its debit is half done":           {debits: map[string]order{"DA": {State: success}}},
		"its order is half paid":           {orders: map[string]order{"A": {TransactionID: "1"}}},
		"what was not paid was given back": {refunds: map[string]order{"A": {Status: success}}},
	} {
		if problems := strings.Join(there.of(l), ", "); !strings.Contains(problems, said) {
			t.Errorf("looking for %q, it found %q", said, problems)
		}
	}
	if problems := (truth{}).of(l); problems != nil {
		t.Errorf("of nothing it found %v", problems)
	}
}
