package notify

import "encoding/hex"

// Durable tells the receiver that its functions know what they handled, whichever process it was
// in, as those of package inbox do. It then asks them every time: its memory keeps only what is
// running, as with [Remember] of 0, and overlapping deliveries still share a run.
//
// So the same bytes again are answered with a success and not with 409 ([CheckReplay]). The memory
// may say that nobody but a third party sends them again, for it knows that this process answered
// them. A database does not: the process that committed may have died before it answered, and a
// gateway that then sends the same bytes to another process is right to, and must hear a success.
// That one sign of APIv2 makes no second message is then the functions' to see to:
// [Notification.SignHash].
//
// It panics after the receiver began to serve.
func (r *Receiver) Durable() {
	r.checkSetUp("Durable")
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
