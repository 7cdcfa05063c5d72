package wxpay_test

import (
	"errors"
	"io"
	"math"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A started client downloads in the background, at once and every six hours, so that no call does;
// what fails is reported once. It ends with Close: the bubble would not end with a goroutine in it.
func TestStartKeepsCertificatesFresh(t *testing.T) {
	t.Parallel()
	_, platform := testKey()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		body := listOf(entry(t, testAPIv3Key, string(certificate(t, platform, 0xABC, now.Add(-time.Hour),
			now.Add(1000*time.Hour)))))
		var downloads, others, reports atomic.Int32
		var broken atomic.Bool
		cfg := testConfig()
		cfg.PlatformKeys = nil
		cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != certificates {
				others.Add(1)
				return signedBy(t, platform, "ABC", `{}`), nil
			}
			downloads.Add(1)
			if broken.Load() {
				return nil, errors.New("broken")
			}
			return signedBy(t, platform, "ABC", body), nil
		})}
		client, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var _ io.Closer = client
		report := func(err error) {
			var e *wxpay.KeyError
			if !errors.As(err, &e) {
				t.Errorf("reported was %v", err)
			}
			reports.Add(1)
		}
		client.Start(report)
		client.Start(report) // it runs already
		pass := func(d time.Duration, wantDownloads, wantReports int32) {
			t.Helper()
			<-time.After(d)
			synctest.Wait()
			if n, m := downloads.Load(), reports.Load(); n != wantDownloads || m != wantReports {
				t.Errorf("after %s there were %d downloads and %d reports, want %d and %d", now, n, m, wantDownloads,
					wantReports)
			}
		}
		pass(time.Second, 1, 0)
		pass(5*time.Hour, 1, 0)
		pass(time.Hour, 2, 0)
		broken.Store(true)
		pass(6*time.Hour, 3, 1)
		pass(9*time.Minute, 3, 1)
		pass(time.Minute, 4, 2)
		broken.Store(false)
		pass(10*time.Minute, 5, 2)
		if _, err := client.Chain("v3/x").Get(bg); err != nil || downloads.Load() != 5 || others.Load() != 1 {
			t.Errorf("a call: %v", err)
		}
		if err := errors.Join(client.Close(), client.Close()); err != nil {
			t.Error(err)
		}
		pass(10*time.Hour, 5, 2)
		client.Start(nil)
		pass(time.Second, 6, 2)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}

// With the public key there is nothing to keep fresh.
func TestStartWithThePublicKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := clientOver(t, func(*http.Request) (*http.Response, error) {
			t.Error("something was sent")
			return nil, errors.New("sent")
		})
		client.Start(func(err error) { t.Error(err) })
		<-time.After(100 * time.Hour)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	var none *wxpay.Client
	none.Start(nil)
	if err := none.Close(); err != nil {
		t.Error(err)
	}
}

func TestExpiries(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysMoving))
	client, _ := clientOf(t, wechat, func(wxpay.PlatformKey) bool { return true })
	cert := wechat.ClientConfig().Certificate
	look := func() []wxpay.Expiry {
		t.Helper()
		all := client.Expiries()
		if len(all) != 2 || !all[0].Own || all[1].Own || wechat.PlatformCertificates()[all[1].Serial] == "" ||
			!all[0].NotAfter.Equal(cert.NotAfter) || all[0].Serial != wechat.ClientConfig().SerialNo {
			t.Fatalf("got %+v", all)
		}
		return all
	}
	before := look()
	if err := wechat.Advance(36 * time.Hour); err != nil {
		t.Fatal(err)
	}
	for i, after := range look() {
		if passed := before[i].Days - after.Days; math.Abs(passed-1.5) > 0.01 {
			t.Errorf("%d: in 36 hours %g days have passed", i, passed)
		}
	}
	numbered, _ := clientOf(t, wechat, publicKeys, func(c *wxpay.Config) { c.Certificate = nil })
	var none *wxpay.Client
	if got := append(numbered.Expiries(), none.Expiries()...); len(got) > 0 {
		t.Errorf("without certificates: got %+v", got)
	}
}
