package wxpay_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
)

// gaveUp is a transport's answer to an attempt for which it got no connection, as net/http traces
// it.
func gaveUp(r *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(r.Context()).GetConn("a:1")
	return nil, errors.New("gave up")
}

// impatient is a client over f that waits for nothing between attempts.
func impatient(t *testing.T, f transport) *wxpay.Client {
	t.Helper()
	cfg := testConfig()
	cfg.Wait = func(context.Context, time.Duration) error { return nil }
	cfg.HTTPClient = &http.Client{Transport: f}
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What was reported as not sent is not sent afterwards, and does not take the file from the attempt
// that follows it.
func TestUploadGivesNoLateBody(t *testing.T) {
	t.Parallel()
	var first *http.Request
	c := impatient(t, func(r *http.Request) (*http.Response, error) {
		if first == nil {
			first = r
			return gaveUp(r)
		}
		if n, err := io.CopyN(io.Discard, r.Body, 1000); err != nil {
			t.Errorf("the second attempt began with %d bytes, %v", n, err)
		}
		if n, err := io.Copy(io.Discard, first.Body); n > 0 || err == nil {
			t.Errorf("the first body gave %d bytes, %v", n, err)
		}
		if b, err := first.GetBody(); err == nil {
			n, err := io.Copy(io.Discard, b)
			t.Errorf("the first attempt had another body, of %d bytes, %v", n, err)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		return signedReply(200, `{"media_id":"M1"}`), nil
	})
	file := wxpay.FileOf("a.jpg", bytes.Repeat([]byte("x"), 100_000))
	if _, err := c.Chain(picture).Upload(bg, file); err != nil || first == nil {
		t.Errorf("got %v", err)
	}
}

// A transport may go on behind the caller's back while the next attempt is made.
func TestUploadBesideALateTransport(t *testing.T) {
	t.Parallel()
	var late sync.WaitGroup
	attempts := 0
	c := impatient(t, func(r *http.Request) (*http.Response, error) {
		if attempts++; attempts < 3 {
			late.Go(func() {
				for range 50 {
					if b, err := r.GetBody(); err == nil {
						_ = b.Close()
					}
				}
			})
			return gaveUp(r)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		return signedReply(200, `{"media_id":"M1"}`), nil
	})
	file := wxpay.FileOf("a.jpg", bytes.Repeat([]byte("x"), 100_000))
	if _, err := c.Chain(picture).Upload(bg, file); err != nil {
		t.Errorf("got %v", err)
	}
	late.Wait()
}
