package sandbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
)

func identified(number string) object {
	return with(orderBody(), "payer", object{
		"openid": openID, "identity": object{"type": "IDCARD", "number": number, "name": "张三"},
	})
}

func TestSensitiveFieldsAreDecrypted(t *testing.T) {
	t.Parallel()
	const jsapi = "v3/pay/transactions/jsapi"
	encrypt := wxpay.Encrypt("/payer/identity/number", "/payer/identity/name")
	for _, mode := range []sandbox.KeyMode{sandbox.KeysBoth, sandbox.KeysPublic, sandbox.KeysCertificate} {
		w := newWorld(t, sandbox.WithKeyMode(mode))
		if _, err := w.client.Chain(jsapi).Post(context.Background(), identified("110101199003070134"), encrypt); err != nil {
			t.Fatalf("key mode %q: %v", mode, err)
		}
		orders, err := w.Orders()
		w.ok(err)
		if got := string(orders[0].Request); !strings.Contains(got, "110101199003070134") || !strings.Contains(got, "张三") {
			t.Errorf("key mode %q: the sandbox read %s", mode, got)
		}
		// The same order again, though every encryption is another text.
		if _, err := w.client.Chain(jsapi).Post(context.Background(), identified("110101199003070134"), encrypt); err != nil {
			t.Errorf("again: %v", err)
		}
		_, err = w.client.Chain(jsapi).Post(context.Background(), identified("110101199003070135"), encrypt)
		var e *wxpay.Error
		if !errors.As(err, &e) || e.Code != "OUT_TRADE_NO_USED" {
			t.Errorf("another number: got %v", err)
		}
	}
}

func TestSensitiveFieldsThatAreNot(t *testing.T) {
	t.Parallel()
	const jsapi = "v3/pay/transactions/jsapi"
	w := newWorld(t)
	_, err := w.client.Chain(jsapi).Post(context.Background(), identified("110101199003070134"))
	var e *wxpay.Error
	if !errors.As(err, &e) || e.Status != 400 || e.Code != "PARAM_ERROR" {
		t.Fatalf("in clear: got %v", err)
	}
	if e.Message != "请确认待处理的消息是否为加密后的密文" || !e.Verified || strings.Contains(e.Error(), "110101") {
		t.Errorf("in clear: got %v", e)
	}
	// Said to be encrypted with a key of another merchant's world; the client
	// itself encrypts with no key it does not hold.
	_, err = w.client.Chain(jsapi).Post(context.Background(), identified("110101199003070134"),
		wxpay.Header("Wechatpay-Serial", "PUB_KEY_ID_0000000000000000000000000000000000"))
	if !errors.As(err, &e) || e.Status != 400 || e.Code != "PARAM_ERROR" {
		t.Errorf("an unknown key: got %v", err)
	}
}
