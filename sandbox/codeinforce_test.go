package sandbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// While a contract in force has a code, no page that was made with it before is agreed to, in
// neither protocol nor by paying. Afterwards APIv2's are.
func TestOneContractInForceHasACode(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	entry := with2(entryXML(), "plan_id", sandbox.DefaultScheduledPlanID)
	first := w.must("papay/preentrustweb", entry)["pre_entrustweb_id"].(string)
	second := w.must("papay/preentrustweb", with2(entry, "request_serial", "1001"))["pre_entrustweb_id"].(string)
	order := w.must("pay/contractorder", with2(contractOrder(), "plan_id", sandbox.DefaultScheduledPlanID,
		"contract_code", "100000", "openid", "who pays"))
	body := with(scheduledBody("100000"), "openid", nil)
	result, err := w.client.Chain(presignScheduled+"app").Post(context.Background(), body)
	w.ok(err)
	third, err := result.Map()
	w.ok(err)

	contract, err := w.Payer("the first").Agree(first)
	w.ok(err)
	w.receivedOne()
	for what, token := range map[string]string{"APIv2": second, "APIv3": third["pre_entrustweb_id"].(string)} {
		_, opened := w.Payer("the second").Open(token)
		_, agreed := w.Payer("the second").Agree(token)
		for _, err := range []error{opened, agreed} {
			if stop := (*ledger.PageError)(nil); !errors.As(err, &stop) || stop.Reason != ledger.PageUsed {
				t.Errorf("%s: got %v", what, err)
			}
		}
	}
	receipt, err := w.Payer("who pays").Pay(order["prepay_id"].(string))
	w.ok(err)
	if receipt.Contract != nil || receipt.Obstacle == nil || receipt.Obstacle.Reason != ledger.PageUsed {
		t.Errorf("paid: %+v", receipt)
	}

	w.ok(w.Payer("the first").Terminate(contract.ID))
	again, err := w.Payer("the second").Agree(second)
	w.ok(err)
	if again.Code != contract.Code {
		t.Errorf("got the code %s", again.Code)
	}
}

// A store in which an older contract than the last one with a code is in force has the older found.
func TestACodeFindsTheContractInForce(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newXMLWorld(t, sandbox.WithStore(kept))
	inForce := w.signXML("200000")
	ended, err := w.Payer("the second").Agree(w.must("papay/preentrustweb", entryXML())["pre_entrustweb_id"].(string))
	w.ok(err)
	w.ok(w.Payer("the second").Terminate(ended.ID))
	w.ok(w.Settle())
	w.ok(w.Close())
	rewrite(t, kept, "contract", func(row *store.Row, data object) {
		data["out_contract_code"] = ended.Code
		for i := range row.Keys {
			row.Keys[i] = strings.Replace(row.Keys[i], inForce.Code, ended.Code, 1)
		}
	})
	w = newXMLWorld(t, sandbox.WithStore(kept))
	if q := w.must("papay/querycontract", byCodeXML()); q["contract_id"] != inForce.ID || q["contract_state"] != "0" {
		t.Errorf("got %v", q)
	}
	w.refused("INVALID_REQUEST", "papay/preentrustweb", with2(entryXML(), "request_serial", "1002"))
}
