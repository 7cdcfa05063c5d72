package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Engine is the imaginary WeChat Pay without its listeners. Everything that is
// not in the store never changes after newEngine, or guards itself.
type Engine struct {
	Catalogue *catalogue.Catalogue
	Products  products
	Debits    map[string]*DebitRules  // by name
	Refunds   map[string]*RefundRules // by name
	timers    []timer
	asides    *asides
	tellPaid  map[Placing]func(*Step, *OrderRow) error
	Store     store.Store
	Clock     *Clock // of business
	oneClock  bool
	WireNow   func() time.Time // the clock of signatures: clock's with oneClock, otherwise the machine's
	Random    *Random
	Keys      *platformKeys
	Registry  *registry

	Logf func(format string, args ...any)
	warn func(format string, args ...any)
	Wake func() // when something may be due
}

// Settings are what an engine is made with, filled in but for what may be left out.
type Settings struct {
	Keys      *ledger.KeyMaterial
	Merchants []ledger.Merchant
	Payers    []map[string]string

	Store    store.Store // nil: in memory
	Start    time.Time   // zero: where the clock was
	Manual   bool        // the clock stands still
	OneClock bool        // signatures are dated by it too
	Rand     io.Reader   // nil: crypto/rand
	Logf     func(format string, args ...any)
	Warn     func(format string, args ...any)
}

// New makes one that plays these.
func New(c Settings, plays *Repertoire) (*Engine, error) {
	if err := CheckTime(c.Start); err != nil && !c.Start.IsZero() {
		return nil, fmt.Errorf("%w: give Config.Start another time", err)
	}
	kinds := plays.Kinds()
	e := &Engine{
		Products: kinds,
		Debits:   map[string]*DebitRules{}, Refunds: map[string]*RefundRules{}, timers: timers(),
		tellPaid: plays.Paid,
		asides:   &asides{revs: map[rowName]int64{}},
		Store:    c.Store, Clock: newClock(c.Start, c.Manual), Registry: newRegistry(kinds), Wake: func() {},
	}
	e.oneClock, e.WireNow = c.OneClock, time.Now
	if e.oneClock {
		e.WireNow = e.Clock.Now
	}
	var err error
	if e.Catalogue, err = catalogue.Default(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if e.Keys, err = parsePlatformKeys(c.Keys); err != nil {
		return nil, err
	}
	if e.Store == nil {
		e.Store = store.NewMemory()
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	e.Random = &Random{rand: c.Rand}
	e.Logf, e.warn = InOneLine(c.Logf), InOneLine(c.Warn)
	e.Clock.moved = func() { e.Wake() }
	e.Keys.now = e.Clock.Now

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
		parsed, err := kinds.Parse(m)
		if err != nil {
			return nil, err
		}
		if err := e.Registry.putMerchant(parsed); err != nil {
			return nil, err
		}
	}
	// Who somebody is depends on what the store has of them.
	var payers []*savedPerson
	for _, openIDs := range c.Payers {
		payers = append(payers, &savedPerson{OpenIDs: openIDs})
	}
	if err := e.view(context.Background(), func(s *Step) error { return e.joinAll(s, payers) }); err != nil {
		return nil, err
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
		e.Clock.keep = e.keepTime
	}
	if err := e.transact(context.Background(), func(s *Step) error {
		return errors.Join(e.Registry.state.Load().saveAppIDs(s.Tx), s.dropBills())
	}); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return e, nil
}

func SetDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}
