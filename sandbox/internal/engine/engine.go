package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Engine is the imaginary WeChat Pay without its listeners. Everything that is
// not in the store never changes after New, or guards itself.
type Engine struct {
	*Known
	Catalogue *catalogue.Catalogue
	Store     store.Store
	Clock     *clock.Clock // of business
	OneClock  bool
	WireNow   func() time.Time // the clock of signatures: clock's with oneClock, otherwise the machine's

	Wake func() // when something may be due

	// Replaced counts how often all that happened was replaced. It changes between two
	// transactions: what was begun before is told by it from what is there now.
	Replaced atomic.Int64
	payers   []map[string]string // of the configuration
}

// Known is what a step sees of the engine besides its transaction: what is played, who is who, and
// where numbers come from. It reads them; what changes them is not a step's.
type Known struct {
	Products Products
	Debits   map[string]*DebitRules  // by name
	Refunds  map[string]*RefundRules // by name
	TellPaid map[rows.Placing]func(*Step, *rows.Order) error
	Random   *random.Random
	Keys     *registry.PlatformKeys
	Registry *registry.Registry
	Logf     func(format string, args ...any)
	Warn     func(format string, args ...any)
	Warns    bool // somebody hears Warn
	timers   []Timer
	asides   *asides
}

// Settings are what an engine is made with, filled in but for what may be left out.
type Settings struct {
	Keys      *ledger.KeyMaterial
	Merchants []ledger.Merchant
	Payers    []map[string]string

	Store  store.Store // nil: in memory
	Start  time.Time   // zero: where the clock was
	Manual bool        // the clock stands still
	// Timers are everything that happens by itself; of what happens at one moment the earlier of
	// them comes first. Notifications, which take a merchant to answer, are the outbox's.
	Timers   []Timer
	OneClock bool      // signatures are dated by it too
	Rand     io.Reader // nil: crypto/rand
	Logf     func(format string, args ...any)
	Warn     func(format string, args ...any)
}

// New makes one that plays these.
func New(c Settings, plays *Repertoire) (*Engine, error) {
	if err := clock.CheckTime(c.Start); err != nil && !c.Start.IsZero() {
		return nil, fmt.Errorf("%w: give Config.Start another time", err)
	}
	kinds := plays.Kinds()
	known := &Known{
		Products: kinds, Debits: map[string]*DebitRules{}, Refunds: map[string]*RefundRules{}, TellPaid: plays.Paid,
		Registry: registry.New(kinds), timers: c.Timers,
		asides: &asides{revs: map[rowName]map[int64]bool{}},
	}
	e := &Engine{Known: known, Store: c.Store, Clock: clock.New(c.Start, c.Manual), Wake: func() {},
		payers: c.Payers}
	e.OneClock, e.WireNow = c.OneClock, time.Now
	if e.OneClock {
		e.WireNow = e.Clock.Now
	}
	var err error
	if e.Catalogue, err = catalogue.Default(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if e.Keys, err = registry.ParsePlatformKeys(c.Keys); err != nil {
		return nil, err
	}
	if e.Store == nil {
		e.Store = store.NewMemory()
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	e.Random = random.New(c.Rand)
	e.Logf, e.Warn, e.Warns = shown.Log(c.Logf), shown.Log(c.Warn), c.Warn != nil
	e.Clock.Moved = func() { e.Wake() }
	e.Keys.Now = e.Clock.Now

	for _, p := range kinds {
		for _, r := range p.Debits {
			SetDefault(&r.Name, string(p.Name))
			e.Debits[r.Name] = r
		}
	}
	for _, r := range plays.Refunds {
		e.Refunds[r.Name] = r
	}

	for _, m := range c.Merchants {
		parsed, err := registry.Parse(kinds, m)
		if err != nil {
			return nil, err
		}
		if err := e.Registry.PutMerchant(parsed); err != nil {
			return nil, err
		}
	}
	if err := e.recall(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if !c.Manual {
		if c.Start.IsZero() {
			if err := e.recallTime(); err != nil {
				return nil, fmt.Errorf("sandbox: %w", err)
			}
		}
		e.Clock.Keep = e.keepTime
	}
	// No step: nothing falls due before everybody is known.
	transact, people := e.alone(func(r *registry.State, s *Step) error {
		if err := s.recallPeople(r); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		return s.joinAll(r, c.Payers)
	})
	if err := transact(context.Background(), people); err != nil {
		return nil, err
	}
	return e, nil
}

func SetDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}
