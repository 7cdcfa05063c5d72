package sandbox_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

// A stranger is a merchant's program in another process: it has the keys, and no
// clock but the machine's.
type stranger struct {
	*testing.T
	sandbox *sandbox.Sandbox
	client  *wxpay.Client
	events  []*notify.Notification
}

func newStranger(t *testing.T, sb *sandbox.Sandbox) *stranger {
	t.Helper()
	cfg := sb.ClientConfig()
	cfg.Now = time.Now
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &stranger{T: t, sandbox: sb, client: client}
	r := notify.New(client.Keys(), notify.APIv2Key(cfg.MchID, cfg.APIv2Key),
		notify.OnError(func(_ context.Context, e *notify.Error) { t.Error(e) }))
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		s.events = append(s.events, n)
		return nil
	})
	if err := sb.Receive("https://yourapp.com", r); err != nil {
		t.Fatal(err)
	}
	return s
}

// live calls, receives and verifies in both protocols.
func (s *stranger) live(code string) {
	s.Helper()
	reply, err := s.client.Chain(presignCombine).Post(s.Context(), with(combineBody(), "out_contract_code", code))
	if err != nil {
		s.Fatalf("%s: %v", code, err)
	}
	m, err := reply.Map()
	if err != nil {
		s.Fatal(err)
	}
	if _, err := s.sandbox.Payer(openID).Agree(m["pre_entrustweb_id"].(string)); err != nil {
		s.Fatal(err)
	}
	if err := s.sandbox.Settle(); err != nil {
		s.Fatal(err)
	}
	if len(s.events) == 0 || s.events[0].EventType != "ECOMMERCE_ENTRUST.SIGN" {
		s.Fatalf("%s: received %v", code, s.events)
	}
	if off := s.sandbox.Clock().Now().Sub(s.events[0].CreateTime); off < -time.Minute || off > time.Minute {
		s.Errorf("%s: create_time is %v off the sandbox's clock", code, off)
	}
	page := with2(entryXML(), "contract_code", code)
	delete(page, "timestamp") // the client fills in its own
	address, err := s.client.Chain("v2/papay/entrustweb").URL(page)
	if err != nil {
		s.Fatal(err)
	}
	if _, err := s.sandbox.Payer(openID).OpenURL(address); err != nil {
		s.Fatalf("%s: the page: %v", code, err)
	}
	if _, err := s.client.Chain("v3/certificates").Get(s.Context()); err != nil {
		s.Fatalf("%s: %v", code, err)
	}
	contracts, err := s.sandbox.Contracts()
	if err != nil {
		s.Fatal(err)
	}
	if err := s.sandbox.Payer(openID).Terminate(contracts[len(contracts)-1].ID); err != nil {
		s.Fatal(err)
	}
	if err := s.sandbox.Settle(); err != nil {
		s.Fatal(err)
	}
	if len(s.events) != 2 {
		s.Errorf("%s: received %v", code, s.events)
	}
	s.events = nil
}

// Moving the sandbox's clock cuts nobody off who has the machine's.
func TestTheClockCutsNobodyOff(t *testing.T) {
	t.Parallel()
	for name, sb := range map[string]*sandbox.Sandbox{
		"TwoClocks": sandbox.New(t, sandbox.TwoClocks()),
		"stopped":   sandbox.New(t, sandbox.TwoClocks(), sandbox.At(start)),
		"Start":     started(t, sandbox.Config{Keys: pinnedKeys(t)}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStranger(t, sb)
			s.live("before")
			for code, d := range map[string]time.Duration{"hours": 13 * time.Hour, "year": 366 * 24 * time.Hour} {
				if err := sb.Advance(d); err != nil {
					t.Fatal(err)
				}
				s.live(code)
			}
			sb.Clock().Set(time.Date(2020, 9, 10, 10, 0, 0, 0, time.UTC))
			s.live("back")
			// Its own client is no exception.
			if _, err := sb.Client().Chain("v3/certificates").Get(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// The window of signatures is the machine's five minutes, wherever the clock is.
func TestTheWindowIsTheMachines(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t, sandbox.TwoClocks(), sandbox.At(start))
	for _, now := range []func() time.Time{
		sb.Clock().Now, func() time.Time { return time.Now().Add(-6 * time.Minute) },
	} {
		cfg := sb.ClientConfig()
		cfg.Now = now
		client, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Chain("v3/certificates").Get(t.Context())
		wantError(t, err, http.StatusUnauthorized, "SIGN_ERROR")
	}
}

// In a test with one clock, both move together.
func TestOneClock(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t, sandbox.At(start))
	if err := sb.Advance(1000 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := sb.Client().Chain("v3/certificates").Get(t.Context()); err != nil {
		t.Error(err)
	}
	cfg := sb.ClientConfig()
	if !cfg.Now().Equal(sb.Clock().Now()) {
		t.Errorf("the client has %v, the sandbox %v", cfg.Now(), sb.Clock().Now())
	}
}

func started(t *testing.T, c sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A sandbox that starts again on its store goes on at the time it was moved to.
func TestAMovedClockOutlivesARestart(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	near := func(what string, got, want time.Time) {
		t.Helper()
		if off := got.Sub(want).Abs(); off > time.Minute {
			t.Errorf("%s: the clock is at %v, %v off", what, got, off)
		}
	}
	run := func(c sandbox.Config, do func(*sandbox.Sandbox)) {
		t.Helper()
		c.Keys, c.Store = pinnedKeys(t), kept
		s, err := sandbox.Start(c)
		if err != nil {
			t.Fatal(err)
		}
		do(s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	year := 366 * 24 * time.Hour
	run(sandbox.Config{}, func(s *sandbox.Sandbox) {
		near("a new store", s.Clock().Now(), time.Now())
		if err := s.Advance(year); err != nil {
			t.Fatal(err)
		}
	})
	run(sandbox.Config{}, func(s *sandbox.Sandbox) {
		near("after Advance", s.Clock().Now(), time.Now().Add(year))
		if err := s.Clock().Set(start); err != nil {
			t.Fatal(err)
		}
	})
	run(sandbox.Config{Start: start.Add(year)}, func(s *sandbox.Sandbox) {
		near("Config.Start wins", s.Clock().Now(),
			start.Add(year))
	})
	run(sandbox.Config{}, func(s *sandbox.Sandbox) { near("after Set", s.Clock().Now(), start) })
	var current atomic.Pointer[sandbox.Sandbox]
	inbox := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s := current.Load(); s != nil {
			if err := s.Clock().Set(start.Add(3 * year)); err != nil {
				t.Error(err)
			}
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer inbox.Close()
	run(sandbox.Config{Forward: map[string]string{"https://yourapp.com": inbox.URL}}, func(s *sandbox.Sandbox) {
		signed(t, s)
		if err := s.Settle(); err != nil {
			t.Fatal(err)
		}
		current.Store(s)
		if err := s.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
		current.Store(nil)
	})
	run(sandbox.Config{}, func(s *sandbox.Sandbox) {
		near("Set on the way of Advance", s.Clock().Now(), start.Add(3*year))
		if err := s.Clock().Set(start); err != nil {
			t.Fatal(err)
		}
	})
	run(sandbox.Config{ManualClock: true}, func(s *sandbox.Sandbox) {
		near("a stopped clock", s.Clock().Now(), time.Now())
		if err := s.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
	})
	run(sandbox.Config{}, func(s *sandbox.Sandbox) { near("a stopped clock keeps nothing", s.Clock().Now(), start) })
}

// An answer that an injected fault delays comes though the clock is set back meanwhile.
func TestLatencyEndsThoughTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	s := started(t, sandbox.Config{Keys: pinnedKeys(t)})
	if err := s.Inject(fault.Fault{Name: fault.Latency, Delay: 20 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := s.Client().Chain("v3/certificates").Get(ctx)
		done <- err
	}()
	for back := time.Duration(0); ; back += time.Hour {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
			if err := s.Clock().Set(start.Add(-back % (365 * 24 * time.Hour))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A time that cannot be kept is not moved to.
func TestATimeThatCannotBeKept(t *testing.T) {
	t.Parallel()
	kept := &storetest.Unwritable{Store: store.NewMemory()}
	s := started(t, sandbox.Config{Keys: pinnedKeys(t), Store: kept})
	before := s.Clock().Now()
	kept.Broken.Store(true)
	defer kept.Broken.Store(false)
	if err := s.Clock().Set(start); err == nil {
		t.Error("it was set")
	}
	if err := s.Advance(24 * time.Hour); err == nil {
		t.Error("it was advanced")
	}
	if off := s.Clock().Now().Sub(before); off > time.Minute || off < 0 {
		t.Errorf("it moved by %v", off)
	}
}
