package inboxtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// A payer signs, ends, and signs anew under another contract id. Whichever order the notifications
// come in, and however often each of them, both ways to keep the state end in the right one: a row
// per contract, set by what is not late, and a row per payer and plan, set to what is current.
func TestEveryOrderEndsInTheRightState(t *testing.T) {
	const t1, t2, t3, t4 = "2026-11-28T10:00:00+08:00", "2026-11-28T11:00:00+08:00", "2026-11-28T12:00:00+08:00",
		"2026-11-28T13:00:00+08:00"
	stories := []struct {
		name    string
		story   []*notify.Notification
		perCode map[string]string
		current string
	}{
		{"signed anew and in force",
			[]*notify.Notification{signed("a", "C1", "K1", t1), ended("b", "C1", "K1", t2), signed("c", "C2", "K2",
				t3)},
			map[string]string{"C1": "ended", "C2": "signed"}, "C2 signed"},
		{"signed anew and ended",
			[]*notify.Notification{signed("a", "C1", "K1", t1), ended("b", "C1", "K1", t2), signed("c", "C2", "K2", t3),
				ended("d", "C2", "K2", t4)},
			map[string]string{"C1": "ended", "C2": "ended"}, "C2 ended"},
		{"under one code",
			[]*notify.Notification{signed("a", "C1", "K1", t1), ended("b", "C1", "K1", t2), signed("c", "C2", "K1",
				t3)},
			map[string]string{"C1": "ended", "C2": "signed"}, "C2 signed"},
		{"ended and signed in one second",
			[]*notify.Notification{signed("a", "C1", "K1", t1), ended("b", "C1", "K1", t1)},
			map[string]string{"C1": "ended"}, "C1 ended"},
		{"without an id",
			[]*notify.Notification{plain("a", "SIGN", t1), plain("b", "TERMINATE", t2), plain("c", "SIGN", t3)},
			map[string]string{"": "signed"}, " signed"},
	}
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{})
		contracts, current := map[string]string{}, ""
		b.Otherwise(func(_ context.Context, d *inbox.Delivery) error {
			if !d.Late {
				contracts[d.Contract.ID] = "signed"
				if strings.Contains(d.EventType, "TERMINATE") {
					contracts[d.Contract.ID] = "ended"
				}
			}
			current = d.Current.ID + " signed"
			if d.Current.Ended {
				current = d.Current.ID + " ended"
			}
			return nil
		})
		random := rand.New(rand.NewPCG(1, 2))
		for i, s := range stories {
			for j, order := range permutations(len(s.story)) {
				contracts, current = map[string]string{}, ""
				var came []string
				// Each once in this order, and each once more somewhere behind.
				for k := range order {
					order = append(order, order[random.IntN(k+1)])
				}
				for _, at := range order {
					n := *s.story[at]
					n.MchID = fmt.Sprintf("19%03d%03d", i, j) // nobody else's contracts
					n.ID += n.MchID
					came = append(came, s.story[at].ID)
					if err := b.Take(w.Context(), &n); err != nil {
						w.Fatal(err)
					}
				}
				// Per contract: what was late must not have counted.
				for id, want := range s.perCode {
					if contracts[id] != want {
						w.Errorf("%s, as %v: contract %q is %q", s.name, came, id, contracts[id])
					}
				}
				if current != s.current {
					w.Errorf("%s, as %v: current is %q, want %q", s.name, came, current, s.current)
				}
			}
		}
	})
}

// plain is of a product whose notifications have no contract_id.
func plain(id, what, at string) *notify.Notification {
	return notified(id, "ECOMMERCE_ENTRUST."+what, map[string]any{"mchid": mchID, "plan_id": 12535,
		"out_contract_code": "K1", "openid": "oUpF8uMuAJOM2pxb1Q", "operate_time": at})
}

func permutations(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, p := range permutations(n - 1) {
		for i := range n {
			all = append(all, slices.Insert(slices.Clone(p), i, n-1))
		}
	}
	return all
}

// Two notifications of one payment, as from two addresses, are one payment; of one failure they are
// two, for some payments may be tried again under their number.
func TestAPaymentHappensOnceAndAFailureAgain(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.writes(inbox.Config{})
		for _, n := range []*notify.Notification{unpaid("n1", "T1"), unpaid("n2", "T1"), unpaid("n2", "T1"),
			paid("n3", "T1", "4200"), paid("n4", "T1", "4200"), paid("n5", "T2", "4201")} {
			if err := b.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
		}
		want := []string{"TRANSACTION.FAIL n1", "TRANSACTION.FAIL n2", "TRANSACTION.SUCCESS n3",
			"TRANSACTION.SUCCESS n5"}
		if got := w.effect(); !slices.Equal(got, want) {
			w.Errorf("effects: %q", got)
		}
	})
}
