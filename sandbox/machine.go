package sandbox

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/front"
	"github.com/wxpay-go/wxpay/sandbox/internal/outbox"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/trigger"
	"github.com/wxpay-go/wxpay/sandbox/internal/witness"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// machine is what stands behind the doors: the engine, the front that calls come in by, the outbox
// that notifications leave by, and the faults that strike in both.
type machine struct {
	engine *engine.Engine
	front  *front.Front
	outbox *outbox.Outbox
	faults *armed.Faults
	kinds  func() []*trigger.Kind // of notifications that can be triggered
	feed   *feed                  // of attempts to deliver notifications
	begins []fault.Fault          // that are armed at every beginning
	seed   *seedDocument          // of the configuration
	// witness sees what clients do, for the report.
	witness *witness.Witness
}

// assemble puts one together that plays these.
func assemble(c Config, plays *engine.Repertoire) (m machine, err error) {
	if c.JournalSize < 0 {
		return m, errors.New("sandbox: Config.JournalSize is negative; leave it out for 1000")
	}
	if c.MaxBody < 0 {
		return m, errors.New("sandbox: Config.MaxBody is negative; leave it out for 1 MiB")
	}
	if c.Unsigned && c.AllowNonLoopback {
		return m, errors.New("sandbox: Config.Unsigned and Config.AllowNonLoopback exclude each other: " +
			"what checks no signature stays on this machine")
	}
	if c.Chaos && c.Calm {
		return m, errors.New("sandbox: Config.Chaos and Config.Calm exclude each other")
	}
	if m.engine, err = engine.New(engine.Settings{
		Keys: c.Keys, Merchants: c.Merchants, Payers: c.Payers, Store: c.Store, Start: c.Start, Manual: c.ManualClock,
		Timers:   []engine.Timer{contracts.Due(), debits.Due(), payments.RefundsDue()},
		OneClock: c.OneClock, Rand: c.Rand, Logf: c.Logf, Warn: c.warn,
	}, plays); err != nil {
		return m, err
	}
	for _, put := range []func(*engine.Step) error{payments.DropBills, payments.IndexDays,
		front.NameJournal} {
		if err := m.engine.Transact(context.Background(), put); err != nil {
			return m, fmt.Errorf("sandbox: %w", err)
		}
	}
	m.kinds = sync.OnceValue(func() []*trigger.Kind { return trigger.Kinds(plays) })
	m.feed = newFeed(c.OnAttempt)
	m.witness = new(witness.Witness)
	m.faults = armed.New(m.engine.Random.Chance, m.engine.Clock.Now)
	if err := m.begin(c); err != nil {
		return m, err
	}
	if _, err := m.faults.Arm(m.begins...); err != nil {
		return m, err
	}
	if m.outbox, err = outbox.New(m.engine, m.faults, outbox.Settings{Anywhere: c.AllowNonLoopback,
		Patience: c.NotifyTimeout, Rounds: c.rounds, Longest: c.longest, Late: c.late, Kept: c.kept,
		OnAttempt: m.feed.attempt, Listens: m.feed.listens, Witness: m.witness}); err != nil {
		return m, fmt.Errorf("sandbox: %w", err)
	}
	if c.SeedWith != nil {
		if _, err := m.sow(m.seed); err != nil {
			return m, err
		}
	}
	gatherer, commits := c.Store.(store.Gatherer)
	m.front = front.New(m.engine, m.outbox, m.faults, plays, endpointsXML(), front.Settings{MaxBody: c.MaxBody,
		Kept: c.JournalSize, OnExchange: c.OnExchange, Unsigned: c.Unsigned, Commits: commits,
		Witness: m.witness})
	if commits {
		gatherer.Gather(m.front.UnderWay)
	}
	if c.Unsigned {
		m.engine.Logf("sandbox: UNSIGNED: no call's signature is checked, no reply has one, and whoever reaches the " +
			"API is any merchant. It is for measuring, and nothing like WeChat Pay")
	}
	return m, nil
}

// begin finds out what is there at every beginning.
func (m *machine) begin(c Config) (err error) {
	if c.Chaos {
		m.begins = armed.Chaos(c.ManualClock)
	}
	if m.seed, err = readSeed(c.SeedWith); err != nil {
		return err
	}
	seeded, err := m.seed.faults()
	if m.begins = append(m.begins, seeded...); c.Calm {
		m.begins = nil
	}
	return err
}
