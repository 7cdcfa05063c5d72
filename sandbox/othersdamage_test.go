package sandbox_test

import (
	"context"
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

// damaged is a world in which another merchant's contract with openid cannot be read, and its id.
func damaged(t *testing.T, openid string) (w *world, id string) {
	t.Helper()
	kept := keep{store.NewMemory()}
	w = newWorld(t, sandbox.WithStore(kept), sandbox.WithMerchant(sandbox.DefaultMerchant()),
		sandbox.WithMerchant(ledger.Merchant{MchID: otherMerchant, AppIDs: []string{theirAppID}, Plans: []ledger.Plan{
			{ID: "8", Product: ledger.CombinePapay, NotifyURL: "https://yourapp.com/notify"}}}))
	own := w.client
	cfg, err := w.ClientConfigFor(otherMerchant)
	w.ok(err)
	w.client, err = wxpay.New(cfg)
	w.ok(err)
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
	var e *wxpay.Error
	for _, contract := range []string{id, "201710180000000000000000000000"} {
		_, err := w.client.Chain("v3/ecommerce/combine-papay/contracts/id/{contract_id}").Get(context.Background(),
			wxpay.Path("contract_id", contract))
		if !errors.As(err, &e) || e.Status != 404 {
			t.Errorf("contract %s: got %v", contract, err)
		}
	}
}
