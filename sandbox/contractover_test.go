package sandbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A contract ends with its term, also where the store lost that it is its payer's only one.
func TestAContractEndsWithoutItsClaim(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	plan := sandbox.WithPlan(ledger.Plan{ID: "900", Product: ledger.CombinePapay, Days: 1,
		NotifyURL: sandbox.DefaultNotifyURL})
	w := newWorld(t, sandbox.WithStore(kept), plan)
	token := w.must("POST", presignCombine, with(combineBody(), "plan_id", 900))["pre_entrustweb_id"].(string)
	c, err := w.Payer(openID).Agree(token)
	w.ok(err)
	w.must("POST", combineDebits, combineDebitBody(c, "in-time"))
	w.ok(w.Close())
	w.ok(kept.Update(context.Background(), func(tx store.Tx) error {
		rows, err := tx.Find("claim", "", 0)
		for _, row := range rows {
			if err == nil {
				err = tx.Delete("claim", row.ID, row.Rev)
			}
		}
		return err
	}))
	w = newWorld(t, sandbox.WithStore(kept), plan)
	w.ok(w.Advance(5 * 24 * time.Hour))
	if e := w.refused(400, "CONTRACT_NOT_EXIST", "POST", combineDebits, combineDebitBody(c, "late")); e == nil {
		t.Error("a debit after the term")
	}
	if ended, err := w.Contract(c.ID); err != nil || ended.State != ledger.ContractTerminated {
		t.Errorf("got %s, %v", ended.State, err)
	}
}

// A stored policy whose term is none of its periods is an error that names the contract.
func TestAStoredTermThatIsNone(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	c := w.insured(insuranceBody())
	w.ok(w.Close())
	rewrite(t, kept, "contract", func(_ *store.Row, data object) { data["policy"] = object{"term": 99} })
	w = newWorld(t, sandbox.WithStore(kept))
	w.refused(500, "SYSTEM_ERROR", "GET", insuranceCode, nil)
	w.refused(500, "SYSTEM_ERROR", "GET", insuranceList, nil)
	w.refused(500, "SYSTEM_ERROR", "POST", insuranceRenew(c), object{"appid": c.AppID,
		"policy_periods": periods(4, 4800, "2020-12-12")})
	w.ok(w.Advance(100 * 24 * time.Hour))
}

// The address of a plan has no query, as that of a call: a forward would drop it.
func TestAPlansAddressHasNoQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, address := range []string{"https://yourapp.com/notify?x=1", "https://yourapp.com/notify?"} {
		if err := w.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: "12535", Product: ledger.CombinePapay,
			NotifyURL: address}); err == nil {
			t.Errorf("%s was taken", address)
		}
	}
}
