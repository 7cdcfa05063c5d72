package sandbox

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// TB is the part of *testing.T and *testing.B that [New] needs.
type TB interface {
	Helper()
	Cleanup(f func())
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// New starts a sandbox for one test and closes it with the test. It listens on
// this machine, lives in memory, knows [DefaultMerchant], and is ready at once,
// because its keys are published ones (see testkeys/README.md).
//
// The test's log says, once each, why calls were refused and notifications not
// delivered, in more words than WeChat Pay has.
func New(t TB, options ...Option) *Sandbox {
	t.Helper()
	c := Config{Keys: testKeyMaterial(), Merchants: []ledger.Merchant{DefaultMerchant()}, OneClock: true}
	// A test that has ended must not be logged to, and its last requests may
	// still be under way.
	var mu sync.Mutex
	ended := false
	c.Logf = func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			t.Logf(format, args...)
		}
	}
	said := map[string]bool{}
	c.warn = func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		if line := fmt.Sprintf(format, args...); !ended && !said[line] {
			said[line] = true
			t.Logf("%s", line)
		}
	}
	if _, fuzzing := t.(interface{ Fuzz(target any) }); fuzzing { // *testing.F panics when its target logs to it
		c.warn = nil
	}
	for _, o := range options {
		if o != nil {
			o(&c)
		}
	}
	lendTestKeys(c.Merchants)
	s, err := Start(c)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	t.Cleanup(func() {
		defer func() {
			mu.Lock()
			defer mu.Unlock()
			ended = true
		}()
		if err := s.Close(); err != nil {
			t.Errorf("close the sandbox: %v", err)
		}
	})
	return s
}

// Option changes what [New] starts.
type Option func(*Config)

// WithMerchant registers another merchant, or replaces the default one when it
// has its id. The client is always the first merchant's.
func WithMerchant(m ledger.Merchant) Option {
	return func(c *Config) {
		for i := range c.Merchants {
			if c.Merchants[i].MchID == m.MchID {
				c.Merchants[i] = m
				return
			}
		}
		c.Merchants = append(c.Merchants, m)
	}
}

// WithPlan gives the first merchant another plan or service.
func WithPlan(p ledger.Plan) Option {
	return func(c *Config) { c.Merchants[0].Plans = append(c.Merchants[0].Plans, p) }
}

// WithSubMerchant lets the first merchant act for another one.
func WithSubMerchant(m ledger.SubMerchant) Option {
	return func(c *Config) { c.Merchants[0].SubMerchants = append(c.Merchants[0].SubMerchants, m) }
}

// WithKeyMode says which of WeChat Pay's keys the first merchant has.
func WithKeyMode(mode ledger.KeyMode) Option {
	return func(c *Config) { c.Merchants[0].KeyMode = mode }
}

// WithPayer says that these openids, by appid, are one person; see Config.Payers.
func WithPayer(openIDs map[string]string) Option {
	return func(c *Config) { c.Payers = append(c.Payers, openIDs) }
}

// WithStore keeps the state elsewhere than in memory.
func WithStore(s store.Store) Option {
	return func(c *Config) { c.Store = s }
}

// WithNotifyTimeout changes how long a merchant may take to answer.
func WithNotifyTimeout(d time.Duration) Option {
	return func(c *Config) { c.NotifyTimeout = d }
}

// At stops the clock at t: time passes only by Advance and Clock.Set, and
// notifications are sent only by Advance and Settle, in the order they came about.
func At(t time.Time) Option {
	return func(c *Config) { c.Start, c.ManualClock = t, true }
}

// TwoClocks dates signatures by the machine's clock, as a sandbox does that was
// started, for tests with clients that cannot be told the time: another SDK,
// another process.
func TwoClocks() Option {
	return func(c *Config) { c.OneClock = false }
}

// WithChaos arms the faults of [fault.Chaos], without latency where the clock stands
// still. With [Seed] they strike the same calls in the same order.
func WithChaos() Option {
	return func(c *Config) { c.Chaos = true }
}

// SeededWith has there be what a JSON document names: see Config.SeedWith.
func SeededWith(document []byte) Option {
	return func(c *Config) { c.SeedWith = document }
}

// Seed makes everything made up follow from n: the same calls in the same order
// get the same ids.
func Seed(n uint64) Option {
	var seed [32]byte
	for i := range 8 {
		seed[i] = byte(n >> (8 * i))
	}
	return func(c *Config) { c.Rand = rand.NewChaCha8(seed) }
}
