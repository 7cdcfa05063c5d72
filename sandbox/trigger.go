package sandbox

import (
	"context"
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox/internal/trigger"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// TriggerEvents lists the notifications that [Sandbox.Trigger] sends: every one that has a type in
// package api/event, by its name, with the products that tell of it and their variants.
func TriggerEvents() []ledger.TriggerEvent {
	return trigger.List(trigger.Kinds(everything()))
}

// Trigger sends a merchant a notification about something that never happened, and returns it as
// it stands in the outbox: it is delivered by the next Settle or Advance, or by the background
// under a running clock, and tried again as any other. It is sealed and signed like a real one.
// Nothing else changes: there is no contract, order or refund of what it tells, and queries do not
// find any.
//
// It is an error, and nothing is sent, where there is no such event, product, variant or member.
func (s *Sandbox) Trigger(t ledger.Trigger) (*ledger.Push, error) {
	sent, err := trigger.Send(context.Background(), s.engine, s.kinds(), t)
	if err != nil {
		return nil, fmt.Errorf("sandbox: trigger: %w", err)
	}
	return sent, nil
}
