package sandbox

import (
	"errors"
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
)

// machine is what stands behind the doors: the engine, the front that calls come in by, the outbox
// that notifications leave by, and the faults that strike in both.
type machine struct {
	engine *engine.Engine
	front  *engine.Front
	outbox *engine.Outbox
	faults *engine.Faults
}

// assemble puts one together that plays these.
func assemble(c Config, plays *engine.Repertoire) (m machine, err error) {
	if c.JournalSize < 0 {
		return m, errors.New("sandbox: Config.JournalSize is negative; leave it out for 1000")
	}
	if m.engine, err = engine.New(engine.Settings{
		Keys: c.Keys, Merchants: c.Merchants, Payers: c.Payers, Store: c.Store, Start: c.Start, Manual: c.ManualClock,
		OneClock: c.OneClock, Rand: c.Rand, Logf: c.Logf, Warn: c.warn,
	}, plays); err != nil {
		return m, err
	}
	m.faults = engine.NewFaults(m.engine.Random.Chance)
	if c.Chaos {
		if _, err := m.faults.Arm(engine.Chaos(c.ManualClock)...); err != nil {
			return m, err
		}
	}
	if m.outbox, err = engine.NewOutbox(m.engine, m.faults, engine.OutboxSettings{Anywhere: c.AllowNonLoopback,
		Patience: c.NotifyTimeout, Rounds: c.rounds, OnAttempt: c.OnAttempt}); err != nil {
		return m, fmt.Errorf("sandbox: %w", err)
	}
	m.front = engine.NewFront(m.engine, m.outbox, m.faults, plays, engine.FrontSettings{MaxBody: c.MaxBody,
		Kept: c.JournalSize, OnExchange: c.OnExchange})
	return m, nil
}
