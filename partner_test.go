package wxpay_test

import (
	"net/http"
	"testing"

	"github.com/wxpay-go/wxpay/api/partnerpay"
)

// A partner's order tells its promotions and its device, as the official model of it does.
// https://github.com/wechatpay-apiv3/wechatpay-go
func TestAPartnersOrderHasPromotions(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(200, `{"sp_mchid":"1900000109","promotion_detail":[{"coupon_id":"109519","amount":100,`+
			`"goods_detail":[{"goods_id":"M1006","quantity":1,"unit_price":100,"discount_amount":1}]}],`+
			`"scene_info":{"device_id":"013467007045764"}}`), nil
	})
	order, err := partnerpay.Of(c).Transactions.OutTradeNo.OutTradeNo("T1").Get(bg, &partnerpay.OrderByOutTradeNoQuery{
		SPMchID: "1900000109", SubMchID: "1230000109"})
	if err != nil {
		t.Fatal(err)
	}
	if p := order.PromotionDetail; len(p) != 1 || p[0].CouponID != "109519" || p[0].Amount != 100 ||
		len(p[0].GoodsDetail) != 1 || order.SceneInfo == nil || order.SceneInfo.DeviceID != "013467007045764" {
		t.Errorf("got %+v", order)
	}
}
