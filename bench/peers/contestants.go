package main

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"sync/atomic"
	"unsafe" // for the two Authorizations that nobody exports

	"github.com/go-pay/gopay"
	"github.com/go-pay/gopay/pkg/xhttp"
	gopayv3 "github.com/go-pay/gopay/wechat/v3"
	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/credentials"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/signers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/validators"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	official "github.com/wechatpay-apiv3/wechatpay-go/core/notify"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/pay"
	"github.com/wxpay-go/wxpay/notify"
)

// contestant does each kind of work once a call. A nil function is something it does not have.
type contestant struct {
	name     string
	sign     func() error // marshal a body and build its Authorization
	verify   func() error // a reply
	notified func() error // verify, open and decode a notification
	call     func() error // all of a call
	inline   func() error // the same, from api.V3 each time, as README writes it
	promised func() error // the same as a promise, waited for
	another  func() any   // makes one more client
}

// contestants are made for one way of sending. A nil transport is each one's own.
func contestants(w *world, host string, transport http.RoundTripper) []contestant {
	return []contestant{
		theFloor(w, host, transport), ours(w, host, transport), theOfficial(w, host, transport),
		goPay(w, host, transport),
	}
}

func theFloor(w *world, host string, transport http.RoundTripper) contestant {
	if transport == nil {
		transport = tuned()
	}
	f := newFloor(w, host, transport)
	return contestant{
		name:     "floor",
		sign:     func() error { return f.sign(newOrder()) },
		verify:   func() error { return f.verify(w.replyHeader, answer) },
		notified: func() error { return f.notified(w.note, w.noteBody, new(paid)) },
		call:     func() error { return f.call(newOrder(), new(prepaid)) },
		promised: func() error {
			done := make(chan error, 1)
			go func() { done <- f.call(newOrder(), new(prepaid)) }()
			return <-done
		},
		another: func() any { return newFloor(w, host, transport) },
	}
}

// tuned is a transport as people set one up who call one host a lot.
func tuned() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy, t.MaxIdleConnsPerHost = nil, 64
	return t
}

//go:linkname ourAuthorize github.com/wxpay-go/wxpay.(*Client).authorize
func ourAuthorize(c *wxpay.Client, own unsafe.Pointer, method, uri string, body []byte) (string, error)

// identity is what a client of ours signs with.
func identity(c *wxpay.Client) unsafe.Pointer {
	own := reflect.ValueOf(c).Elem().FieldByName("own").UnsafePointer()
	return unsafe.Pointer((*atomic.Pointer[struct{}])(own).Load())
}

func ours(w *world, host string, transport http.RoundTripper) contestant {
	cfg := wxpay.Config{
		MchID: mchID, SerialNo: serial, PrivateKey: w.merchant, APIv3Key: wxpay.NewSecret(apiV3Key),
		PlatformKeys: []wxpay.PlatformKey{{ID: platformID, Key: &w.platform.PublicKey}}, Host: host,
	}
	if transport != nil {
		cfg.HTTPClient = &http.Client{Transport: transport}
	}
	c, err := wxpay.New(cfg)
	must(err)
	receiver := notify.New(c.Keys())
	post := api.V3(c).Pay.Transactions.JSAPI
	ctx, who := context.Background(), identity(c)
	return contestant{
		name: "wxpay",
		sign: func() error {
			body, err := json.Marshal(newOrder())
			if err != nil {
				return err
			}
			_, err = ourAuthorize(c, who, "POST", orderPath, body)
			return err
		},
		verify: func() error { return c.Keys().Verify(w.replyHeader, answer) },
		notified: func() error {
			n, err := receiver.Parse(w.note, w.noteBody)
			if err != nil {
				return err
			}
			return n.Decode(new(paid))
		},
		call: func() error {
			_, err := post.Post(ctx, ourOrder())
			return err
		},
		inline: func() error {
			_, err := api.V3(c).Pay.Transactions.JSAPI.Post(ctx, ourOrder())
			return err
		},
		promised: func() error {
			_, err := post.PostAsync(ctx, ourOrder()).Wait(ctx)
			return err
		},
		another: func() any {
			c, err := wxpay.New(cfg)
			must(err)
			return c
		},
	}
}

func ourOrder() *pay.JSAPIRequest {
	o := newOrder()
	return &pay.JSAPIRequest{
		AppID: o.AppID, MchID: o.MchID, Description: o.Description, OutTradeNo: o.OutTradeNo, NotifyURL: o.NotifyURL,
		Amount: pay.Amount{Total: o.Amount.Total, Currency: o.Amount.Currency},
		Payer:  pay.Payer{OpenID: o.Payer.OpenID},
	}
}

func theOfficial(w *world, host string, transport http.RoundTripper) contestant {
	ctx := context.Background()
	options := []core.ClientOption{
		option.WithWechatPayPublicKeyAuthCipher(mchID, serial, w.merchant, platformID, &w.platform.PublicKey),
	}
	if transport != nil {
		options = append(options, option.WithHTTPClient(&http.Client{Transport: transport}))
	}
	c, err := core.NewClient(ctx, options...)
	must(err)
	verifier := verifiers.NewSHA256WithRSAPubkeyVerifier(platformID, w.platform.PublicKey)
	receiver, err := official.NewRSANotifyHandler(apiV3Key, verifier)
	must(err)
	credential := credentials.WechatPayCredentials{
		Signer: &signers.SHA256WithRSASigner{MchID: mchID, CertificateSerialNo: serial, PrivateKey: w.merchant},
	}
	validator := validators.NewWechatPayResponseValidator(verifier)
	return contestant{
		name: "wechatpay-go v0.2.21",
		sign: func() error {
			body, err := json.Marshal(newOrder())
			if err != nil {
				return err
			}
			_, err = credential.GenerateAuthorizationHeader(ctx, "POST", orderPath, string(body))
			return err
		},
		verify: func() error {
			return validator.Validate(ctx, &http.Response{Header: w.replyHeader, Body: body(answer)})
		},
		notified: func() error {
			r := &http.Request{Method: "POST", Header: w.note, Body: body(w.noteBody)}
			_, err := receiver.ParseNotifyRequest(ctx, r, new(paid))
			return err
		},
		call: func() error {
			result, err := c.Post(ctx, host+orderPath, newOrder())
			if err != nil {
				return err
			}
			return core.UnMarshalResponse(result.Response, new(prepaid))
		},
		another: func() any {
			c, err := core.NewClient(ctx, options...)
			must(err)
			return c
		},
	}
}

func body(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }

//go:linkname goPayAuthorization github.com/go-pay/gopay/wechat/v3.(*ClientV3).authorization
func goPayAuthorization(c *gopayv3.ClientV3, method, path string, bm gopay.BodyMap) (string, error)

func goPay(w *world, host string, transport http.RoundTripper) contestant {
	ctx := context.Background()
	made := func() *gopayv3.ClientV3 {
		c, err := gopayv3.NewClientV3(mchID, serial, apiV3Key, string(w.merchantPEM))
		must(err)
		must(c.AutoVerifySignByPublicKey(w.platformPEM, platformID))
		c.SetProxyHost(host)
		if transport != nil {
			c.SetHttpClient(xhttp.NewClient().SetTransport(transport))
		}
		return c
	}
	c := made()
	platform := map[string]*rsa.PublicKey{platformID: &w.platform.PublicKey}
	return contestant{
		name: "gopay v1.5.115",
		sign: func() error {
			_, err := goPayAuthorization(c, "POST", orderPath, goPayOrder())
			return err
		},
		verify: func() error {
			h := w.replyHeader
			return gopayv3.V3VerifySignByPK(h.Get("Wechatpay-Timestamp"), h.Get("Wechatpay-Nonce"), string(answer),
				h.Get("Wechatpay-Signature"), &w.platform.PublicKey)
		},
		notified: func() error {
			n, err := gopayv3.V3ParseNotify(&http.Request{Method: "POST", Header: w.note, Body: body(w.noteBody)})
			if err != nil {
				return err
			}
			if err := n.VerifySignByPKMap(platform); err != nil {
				return err
			}
			return n.DecryptCipherTextToStruct(apiV3Key, new(paid))
		},
		call: func() error {
			reply, err := c.V3TransactionJsapi(ctx, goPayOrder())
			if err == nil && reply.Code != gopayv3.Success {
				err = errors.New(reply.Error)
			}
			return err
		},
		another: func() any { return made() },
	}
}

func goPayOrder() gopay.BodyMap {
	o := newOrder()
	bm := make(gopay.BodyMap)
	bm.Set("appid", o.AppID).Set("mchid", o.MchID).Set("description", o.Description).
		Set("out_trade_no", o.OutTradeNo).Set("notify_url", o.NotifyURL).
		SetBodyMap("amount", func(b gopay.BodyMap) {
			b.Set("total", o.Amount.Total).Set("currency", o.Amount.Currency)
		}).
		SetBodyMap("payer", func(b gopay.BodyMap) { b.Set("openid", o.Payer.OpenID) })
	return bm
}
