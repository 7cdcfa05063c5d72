package sandbox_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const combineRoot = "v3/combine-transactions/"

func combinedBody() object { return combinedOf("P20150806125346") }

// combinedOf is a combined order of this number, whose parts have numbers of their own.
func combinedOf(no string) object {
	part := func(end string, fen int) object {
		return object{
			"mchid": "1900000109", "sub_mchid": "1230000109", "attach": "深圳分店", "out_trade_no": no + end,
			"description": "QQ", "amount": object{"total_amount": fen, "currency": "CNY"},
		}
	}
	return object{
		"combine_appid": "wxd678efh567hg6787", "combine_mchid": "1900000109", "combine_out_trade_no": no,
		"sub_orders":         []any{part("-part1", 10), part("-part2", 20)},
		"combine_payer_info": object{"openid": openID},
		"notify_url":         "https://yourapp.com/paid",
	}
}

func TestEveryWayToCombine(t *testing.T) {
	t.Parallel()
	for scene, want := range map[string]struct{ reply, trade string }{
		"jsapi": {"prepay_id", "JSAPI"}, "app": {"prepay_id", "APP"}, "native": {"code_url", "NATIVE"},
		"h5": {"h5_url", "MWEB"}, "miniprogram": {"prepay_id", "JSAPI"},
	} {
		t.Run(scene, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			body := combinedBody()
			switch scene {
			case "app":
				delete(body, "combine_payer_info")
			case "native":
				body["combine_payer_info"] = object{"openid": openID}
			case "h5":
				body["scene_info"] = object{"device_id": "1", "payer_client_ip": "14.17.22.32",
					"h5_info": object{"type": "iOS"}}
			case "miniprogram":
				for _, part := range body["sub_orders"].([]any) {
					delete(part.(object), "sub_mchid")
					part.(object)["individual_auth_id"] = "1900000109"
				}
				body["trade_scenario"] = "RECOMMERCE"
			}
			link := w.must("POST", combineRoot+scene, body)[want.reply].(string)
			receipt, err := w.Payer(openID).Pay(link)
			w.ok(err)
			paid := w.receivedOne("TRANSACTION.SUCCESS").Resource
			part := paid["sub_orders"].([]any)[0].(object)
			if part["trade_type"] != want.trade || paid["combine_payer_info"].(object)["openid"] != openID {
				t.Errorf("TRANSACTION.SUCCESS carries %v", paid)
			}
			byID := combineRoot + "id/" + receipt.Order.TransactionID
			w.refused(404, "ORDER_NOT_EXIST", "GET", combineRoot+"id/"+part["transaction_id"].(string), nil)
			if scene != "miniprogram" {
				w.refused(404, "ORDER_NOT_EXIST", "GET", byID, nil)
				return
			}
			if q := w.must("GET", byID, nil); q["trade_scenario"] != "RECOMMERCE" {
				t.Errorf("query: got %v", q)
			}
		})
	}
}

// A platform's combined order signs a debit contract as it is paid.
func TestCombineAndSign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := func(no, code string) object {
		out := combinedOf(no)
		delete(out, "combine_payer_info")
		return with(out, "contract_info", object{
			"mchid": "1900000109", "appid": "wxd678efh567hg6787", "out_contract_code": code, "plan_id": 12535,
			"contract_display_account": "Tony", "notify_url": "https://yourapp.com/signed",
		})
	}
	info := func(no string, name string, value any) object { return contractInfo(body(no, "C1"), name, value) }
	w.refused(400, "PARAM_ERROR", "POST", combineRoot+"app", info("P1", "mchid", "1230000109"))
	w.refused(400, "PARAM_ERROR", "POST", combineRoot+"app", info("P1", "appid", "wx9"))
	got := w.must("POST", combineRoot+"app", info("P0", "plan_id", 404))
	if got["contract_result"].(object)["code"] != "PARAM_ERROR" || got["prepay_id"] == nil {
		t.Errorf("an unknown plan: got %v", got)
	}
	got = w.must("POST", combineRoot+"app", body("P1", "C1"))
	if got["contract_result"].(object)["code"] != "SUCCESS" {
		t.Errorf("got %v", got)
	}
	receipt, err := w.Payer(openID).Pay(got["prepay_id"].(string))
	w.ok(err)
	if receipt.Contract == nil || receipt.Contract.Product != ledger.CombinePapay ||
		receipt.Contract.OpenID != openID {
		t.Errorf("the receipt is %+v", receipt)
	}
	notified := w.received()
	if len(notified) != 2 || notified[1].Event != "ECOMMERCE_ENTRUST.SIGN" || notified[1].Path != "/signed" {
		t.Errorf("got notifications %v", notified)
	}
	got = w.must("POST", combineRoot+"app", body("P2", "C1"))
	if r := got["contract_result"].(object); r["code"] != "INVALID_REQUEST" || r["message"] != "当前签约协议号已经进行签约" {
		t.Errorf("a burnt code: got %v", got)
	}
	receipt, err = w.Payer(openID).Pay(got["prepay_id"].(string))
	w.ok(err)
	if receipt.Contract != nil {
		t.Errorf("the receipt is %+v", receipt)
	}
}
