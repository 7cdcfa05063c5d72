package sandbox_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A payer may leave the switch of a contract off while they pay: paid, not signed, and nobody is
// told of a contract. https://pay.weixin.qq.com/doc/v3/merchant/4011987907
func TestPayingWithoutSigning(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(w *world) string{
		"papay": func(w *world) string { return w.must("POST", withContract, signingBody())["prepay_id"].(string) },
		"combined": func(w *world) string {
			order := with(combinedOf("P20150806125346"), "contract_info", object{
				"mchid": "1900000109", "appid": sandbox.DefaultAppID, "out_contract_code": "C1", "plan_id": 12535,
				"contract_display_account": "Tony", "notify_url": "https://yourapp.com/signed",
			})
			delete(order, "combine_payer_info")
			return w.must("POST", combineRoot+"app", order)["prepay_id"].(string)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			payer, prepay := w.Payer(openID), place(w)
			receipt, err := payer.PayWithoutSigning(prepay)
			w.ok(err)
			if receipt.Order.State != ledger.OrderPaid || receipt.Contract != nil || receipt.Prompt != nil ||
				receipt.Obstacle != nil {
				t.Errorf("the receipt is %+v", receipt)
			}
			w.receivedOne("TRANSACTION.SUCCESS")
			if contracts, err := w.Contracts(); err != nil || len(contracts) != 0 {
				t.Errorf("%d contracts, %v", len(contracts), err)
			}
			_, err = payer.AgreeAfterPay(prepay) // there is no way back
			w.page(err, ledger.PageNoPrompt)
			w.agreesOnlyByPaying(payer)
			_, err = payer.Pay(prepay)
			w.page(err, ledger.PageUsed)
		})
	}
}

// agreesOnlyByPaying fails unless the only session there is has no page of its own.
func (w *world) agreesOnlyByPaying(payer *sandbox.Payer) {
	w.t.Helper()
	sessions, err := w.Sessions()
	w.ok(err)
	if len(sessions) != 1 {
		w.t.Fatalf("there are %d sessions", len(sessions))
	}
	_, err = payer.Open(sessions[0].Token)
	w.page(err, ledger.PageNoPrompt)
	_, err = payer.Agree(sessions[0].Token)
	w.page(err, ledger.PageNoPrompt)
	w.page(payer.Decline(sessions[0].Token), ledger.PageNoPrompt)
}

// What is left off does not keep the code from another order, and none is signed for before it is
// paid.
func TestTheCodeOfAContractThatWasLeftOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer, prepay := w.Payer(openID), w.must("POST", withContract, signingBody())["prepay_id"].(string)
	w.agreesOnlyByPaying(payer)
	_, err := payer.PayWithoutSigning(prepay)
	w.ok(err)
	other := w.must("POST", withContract, with(signingBody(), "out_trade_no", "another7"))["prepay_id"].(string)
	receipt, err := payer.Pay(other)
	w.ok(err)
	if receipt.Contract == nil || receipt.Obstacle != nil {
		t.Errorf("the receipt of the second order is %+v", receipt)
	}
}

func TestPayingWithoutSigningInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	prepay := w.must("pay/contractorder", contractOrder())["prepay_id"].(string)
	receipt, err := w.Payer(openID).PayWithoutSigning(prepay)
	w.ok(err)
	if got := w.received(); receipt.Contract != nil || len(got) != 1 || got[0]["transaction_id"] == "" {
		t.Errorf("the receipt is %+v, got notifications %v", receipt, got)
	}
}

// What has no contract cannot be paid without one, and is not paid by the attempt.
func TestThereHasToBeAContractToLeaveOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer, prepay := w.Payer(openID), w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"].(string)
	_, err := payer.PayWithoutSigning(prepay)
	w.page(err, ledger.PageNoPrompt)
	w.adminRefuses(409, "POST", "/sandbox/payers/"+openID+"/pay-without-signing", object{"prepay_id": prepay})
	_, err = payer.Pay(prepay)
	w.ok(err)
	other := w.must("POST", withContract, with(signingBody(), "out_trade_no", "another7"))["prepay_id"].(string)
	w.adminOK("POST", "/sandbox/payers/"+openID+"/pay-without-signing", object{"prepay_id": other})
}
