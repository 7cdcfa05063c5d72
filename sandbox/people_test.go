package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Who turns out to have another openid keeps what they have, and has still signed: also after a
// restart, and where the other openid comes first.
func TestAnOpenIDLearntLater(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	w.ok(w.Payer(papayOpenID).Fund(100))
	w.signPapay("A1")
	w.received()
	token := w.must("POST", presignPapay, with(papayBody("A2"), "openid", nil))["pre_entrustweb_id"]
	w.ok(w.AddPayer(map[string]string{"aaa": "another", sandbox.DefaultAppID: papayOpenID}))
	look := func(w *world) {
		t.Helper()
		for _, openid := range []string{papayOpenID, "another"} {
			if wallet, err := w.Payer(openid).Wallet(); err != nil || wallet.Balance != 100 ||
				wallet.Person != papayOpenID {
				t.Errorf("%s has %+v, %v", openid, wallet, err)
			}
			_, err := w.Payer(openid).Agree(token.(string))
			w.page(err, ledger.PageSigned)
		}
	}
	look(w)
	w.ok(w.Close())
	look(newWorld(t, sandbox.WithStore(kept)))
	// As well where the configuration says it, of a store that was used before.
	configured := sandbox.WithPayer(map[string]string{"aab": "a-third", sandbox.DefaultAppID: papayOpenID})
	last := newWorld(t, sandbox.WithStore(kept), configured)
	look(last)
	if wallet, err := last.Payer("a-third").Wallet(); err != nil || wallet.Balance != 100 {
		t.Errorf("got %+v, %v", wallet, err)
	}
}

// Two people who both have something stay two.
func TestTwoPeopleAreNotOne(t *testing.T) {
	t.Parallel()
	for what, give := range map[string]func(*world, string){
		"a wallet":   func(w *world, openid string) { w.ok(w.Payer(openid).Fund(1)) },
		"a contract": func(w *world, _ string) { w.signPapay("A1") },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			give(w, papayOpenID)
			w.ok(w.Payer("another").Fund(5))
			both := map[string]string{"aaa": "another", sandbox.DefaultAppID: papayOpenID}
			err := w.AddPayer(both)
			if err == nil || strings.Contains(err.Error(), papayOpenID) {
				t.Fatalf("got %v", err)
			}
			w.adminRefuses(400, "POST", "/sandbox/payers", object{"openids": both})
			if wallet, err := w.Payer("another").Wallet(); err != nil || wallet.Balance != 5 ||
				wallet.Person != "another" {
				t.Errorf("got %+v, %v", wallet, err)
			}
		})
	}
}

// A refund under way finds the payer, whoever they turn out to be meanwhile.
func TestARefundFindsThePersonOfLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Payer(openID).Pay(w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"].(string))
	w.ok(err)
	w.must("POST", domestic, refundBody("r1", 40))
	w.ok(w.Payer("another").Fund(5))
	w.ok(w.AddPayer(map[string]string{"aaa": "another", sandbox.DefaultAppID: openID}))
	w.ok(w.Advance(time.Minute))
	if wallet, err := w.Payer(openID).Wallet(); err != nil || wallet.Balance != 45 {
		t.Errorf("got %+v, %v", wallet, err)
	}
}

// A merchant hears of nobody's openid but those under its own appids.
func TestOpenIDsUnderAnotherAppIDAreNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := func(payer string, no string) string {
		w.t.Helper()
		_, err := w.Payer(payer).Pay(w.must("POST", directRoot+"native", with(with(orderBody(), "payer", nil),
			"out_trade_no", no))["code_url"].(string))
		w.ok(err)
		return w.receivedOne("TRANSACTION.SUCCESS").Resource["payer"].(object)["openid"].(string)
	}
	w.ok(w.AddPayer(map[string]string{"wxElsewhere": "oElsewhere", "wxToo": "oToo"}))
	own := order("oElsewhere", "no00000001")
	if len(own) != 28 || own[0] != 'o' {
		t.Errorf("got %s", own)
	}
	if again := order("oToo", "no00000002"); again != own {
		t.Errorf("one person has the openids %s and %s under one appid", own, again)
	}
	if again := order(own, "no00000003"); again != own {
		t.Errorf("%s was told as %s", own, again)
	}
	w.ok(w.AddPayer(map[string]string{"wxElsewhere": "oElsewhere", sandbox.DefaultAppID: "oChosen"}))
	if chosen := order("oElsewhere", "no00000004"); chosen != "oChosen" {
		t.Errorf("got %s", chosen)
	}
	if stranger := order("oStranger", "no00000005"); stranger != "oStranger" {
		t.Errorf("got %s", stranger)
	}

	placed := w.must("POST", partnerRoot+"jsapi", with(partnerOrder(), "payer", object{"sub_openid": "oSub"}))
	_, err := w.Payer("oSub").Pay(placed["prepay_id"].(string))
	w.ok(err)
	if payer := w.receivedOne("TRANSACTION.SUCCESS").Resource["payer"].(object); payer["sub_openid"] != "oSub" ||
		payer["sp_openid"] != nil {
		t.Errorf("got %v", payer)
	}
}

// An openid that WeChat made for somebody is theirs for ever: whatever else turns out to be theirs,
// and after a restart.
func TestAMadeOpenIDStaysThePersons(t *testing.T) {
	t.Parallel()
	for what, learn := range map[string]func(w *world, own string) []map[string]string{
		"another comes first": func(*world, string) []map[string]string {
			return []map[string]string{{"wxAnother": "oAnother", "wxElsewhere": "oElsewhere"}}
		},
		"another who has something": func(w *world, _ string) []map[string]string {
			w.ok(w.Payer("oRich").Fund(0))
			return []map[string]string{{"wxElsewhere": "oElsewhere", "wxRich": "oRich"}}
		},
		"by what was made, and again": func(_ *world, own string) []map[string]string {
			return []map[string]string{{"wxAnother": own}, {"wxElsewhere": "oElsewhere"}}
		},
		"two who were known": func(w *world, own string) []map[string]string {
			return []map[string]string{{"wxAnother": "oAnother"},
				{"wxThird": "oThird", "wxAnother": "oAnother"}, {"wxThird": "oThird", "wxElsewhere": "oElsewhere"}}
		},
		"another under the appid": func(w *world, own string) []map[string]string {
			return []map[string]string{{"wxElsewhere": "oElsewhere", sandbox.DefaultAppID: "oChosen"}}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			kept := keep{store.NewMemory()}
			w := newWorld(t, sandbox.WithStore(kept))
			told := func(w *world, no string) string {
				w.t.Helper()
				_, err := w.Payer("oElsewhere").Pay(w.must("POST", directRoot+"native",
					with(with(orderBody(), "payer", nil), "out_trade_no", no))["code_url"].(string))
				w.ok(err)
				return w.receivedOne("TRANSACTION.SUCCESS").Resource["payer"].(object)["openid"].(string)
			}
			w.ok(w.AddPayer(map[string]string{"wxElsewhere": "oElsewhere"}))
			own := told(w, "no00000001")
			for _, openIDs := range learn(w, own) {
				w.ok(w.AddPayer(openIDs))
			}
			w.ok(w.Payer(own).Fund(1000))
			last := told(w, "no00000002")
			w.ok(w.Close())
			w = newWorld(t, sandbox.WithStore(kept))
			if again := told(w, "no00000003"); again != last {
				t.Errorf("told as %s, before the restart as %s", again, last)
			}
			whose, err := w.Payer("oElsewhere").Wallet()
			w.ok(err)
			for _, openid := range []string{own, last} {
				wallet, err := w.Payer(openid).Wallet()
				w.ok(err)
				if wallet.Person != whose.Person || !wallet.Limited || wallet.Balance != 1000-2*100 {
					t.Errorf("%s has %+v, and oElsewhere is %s", openid, wallet, whose.Person)
				}
			}
		})
	}
}

// So is one that was made for an appid that no merchant has any more: after a restart, and when the
// appid is back.
func TestAMadeOpenIDOutlivesItsAppID(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	m, err := w.AddMerchant(ledger.Merchant{MchID: "1900000222", AppIDs: []string{"wxnew", "wxold"}})
	w.ok(err)
	w.ok(w.AddPayer(map[string]string{"wxElsewhere": "oElsewhere"}))
	w.ok(w.Payer("oElsewhere").Fund(1000))
	client := w.clientOf("1900000222")
	placed := (&world{w.t, w.Sandbox, client, w.inbox}).must("POST", directRoot+"native",
		with(with(with(orderBody(), "payer", nil), "appid", "wxold"), "mchid", "1900000222"))
	receipt, err := w.Payer("oElsewhere").Pay(placed["code_url"].(string))
	w.ok(err)
	look := func(w *world) {
		t.Helper()
		wallet, err := w.Payer(receipt.Order.OpenID).Wallet()
		if err != nil || wallet.Person != "oElsewhere" || wallet.Balance != 1000-100 {
			t.Errorf("got %+v, %v", wallet, err)
		}
	}
	m.AppIDs = []string{"wxnew"}
	_, err = w.AddMerchant(m)
	w.ok(err)
	look(w)
	w.ok(w.Close())
	w = newWorld(t, sandbox.WithStore(kept))
	look(w)
	m.AppIDs = []string{"wxold"}
	_, err = w.AddMerchant(m)
	w.ok(err)
	look(w)
}

// What is stored under an openid that was made for somebody is theirs, also where they were not
// told of while it came about.
func TestWhatAMadeOpenIDHasIsKept(t *testing.T) {
	t.Parallel()
	alice := map[string]string{sandbox.DefaultAppID: "oAlice"}
	w := newWorld(t, sandbox.WithPayer(alice))
	placed := w.must("POST", directRoot+"native", with(with(orderBody(), "payer", nil), "appid",
		sandbox.DefaultEduAppID))
	receipt, err := w.Payer("oAlice").Pay(placed["code_url"].(string))
	w.ok(err)
	made := receipt.Order.OpenID
	w.ok(w.Close())
	w = newWorld(t) // which is not told of Alice, and makes the same openid for her
	w.ok(w.Payer(made).Fund(100))
	_, err = w.Payer(made).SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
	w.ok(err)
	w.ok(w.AddPayer(alice))
	for _, openid := range []string{made, "oAlice"} {
		if wallet, err := w.Payer(openid).Wallet(); err != nil || wallet.Balance != 100 {
			t.Errorf("%s: got %+v, %v", openid, wallet, err)
		}
	}
	if _, err := w.Payer("oAlice").SignElsewhere(ledger.Papay, sandbox.DefaultPlanID); err == nil {
		t.Error("one person has two contracts of a plan")
	}
	w.ok(w.AddPayer(map[string]string{"wxb": "oBob"}))
	w.ok(w.Payer("oBob").Fund(1))
	if err := w.AddPayer(map[string]string{"wxb": "oBob", sandbox.DefaultAppID: "oAlice"}); err == nil {
		t.Error("two who both have a wallet became one")
	}
}
