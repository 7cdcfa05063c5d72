package sandbox

import (
	"context"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Hold keeps notifications back from now on: their attempts do not begin, those of retries neither,
// until Release. What is under way meanwhile is not called back, and [Sandbox.Redeliver] sends one
// all the same. Held notifications are [ledger.PushHeld]; they and the hold are kept in the store,
// and are there after a restart.
//
// So a receiver can be shown what WeChat Pay does not promise an order for: hold, act, and release
// reversed or twice.
func (s *Sandbox) Hold(which ledger.Hold) error { return s.outbox.Hold(which) }

// Holds lists the holds that are in force.
func (s *Sandbox) Holds() ([]ledger.Hold, error) { return s.outbox.Holds() }

// Release ends the holds that it names, all of them where it names none, and sends what they kept
// back: one after the other in the order that it asks for, each when the one before was answered,
// under a stopped clock too. It returns the ids in the order in which they were sent. Attempts that
// fail are made again on schedule, where no hold is left that keeps them back.
func (s *Sandbox) Release(r ledger.Release) (sent []string, err error) {
	return s.outbox.Release(context.Background(), r)
}
