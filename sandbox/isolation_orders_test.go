package sandbox_test

import (
	"maps"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// paid lets the payer pay, and takes the notifications away.
func (w *world) paid(link any) (transactionID string) {
	w.t.Helper()
	r, err := w.Payer(openID).Pay(link.(string))
	w.ok(err)
	w.received()
	return r.Order.TransactionID
}

// numbered is the order with another number, and without those members.
func numbered(body object, no string, without ...string) object {
	for _, name := range without {
		delete(body, name)
	}
	return with(body, "out_trade_no", no)
}

// placed is the order as it is placed for an app, a browser or a QR code.
func placed(scene string, order object) object {
	if scene == "h5" {
		order = inBrowser(order)
	}
	return numbered(order, scene+"-order", "payer")
}

// scanned is the order as a code payment.
func scanned(body object, code string) object {
	delete(body, "notify_url")
	body["scene_info"] = object{"store_info": object{"id": "0001"}}
	return with(body, "payer", object{"auth_code": code})
}

func (w *world) code() string {
	w.t.Helper()
	code, err := w.Payer(openID).ShowCode()
	w.ok(err)
	return code
}

func isolatedOrders(i *isolated) {
	w := i.world()
	const mchid = "?mchid=1900000109"
	prepay := w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"]
	w.must("GET", directRoot+byNo+mchid, nil)
	w.must("GET", directRoot+"id/"+w.paid(prepay)+mchid, nil)
	for _, scene := range []string{"app", "h5", "native"} {
		w.must("POST", directRoot+scene, placed(scene, orderBody()))
		w.must("POST", directRoot+"out-trade-no/"+scene+"-order/close", object{"mchid": "1900000109"})
	}
	w.must("POST", directRoot+"codepay", numbered(scanned(orderBody(), w.code()), "code-order"))
	reverse := object{"appid": "wxd678efh567hg6787", "mchid": "1900000109"}
	w.must("POST", directRoot+"out-trade-no/code-order/reverse", reverse)
	w.must("POST", directRoot+"exposure", object{
		"appid": "wxd678efh567hg6787", "payer": object{"openid": openID}, "out_trade_no": "exposed",
	})
}

func isolatedPartnerOrders(i *isolated) {
	w := i.world()
	prepay := w.must("POST", partnerRoot+"jsapi", partnerOrder())["prepay_id"]
	w.must("GET", partnerRoot+byNo+asPartner, nil)
	w.must("GET", partnerRoot+"id/"+w.paid(prepay)+asPartner, nil)
	w.must("POST", partnerRoot+"miniprogram", numbered(partnerOrder(), "mini-order"))
	scene := object{"payer_client_ip": "14.23.150.211", "store_info": object{"id": "0001"}}
	w.must("POST", partnerRoot+"scannedpos", numbered(with(partnerOrder(), "scene_info", scene), "pos-order"))
	for _, scene := range []string{"app", "h5", "native"} {
		w.must("POST", partnerRoot+scene, placed(scene, partnerOrder()))
		parties := object{"sp_mchid": "1900000109", "sub_mchid": "1230000109"}
		w.must("POST", partnerRoot+"out-trade-no/"+scene+"-order/close", parties)
	}
	w.must("POST", partnerRoot+"codepay", numbered(scanned(partnerOrder(), w.code()), "code-order"))
	w.must("POST", partnerRoot+"out-trade-no/code-order/reverse", object{
		"sp_appid": "wxd678efh567hg6787", "sp_mchid": "1900000109", "sub_mchid": "1230000109",
	})
	w.must("POST", partnerRoot+"exposure", object{
		"sp_appid": "wxd678efh567hg6787", "sp_mchid": "1900000109", "sub_mchid": "1230000109",
		"sub_appid": "wxd678efh567hg6999", "payer": object{"sp_openid": openID}, "out_trade_no": "exposed",
	})
}

func isolatedCombinedOrders(i *isolated) {
	w := i.world()
	body := func(no string, without ...string) object {
		out := combinedOf(no)
		maps.DeleteFunc(out, func(name string, _ any) bool { return len(without) > 0 && name == without[0] })
		return out
	}
	w.must("POST", combineRoot+"jsapi", body("jsapi1"))
	w.must("GET", combineRoot+"out-trade-no/jsapi1", nil)
	app := with(body("app1", "combine_payer_info"), "contract_info", object{
		"mchid": "1900000109", "appid": "wxd678efh567hg6787", "out_contract_code": "C1", "plan_id": 12535,
		"contract_display_account": "Tony", "notify_url": "https://yourapp.com/signed",
	})
	w.must("POST", combineRoot+"app", with(app, "prepay_id", "wx201410272009395522657a690389285100"))
	scene := object{"device_id": "1", "payer_client_ip": "14.17.22.32", "h5_info": object{"type": "iOS"}}
	w.must("POST", combineRoot+"h5", with(body("h5-1"), "scene_info", scene))
	w.must("POST", combineRoot+"native", body("native1"))
	parts := []any{
		object{"mchid": "1900000109", "out_trade_no": "native1-part1", "sub_mchid": "1230000109"},
		object{"mchid": "1900000109", "out_trade_no": "native1-part2", "sub_mchid": "1230000109"},
	}
	closing := object{"combine_appid": "wxd678efh567hg6787", "sub_orders": parts}
	w.must("POST", combineRoot+"out-trade-no/native1/close", closing)

	individual := with(body("person1"), "trade_scenario", "RECOMMERCE")
	for _, part := range individual["sub_orders"].([]any) {
		with(with(part.(object), "sub_mchid", nil), "individual_auth_id", "1900000109")
	}
	prepay := w.must("POST", combineRoot+"miniprogram", individual)["prepay_id"]
	w.must("GET", combineRoot+"id/"+w.paid(prepay), nil)
}

func isolatedRefunds(i *isolated) {
	w := i.world()
	transaction := w.paid(w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"])
	w.must("POST", domestic, refundBody("refund-1", 40))
	w.must("GET", domestic+"/refund-1", nil)
	w.ok(w.Advance(time.Minute))
	w.ok(w.Payer(openID).FailNextRefund())
	byID := with(with(refundBody("refund-2", 60), "out_trade_no", nil), "transaction_id", transaction)
	id := w.must("POST", domestic, byID)["refund_id"].(string)
	w.ok(w.Advance(time.Minute))
	redo := object{"out_refund_no": "refund-2", "type": "MERCHANT_BANK_CARD"}
	w.must("POST", domestic+"/"+id+"/apply-abnormal-refund", redo)

	transaction = w.paid(w.must("POST", partnerRoot+"jsapi", partnerOrder())["prepay_id"])
	byID = with(with(refundBody("refund-3", 40), "out_trade_no", nil), "transaction_id", transaction)
	w.must("POST", domestic, with(byID, "sub_mchid", "1230000109"))
	w.must("GET", domestic+"/refund-3?sub_mchid=1230000109", nil)
}

func isolatedPlatformRefunds(i *isolated) {
	w := i.world()
	transaction := w.paid(w.must("POST", partnerRoot+"jsapi", partnerOrder())["prepay_id"])
	body := func(no string, fen int) object {
		return with(with(refundBody(no, fen), "sp_appid", "wxd678efh567hg6787"), "sub_mchid", "1230000109")
	}
	advanced := with(body("refund-1", 40), "refund_account", "REFUND_SOURCE_PARTNER_ADVANCE")
	id := w.must("POST", ecommerce+"apply", advanced)["refund_id"].(string)
	w.ok(w.Advance(time.Minute))
	const sub = "?sub_mchid=1230000109"
	w.must("GET", ecommerce+"id/"+id+sub, nil)
	w.must("GET", ecommerce+"out-refund-no/refund-1"+sub, nil)
	w.must("POST", ecommerce+id+"/return-advance", object{"sub_mchid": "1230000109"})
	w.must("GET", ecommerce+id+"/return-advance"+sub, nil)
	w.ok(w.Payer(openID).FailNextRefund())
	byID := with(with(body("refund-2", 60), "out_trade_no", nil), "transaction_id", transaction)
	id = w.must("POST", ecommerce+"apply", byID)["refund_id"].(string)
	w.ok(w.Advance(time.Minute))
	w.must("POST", ecommerce+id+"/apply-abnormal-refund", object{
		"sub_mchid": "1230000109", "out_refund_no": "refund-2", "type": "MERCHANT_BANK_CARD",
	})

	w.paid(w.must("POST", combineRoot+"jsapi", combinedBody())["prepay_id"])
	orders, err := w.Orders()
	w.ok(err)
	combined := orders[len(orders)-1]
	part := with(body("refund-3", 5), "transaction_id", combined.SubOrders[0].TransactionID)
	delete(part, "out_trade_no")
	part = with(part, "amount", object{"refund": 5, "total": 10, "currency": "CNY"})
	w.must("POST", ecommerce+"apply", with(part, "combine_transaction_id", combined.TransactionID))
	part = with(with(part, "combine_transaction_id", nil), "combine_out_trade_no", combined.OutTradeNo)
	w.must("POST", ecommerce+"apply", with(part, "out_refund_no", "refund-4"))
}

func isolatedBills(i *isolated) {
	w := i.world()
	w.paid(w.must("POST", partnerRoot+"jsapi", partnerOrder())["prepay_id"])
	w.ok(w.Advance(24 * time.Hour))
	const asked = "?bill_date=2020-09-10&sub_mchid=1230000109"
	w.download(w.must("GET", "v3/bill/tradebill"+asked, nil))
	w.must("GET", "v3/bill/fundflowbill?bill_date=2020-09-10", nil)
	sealed := "&account_type=BASIC&algorithm=" + wire.Algorithm
	w.must("GET", "v3/bill/sub-merchant-fundflowbill"+asked+sealed, nil)
}

func isolatedOrdersWithContracts(i *isolated) {
	w := i.world()
	exempt := w.must("POST", presignExempt+"normal/pre-entrust-sign/mini-program", exemptBody("normal"))
	contract, err := w.Payer(openID).Agree(exempt["pre_entrustweb_id"].(string))
	w.ok(err)
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"]
	for _, root := range []string{directRoot, partnerRoot} {
		order := orderBody
		if root == partnerRoot {
			order = partnerOrder
		}
		for _, scene := range []string{"jsapi", "app"} {
			path := root + scene + "-with-contract"
			body := func(no string, info any) object {
				out := with(numbered(order(), no), "contract_info", info)
				if scene == "app" {
					delete(out, "payer")
				}
				return out
			}
			sign := contractInfo(signingBody(), "contract_code", root[3:6]+scene)["contract_info"]
			w.must("POST", path, body(scene+"-sign", sign))
			if scene == "jsapi" {
				w.must("POST", path, body(scene+"-exempt", object{"password_free_contract_id": contract.ID}))
				w.must("POST", path, body(scene+"-token", object{"token": token}))
				fresh := with(combineBody(), "out_contract_code", "fresh")
				token = w.must("POST", presignCombine, fresh)["pre_entrustweb_id"]
			}
		}
	}
}
