package wxpay_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// notification is a message under an APIv3 key.
func notification(t *testing.T, apiV3Key string) []byte {
	t.Helper()
	sealer, err := wire.NewAEAD(apiV3Key)
	if err != nil {
		t.Fatal(err)
	}
	const nonce = "61f9c719728a"
	body, err := json.Marshal(wire.Envelope{ID: "EV-1", EventType: "TRANSACTION.SUCCESS",
		ResourceType: "encrypt-resource", Resource: wire.Resource{Algorithm: wire.Algorithm, Nonce: nonce,
			OriginalType: "transaction", Ciphertext: sealer.Seal(nonce, "", []byte(`{"out_trade_no":"T1"}`))}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// Behind one address of several merchants the one whom a message is for learns the certificate: the
// others are asked for nothing, also where one of them knows it already.
func TestOneOfSeveralMerchantsLearns(t *testing.T) {
	t.Parallel()
	_, platform := testKey()
	now := time.Now()
	cert := certificate(t, platform, 0xABC, now.Add(-time.Hour), now.Add(time.Hour))
	known, err := wxpay.ParsePlatformCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	key := func(i int) string { return strings.Repeat(string(rune('a'+i)), wire.KeySize) }
	for name, first := range map[string][]wxpay.PlatformKey{
		"nobody knows it": testConfig().PlatformKeys, "another knows it": {known},
	} {
		var downloads [3]atomic.Int32
		var keys []*wxpay.Keys
		for i := range downloads {
			cfg := testConfig()
			cfg.MchID, cfg.APIv3Key = "190000010"+string(rune('0'+i)), wxpay.NewSecret(key(i))
			if i == 0 {
				cfg.PlatformKeys = first
			}
			cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
				downloads[i].Add(1)
				return signedBy(t, platform, "ABC", listOf(entry(t, key(i), string(cert)))), nil
			})}
			client, err := wxpay.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, client.Keys())
		}
		var got string
		r := notify.New(keys[0], notify.Keys(keys[1:]...), notify.OnError(func(_ context.Context, e *notify.Error) {
			t.Errorf("%s: %v", name, e)
		}))
		r.Otherwise(func(_ context.Context, n *notify.Notification) error {
			got = n.MchID
			return nil
		})
		body := notification(t, key(2))
		if a := r.Receive(bg, signedBy(t, platform, "ABC", string(body)).Header, body); a.Status != 204 ||
			got != "1900000102" {
			t.Errorf("%s: answered %d, taken for %q", name, a.Status, got)
		}
		for i, want := range []int32{0, 0, 1} {
			if n := downloads[i].Load(); n != want {
				t.Errorf("%s: merchant %d downloaded %d times, want %d", name, i, n, want)
			}
		}
		// A stranger who seals for nobody is refused, and nobody asks WeChat Pay.
		if _, err := r.Parse(signedBy(t, platform, "DEF", string(notification(t, key(9)))).Header,
			notification(t, key(9))); err == nil {
			t.Errorf("%s: a stranger's message was taken", name)
		}
		if n := downloads[0].Load() + downloads[1].Load() + downloads[2].Load(); n != 1 {
			t.Errorf("%s: a stranger's message started a download", name)
		}
	}
}

// Why a certificate could not be learnt stands in the receiver's error.
func TestWhatCannotBeLearntIsTold(t *testing.T) {
	t.Parallel()
	_, platform := testKey()
	client := keyless(t, func() *http.Response {
		return reply(404, nil, `{"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书"}`)
	})
	body := notification(t, testAPIv3Key)
	for id, says := range map[string]string{
		"ABC": "download pub_key.pem", testPlatformID: "download pub_key.pem", "XYZ": "PlatformKeys",
	} {
		_, err := notify.New(client.Keys()).Parse(signedBy(t, platform, id, string(body)).Header, body)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: got %v, want %q", id, err, says)
		}
	}
}
