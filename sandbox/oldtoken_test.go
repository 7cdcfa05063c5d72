package sandbox_test

import (
	"errors"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The token of an order that cannot be paid any more has no code, once another session has it.

// twoTokens are of one code: the first came with an order that was closed.
func (w *world) twoTokens() (first, second string) {
	w.t.Helper()
	presign := func() string { return w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string) }
	first = presign()
	w.must("POST", withContract, tokenOrder("order1", first))
	w.must("POST", directRoot+"out-trade-no/order1/close", object{"mchid": "1900000109"})
	return first, presign()
}

func tokenOrder(number, token string) object {
	return with(with(orderBody(), "out_trade_no", number), "contract_info", object{"token": token})
}

func TestAnOldTokenIsTakenByNoOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.twoTokens()
	for _, state := range []string{"waiting", "signed", "ended"} {
		_, err := w.do("POST", withContract, tokenOrder("of-"+state, first))
		var e *wxpay.Error
		if !errors.As(err, &e) || e.Code != "INVALID_REQUEST" {
			t.Errorf("the second %s: got %v", state, err)
		}
		switch state {
		case "waiting":
			_, err = w.Payer(openID).Agree(second)
			w.ok(err)
		case "signed":
			contracts, err := w.Contracts()
			w.ok(err)
			w.ok(w.Payer(openID).Terminate(contracts[0].ID))
		}
	}
}

// Nor does an order sign by it that had it before.
func TestAnOldTokenSignsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	presign := func() string {
		return w.must("POST", presignCombine, with(combineBody(), "openid", nil))["pre_entrustweb_id"].(string)
	}
	first := presign()
	early := w.must("POST", withContract, tokenOrder("order1", first))["prepay_id"].(string)
	_, err := w.Payer(openID).SignElsewhere(ledger.CombinePapay, "12535")
	w.ok(err)
	r, err := w.Payer(openID).Pay(early) // pays, and signs nothing: they have
	w.ok(err)
	if r.Contract != nil || r.Obstacle == nil {
		t.Fatalf("got %+v", r)
	}
	second := presign()
	if _, err := w.do("POST", withContract, tokenOrder("order2", first)); err == nil {
		t.Error("an order took the token of one that was paid, while the code is another session's")
	}
	o3 := with(tokenOrder("order3", second), "payer", object{"openid": "oOther"})
	r, err = w.Payer("oOther").Pay(w.must("POST", withContract, o3)["prepay_id"].(string))
	w.ok(err)
	if r.Contract == nil {
		t.Fatalf("the second token signs nothing: %+v", r)
	}
	got := w.must("GET", "v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/"+r.Contract.Code, nil)
	if got["contract_state"] != "SIGNED" || got["contract_id"] != r.Contract.ID {
		t.Errorf("the query says %v", got)
	}
}

func TestATokenIsOfItsSubMerchant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.must("POST", presignPartner+"app", partnerBody("S1"))["pre_entrustweb_id"].(string)
	order := with(partnerOrder(), "contract_info", object{"token": token})
	order["payer"] = object{"sp_openid": papayOpenID}
	_, err := w.do("POST", partnerRoot+"jsapi-with-contract", order)
	if e := (*wxpay.Error)(nil); !errors.As(err, &e) || e.Code != "NO_AUTH" {
		t.Errorf("%v orders with the token of %v: got %v", order["sub_mchid"], partnerBody("S1")["sub_mchid"], err)
	}
}

// A pre-sign that names its own merchant as sub_mchid is that merchant's, as edu-papay's sample
// has it.
func TestATokenOfItsOwnMerchant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.must("POST", presignEdu, eduBody())["presign_token"].(string)
	w.must("POST", withContract, with(tokenOrder("number03", token), "payer", object{"openid": eduOpenID}))
}

// A contract that names no openid is its signer's all the same.
func TestAPasswordExemptContractWithoutAnOpenID(t *testing.T) {
	t.Parallel()
	m := sandbox.DefaultMerchant()
	apps := m.AppIDs
	m.AppIDs = nil
	w := newWorld(t, sandbox.WithMerchant(m))
	c, err := w.Payer("oSigner").SignElsewhere(ledger.PasswordExempt, "12535")
	w.ok(err)
	m = w.Merchants()[0]
	m.AppIDs = apps
	_, err = w.AddMerchant(m)
	w.ok(err)
	body := with(orderBody(), "contract_info", object{"password_free_contract_id": c.ID})
	_, err = w.do("POST", withContract, with(body, "payer", object{"openid": "oStranger"}))
	if e := (*wxpay.Error)(nil); !errors.As(err, &e) || e.Code != "INVALID_REQUEST" {
		t.Errorf("a stranger pays under it: got %v", err)
	}
	w.must("POST", withContract, with(with(body, "payer", object{"openid": "oSigner"}), "out_trade_no", "theirs1"))
}

// A partner's contract may name its signer by two openids; an order may name them by either.
func TestAPasswordExemptContractOfTwoOpenIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := with(with(exemptBody("service-provider"), "sub_openid", "oOfTheSub"), "sp_openid", openID)
	session := w.must("POST", presignExempt+"service-provider/pre-entrust-sign/mini-program", body)
	c, err := w.Payer("oOfTheSub").Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	order := func(number string, payer object) object {
		return with(with(with(partnerOrder(), "out_trade_no", number), "payer", payer), "contract_info",
			object{"password_free_contract_id": c.ID})
	}
	const place = partnerRoot + "jsapi-with-contract"
	w.must("POST", place, order("number-sp", object{"sp_openid": openID}))
	w.must("POST", place, order("number-sub", object{"sub_openid": "oOfTheSub"}))
	w.must("POST", place, order("number-both", object{"sp_openid": openID, "sub_openid": "oOfTheSub"}))
	_, err = w.do("POST", place, order("number-none", object{"sub_openid": "oStranger"}))
	if e := (*wxpay.Error)(nil); !errors.As(err, &e) || e.Code != "INVALID_REQUEST" {
		t.Errorf("a stranger: got %v", err)
	}
}
