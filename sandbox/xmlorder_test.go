package sandbox_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
)

// plainOrder is an order that signs nothing.
func plainOrder(number string) map[string]string {
	return map[string]string{
		"appid": sandbox.DefaultAppID, "out_trade_no": number, "body": "Ipadmini16G白色",
		"notify_url": "https://yourapp.com/paid", "total_fee": "888", "spbill_create_ip": "123.12.12.123",
		"trade_type": "JSAPI", "openid": openID,
	}
}

func TestUnifiedOrderInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	order := w.must("pay/unifiedorder", plainOrder("U1"))
	if order["trade_type"] != "JSAPI" || order["contract_result_code"] != nil || order["out_trade_no"] != nil {
		t.Errorf("got %v", order)
	}
	receipt, err := w.Payer(openID).Pay(order["prepay_id"].(string))
	w.ok(err)
	if receipt.Contract != nil || receipt.Obstacle != nil {
		t.Errorf("paid: %+v", receipt)
	}
	if got := w.received(); len(got) != 1 || got[0]["out_trade_no"] != "U1" || got[0]["total_fee"] != "888" ||
		got[0]["result_code"] != "SUCCESS" {
		t.Errorf("got %v", got)
	}
	w.refused("ORDERPAID", "pay/unifiedorder", plainOrder("U1"))
	for trade, link := range map[string]string{"NATIVE": "code_url", "MWEB": "mweb_url"} {
		order = w.must("pay/unifiedorder", with2(plainOrder(trade), "trade_type", trade, "openid", ""))
		if order[link] == nil {
			t.Errorf("%s: got %v", trade, order)
		}
	}
	w.must("pay/closeorder", orderNo("NATIVE"))
	w.refused("ORDERCLOSED", "pay/unifiedorder", with2(plainOrder("NATIVE"), "trade_type", "NATIVE", "openid", ""))
	w.refused("PARAM_ERROR", "pay/unifiedorder", with2(plainOrder("U2"), "openid", ""))
	w.refused("FAIL", "pay/unifiedorder", with2(plainOrder("U2"), "fee_type", "USD"))
	w.must("pay/unifiedorder", with2(plainOrder("U3"), "sign_type", "HMAC-SHA256"))
}
