package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
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
	for _, mode := range []ledger.KeyMode{ledger.KeysMoving, ledger.KeysPublic, ledger.KeysCertificate} {
		w := newWorld(t, sandbox.WithKeyMode(mode))
		if _, err := w.client.Chain(jsapi).Post(context.Background(), identified("110101199003070134"),
			encrypt); err != nil {
			t.Fatalf("key mode %q: %v", mode, err)
		}
		orders, err := w.Orders()
		w.ok(err)
		if got := string(orders[0].Request); !strings.Contains(got, "110101199003070134") || !strings.Contains(got,
			"张三") {
			t.Errorf("key mode %q: the sandbox read %s", mode, got)
		}
		// The same order again, though every encryption is another text.
		if _, err := w.client.Chain(jsapi).Post(context.Background(), identified("110101199003070134"),
			encrypt); err != nil {
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

// A sensitive field that was sent in clear, as a number or within a list, is refused without its
// value: neither the refusal nor the journal repeats it.
func TestRefusalsRepeatNoSensitiveValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const secret = "110101199003070134"
	for path, body := range map[string]func(any) object{
		"v3/pay/transactions/jsapi": func(v any) object {
			return with(orderBody(), "payer", object{"openid": openID, "identity": object{"type": "IDCARD", "number": v,
				"name": "张三"}})
		},
		"v3/refund/domestic/refunds/5000000/apply-abnormal-refund": func(v any) object {
			return object{"out_refund_no": "r1", "type": "USER_BANK_CARD", "bank_type": "ICBC_DEBIT", "bank_account": v,
				"real_name": "x"}
		},
		"v3/eduschoolpay/contracts/presign": func(v any) object {
			return with(schoolBody("x"), "identity", object{"real_name": "李四", "credential_type": "IDENTITY_CARD",
				"id_card_number": v})
		},
		// Of this one the catalogue does not say that it is encrypted.
		"v3/offlineface/contracts/presign": func(v any) object {
			return object{"facepay_user": object{"identification_name": v}}
		},
	} {
		for _, value := range []any{
			json.Number(secret), []any{secret}, []any{[]any{json.Number(secret)}}, object{"x": secret},
			secret + "\u0001", secret + "😀", strings.Repeat(secret, 100),
		} {
			_, err := w.client.Chain(path).Post(t.Context(), body(value))
			if e := (*wxpay.Error)(nil); !errors.As(err, &e) || e.Status != 400 || strings.Contains(string(e.Detail),
				secret) {
				t.Errorf("%s: got %v", path, err)
			}
			journal, err := w.Journal(0, 1)
			w.ok(err)
			if x := journal[0]; strings.Contains(x.Body+x.Reply+x.Hint, secret) {
				t.Errorf("%s: the journal has %s\n%s\n%s", path, x.Body, x.Reply, x.Hint)
			}
		}
	}
}

// What was decrypted is shown to Go tests, and the admin blanks it.
func TestTheAdminShowsNoSensitiveField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const secret = "110101199003070134"
	_, err := w.client.Chain("v3/pay/transactions/jsapi").Post(t.Context(), identified(secret),
		wxpay.Encrypt("/payer/identity/number", "/payer/identity/name"))
	w.ok(err)
	orders, err := w.Orders()
	w.ok(err)
	if !strings.Contains(string(orders[0].Request), secret) {
		t.Fatalf("the order is of %s", orders[0].Request)
	}
	request := w.adminOK("GET", "/sandbox/orders", nil)["data"].([]any)[0].(object)["request"].(object)
	payer := request["payer"].(object)
	identity := payer["identity"].(object)
	if identity["number"] != "…" || identity["name"] != "…" || identity["type"] != "IDCARD" ||
		payer["openid"] != openID {
		t.Errorf("the admin shows %v", request)
	}
}
