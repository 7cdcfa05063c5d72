package inboxtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// Whoever asks for it is forgotten: nothing that names them is left, and what was handled stays
// handled.
func TestForget(t *testing.T) {
	onEach(t, func(w *world) {
		const at, other = "2026-11-28T10:00:00+08:00", "oANOTHERJOM2pxb1QoUpF8"
		b := w.writes(inbox.Config{})
		without := w.box(inbox.Config{Attempts: 1, OnDead: func(context.Context, inbox.Dead) {}})
		theirs := paid("n3", "T3", "4203")
		theirs.Plaintext = []byte(strings.ReplaceAll(string(theirs.Plaintext), payer, other))
		unnamed := notified("n4", "ENTRUST.SIGN", object{"mchid": mchID, "plan_id": 1, "out_contract_code": "K7"})
		for box, list := range map[*inbox.Box][]*notify.Notification{
			b:       {signed("n1", "C1", "K1", at)},
			without: {paid("n2", "T2", "4202"), theirs, unnamed},
		} {
			for _, n := range list {
				if err := box.Take(w.Context(), n); err != nil {
					w.Fatal(err)
				}
			}
		}
		for _, x := range []inbox.Expected{
			{Kind: inbox.Debit, MchID: mchID, Number: "T9", OpenID: payer},
			{Kind: inbox.Debit, MchID: mchID, Number: "T10", OpenID: other},
			{Kind: inbox.PapayContract, MchID: mchID, PlanID: "1", Number: "K7"},
		} {
			if err := b.Expect(w.Context(), w.db, x); err != nil {
				w.Fatal(err)
			}
		}
		if all := w.dump(); !strings.Contains(all, payer) || !strings.Contains(all, "K7") {
			w.Fatalf("there is nothing to forget:\n%s", all)
		}
		f, err := b.Forget(w.Context(), inbox.Person{OpenIDs: []string{payer}, MchID: mchID,
			Codes: []string{"K7", ""}})
		if err != nil || f != (inbox.Forgotten{Letters: 2, Contracts: 1, Expected: 2}) {
			w.Errorf("forgotten %+v, %v", f, err)
		}
		all := w.dump()
		for _, named := range []string{payer, "C1", "K1", "K7", "T9", "T2"} {
			if strings.Contains(strings.ReplaceAll(all, "T10", ""), named) {
				w.Errorf("%s is left in:\n%s", named, all)
			}
		}
		if !strings.Contains(all, other) || !strings.Contains(all, "T10") {
			w.Error("somebody else was forgotten")
		}
		for _, n := range []*notify.Notification{signed("n1", "C1", "K1", at), signed("n1b", "C1", "K1", at),
			paid("n2", "T2", "4202")} {
			if err := b.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
		}
		if got := w.effect(); !slices.Equal(got, []string{"ENTRUST.SIGN n1"}) {
			w.Errorf("effects: %q", got)
		}
		for _, p := range []inbox.Person{{}, {Codes: []string{"K7"}}, {MchID: mchID}} {
			if _, err := b.Forget(w.Context(), p); err == nil {
				w.Error("nobody was forgotten without an error")
			}
		}
	})
}

// A merchant's own number is another merchant's too, and another sub-merchant's, and a text may
// look like one: what is not the person's is not forgotten.
func TestForgetLeavesTheNumbersOfOthers(t *testing.T) {
	onEach(t, func(w *world) {
		const at, other, number = "2026-11-28T10:00:00+08:00", "1900000999", "10001"
		b, without := w.writes(inbox.Config{}), w.box(inbox.Config{Attempts: 1,
			OnDead: func(context.Context, inbox.Dead) {}})
		paidAs := func(id, merchant, sub, member string) *notify.Notification {
			n := notified(id, "TRANSACTION.SUCCESS", object{"sub_mchid": sub, member: number,
				"transaction_id": id})
			n.MchID = merchant
			return n
		}
		others := signed("n1", "C1", number, at)
		others.MchID = other
		if err := b.Take(w.Context(), others); err != nil {
			w.Fatal(err)
		}
		for _, n := range []*notify.Notification{paidAs("n2", other, "", "out_trade_no"),
			paidAs("n3", mchID, "", "attach"), paidAs("n4", mchID, subMerchant, "out_trade_no"),
			paidAs("n5", mchID, "", "out_order_no"), paidAs("n6", mchID, "1900000111", "out_trade_no")} {
			if err := without.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
		}
		for _, x := range []inbox.Expected{{MchID: mchID, Kind: inbox.Debit}, {MchID: other, Kind: inbox.Debit},
			{MchID: mchID, SubMchID: subMerchant, Kind: inbox.PartnerDebit}} {
			x.Number = number
			if err := b.Expect(w.Context(), w.db, x); err != nil {
				w.Fatal(err)
			}
		}
		for i, want := range []string{"n2 n3 n4 n6", "n2 n3 n6"} {
			f, err := b.Forget(w.Context(), inbox.Person{MchID: mchID, SubMchID: []string{"", subMerchant}[i],
				Codes: []string{number}})
			if err != nil || f != (inbox.Forgotten{Letters: 1, Expected: 1}) {
				w.Errorf("forgotten %+v, %v", f, err)
			}
			letters, err := b.Dead(w.Context(), 10)
			if err != nil {
				w.Fatal(err)
			}
			var left []string
			for _, l := range letters {
				left = append(left, l.ID)
			}
			slices.Sort(left)
			if got := strings.Join(left, " "); got != want {
				w.Errorf("left are %s, want %s", got, want)
			}
		}
	})
}

// hooked is an error that does something when it is asked what it says.
type hooked struct{ do func() }

func (h hooked) Error() string { h.do(); return "the shop's database is away" }

// A letter is forgotten while it is replayed: it does not come back when that fails.
func TestWhatIsForgottenDoesNotComeBack(t *testing.T) {
	onEach(t, func(w *world) {
		var fails error = errors.New("the shop's database is away")
		b := w.box(inbox.Config{Keep: inbox.MinKeep, Attempts: 1, OnDead: func(context.Context, inbox.Dead) {}})
		b.Otherwise(func(context.Context, *inbox.Delivery) error { return fails })
		if err := b.Take(w.Context(), signed("n1", "C1", "K1", "2026-11-28T10:00:00+08:00")); err != nil {
			w.Fatal(err)
		}
		w.clock.advance(72 * time.Hour)
		fails = hooked{func() { // between the transaction that failed and the one that enters it
			_, err := b.Forget(w.Context(), inbox.Person{OpenIDs: []string{payer}})
			_, pruning := b.Prune(w.Context())
			if err != nil || pruning != nil {
				w.Error(err, pruning)
			}
		}}
		_ = b.Replay(w.Context(), mchID, "n1") // it fails
		if all := w.dump(); strings.Contains(all, payer) {
			w.Errorf("it is stored again:\n%s", all)
		}
	})
}
