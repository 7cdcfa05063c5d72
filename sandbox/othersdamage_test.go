package sandbox_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A contract that cannot be read is one merchant's trouble: others are neither stopped by it nor
// told of it.

const otherMerchant, theirAppID = "1900000777", "wx7777777777777777"

// besideAnother is a world with another merchant in it, who has one plan, and its store.
func besideAnother(t *testing.T, plan ledger.Plan, subs ...ledger.SubMerchant) (*world, keep) {
	t.Helper()
	kept := keep{store.NewMemory()}
	plan.NotifyURL = "https://yourapp.com/notify"
	return newWorld(t, sandbox.WithStore(kept), sandbox.WithMerchant(sandbox.DefaultMerchant()),
		sandbox.WithMerchant(ledger.Merchant{MchID: otherMerchant, AppIDs: []string{theirAppID}, SubMerchants: subs,
			Plans: []ledger.Plan{plan}})), kept
}

// damaged is a world in which another merchant's contract with openid cannot be read, and its id.
func damaged(t *testing.T, openid string) (w *world, id string) {
	t.Helper()
	w, kept := besideAnother(t, ledger.Plan{ID: "8", Product: ledger.CombinePapay})
	own := w.client
	w.client = w.clientOf(otherMerchant)
	body := with(with(with(combineBody(), "appid", theirAppID), "plan_id", 8), "openid", nil)
	c, err := w.Payer(openid).Agree(w.must("POST", presignCombine, body)["pre_entrustweb_id"].(string))
	w.ok(err)
	w.client = own
	rewrite(t, kept, "contract", func(_ *store.Row, data object) { data["state"] = "FROM_THE_FUTURE" })
	w.received()
	return w, c.ID
}

func TestDamageOfAnotherStopsNoPayment(t *testing.T) {
	t.Parallel()
	w, _ := damaged(t, openID)
	prepay := w.must("POST", withContract, signingBody())["prepay_id"].(string)
	r, err := w.Payer(openID).Pay(prepay)
	w.ok(err)
	if r.Contract == nil {
		t.Errorf("paid, and nothing signed: %+v", r)
	}
}

func TestDamageOfAnotherStopsNoDebt(t *testing.T) {
	t.Parallel()
	w, id := damaged(t, eduOpenID)
	c, err := w.Payer(eduOpenID).Agree(w.must("POST", presignSchool, schoolBody("kid"))["presign_token"].(string))
	w.ok(err)
	w.must("GET", "v3/eduschoolpay/users/"+eduOpenID+"/debt-state", nil)
	w.ok(w.Payer(eduOpenID).RunOut())
	w.must("POST", debitSchool, with(schoolDebit(c.ID, "lunch-1"), "payment_mode", "SYNC"))
	journal, err := w.Journal(0, 0)
	w.ok(err)
	for _, x := range journal {
		if x.MchID != otherMerchant && strings.Contains(x.Hint, id) {
			t.Errorf("%s %s tells of the contract: %s", x.Method, x.URI, x.Hint)
		}
	}
}

func TestDamageOfAnotherIsNotTold(t *testing.T) {
	t.Parallel()
	w, id := damaged(t, openID)
	for _, contract := range []string{id, "201710180000000000000000000000"} {
		w.refused(404, "NOT_FOUND", "GET", "v3/edu-papay/contracts/id/"+contract+"?appid="+sandbox.DefaultEduAppID, nil)
	}
}

// Nor that of what is no contract: the code by which a face is debited once.
func TestDamageOfAnothersCodeIsNotTold(t *testing.T) {
	t.Parallel()
	w, kept := besideAnother(t, ledger.Plan{ID: "9", Product: ledger.OfflineFace},
		ledger.SubMerchant{MchID: "1230000109"})
	w.signFace("kid")
	code, err := w.ShowFace(w.authInfo(), "kid")
	w.ok(err)
	body := with(with(faceDebit(code, "number001"), "sp_mchid", otherMerchant), "sp_appid", theirAppID)
	w.client = w.clientOf(otherMerchant)
	_, whole := w.do("POST", debitFace, body)
	rewrite(t, kept, "face-code", func(_ *store.Row, data object) { data["contract_id"] = 5 })
	_, err = w.do("POST", debitFace, body)
	var before, after *wxpay.Error
	if !errors.As(whole, &before) || !errors.As(err, &after) || after.Status != before.Status ||
		after.Message != before.Message {
		t.Errorf("before it was damaged: %v, after: %v", whole, err)
	}
}

// Nor does it keep a payer from repaying the others.
func TestDamageOfAnotherStopsNoRepayment(t *testing.T) {
	t.Parallel()
	w, kept := besideAnother(t, ledger.Plan{ID: "77", Product: ledger.EduSchoolPay},
		ledger.SubMerchant{MchID: "1230000109"})
	payer, own := w.Payer(eduOpenID), w.client
	w.ok(payer.RunOut())
	w.client = w.clientOf(otherMerchant)
	theirs := with(with(schoolBody("theirs"), "appid", theirAppID), "plan_id", "77")
	c, err := payer.Agree(w.must("POST", presignSchool, theirs)["presign_token"].(string))
	w.ok(err)
	debit := with(with(schoolDebit(c.ID, "number-b-1"), "appid", theirAppID), "sub_mchid", "1230000109")
	w.must("POST", debitSchool, with(debit, "payment_mode", "SYNC"))
	w.client = own
	c, err = payer.Agree(w.must("POST", presignSchool, schoolBody("mine"))["presign_token"].(string))
	w.ok(err)
	w.must("POST", debitSchool, with(schoolDebit(c.ID, "number-a-1"), "payment_mode", "SYNC"))
	w.ok(payer.Fund(100000))
	rewrite(t, kept, "debit", func(_ *store.Row, data object) { data["trade_state"] = "FUTURE" })
	w.ok(payer.Repay())
	wallet, err := payer.Wallet()
	w.ok(err)
	if len(wallet.Debts) != 1 || wallet.Balance == 100000 {
		t.Errorf("owed %v, %d fen left", wallet.Debts, wallet.Balance)
	}
	if err := payer.Repay(); err == nil { // only what cannot be read is left
		t.Error("what cannot be read was repaid")
	}
}
