package inboxtest

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// Orders of a merchant and of a provider: paid, not paid yet, and closed, of which no notification
// tells.
func TestTheSweeperFindsOrders(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		direct := object{"appid": sandbox.DefaultAppID, "mchid": m.c.MchID(), "description": "Image",
			"out_trade_no": "ORDER1",
			"notify_url":   "https://yourapp.com/paid", "amount": object{"total": 100, "currency": "CNY"},
			"payer": object{"openid": payer}}
		m.expect(inbox.Expected{Kind: inbox.Order, Number: "ORDER1"})
		order := m.post("v3/pay/transactions/jsapi", direct)["prepay_id"].(string)
		if s := m.sweep(11 * time.Minute); s.Asked != 1 || s.Found != 0 || m.open() != 1 {
			w.Errorf("not paid yet: %+v", s)
		}
		if _, err := m.s.Payer(payer).Pay(order); err != nil {
			w.Fatal(err)
		}
		m.expect(inbox.Expected{Kind: inbox.PartnerOrder, Number: "ORDER2", SubMchID: subMerchant})
		order = m.post("v3/pay/partner/transactions/jsapi", object{"sp_appid": sandbox.DefaultAppID,
			"sp_mchid": m.c.MchID(), "sub_mchid": subMerchant, "description": "Image", "out_trade_no": "ORDER2",
			"notify_url": "https://yourapp.com/paid", "amount": object{"total": 100, "currency": "CNY"},
			"payer": object{"sp_openid": payer}})["prepay_id"].(string)
		if _, err := m.s.Payer(payer).Pay(order); err != nil {
			w.Fatal(err)
		}
		direct["out_trade_no"] = "ORDER3"
		m.expect(inbox.Expected{Kind: inbox.Order, Number: "ORDER3"})
		m.post("v3/pay/transactions/jsapi", direct)
		if _, err := m.c.Chain("v3/pay/transactions/out-trade-no/ORDER3/close").Post(w.Context(),
			object{"mchid": m.c.MchID()}); err != nil {
			w.Fatal(err)
		}
		if s := m.sweep(time.Hour); s.Asked != 3 || s.Found != 2 || m.open() != 0 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
		m.wantEffects("TRANSACTION.SUCCESS swept", "TRANSACTION.SUCCESS swept")
	})
}

// Debits of 教育续费通 and of a provider's in APIv3 and APIv2.
func TestTheSweeperFindsDebitsOfOthers(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		edu := contracts["edu"].sign(m)
		m.post("v3/edu-papay/user-notifications/"+edu.ID+"/send", object{"appid": edu.AppID})
		partner := contracts["APIv2 partner"].sign(m)
		m.expect(inbox.Expected{Kind: inbox.V2PartnerDebit, Number: "ORDER2", AppID: sandbox.DefaultAppID,
			SubMchID: subMerchant})
		m.post("v2/pay/partner/pappayapply", map[string]string{"appid": sandbox.DefaultAppID, "sub_mch_id": subMerchant,
			"body": "x", "out_trade_no": "ORDER2", "total_fee": "888", "spbill_create_ip": "8.8.8.8",
			"notify_url": "https://yourapp.com/v2", "trade_type": "PAP", "contract_id": partner.ID})
		if s := m.sweep(24 * time.Hour); s.Found != 1 {
			w.Errorf("APIv2 partner: %+v", s)
		}
		m.expect(inbox.Expected{Kind: inbox.EduDebit, Number: "ORDER1"})
		m.post("v3/edu-papay/transactions", object{"appid": edu.AppID, "body": "语文", "out_trade_no": "ORDER1",
			"notify_url": "https://yourapp.com/debited", "contract_id": edu.ID, "trade_scene": "EDUCATION_PERIOD",
			"amount":             object{"total": 888, "currency": "CNY"},
			"device_information": object{"device_ip": "123.12.12.123"}})
		if s := m.sweep(11 * time.Minute); s.Found != 1 {
			w.Errorf("edu: %+v", s)
		}
		scheduled := contracts["partner"].sign(m)
		day := 24 * time.Hour
		if err := m.s.Advance(day); err != nil { // the day before the debit
			w.Fatal(err)
		}
		m.post("v3/papay/pay/partner/schedules/contract-id/"+scheduled.ID+"/schedule", object{
			"sp_appid": sandbox.DefaultAppID, "sub_mchid": subMerchant,
			"schedule_amount": object{"total": 1990, "currency": "CNY"}})
		if err := m.s.Advance(day); err != nil {
			w.Fatal(err)
		}
		m.expect(inbox.Expected{Kind: inbox.PartnerDebit, Number: "ORDER3", SubMchID: subMerchant})
		m.post("v3/papay/pay/partner/transactions/apply", object{"sp_appid": sandbox.DefaultAppID,
			"sub_mchid": subMerchant, "out_trade_no": "ORDER3", "contract_id": scheduled.ID, "description": "one month",
			"transaction_notify_url": "https://yourapp.com/debited", "amount": object{"total": 1990,
				"currency": "CNY"}})
		if s := m.sweep(11 * time.Minute); s.Found != 1 || m.open() != 0 {
			w.Errorf("partner: %+v, %d expected", s, m.open())
		}
		m.wantEffects("V2.PAYMENT SUCCESS swept", "TRANSACTION.SUCCESS swept", "TRANSACTION.SUCCESS swept")
	})
}
