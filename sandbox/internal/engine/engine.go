package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Engine is the imaginary WeChat Pay without its listeners. Everything that is
// not in the store never changes after newEngine, or guards itself.
type Engine struct {
	Catalogue  *catalogue.Catalogue
	Behaviours map[string]bound // by catalogue id
	Products   products
	Debits     map[string]*DebitRules  // by name
	Refunds    map[string]*RefundRules // by name
	timers     []timer
	asides     *asides
	V2         map[string]*XMLEndpoint // by path
	tellPaid   map[Placing]func(*Step, *OrderRow) error
	sealed     func() map[*catalogue.Operation][]string // made when first asked for
	Store      store.Store
	Clock      *Clock // of business
	oneClock   bool
	WireNow    func() time.Time // the clock of signatures: clock's with oneClock, otherwise the machine's
	Random     *Random
	Keys       *platformKeys
	Registry   *registry
	Routes     *routes
	requeues   atomic.Int64 // so far
	Faults     *faults
	Journal    *journal
	Worker     *worker

	NotifyTimeout time.Duration
	MaxBody       int64
	Logf          func(format string, args ...any)
	onExchange    func(ledger.Exchange)             // may be nil
	onAttempt     func(ledger.Push, ledger.Attempt) // may be nil
	warn          func(format string, args ...any)
}

// bound is a behaviour with the product it belongs to, if any.
type bound struct {
	Run     Behaviour
	product *Product
	sealed  []secret // of the request
	seals   []secret // of the reply
}

// Settings are what an engine is made with, filled in but for what may be left out.
type Settings struct {
	Keys      *ledger.KeyMaterial
	Merchants []ledger.Merchant
	Payers    []map[string]string

	Store    store.Store   // nil: in memory
	Start    time.Time     // zero: where the clock was
	Manual   bool          // the clock stands still
	OneClock bool          // signatures are dated by it too
	Rand     io.Reader     // nil: crypto/rand
	Chaos    bool          // starts with the faults of it armed
	Anywhere bool          // notifications may go to other machines
	Patience time.Duration // for a merchant's answer; 0: the documented
	MaxBody  int64         // 0: 1 MiB
	Kept     int           // entries of the journal; 0: 1000
	Rounds   int           // see worker; 0: the usual number
	Logf     func(format string, args ...any)
	Warn     func(format string, args ...any)

	OnExchange func(ledger.Exchange)
	OnAttempt  func(ledger.Push, ledger.Attempt)
}

// New makes one that plays these.
func New(c Settings, plays *Repertoire) (*Engine, error) {
	if err := CheckTime(c.Start); err != nil && !c.Start.IsZero() {
		return nil, fmt.Errorf("%w: give Config.Start another time", err)
	}
	kinds := plays.Kinds()
	e := &Engine{
		Behaviours: map[string]bound{}, Products: kinds,
		Debits: map[string]*DebitRules{}, Refunds: map[string]*RefundRules{}, timers: timers(), V2: plays.XML,
		tellPaid: plays.Paid,
		asides:   &asides{revs: map[rowName]int64{}},
		Store:    c.Store, Clock: newClock(c.Start, c.Manual), Registry: newRegistry(kinds), Faults: &faults{},
		Routes: newRoutes(c.Anywhere), NotifyTimeout: c.Patience, MaxBody: c.MaxBody,
		onExchange: c.OnExchange, onAttempt: c.OnAttempt,
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
	e.Faults.random = e.Random
	e.Logf, e.warn = InOneLine(c.Logf), InOneLine(c.Warn)
	SetDefault(&e.NotifyTimeout, answerWithin)
	SetDefault(&e.MaxBody, 1<<20)
	if c.Kept < 0 {
		return nil, errors.New("sandbox: Config.JournalSize is negative; leave it out for 1000")
	}
	SetDefault(&c.Kept, 1000)
	if c.Chaos {
		if _, err := e.Faults.Arm(e.Chaos()...); err != nil {
			return nil, err
		}
	}
	e.sealed = sync.OnceValue(e.sealedMembers)
	e.Journal = &journal{engine: e, keep: c.Kept}
	e.Worker = newWorker(e)
	if c.Rounds > 0 {
		e.Worker.rounds = c.Rounds
	}
	e.Clock.moved = e.Worker.wake
	e.Keys.now = e.Clock.Now

	for _, p := range kinds {
		for _, r := range p.Debits {
			SetDefault(&r.Name, string(p.Name))
			e.Debits[r.Name] = r
		}
		e.bind(p.Behaviours, p)
	}
	for _, r := range plays.Refunds {
		e.Refunds[r.Name] = r
	}
	for _, b := range plays.Behaviours {
		e.bind(b, nil)
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
	saveAppIDs := func(s *Step) error { return e.Registry.state.Load().saveAppIDs(s.Tx) }
	if err := e.transact(context.Background(), saveAppIDs); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if err := e.sweep(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return e, nil
}

func (e *Engine) bind(behaviours map[string]Behaviour, p *Product) {
	for id, run := range behaviours {
		b := bound{Run: run, product: p}
		if op := e.Catalogue.Operation(id); op != nil {
			b.sealed, b.seals = SecretsOf(op.Body, op.EncryptedBody()), SecretsOf(op.Reply, op.EncryptedReply())
		}
		e.Behaviours[id] = b
	}
}

func SetDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}
