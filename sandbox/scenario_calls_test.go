package sandbox_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// signEdu makes an edu-papay contract.
func (s *shop) signEdu() *ledger.Contract {
	s.t.Helper()
	token := s.must("POST", presignEdu, eduBody())["presign_token"].(string)
	c, err := s.Payer(eduOpenID).Agree(token)
	s.ok(err)
	return c
}

// A 204 has no body to decode, and is signed all the same.
func TestScenario26NoContent(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		c := s.signEdu()
		path := "v3/edu-papay/contracts/" + c.ID
		inject(s, fault.Fault{Name: fault.Stripped, Endpoint: "DELETE /v3/edu-papay/contracts/{contract_id}"})
		_, err := s.client.Chain(path).Delete(context.Background())
		wantUnproven(t, err, wxpay.CheckHeaders) // done, but nobody proved it
		e := s.refused(404, "NOT_FOUND", "DELETE", path, nil)
		if !e.Verified {
			t.Error("that it is gone is signed")
		}
	})
	s := newShop(t)
	r, err := s.client.Chain("v3/edu-papay/contracts/" + s.signEdu().ID).Delete(context.Background())
	s.ok(err)
	if r.Status != http.StatusNoContent || len(r.Body) != 0 || r.RequestID() == "" {
		t.Errorf("got %d, %d bytes, Request-ID %q", r.Status, len(r.Body), r.RequestID())
	}
}

// Tokens are longer than their page allows, and headers have spellings.
func TestScenario27LongerThanDocumented(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r, err := s.client.Chain(presignEdu).Post(context.Background(), eduBody())
	s.ok(err)
	var out object
	s.ok(r.Decode(&out))
	if token := out["presign_token"].(string); len(token) != 42 {
		t.Errorf("the token has %d characters, the documented sample has 42", len(token))
	}
	if r.RequestID() == "" || r.Header.Get("request-id") != r.RequestID() {
		t.Errorf("Request-ID %q", r.RequestID())
	}
}

// Too many calls, in both spellings; the limiter counts on the sandbox's clock.
func TestScenario28RateLimit(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		inject(s, fault.Fault{Name: fault.RateLimit, Endpoint: "*", PerSecond: 2})
		for range 2 {
			s.must("POST", presignEdu, eduBody())
			s.must("POST", presignCombine, combineBody())
		}
		_, err := s.do("POST", presignEdu, eduBody())
		if e := wantError(t, err, 429, "RATELIMIT_EXCEEDED"); !e.Temporary() || !e.Verified {
			t.Errorf("got %v", e)
		}
		_, err = s.do("POST", presignCombine, combineBody())
		if e := wantError(t, err, 429, "FREQUENCY_LIMITED"); !e.Temporary() {
			t.Errorf("got %v", e)
		}
		s.ok(s.Advance(500 * time.Millisecond)) // room for one more
		s.must("POST", presignCombine, combineBody())
		_, err = s.do("POST", presignCombine, combineBody())
		wantError(t, err, 429, "FREQUENCY_LIMITED")
		s.ok(s.Advance(time.Hour))
		for range 2 {
			s.must("POST", presignCombine, combineBody())
		}
	})
}

// A burst of gateway pages: the third try gets through, with the same number.
func TestScenario28Gateways(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		inject(s, fault.Fault{Name: fault.Gateway, Endpoint: "*"})
		inject(s, fault.Fault{Name: fault.Gateway, Endpoint: "*", Status: 503, Skip: 1})
		for _, status := range []int{502, 503} {
			_, err := s.presign("A")
			if e := wantError(t, err, status, ""); !e.Temporary() || e.Verified {
				t.Errorf("got %v", e)
			}
		}
		_, err := s.presign("A")
		s.ok(err)
	})
}

// The second host is called when the first cannot be reached. The host is not
// signed, so the very same request is good for both.
func TestScenario28SecondHost(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	second, err := url.Parse(s.URL())
	s.ok(err)
	conn, err := net.Dial("tcp", second.Host)
	s.ok(err)
	defer conn.Close()
	nobody := conn.LocalAddr().String() // whose port no other test can listen on
	_, err = s.as(func(c *wxpay.Config) { c.Host = "http://" + nobody }).presign("A")
	var e *wxpay.TransportError
	if !errors.As(err, &e) || e.Sent {
		t.Errorf("got %v, want one that was not sent", err)
	}
	_, err = s.as(func(c *wxpay.Config) {
		c.Host = "https://api2.mch.weixin.qq.com"
		c.HTTPClient = &http.Client{Transport: rewriter(func(r *http.Request) {
			r.URL.Scheme,
				r.URL.Host = second.Scheme, second.Host
		})}
	}).presign("A")
	s.ok(err)
}

// Connections cut before and after the work, and answers that take longer than
// anybody waits.
func TestConnectionsAndLatency(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		inject(s, fault.Fault{Name: fault.Cut, Endpoint: "POST /*"})
		_, err := s.presign("A")
		wantUnknown(t, err)
		s.refused(404, "RESOURCE_NOT_EXISTS", "GET", combineByCode+"A", nil)
		inject(s, fault.Fault{Name: fault.Cut, Endpoint: "POST /*", Committed: true})
		_, err = s.presign("A")
		wantUnknown(t, err)
		if state := s.state("A"); state != "NOT_SIGNED" {
			t.Errorf("got %s", state)
		}
		inject(s, fault.Fault{Name: fault.Gateway, Endpoint: "POST /*", Committed: true})
		_, err = s.presign("B")
		wantError(t, err, 502, "")
		if state := s.state("B"); state != "NOT_SIGNED" {
			t.Errorf("got %s", state)
		}

		// The clock stands still, so the answer never comes: the caller gives up,
		// here as soon as a query shows that the work is done.
		inject(s, fault.Fault{Name: fault.Latency, Endpoint: "POST /*", Delay: time.Hour})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		done := make(chan error, 1)
		go func() {
			_, err := s.client.Chain(presignCombine).Post(ctx, with(combineBody(), "out_contract_code", "C"))
			done <- err
		}()
		for {
			if _, err := s.do("GET", combineByCode+"C", nil); err == nil {
				break
			}
		}
		cancel()
		err = <-done
		wantUnknown(t, err)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if state := s.state("C"); state != "NOT_SIGNED" {
			t.Errorf("got %s", state)
		}
	})
}

// An answer that is late is an answer.
func TestLatencyPasses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.ok(s.Inject(fault.Fault{Name: fault.Latency, Endpoint: "*", Delay: time.Minute}))
	done := make(chan error, 1)
	go func() {
		_, err := s.client.Chain(presignCombine).Post(context.Background(), combineBody())
		done <- err
	}()
	for s.Faults()[0].Applied == 0 {
		runtime.Gosched()
	}
	for {
		s.ok(s.Advance(20 * time.Second))
		select {
		case err := <-done:
			s.ok(err)
			return
		case <-time.After(time.Millisecond): // for the case that the call did not wait yet
		}
	}
}

// Time that is moved passes for those who wait, on a running clock too.
func TestLatencyOnARunningClock(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t, sandbox.TwoClocks()) // or the reply would be too old if the clock is moved often
	w := &world{t, sb, sb.Client(), nil}
	w.ok(w.Inject(fault.Fault{Name: fault.Latency, Endpoint: "*", Delay: time.Minute}))
	done := make(chan error, 1)
	go func() {
		_, err := w.client.Chain(presignEdu).Post(context.Background(), eduBody())
		done <- err
	}()
	for w.Faults()[0].Applied == 0 {
		runtime.Gosched()
	}
	for {
		w.ok(w.Advance(time.Minute))
		select {
		case err := <-done:
			w.ok(err)
			return
		case <-time.After(time.Millisecond):
		}
	}
}
