package main

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/consts"
	"github.com/wechatpay-apiv3/wechatpay-go/core/downloader"
	"github.com/wechatpay-apiv3/wechatpay-go/core/notify"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/services/certificates"
	"github.com/wechatpay-apiv3/wechatpay-go/services/fileuploader"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/jsapi"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

// official is the SDK of WeChat Pay, whose host is a constant.
type official struct {
	*merchant
	client   *core.Client
	verifier auth.Verifier
}

func connectOfficial(m *merchant) (client, error) {
	c, verifier, err := officialClient(context.Background())
	return &official{m, c, verifier}, err
}

// docs: wechatpay-go
func officialClient(ctx context.Context) (*core.Client, auth.Verifier, error) {
	mchID, serial := os.Getenv("WXPAY_MCHID"), os.Getenv("WXPAY_SERIAL_NO")
	key, err := utils.LoadPrivateKeyWithPath(os.Getenv("WXPAY_PRIVATE_KEY"))
	if err != nil {
		return nil, nil, err
	}
	if id := os.Getenv("WXPAY_PUBLIC_KEY_ID"); id != "" { // the public key
		public, err := utils.LoadPublicKeyWithPath(os.Getenv("WXPAY_PUBLIC_KEY"))
		if err != nil {
			return nil, nil, err
		}
		client, err := core.NewClient(ctx, option.WithWechatPayPublicKeyAuthCipher(mchID, serial, key, id, public))
		return client, verifiers.NewSHA256WithRSAPubkeyVerifier(id, *public), err
	}
	// The platform certificate, which the SDK downloads itself.
	apiV3Key := os.Getenv("WXPAY_APIV3_KEY")
	client, err := core.NewClient(ctx, option.WithWechatPayAutoAuthCipher(mchID, serial, key, apiV3Key))
	certificates := downloader.MgrInstance().GetCertificateVisitor(mchID)
	return client, verifiers.NewSHA256WithRSAVerifier(certificates), err
}

// docs: end

func (o *official) steps(no string) []step {
	var prepayID string
	notifyURL := "https://yourapp.com/official/" + no
	return []step{
		{"pre-sign", func(ctx context.Context) error {
			var session struct {
				PreEntrustwebID string `json:"pre_entrustweb_id"`
			}
			const path = "/v3/ecommerce/combine-papay/contracts/pre-entrust-sign"
			result, err := o.client.Post(ctx, consts.WechatPayAPIServer+path, map[string]any{
				"appid": appID, "plan_id": 12535, "out_contract_code": no,
				"contract_display_account": "微信代扣用户A", "notify_url": notifyURL, "return_app": true,
			})
			if err != nil {
				return err
			}
			if err = core.UnMarshalResponse(result.Response, &session); err != nil {
				return err
			}
			return expect("that there is a session", session.PreEntrustwebID != "", true)
		}},
		{"order", func(ctx context.Context) error {
			service := jsapi.JsapiApiService{Client: o.client}
			answer, _, err := service.PrepayWithRequestPayment(ctx, jsapi.PrepayRequest{
				Appid: core.String(appID), Mchid: core.String(os.Getenv("WXPAY_MCHID")),
				Description: core.String("茶"), OutTradeNo: core.String("official" + no),
				NotifyUrl: core.String(notifyURL), Amount: &jsapi.Amount{Total: core.Int64(100)},
				Payer: &jsapi.Payer{Openid: core.String(payer)},
			})
			if err != nil {
				return err
			}
			prepayID = *answer.PrepayId
			return nil
		}},
		{"notification", func(ctx context.Context) error {
			if err := o.pays(prepayID); err != nil {
				return err
			}
			request, err := o.notified(ctx, "/official/"+no)
			if err != nil {
				return err
			}
			handler, err := notify.NewRSANotifyHandler(os.Getenv("WXPAY_APIV3_KEY"), o.verifier)
			if err != nil {
				return err
			}
			var paid payments.Transaction
			if _, err = handler.ParseNotifyRequest(ctx, request, &paid); err != nil {
				return err
			}
			return expect("the order's number", *paid.OutTradeNo, "official"+no)
		}},
		{"query", func(ctx context.Context) error {
			order, _, err := (&jsapi.JsapiApiService{Client: o.client}).QueryOrderByOutTradeNo(ctx,
				jsapi.QueryOrderByOutTradeNoRequest{
					OutTradeNo: core.String("official" + no), Mchid: core.String(os.Getenv("WXPAY_MCHID")),
				})
			if err != nil {
				return err
			}
			return expect("the order's state", *order.TradeState, "SUCCESS")
		}},
		{"certificates", o.certificates},
		{"encrypted field", o.encrypted},
		{"upload", func(ctx context.Context) error {
			answer, _, err := (&fileuploader.ImageUploader{Client: o.client}).Upload(ctx,
				bytes.NewReader([]byte("a picture "+no)), "证照 1.png", "image/png")
			if err != nil {
				return err
			}
			return expect("that there is a media_id", *answer.MediaId != "", true)
		}},
	}
}

// certificates asks for the platform certificates; a merchant with the public key has none.
func (o *official) certificates(ctx context.Context) error {
	answer, _, err := (&certificates.CertificatesApiService{Client: o.client}).DownloadCertificates(ctx)
	if os.Getenv("WXPAY_PUBLIC_KEY_ID") != "" {
		var refusal *core.APIError
		if !errors.As(err, &refusal) {
			return fmt.Errorf("a merchant with the public key alone was not refused the certificates: %v", err)
		}
		return expect("the status", refusal.StatusCode, http.StatusNotFound)
	}
	if err != nil {
		return err
	}
	return expect("the serial number", *answer.Data[0].SerialNo, os.Getenv("WXPAY_PLATFORM_SERIAL_NO"))
}

// encrypted has a text encrypted by the SDK, and what comes back encrypted opened by it.
func (o *official) encrypted(ctx context.Context) error {
	type echo struct {
		Message   *string `json:"echo_message"`
		Encrypted *string `json:"encrypted_echo_message" encryption:"EM_APIV3"`
	}
	body := &echo{core.String("茶"), core.String("张三")}
	serial, err := o.client.EncryptRequest(ctx, body)
	if err != nil {
		return err
	}
	result, err := o.client.Request(ctx, http.MethodPost, consts.WechatPayAPIServer+"/v3/security/echo",
		http.Header{consts.WechatPaySerial: {serial}}, nil, body, consts.ApplicationJSON)
	if err != nil {
		return err
	}
	answer := new(echo)
	if err = core.UnMarshalResponse(result.Response, answer); err != nil {
		return err
	}
	if err = o.client.DecryptResponse(ctx, answer); err != nil {
		return err
	}
	return expect("the text", *answer.Encrypted, "张三")
}

func (o *official) mistakes() []mistake {
	serial, word := platformID()
	return []mistake{
		{"another private key", "unknown", func(ctx context.Context) error {
			key, _, err := otherKey()
			if err != nil {
				return err
			}
			return o.refusedWith(ctx, os.Getenv("WXPAY_SERIAL_NO"), key)
		}},
		{"the name of WeChat Pay's key as serial_no", word, func(ctx context.Context) error {
			key, err := utils.LoadPrivateKeyWithPath(os.Getenv("WXPAY_PRIVATE_KEY"))
			if err != nil {
				return err
			}
			return o.refusedWith(ctx, serial, key)
		}},
	}
}

func (o *official) refusedWith(ctx context.Context, serial string, key *rsa.PrivateKey) error {
	c, err := core.NewClient(ctx, option.WithVerifier(o.verifier),
		option.WithMerchantCredential(os.Getenv("WXPAY_MCHID"), serial, key))
	if err != nil {
		return err
	}
	_, err = c.Get(ctx, consts.WechatPayAPIServer+"/v3/certificates")
	if !core.IsAPIError(err, "SIGN_ERROR") {
		return fmt.Errorf("not refused with SIGN_ERROR: %v", err)
	}
	return nil
}
