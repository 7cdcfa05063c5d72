// Package armed is the faults that were injected: what makes sense in one and what it means where
// it says nothing, such as that it strikes once (check.go), which strike a call or a notification
// (faults.go), and what they do to a message and its delivery, up to the judgement on a merchant
// who takes what no signature proves (message.go).
//
// It knows package fault, which users see, and nothing of the engine: packages front and outbox ask
// it and do what it says. Start reading at [Faults].
package armed
