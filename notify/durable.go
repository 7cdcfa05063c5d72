package notify

import (
	"context"
	"encoding/hex"
)

// Durable hands every notification to f, which knows what it handled, whichever process that was
// in, as [inbox.Box.Take] does. f is asked every time: the memory keeps only what is running, as
// with [Remember] of 0, and overlapping deliveries still share a run.
//
// So the same bytes again are answered with a success and not with 409 ([CheckReplay]). The memory
// may say that nobody but a third party sends them again, for it knows that this process answered
// them. A database does not: the process that committed may have died before it answered, and a
// gateway that then sends the same bytes to another process is right to, and must hear a success.
// That one sign of APIv2 makes no second message is then f's to see to: [Notification.SignHash].
//
// It panics where f is nil, after the receiver began to serve, and beside any function of [On],
// [Receiver.Handle] or [Receiver.Otherwise], before as after: that function would run on every
// repeat, for nothing would remember that it ran. Those who only wait are told as ever ([Tell]).
//
// [inbox.Box.Take]: https://pkg.go.dev/github.com/wxpay-go/wxpay/inbox#Box.Take
func (r *Receiver) Durable(f func(ctx context.Context, n *Notification) error) {
	r.checkSetUp("Durable")
	switch {
	case f == nil:
		panic("notify.Durable: the function is nil")
	case len(r.routes) > 0 || r.otherwise != nil:
		panic("notify.Durable: the receiver has a function of its own, which would run on every repeat; register all " +
			"of them with the box")
	}
	r.otherwise, r.durable = f, true
	for _, m := range r.memories {
		m.max = 0
	}
}

// SignHash is the SHA-256, in hexadecimal, of the sign of an APIv2 message, from which nobody
// learns the sign. One sign proves one message: another with the same, and another ID, was made
// from a copy of the first, by cutting the signed string into other members. It is "" for a
// refund, which has no sign, for APIv3, whose signature no one can use for another message, and
// for a notification that came through a queue.
func (n *Notification) SignHash() string {
	if !n.v2 || n.provedBy() == bySeal {
		return ""
	}
	return hex.EncodeToString(n.proof[:])
}
