package wxpay_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// The merchant renews its certificate and sets its APIv3 key anew, and the program runs on.
func TestReplaceInARunningClient(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t)
	client, _ := clientOf(t, wechat, publicKeys)
	cfg := wechat.ClientConfig()
	if err := asks(client); err != nil {
		t.Fatal(err)
	}
	if _, err := wechat.ReplaceCertificate(sandbox.DefaultMchID); err != nil {
		t.Fatal(err)
	}
	var refused *wxpay.Error
	if err := asks(client); !errors.As(err, &refused) || refused.Status != 401 {
		t.Fatalf("with the former certificate: got %v", err)
	}
	fresh := wechat.ClientConfig()
	cfg.Certificate, cfg.PrivateKey, cfg.SerialNo = fresh.Certificate, fresh.PrivateKey, ""
	if err := client.Replace(cfg); err != nil {
		t.Fatal(err)
	}
	if err := asks(client); err != nil {
		t.Errorf("with the new one: %v", err)
	}

	key, err := wechat.ResetAPIv3Key(sandbox.DefaultMchID)
	if err != nil {
		t.Fatal(err)
	}
	var e *notify.Error
	if err := signed(t, wechat, client.Keys()); !errors.As(err, &e) || e.Check != notify.CheckResource {
		t.Errorf("with the former APIv3 key: got %v", err)
	}
	cfg.APIv3Key, cfg.OtherAPIv3Keys = key, []wxpay.Secret{cfg.APIv3Key}
	if err := client.Replace(cfg); err != nil {
		t.Fatal(err)
	}
	if err := signed(t, wechat, client.Keys()); err != nil {
		t.Errorf("with the new one beside it: %v", err)
	}
}

// What cannot be right is refused as by New, and then nothing has changed.
func TestReplaceRefusesWhatNewRefuses(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t)
	client, _ := clientOf(t, wechat, publicKeys)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*wxpay.Config){
		"MchID":        func(c *wxpay.Config) { c.MchID = "1900000110" },
		"PrivateKey":   func(c *wxpay.Config) { c.PrivateKey = other },
		"SerialNo":     func(c *wxpay.Config) { c.Certificate, c.SerialNo = nil, "" },
		"APIv3Key":     func(c *wxpay.Config) { c.APIv3Key = wxpay.Secret{} },
		"APIv2Key":     func(c *wxpay.Config) { c.APIv2Key = wxpay.NewSecret("short") },
		"PlatformKeys": func(c *wxpay.Config) { c.PlatformKeys[0].Key = nil },
	} {
		cfg := wechat.ClientConfig()
		change(&cfg)
		var e *wxpay.ConfigError
		if err := client.Replace(cfg); !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
		if err := asks(client); err != nil {
			t.Errorf("%s: afterwards: %v", field, err)
		}
	}
	var none *wxpay.Client
	var keys *wxpay.Keys
	if none.Replace(wechat.ClientConfig()) == nil || keys.Replace(wechat.ClientConfig()) == nil {
		t.Error("what there is not was replaced")
	}
}

// A process that only receives has its keys replaced without a client.
func TestReplaceKeysOfAReceiver(t *testing.T) {
	t.Parallel()
	_, platform := testKey()
	second, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig()
	keys, err := wxpay.NewKeys(cfg)
	if err != nil {
		t.Fatal(err)
	}
	by := func(key *rsa.PrivateKey, id string) error {
		return keys.Verify(signedBy(t, key, id, "{}").Header, []byte("{}"))
	}
	const otherID = testPlatformID + "2"
	if by(platform, testPlatformID) != nil || by(second, otherID) == nil {
		t.Error("before: the keys are others")
	}
	cfg.PlatformKeys = []wxpay.PlatformKey{{ID: otherID, Key: &second.PublicKey}}
	if err := keys.Replace(cfg); err != nil {
		t.Fatal(err)
	}
	if by(platform, testPlatformID) == nil || by(second, otherID) != nil {
		t.Error("afterwards: the keys are others")
	}
	cfg.PlatformKeys = nil
	if err := keys.Replace(cfg); err == nil || by(second, otherID) != nil {
		t.Errorf("none, where nobody downloads them: got %v", err)
	}
}

// Every call is signed by the key whose number it names, whenever it was replaced, and a call under
// way is answered under the keys it began with.
func TestReplaceWhileCallsAreMade(t *testing.T) {
	t.Parallel()
	first, platform := testKey()
	second, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]*rsa.PrivateKey{strings.Repeat("5", 40): first, strings.Repeat("6", 40): second}
	var base wxpay.Config
	arrived, released := make(chan struct{}), make(chan struct{})
	base = testConfig()
	base.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		a, err := wire.ParseAuthorization(r.Header.Get("Authorization"))
		if err != nil {
			return nil, err
		}
		signature, err := base64.StdEncoding.DecodeString(a.Signature)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(wire.AppendRequestMessage(nil, r.Method, r.URL.EscapedPath(), a.Timestamp, a.Nonce, nil))
		if err := rsa.VerifyPKCS1v15(&keys[a.Serial].PublicKey, crypto.SHA256, sum[:], signature); err != nil {
			t.Errorf("signed by another than %s: %v", a.Serial, err)
		}
		if r.URL.Path == "/v3/slow" {
			close(arrived)
			<-released
		}
		return signedReply(200, `{}`), nil
	})}
	client, err := wxpay.New(base)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 40 {
				if _, err := client.Chain("v3/x").Get(bg); err != nil {
					t.Error(err)
				}
				_, _ = client.JSAPIPay("wx1", "prepay")
				_ = client.Expiries()
				_ = fmt.Sprintf("%+v %s", client, client.Keys())
			}
		})
	}
	for i := range 40 {
		cfg := base
		if i%2 == 0 {
			cfg.SerialNo, cfg.PrivateKey = strings.Repeat("6", 40), second
			cfg.OtherAPIv3Keys = []wxpay.Secret{wxpay.NewSecret(strings.Repeat("k", 32))}
		}
		if err := client.Replace(cfg); err != nil {
			t.Error(err)
		}
	}
	wait.Wait()

	slow := client.Chain("v3/slow").GetAsync(bg)
	<-arrived
	cfg := base
	cfg.PlatformKeys = []wxpay.PlatformKey{{ID: testPlatformID + "2", Key: &second.PublicKey}}
	cfg.PrivateKey = platform // nobody's that call was signed with
	cfg.SerialNo = strings.Repeat("7", 40)
	if err := client.Replace(cfg); err != nil {
		t.Fatal(err)
	}
	close(released)
	if _, err := slow.Wait(bg); err != nil {
		t.Errorf("a call that began before: %v", err)
	}
}

// A call with MTLS shows the certificate that is there when it begins.
func TestReplaceShowsTheNewCertificate(t *testing.T) {
	t.Parallel()
	first, _ := testKey()
	second, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var seen []string
	closed := make(chan struct{}, 8)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.TLS.PeerCertificates[0].SerialNumber.String())
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	cfg := testConfig()
	own := func(key *rsa.PrivateKey, serial int64) *x509.Certificate {
		now := time.Now()
		cert, err := wxpay.ParseCertificate(certificate(t, key, serial, now.Add(-time.Hour), now.Add(time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	cfg.Certificate, cfg.SerialNo, cfg.Host = own(first, 1), "", server.URL
	cfg.APIv2Key, cfg.HTTPClient = wxpay.NewSecret(testAPIv2Key), server.Client()
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	refund := func() {
		_, _ = client.Chain("v2/secapi/pay/refund").Post(bg, map[string]string{"out_trade_no": "T1"}, wxpay.MTLS())
	}
	refund()
	cfg.Certificate, cfg.PrivateKey = own(second, 2), second
	if err := client.Replace(cfg); err != nil {
		t.Fatal(err)
	}
	<-closed // the connection that showed the first
	refund()
	mu.Lock()
	defer mu.Unlock()
	if strings.Join(seen, " ") != "1 2" {
		t.Errorf("shown were %v", seen)
	}
}
