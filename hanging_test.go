package wxpay_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// While one call has old certificates downloaded, others go on with them.
func TestRenewalDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.WithKeyMode(ledger.KeysCertificate))
	client, by := clientOf(t, wechat, func(wxpay.PlatformKey) bool { return true })
	if err := wechat.Advance(12 * time.Hour); err != nil {
		t.Fatal(err)
	}
	arrived, release := make(chan struct{}), make(chan struct{})
	by.hold = func(*http.Request) {
		close(arrived)
		<-release
	}
	first := make(chan error)
	go func() { first <- asks(client) }()
	<-arrived
	for range 4 {
		if err := asks(client); err != nil {
			t.Error(err)
		}
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	by.want(t, 1)
}

// hanging is a client of a WeChat Pay that never answers a download, once it is told so.
func hanging(t *testing.T, hangs *atomic.Bool, downloads *atomic.Int32) *wxpay.Client {
	t.Helper()
	_, platform := testKey()
	now := time.Now()
	body := listOf(entry(t, testAPIv3Key, string(certificate(t, platform, 0xABC, now.Add(-time.Hour),
		now.Add(1000*time.Hour)))))
	cfg := testConfig()
	cfg.PlatformKeys = nil
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != certificates {
			return signedBy(t, platform, "ABC", `{}`), nil
		}
		downloads.Add(1)
		if hangs.Load() {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		return signedBy(t, platform, "ABC", body), nil
	})}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// A download that hangs ends, and what came of it stands for a while: who cannot do without is told
// at once, and who has good certificates keeps half of the time for the call.
func TestADownloadThatHangs(t *testing.T) {
	t.Parallel()
	_, _ = testKey()
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool
		var downloads atomic.Int32
		client := hanging(t, &hangs, &downloads)
		call := func(limit, takes time.Duration, wantDownloads int32) error {
			t.Helper()
			ctx, cancel := context.WithTimeout(bg, limit)
			defer cancel()
			began := time.Now()
			_, err := client.Chain("v3/x").Get(ctx)
			if took := time.Since(began); took != takes || downloads.Load() != wantDownloads {
				t.Errorf("it took %s and %d downloads, want %s and %d", took, downloads.Load(), takes, wantDownloads)
			}
			return err
		}
		hangs.Store(true)
		for _, takes := range []time.Duration{10 * time.Second, 0} {
			err := call(time.Minute, takes, 1)
			var unsent *wxpay.RequestError
			if !errors.As(err, &unsent) || !strings.Contains(err.Error(), "took too long") {
				t.Errorf("got %v", err)
			}
		}
		<-time.After(10 * time.Second)
		err := call(3*time.Second, 3*time.Second, 2) // whose own time is over first
		var lost *wxpay.TransportError
		if !errors.As(err, &lost) || lost.Sent || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		hangs.Store(false)
		if err := call(3*time.Second, 0, 3); err != nil {
			t.Error(err)
		}

		hangs.Store(true)
		<-time.After(12 * time.Hour)
		if err := call(3*time.Second, 1500*time.Millisecond, 4); err != nil {
			t.Error(err)
		}
		if err := call(3*time.Second, 0, 4); err != nil {
			t.Error(err)
		}
		<-time.After(10 * time.Minute)
		if err := call(time.Minute, 10*time.Second, 5); err != nil {
			t.Error(err)
		}
	})
}
