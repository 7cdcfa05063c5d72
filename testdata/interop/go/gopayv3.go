package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"

	"github.com/go-pay/gopay"
	"github.com/go-pay/gopay/wechat/v3"
)

// gopayV3 is gopay's client of APIv3. Answers are verified once AutoVerifySign or its like was
// called.
type gopayV3 struct {
	*merchant
	client *wechat.ClientV3
}

func connectGopayV3(m *merchant) (client, error) {
	c, err := gopayV3Client()
	return &gopayV3{m, c}, err
}

// docs: gopay-v3
func gopayV3Client() (*wechat.ClientV3, error) {
	key, err := os.ReadFile(os.Getenv("WXPAY_PRIVATE_KEY"))
	if err != nil {
		return nil, err
	}
	client, err := wechat.NewClientV3(
		os.Getenv("WXPAY_MCHID"), os.Getenv("WXPAY_SERIAL_NO"), os.Getenv("WXPAY_APIV3_KEY"), string(key))
	if err != nil {
		return nil, err
	}
	if id := os.Getenv("WXPAY_PUBLIC_KEY_ID"); id != "" { // the public key
		public, err := os.ReadFile(os.Getenv("WXPAY_PUBLIC_KEY"))
		if err != nil {
			return nil, err
		}
		return client, client.AutoVerifySignByPublicKey(public, id)
	}
	return client, client.AutoVerifySign(false) // the platform certificate, which the SDK downloads itself
}

// docs: end

func (g *gopayV3) steps(no string) []step {
	var prepayID string
	return []step{
		{"order with an encrypted field", func(ctx context.Context) error {
			name, err := g.client.V3EncryptText("张三")
			if err != nil {
				return err
			}
			number, err := g.client.V3EncryptText("11010119900307721X")
			if err != nil {
				return err
			}
			bm := make(gopay.BodyMap)
			bm.Set("appid", appID).Set("mchid", g.client.Mchid).Set("description", "茶").Set("out_trade_no", "gopay"+no).
				Set("notify_url", "https://yourapp.com/gopay/"+no).
				SetBodyMap("amount", func(bm gopay.BodyMap) { bm.Set("total", 100).Set("currency", "CNY") }).
				SetBodyMap("payer", func(bm gopay.BodyMap) {
					bm.Set("openid", payer).SetBodyMap("identity", func(bm gopay.BodyMap) {
						bm.Set("type", "IDCARD").Set("name", name).Set("number", number)
					})
				})
			answer, err := g.client.V3TransactionJsapi(ctx, bm)
			if err != nil {
				return err
			}
			if answer.Code != wechat.Success {
				return fmt.Errorf("%d %s", answer.Code, answer.Error)
			}
			prepayID = answer.Response.PrepayId
			_, err = g.client.PaySignOfJSAPI(appID, prepayID)
			return err
		}},
		{"notification", func(ctx context.Context) error {
			if err := g.pays(prepayID); err != nil {
				return err
			}
			request, err := g.notified(ctx, "/gopay/"+no)
			if err != nil {
				return err
			}
			parsed, err := wechat.V3ParseNotify(request)
			if err != nil {
				return err
			}
			if err = parsed.VerifySignByPKMap(g.client.WxPublicKeyMap()); err != nil {
				return err
			}
			paid, err := parsed.DecryptPayCipherText(os.Getenv("WXPAY_APIV3_KEY"))
			if err != nil {
				return err
			}
			return expect("the order's number", paid.OutTradeNo, "gopay"+no)
		}},
		{"query", func(ctx context.Context) error {
			answer, err := g.client.V3TransactionQueryOrder(ctx, wechat.OutTradeNo, "gopay"+no)
			if err != nil {
				return err
			}
			if answer.Code != wechat.Success {
				return fmt.Errorf("%d %s", answer.Code, answer.Error)
			}
			return expect("the order's state", answer.Response.TradeState, "SUCCESS")
		}},
		{"certificates", g.certificates},
		{"upload", func(ctx context.Context) error {
			picture := []byte("a picture " + no)
			hash := sha256.Sum256(picture)
			answer, err := g.client.V3MediaUploadImage(ctx, "a.png", hex.EncodeToString(hash[:]),
				&gopay.File{Name: "a.png", Content: picture})
			if err != nil {
				return err
			}
			if answer.Code != wechat.Success {
				return fmt.Errorf("%d %s", answer.Code, answer.Error)
			}
			return expect("that there is a media_id", answer.Response.MediaId != "", true)
		}},
	}
}

// certificates asks for the platform certificates; a merchant with the public key has none.
func (g *gopayV3) certificates(ctx context.Context) error {
	key, err := os.ReadFile(os.Getenv("WXPAY_PRIVATE_KEY"))
	if err != nil {
		return err
	}
	apiV3Key := os.Getenv("WXPAY_APIV3_KEY")
	answer, err := wechat.GetPlatformCerts(ctx, g.client.Mchid, apiV3Key, g.client.SerialNo, string(key))
	if err != nil {
		return err
	}
	if os.Getenv("WXPAY_PUBLIC_KEY_ID") != "" {
		return expect("the status", answer.Code, http.StatusNotFound)
	}
	if answer.Code != wechat.Success {
		return fmt.Errorf("%d %s", answer.Code, answer.Error)
	}
	return expect("the serial number", answer.Certs[0].SerialNo, os.Getenv("WXPAY_PLATFORM_SERIAL_NO"))
}

func (g *gopayV3) mistakes() []mistake {
	serial, word := platformID()
	return []mistake{
		{"another private key", "unknown", func(ctx context.Context) error {
			_, text, err := otherKey()
			if err != nil {
				return err
			}
			return g.refusedWith(ctx, g.client.SerialNo, text)
		}},
		{"the name of WeChat Pay's key as serial_no", word, func(ctx context.Context) error {
			key, err := os.ReadFile(os.Getenv("WXPAY_PRIVATE_KEY"))
			if err != nil {
				return err
			}
			return g.refusedWith(ctx, serial, string(key))
		}},
	}
}

func (g *gopayV3) refusedWith(ctx context.Context, serial, key string) error {
	c, err := wechat.NewClientV3(g.client.Mchid, serial, string(g.client.ApiV3Key), key)
	if err != nil {
		return err
	}
	answer, err := c.V3TransactionQueryOrder(ctx, wechat.OutTradeNo, "nobody")
	if err != nil {
		return err
	}
	return expect("the code", answer.ErrResponse.Code, "SIGN_ERROR")
}
