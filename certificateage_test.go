package wxpay_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Certificates that were downloaded, or given, are downloaded anew in a call after 12 hours, once.
func TestCertificatesAreRenewedAfterTwelveHours(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]func(wxpay.PlatformKey) bool{
		"downloaded": nil, "given": func(wxpay.PlatformKey) bool { return true },
	} {
		wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
		client, by := clientOf(t, wechat, given)
		ask := func(downloads int32) {
			t.Helper()
			if err := asks(client); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			by.want(t, downloads)
		}
		pass := func(d time.Duration) {
			t.Helper()
			if err := wechat.Advance(d); err != nil {
				t.Fatal(err)
			}
		}
		var n int32
		if given == nil {
			n = 1
		}
		ask(n)
		pass(12*time.Hour - time.Minute)
		ask(n)
		pass(time.Minute)
		ask(n + 1)
		ask(n + 1)

		// One that fails breaks nothing, and is not tried again by every call.
		pass(12 * time.Hour)
		if err := wechat.Inject(fault.Fault{Name: fault.Error, Endpoint: certificates, Status: 500,
			Code: "SYSTEM_ERROR", Message: "系统异常", Times: -1}); err != nil {
			t.Fatal(err)
		}
		ask(n + 2)
		pass(9 * time.Minute)
		ask(n + 2)
		pass(time.Minute)
		ask(n + 3)
		wechat.ClearFaults()
		pass(10 * time.Minute)
		ask(n + 4)
		ask(n + 4)
	}
}

// shortLived is the key material of a WeChat Pay whose first certificate ends soon.
func shortLived(t *testing.T, until time.Duration) *ledger.KeyMaterial {
	t.Helper()
	material, err := sandbox.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	material.PlatformKey = wxpay.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	material.PlatformCertificate = string(certificate(t, key, 0x5157F09EFDC096, now.Add(-time.Hour), now.Add(until)))
	return material
}

// A client that slept while WeChat Pay's certificate was replaced and ended needs nothing but the
// APIv3 key to go on: what it has proves nothing any more, and what it gets proves itself.
func TestCertificatesThatEndedWhileNobodyLooked(t *testing.T) {
	t.Parallel()
	keys := shortLived(t, 36*time.Hour)
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate),
		func(c *sandbox.Config) { c.Keys = keys })
	client, by := clientOf(t, wechat, nil)
	if err := asks(client); err != nil {
		t.Fatal(err)
	}
	first := client.Keys().Current().ID
	if err := errors.Join(wechat.RotatePlatformCertificate(), wechat.Advance(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := asks(client); err != nil {
			t.Error(err)
		}
	}
	by.want(t, 2)
	if now := client.Keys().Current().ID; now == first || wechat.PlatformCertificates()[now] == "" {
		t.Errorf("the key in use is %s, and was %s", now, first)
	}
	for _, e := range client.Expiries() {
		if e.Serial == first {
			t.Error("a certificate that has expired and is listed no more is still there")
		}
	}

	// The same for who was given the certificate that has ended, at the start of the program.
	ended, err := wxpay.ParsePlatformCertificate([]byte(keys.PlatformCertificate))
	if err != nil {
		t.Fatal(err)
	}
	late, by := clientOf(t, wechat, nil, func(c *wxpay.Config) { c.PlatformKeys = []wxpay.PlatformKey{ended} })
	if err := signed(t, wechat, late.Keys()); err != nil { // the first it hears is a notification
		t.Error(err)
	}
	by.want(t, 1)
	cfg := wechat.ClientConfig()
	cfg.PlatformKeys = []wxpay.PlatformKey{ended}
	var wrong *wxpay.ConfigError
	if _, err := wxpay.NewKeys(cfg); !errors.As(err, &wrong) || wrong.Field != "PlatformKeys" {
		t.Errorf("keys that nobody downloads for: got %v", err)
	}
}

// Near the end of the newest its successor is looked for every hour.
func TestCertificatesNearTheirEnd(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate),
		func(c *sandbox.Config) { c.Keys = shortLived(t, 72*time.Hour) })
	client, by := clientOf(t, wechat, nil)
	for i := range int32(3) {
		if err := asks(client); err != nil {
			t.Error(err)
		}
		by.want(t, i+1)
		if err := wechat.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
	}
}

// While WeChat Pay signs with the former certificate both are known, and afterwards the new one:
// who called in between notices nothing and downloads nothing more.
func TestACertificateIsReplacedInTheMiddle(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	client, by := clientOf(t, wechat, nil)
	step := func(downloads int32) {
		t.Helper()
		if err := asks(client); err != nil {
			t.Error(err)
		}
		if err := signed(t, wechat, client.Keys()); err != nil {
			t.Error(err)
		}
		by.want(t, downloads)
	}
	step(1)
	if err := errors.Join(wechat.RotatePlatformCertificate(), wechat.Advance(13*time.Hour)); err != nil {
		t.Fatal(err)
	}
	step(2)
	if n := len(client.Keys().Expiries()); n != 2 {
		t.Errorf("%d certificates are known, want both", n)
	}
	if err := wechat.Advance(11 * time.Hour); err != nil {
		t.Fatal(err)
	}
	step(2)
}

// A stranger's certificate is asked for once a minute, and a public key never; nor does what a
// stranger sends to a receiver start a download.
func TestUnknownKeysAreAskedForRarely(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	client, by := clientOf(t, wechat, func(wxpay.PlatformKey) bool { return true })
	find := func(id string, downloads int32) {
		t.Helper()
		var e *wxpay.KeyError
		if _, err := client.Keys().Find(bg, id); !errors.As(err, &e) {
			t.Errorf("%s: got %v", id, err)
		}
		by.want(t, downloads)
	}
	find(testPlatformID, 0)
	find("no serial number", 0)
	find("", 0)
	find("5157F09EFDC096DE15EBE81A47057A7232F1B8E1", 1)
	find("5157F09EFDC096DE15EBE81A47057A7232F1B8E2", 1)
	if err := wechat.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	find("5157F09EFDC096DE15EBE81A47057A7232F1B8E2", 2)
	if key, err := client.Keys().Find(bg, client.Keys().Current().ID); err != nil || key.Key == nil {
		t.Errorf("a key that is known: got %v, %v", key.ID, err)
	}
	by.want(t, 2)
	if err := wechat.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := wechat.Inject(fault.Fault{Name: fault.WrongSerial, Event: "*", Times: 1}); err != nil {
		t.Fatal(err)
	}
	var e *notify.Error
	if err := signed(t, wechat, client.Keys()); !errors.As(err, &e) || e.Check != wxpay.CheckSerial {
		t.Errorf("a message that names an unknown certificate: got %v", err)
	}
	by.want(t, 3)
}

// What a stranger sends to a receiver starts no download: it does not open.
func TestStrangersStartNoDownload(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	client, by := clientOf(t, wechat, nil)
	stranger := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate),
		func(c *sandbox.Config) { c.Keys = shortLived(t, 1000*time.Hour) })
	if _, err := stranger.ResetAPIv3Key(sandbox.DefaultMchID); err != nil {
		t.Fatal(err)
	}
	var e *notify.Error
	if err := signed(t, stranger, client.Keys()); !errors.As(err, &e) || e.Check != wxpay.CheckSerial {
		t.Errorf("got %v", err)
	}
	by.want(t, 0)
}
