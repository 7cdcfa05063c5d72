package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// engine is the imaginary WeChat Pay without its listeners. Everything that is
// not in the store never changes after newEngine, or guards itself.
type engine struct {
	catalogue  *catalogue.Catalogue
	behaviours map[string]bound // by catalogue id
	products   products
	debits     map[string]*debitRules  // by name
	refunds    map[string]*refundRules // by name
	timers     []timer
	asides     *asides
	v2         map[string]*xmlEndpoint // by path
	tellPaid   map[placing]func(*step, *orderRow) error
	sealed     func() map[*catalogue.Operation][]string // made when first asked for
	store      store.Store
	clock      *clock // of business
	oneClock   bool
	wireNow    func() time.Time // the clock of signatures: clock's with oneClock, otherwise the machine's
	random     *random
	keys       *platformKeys
	registry   *registry
	routes     *routes
	faults     *faults
	journal    *journal
	worker     *worker

	notifyTimeout time.Duration
	maxBody       int64
	logf          func(format string, args ...any)
	onExchange    func(Exchange)      // may be nil
	onAttempt     func(Push, Attempt) // may be nil
	warn          func(format string, args ...any)
}

// bound is a behaviour with the product it belongs to, if any.
type bound struct {
	run     behaviour
	product *product
	sealed  []secret // of the request
	seals   []secret // of the reply
}

// settings are what an engine is made with, filled in but for what may be left out.
type settings struct {
	keys      *KeyMaterial
	merchants []Merchant
	payers    []map[string]string

	store    store.Store   // nil: in memory
	start    time.Time     // zero: where the clock was
	manual   bool          // the clock stands still
	oneClock bool          // signatures are dated by it too
	rand     io.Reader     // nil: crypto/rand
	chaos    bool          // starts with the faults of it armed
	anywhere bool          // notifications may go to other machines
	patience time.Duration // for a merchant's answer; 0: the documented
	maxBody  int64         // 0: 1 MiB
	kept     int           // entries of the journal; 0: 1000
	rounds   int           // see worker; 0: the usual number
	logf     func(format string, args ...any)
	warn     func(format string, args ...any)

	onExchange func(Exchange)
	onAttempt  func(Push, Attempt)
}

// newEngine makes one that plays these.
func newEngine(c settings, plays *repertoire) (*engine, error) {
	if err := checkTime(c.start); err != nil && !c.start.IsZero() {
		return nil, fmt.Errorf("%w: give Config.Start another time", err)
	}
	kinds := plays.kinds()
	e := &engine{
		behaviours: map[string]bound{}, products: kinds,
		debits: map[string]*debitRules{}, refunds: map[string]*refundRules{}, timers: timers(), v2: plays.xml, tellPaid: plays.paid,
		asides: &asides{revs: map[rowName]int64{}},
		store:  c.store, clock: newClock(c.start, c.manual), registry: newRegistry(kinds), faults: &faults{},
		routes: newRoutes(c.anywhere), notifyTimeout: c.patience, maxBody: c.maxBody,
		onExchange: c.onExchange, onAttempt: c.onAttempt,
	}
	e.oneClock, e.wireNow = c.oneClock, time.Now
	if e.oneClock {
		e.wireNow = e.clock.Now
	}
	var err error
	if e.catalogue, err = catalogue.Default(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if e.keys, err = parsePlatformKeys(c.keys); err != nil {
		return nil, err
	}
	if e.store == nil {
		e.store = store.NewMemory()
	}
	if c.rand == nil {
		c.rand = rand.Reader
	}
	e.random = &random{rand: c.rand}
	e.faults.random = e.random
	e.logf, e.warn = inOneLine(c.logf), inOneLine(c.warn)
	setDefault(&e.notifyTimeout, answerWithin)
	setDefault(&e.maxBody, 1<<20)
	if c.kept < 0 {
		return nil, errors.New("sandbox: Config.JournalSize is negative; leave it out for 1000")
	}
	setDefault(&c.kept, 1000)
	if c.chaos {
		if _, err := e.faults.arm(e.chaos()...); err != nil {
			return nil, err
		}
	}
	e.sealed = sync.OnceValue(e.sealedMembers)
	e.journal = &journal{engine: e, keep: c.kept}
	e.worker = newWorker(e)
	if c.rounds > 0 {
		e.worker.rounds = c.rounds
	}
	e.clock.moved = e.worker.wake
	e.keys.now = e.clock.Now

	for _, p := range kinds {
		for _, r := range p.debits {
			setDefault(&r.name, string(p.name))
			e.debits[r.name] = r
		}
		e.bind(p.behaviours, p)
	}
	for _, r := range plays.refunds {
		e.refunds[r.name] = r
	}
	for _, b := range plays.behaviours {
		e.bind(b, nil)
	}

	for _, m := range c.merchants {
		parsed, err := kinds.parse(m)
		if err != nil {
			return nil, err
		}
		if err := e.registry.putMerchant(parsed); err != nil {
			return nil, err
		}
	}
	// Who somebody is depends on what the store has of them.
	var payers []*savedPerson
	for _, openIDs := range c.payers {
		payers = append(payers, &savedPerson{OpenIDs: openIDs})
	}
	if err := e.view(context.Background(), func(s *step) error { return e.joinAll(s, payers) }); err != nil {
		return nil, err
	}
	if err := e.recall(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if !c.manual {
		if c.start.IsZero() {
			if err := e.recallTime(); err != nil {
				return nil, fmt.Errorf("sandbox: %w", err)
			}
		}
		e.clock.keep = e.keepTime
	}
	if err := e.sweep(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return e, nil
}

func (e *engine) bind(behaviours map[string]behaviour, p *product) {
	for id, run := range behaviours {
		b := bound{run: run, product: p}
		if op := e.catalogue.Operation(id); op != nil {
			b.sealed, b.seals = secretsOf(op.Body, op.EncryptedBody()), secretsOf(op.Reply, op.EncryptedReply())
		}
		e.behaviours[id] = b
	}
}

func setDefault[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}
