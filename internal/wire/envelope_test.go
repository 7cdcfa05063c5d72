package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
)

const envelope = `{"id":"EV-1","create_time":"2020-09-10T13:29:35+08:00","resource_type":"encrypt-resource",
"event_type":"ECOMMERCE_ENTRUST.SIGN","summary":"s","later":{"added":1},
"resource":{"original_type":"entrust","algorithm":"AEAD_AES_256_GCM","ciphertext":"AAAA","associated_data":"","nonce":"0123456789ab"}}`

func TestParseEnvelope(t *testing.T) {
	t.Parallel()
	e, err := wire.ParseEnvelope([]byte(envelope))
	if err != nil || e.ID != "EV-1" || e.Resource.OriginalType != "entrust" {
		t.Fatalf("got %+v, %v", e, err)
	}
	for name, c := range map[string]struct{ body, says string }{
		"not JSON":        {"<xml/>", "not the JSON"},
		"cut short":       {envelope[:len(envelope)-3], "not the JSON"},
		"a second object": {envelope + "{}", "not the JSON"},
		"no id":           {strings.Replace(envelope, `"id"`, `"di"`, 1), "id is missing"},
		"no nonce":        {strings.Replace(envelope, `"0123456789ab"`, `""`, 1), "resource.nonce is missing"},
		"SM4":             {strings.Replace(envelope, "AES_256", "SM4", 1), "algorithm is not"},
		"an array":        {"[]", "not the JSON"},
		"nothing":         {"", "not the JSON"},
	} {
		if _, err := wire.ParseEnvelope([]byte(c.body)); !errors.Is(err, wire.ErrEnvelope) ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.says)
		}
	}
}

func FuzzParseEnvelope(f *testing.F) {
	f.Add([]byte(envelope))
	f.Add([]byte(`{"id":"1"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := wire.ParseEnvelope(body)
		if err != nil {
			if !errors.Is(err, wire.ErrEnvelope) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		if e.ID == "" || e.EventType == "" || e.Resource.Nonce == "" || e.Resource.Ciphertext == "" {
			t.Fatalf("an envelope without what it needs: %+v", e)
		}
	})
}
