package sandbox

import (
	"context"
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
)

// Reset takes back all that happened, as if the sandbox had been started anew on an empty store:
// contracts, sessions, orders, debits, refunds and bills are gone, payers with their wallets, faces
// and openids, notifications with the attempts to deliver them, holds, faults and the journal. The
// clock shows what it showed at the start, Config.Payers are who they were, the faults of
// Config.Chaos are armed, and what Config.SeedWith names is laid. Ids of before are unknown, and
// numbers may be used again.
//
// Who was registered stays, so that every client goes on as it is: merchants and plans, also those
// that came while the sandbox ran, all keys and certificates, forwards, receivers and listeners.
//
// It happens at one moment and wholly or not at all: a call is answered before it or after it, and
// of what was on its way to a merchant nothing is written down. It waits for Settle and Advance; do
// not call it from a handler of notifications.
func (s *Sandbox) Reset() error {
	return s.outbox.Replace(context.Background(), engine.Replacement{
		Put: func(_ *registry.State, st *engine.Step) error {
			return errors.Join(s.front.Journal.Drop(st.Tx), payments.IndexDays(st))
		},
		Then: func(r *registry.State, st *engine.Step) error {
			return (&sowing{Step: st, next: r, doc: s.seed}).all()
		},
		Committed: func() {
			s.faults.Replace(nil)
			_, _ = s.faults.Arm(s.begins...) // as at the start, which took them
			s.feed.empty()
			s.front.Journal.Empty()
			s.witness.Forget()
		},
	})
}
