package wxpay_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// The pauses are real ones by default, and whoever cancels the call does not wait for their end.
func TestAPauseEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, sent := time.Now(), 0
		cfg := testConfig()
		cfg.Wait = nil
		cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			sent++
			return signedReply(429, tooMany), nil
		})}
		c := made(t, cfg)
		_, err := c.Chain("v3/x").Post(t.Context(), `{}`)
		if took := time.Since(begun); sent != 3 || took < 750*time.Millisecond || took > 1500*time.Millisecond {
			t.Errorf("three attempts took %v: %v", took, err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(100*time.Millisecond, func() { cancel(errors.New("the shop of oSECRET closed")) })
		begun, sent = time.Now(), 0
		_, err = c.Chain("v3/x").Post(ctx, `{}`)
		var refused *wxpay.Error
		if took := time.Since(begun); sent != 1 || took != 100*time.Millisecond || !errors.As(err, &refused) ||
			!errors.Is(err, context.Canceled) || wxpay.OutcomeUnknown(err) ||
			!strings.Contains(err.Error(), "HTTP 429 FREQUENCY_LIMITED") || strings.Contains(err.Error(), "SECRET") ||
			!strings.Contains(err.Error(), "not sent again: the caller's context was cancelled") {
			t.Errorf("cancelled after %v, sent %d times: %v", took, sent, err)
		}
		// A pause that would not end in time is none.
		ctx, end := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer end()
		begun, sent = time.Now(), 0
		_, err = c.Chain("v3/x").Post(ctx, `{}`)
		if time.Since(begun) != 0 || sent != 1 || !errors.As(err, &refused) || errors.Is(err,
			context.DeadlineExceeded) {
			t.Errorf("after %v, sent %d times: %v", time.Since(begun), sent, err)
		}
	})
}

// A call that was never sent and whose caller gives up between attempts was still never sent.
func TestGivenUpBetweenAttemptsThatNeverLeft(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(bg)
	cfg := testConfig()
	cfg.Host = nobody(t)
	cfg.Wait = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	_, err := made(t, cfg).Chain("v3/x").Post(ctx, `{}`)
	var lost *wxpay.TransportError
	if !errors.As(err, &lost) || lost.Sent || wxpay.OutcomeUnknown(err) || !errors.Is(err, context.Canceled) ||
		!strings.Contains(err.Error(), "connection refused") || !strings.Contains(err.Error(), "nothing was sent") {
		t.Errorf("got %v", err)
	}
}

// A proxy that repeats what an earlier attempt was signed with is not quoted either.
func TestEarlierAttemptsAreNotQuoted(t *testing.T) {
	t.Parallel()
	var first string
	cfg := testConfig()
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		if first == "" {
			first = r.Header.Get("Authorization")
			return signedReply(429, tooMany), nil
		}
		return reply(502, nil, fmt.Sprintf(`{"code":"BAD","message":%q}`, "no answer to "+first)), nil
	})}
	_, err := made(t, cfg).Chain("v3/x").Post(bg, `{}`)
	a, parsed := wire.ParseAuthorization(first)
	if err == nil || parsed != nil || strings.Contains(err.Error(), a.Nonce) ||
		strings.Contains(err.Error(), a.Signature[:16]) || !strings.Contains(err.Error(), "no answer to …") {
		t.Errorf("got %v", err)
	}
}

// Randomness that fails spreads no pauses, and breaks nothing.
func TestPausesWithoutRandomness(t *testing.T) {
	t.Parallel()
	var pauses []time.Duration
	cfg := testConfig()
	cfg.Host, cfg.Attempts = nobody(t), 8
	drawn := 0
	cfg.Rand = readerFunc(func(p []byte) (int, error) {
		if len(p) == 1 {
			drawn++
			return 0, errors.New("no entropy")
		}
		return len(p), nil
	})
	cfg.Wait = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
	_, _ = made(t, cfg).Chain("v3/x").Post(bg, `{}`)
	want := "[500ms 1s 2s 4s 8s 8s 8s]"
	if fmt.Sprint(pauses) != want || drawn != 7 {
		t.Errorf("it waited %v, want %s", pauses, want)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A clock that was set back while calls are slowed down makes nobody wait for it to come round.
func TestAPauseWhenTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	var back, longest time.Duration
	cfg.Now = func() time.Time { return time.Now().Add(-back) }
	cfg.Wait = func(_ context.Context, d time.Duration) error {
		longest = max(longest, d)
		return nil
	}
	cfg.HTTPClient = &http.Client{Timeout: -1, Transport: transport(func(*http.Request) (*http.Response, error) {
		return signedReply(429, tooMany), nil
	})}
	c := made(t, cfg)
	_, _ = c.Chain("v3/x").Post(bg, `{}`)
	back = time.Minute + 5*time.Second
	_, _ = c.Chain("v3/x").Post(bg, `{}`)
	if longest > 5*time.Second {
		t.Errorf("a pause of %v", longest)
	}
}
