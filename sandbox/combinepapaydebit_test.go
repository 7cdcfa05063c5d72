package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const combineDebits = "v3/ecommerce/combine-papay/transactions"

func (w *world) combineContract() *ledger.Contract {
	w.t.Helper()
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	c, err := w.Payer(openID).Agree(token)
	w.ok(err)
	w.receivedOne("ECOMMERCE_ENTRUST.SIGN")
	return c
}

func combineDebitBody(c *ledger.Contract, no string) object {
	part := func(no string, fen int) object {
		return object{
			"mchid": "1900000109", "sub_mchid": "1230000109", "attach": "深圳分店", "out_trade_no": no,
			"description": "腾讯充值中心-QQ会员充值",
			"amount":      object{"total_amount": fen, "currency": "CNY"},
			"settle_info": object{"profit_sharing": true},
		}
	}
	return object{
		"combine_appid": c.AppID, "combine_mchid": c.MchID, "combine_out_trade_no": no, "contract_id": c.ID,
		"sub_orders": []any{part(no+"-1", 100), part(no+"-2", 200)},
	}
}

func TestCombinePapayDebit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.combineContract()
	payer := w.Payer(openID)
	w.ok(payer.Fund(1000))
	body := combineDebitBody(c, "P1")
	paid := w.must("POST", combineDebits, body)
	parts := paid["sub_orders"].([]any)
	first := parts[0].(object)
	if len(parts) != 2 || first["trade_state"] != "SUCCESS" || first["trade_type"] != "PAP" ||
		first["transaction_id"] == parts[1].(object)["transaction_id"] {
		t.Errorf("paid: got %v", paid)
	}
	again := w.must("POST", combineDebits, body)
	if again["sub_orders"].([]any)[0].(object)["transaction_id"] != first["transaction_id"] {
		t.Error("the same call again debited again")
	}
	w.refused(400, "INVALID_REQUEST", "POST", combineDebits, with(combineDebitBody(c, "P1"), "risk_info", "k:v"))
	if got := w.received(); len(got) != 0 {
		t.Errorf("a synchronous debit was notified: %v", got)
	}
	if got := w.must("GET", combineDebits+"/P1", nil); got["combine_payer_info"].(object)["openid"] != openID {
		t.Errorf("query: got %v", got)
	}
	w.refused(404, "ORDER_NOT_EXIST", "GET", combineDebits+"/none", nil)

	reverse := object{"combine_appid": c.AppID,
		"sub_orders": []any{object{"mchid": "1900000109", "out_trade_no": "P1-1", "sub_mchid": "1230000109"}}}
	w.refused(400, "INVALID_REQUEST", "POST", combineDebits+"/P1/reverse", reverse)
	reverse["sub_orders"] = append(reverse["sub_orders"].([]any), object{"mchid": "1900000109", "out_trade_no": "P1-2",
		"sub_mchid": "1230000109"})
	w.must("POST", combineDebits+"/P1/reverse", reverse)
	w.must("POST", combineDebits+"/P1/reverse", reverse)
	if got := w.must("GET", combineDebits+
		"/P1", nil)["sub_orders"].([]any)[0].(object); got["trade_state"] != "REVOKED" {
		t.Errorf("reversed: got %v", got)
	}
	if wallet, err := payer.Wallet(); err != nil || wallet.Balance != 1000 {
		t.Errorf("reversing left the payer %+v, %v, want their 1000 fen", wallet, err)
	}
}

func TestCombinePapayDebitFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.combineContract()
	payer := w.Payer(openID)
	w.ok(payer.Fund(299))
	e := w.refused(403, "NOT_ENOUGH", "POST", combineDebits, combineDebitBody(c, "P1"))
	if !e.Verified {
		t.Error("the refusal is not signed")
	}
	w.ok(payer.Fund(1))
	w.refused(403, "NOT_ENOUGH", "POST", combineDebits, combineDebitBody(c, "P1")) // the same number, the same outcome
	w.must("POST", combineDebits, combineDebitBody(c, "P2"))

	w.ok(payer.Unlimit())
	w.ok(payer.FailNext(ledger.SystemFailure, ledger.RiskRejected))
	w.refused(500, "SYSTEM_ERROR", "POST", combineDebits, combineDebitBody(c, "P3"))
	// the same number: it may be tried again
	w.refused(400, "RULELIMIT", "POST", combineDebits, combineDebitBody(c, "P3"))
	w.must("POST", combineDebits, combineDebitBody(c, "P4"))

	w.refused(400, "APPID_MCHID_NOT_MATCH", "POST", combineDebits,
		with(combineDebitBody(c, "P5"), "combine_appid", "wx0"))
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", combineDebits,
		with(combineDebitBody(c, "P5"), "contract_id", "none"))
	w.ok(payer.Terminate(c.ID))
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", combineDebits, combineDebitBody(c, "P5"))
}

// An attempt of which nobody knows what came of it counts as every other does.
func TestAttemptsOfUnknownOutcomeCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: sandbox.DefaultPlanID, Product: ledger.CombinePapay,
		NotifyURL: sandbox.DefaultNotifyURL, Limits: ledger.Limits{AttemptsPerDay: 2}}))
	c := w.combineContract()
	w.ok(w.Payer(openID).FailNext(ledger.SystemFailure, ledger.SystemFailure))
	w.refused(500, "SYSTEM_ERROR", "POST", combineDebits, combineDebitBody(c, "P1"))
	w.refused(500, "SYSTEM_ERROR", "POST", combineDebits, combineDebitBody(c, "P1"))
	w.refused(400, "RULELIMIT", "POST", combineDebits, combineDebitBody(c, "P1"))
	w.refused(400, "RULELIMIT", "POST", combineDebits, combineDebitBody(c, "P2"))
	w.ok(w.Advance(24 * time.Hour))
	w.must("POST", combineDebits, combineDebitBody(c, "P1"))
}

// There is no debit of nothing.
func TestCombinePapayDebitHasParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.combineContract()
	for _, parts := range []any{nil, []any{}} {
		w.refused(400, "PARAM_ERROR", "POST", combineDebits, with(combineDebitBody(c, "P1"), "sub_orders", parts))
	}
	// https://pay.weixin.qq.com/doc/v3/partner/4012884121
	w.refused(400, "PARAM_ERROR", "POST", combineDebits+"/P1/reverse", object{"combine_appid": c.AppID})
	if debits, err := w.Debits(); err != nil || len(debits) != 0 {
		t.Errorf("debits: %v, %v", debits, err)
	}
}
