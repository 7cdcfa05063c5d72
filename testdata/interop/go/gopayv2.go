package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/go-pay/gopay"
	"github.com/go-pay/gopay/wechat"
)

// gopayV2 is gopay's client of APIv2, which verifies an answer when it is told to.
type gopayV2 struct {
	*merchant
	client *wechat.Client
}

func connectGopayV2(m *merchant) (client, error) {
	c, err := gopayV2Client()
	return &gopayV2{m, c}, err
}

// docs: gopay-v2
func gopayV2Client() (*wechat.Client, error) {
	client := wechat.NewClient("wxd678efh567hg6787", os.Getenv("WXPAY_MCHID"), os.Getenv("WXPAY_APIV2_KEY"), true)
	return client, client.AddCertPemFilePath(os.Getenv("WXPAY_CERTIFICATE"), os.Getenv("WXPAY_PRIVATE_KEY"))
}

// docs: end

func (g *gopayV2) steps(no string) []step {
	var prepayID string
	notifyURL := "https://yourapp.com/gopayv2/" + no
	return []step{
		{"pre-sign", func(ctx context.Context) error {
			bm := make(gopay.BodyMap)
			bm.Set("plan_id", "12535").Set("contract_code", "v2"+no).Set("request_serial", "1000").
				Set("contract_display_account", "微信代扣").Set("notify_url", notifyURL).Set("version", "1.0").
				Set("timestamp", strconv.FormatInt(time.Now().Unix(), 10))
			answer, err := g.client.EntrustAppPre(ctx, bm)
			if err != nil {
				return err
			}
			if answer.PreEntrustwebId == "" {
				return fmt.Errorf("%s %s", answer.ReturnMsg, answer.ResultCode)
			}
			return nil
		}},
		{"order", func(ctx context.Context) error {
			bm := make(gopay.BodyMap)
			bm.Set("nonce_str", "n"+no).Set("body", "茶").Set("out_trade_no", "gopayv2"+no).Set("total_fee", 100).
				Set("spbill_create_ip", "8.8.8.8").Set("notify_url", notifyURL).Set("trade_type", "JSAPI").
				Set("openid", payer).Set("sign_type", wechat.SignType_HMAC_SHA256)
			answer, err := g.client.UnifiedOrder(ctx, bm)
			if err != nil {
				return err
			}
			if answer.ResultCode != "SUCCESS" {
				return fmt.Errorf("%s %s %s", answer.ReturnMsg, answer.ErrCode, answer.ErrCodeDes)
			}
			prepayID = answer.PrepayId
			return g.signed(wechat.SignType_HMAC_SHA256, answer)
		}},
		{"notification", func(ctx context.Context) error {
			if err := g.pays(prepayID); err != nil {
				return err
			}
			request, err := g.notified(ctx, "/gopayv2/"+no)
			if err != nil {
				return err
			}
			paid, err := wechat.ParseNotifyToBodyMap(request)
			if err != nil {
				return err
			}
			signType := wechat.SignType_MD5
			if named := paid.GetString("sign_type"); named != "" {
				signType = named
			}
			if err = g.signed(signType, paid); err != nil {
				return err
			}
			return expect("the order's number", paid.GetString("out_trade_no"), "gopayv2"+no)
		}},
		{"query", func(ctx context.Context) error {
			bm := make(gopay.BodyMap)
			bm.Set("nonce_str", "q"+no).Set("out_trade_no", "gopayv2"+no).Set("sign_type", wechat.SignType_MD5)
			answer, fields, err := g.client.QueryOrder(ctx, bm)
			if err != nil {
				return err
			}
			if err = g.signed(wechat.SignType_MD5, fields); err != nil {
				return err
			}
			return expect("the order's state", answer.TradeState, "SUCCESS")
		}},
		{"refund with the certificate", func(ctx context.Context) error {
			bm := make(gopay.BodyMap)
			bm.Set("nonce_str", "r"+no).Set("out_trade_no", "gopayv2"+no).Set("out_refund_no", "r"+no).
				Set("total_fee", 100).Set("refund_fee", 1).Set("sign_type", wechat.SignType_MD5)
			answer, fields, err := g.client.Refund(ctx, bm)
			if err != nil {
				return err
			}
			if answer.ResultCode != "SUCCESS" {
				return fmt.Errorf("%s %s %s", answer.ReturnMsg, answer.ErrCode, answer.ErrCodeDes)
			}
			return g.signed(wechat.SignType_MD5, fields)
		}},
	}
}

// signed has gopay make the sign again.
func (g *gopayV2) signed(signType string, bean any) error {
	ok, err := wechat.VerifySign(g.client.ApiKey, signType, bean)
	if err == nil && !ok {
		err = errors.New("gopay refuses the sign")
	}
	return err
}

func (g *gopayV2) mistakes() []mistake {
	return []mistake{{"the APIv3 key in the place of APIv2's", "v2-key-of-v3", func(ctx context.Context) error {
		c := wechat.NewClient(appID, g.client.MchId, os.Getenv("WXPAY_APIV3_KEY"), true)
		bm := make(gopay.BodyMap)
		bm.Set("nonce_str", "w").Set("out_trade_no", "nobody").Set("sign_type", wechat.SignType_MD5)
		answer, _, err := c.QueryOrder(ctx, bm)
		if err != nil {
			return err
		}
		return expect("the answer", answer.ReturnCode, "FAIL")
	}}}
}
