package notify

import (
	"context"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

// retention is how long a handled notification is remembered: WeChat Pay's
// longest schedule of attempts lasts 24 h 4 min, and clocks may differ.
const retention = 25 * time.Hour

// means is what shows a message to be WeChat Pay's. They are worth more or less: of one sealed
// refund anybody can make others, and copies of APIv2 never grow too old to be sent.
type means int

const (
	bySignature means = iota // of APIv3
	bySign                   // of APIv2
	bySeal                   // of a refund of APIv2, which has no sign
)

func (n *Notification) provedBy() means {
	switch {
	case !n.v2:
		return bySignature
	case n.proof == [sha256.Size]byte{}:
		return bySeal
	}
	return bySign
}

// scope is whose messages a memory is of, and how they are proved.
type scope struct {
	mchID string
	by    means
}

// memory is what the receiver knows of one merchant's notifications that are proved in one
// way: which are being handled and which were. Only messages that were verified get here, so
// strangers cannot fill it, nobody who has another merchant's key can, and what proves less
// pushes nothing out that proves more.
//
// Its clock is this side's, that of the keys: what a message says of the time
// must not decide what is forgotten.
type memory struct {
	max int
	now func() time.Time

	mu      sync.Mutex
	byID    map[string]*delivery
	bySign  map[[sha256.Size]byte]*delivery // by signature or sign of every attempt
	handled []*delivery                     // in the order they were handled
}

func newMemory(most int, now func() time.Time) *memory {
	return &memory{max: most, now: now, byID: map[string]*delivery{}, bySign: map[[sha256.Size]byte]*delivery{}}
}

// delivery is one notification, over all its attempts.
type delivery struct {
	id   string
	done chan struct{} // closed when its function has ended

	failed    *outcome            // nil where it did not; set before done closes
	handledAt time.Time           // by memory's clock
	signs     [][sha256.Size]byte // of its attempts that were answered, or are to be
}

// deliver has the notification handled, unless it was, or is being.
func (r *Receiver) deliver(ctx context.Context, n *Notification) *Error {
	m := r.memories[scope{n.MchID, n.provedBy()}]
	d, state := m.begin(n)
	n.repeated = state == isRunning || state == isHandled
	switch state {
	case isNew:
		return r.run(ctx, n, m, d)
	case isRunning:
		return r.share(ctx, n, m, d)
	case isCut:
		return n.fail(CheckReplay, http.StatusConflict,
			"another message came with this very sign: someone who has a copy changed what the sign does not see", nil)
	}
	if !m.answer(d, n) {
		return n.fail(CheckReplay, http.StatusConflict, "these very bytes were handled before: someone sent them "+
			"again, since WeChat Pay signs every attempt afresh", nil)
	}
	return nil
}

// share waits for the run of another delivery and takes over its outcome.
func (r *Receiver) share(ctx context.Context, n *Notification, m *memory, d *delivery) *Error {
	ctx, cancel := context.WithTimeout(ctx, r.deadline)
	defer cancel()
	select {
	case <-d.done:
	case <-ctx.Done():
		select {
		case <-d.done: // both were ready
		default:
			return n.fail(CheckWait, http.StatusServiceUnavailable, "an earlier delivery of it is still being handled",
				ctx.Err())
		}
	}
	if d.failed != nil {
		failed := n.fail(d.failed.check, d.failed.status, "as in the delivery that was being handled", nil)
		failed.shared = true
		return failed
	}
	m.answer(d, n)
	return nil
}

type state int

const (
	isNew state = iota
	isRunning
	isHandled
	isCut // an APIv2 message that was handled, cut into other members
)

// begin finds the notification, or enters it as the caller's to run.
func (m *memory) begin(n *Notification) (*delivery, state) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	if d := m.bySign[n.proof]; d != nil && d.id != n.ID {
		return d, isCut
	}
	d := m.byID[n.ID]
	if d == nil {
		d = &delivery{id: n.ID, done: make(chan struct{})}
		m.byID[n.ID] = d
		m.sign(d, n)
		return d, isNew
	}
	select {
	case <-d.done:
		return d, isHandled
	default:
		return d, isRunning
	}
}

// end records the outcome. What failed is forgotten: the next attempt, or even
// these bytes once more, shall run.
func (m *memory) end(d *delivery, err *Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		as := err.as // the error goes to the error function, which may write to it
		d.failed = &as
		m.drop(d)
	} else {
		d.handledAt = m.now()
		m.handled = append(m.handled, d)
		m.forget()
	}
	close(d.done)
}

// answer records that this attempt gets a success. It reports false if the
// very same attempt had one before; APIv2 sends the same bytes again and again.
func (m *memory) answer(d *delivery, n *Notification) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sign(d, n) || n.v2
}

// keptSigns is how many attempts of one notification are known by what proved them:
// twice as many as WeChat Pay's longest schedule has. Of APIv2 the merchant can make more.
const keptSigns = 64

// sign records what proved an attempt, and reports false if it is known. The seal of a
// refund is no signature. The lock is held.
func (m *memory) sign(d *delivery, n *Notification) bool {
	if n.proof == ([sha256.Size]byte{}) || m.byID[d.id] != d { // forgotten meanwhile, with all its signs
		return true
	}
	if m.bySign[n.proof] != nil {
		return false
	}
	m.bySign[n.proof] = d
	if d.signs = append(d.signs, n.proof); len(d.signs) > keptSigns {
		delete(m.bySign, d.signs[0])
		d.signs = d.signs[1:]
	}
	return true
}

// drop forgets a delivery. The lock is held.
func (m *memory) drop(d *delivery) {
	delete(m.byID, d.id)
	for _, sign := range d.signs {
		delete(m.bySign, sign)
	}
}

// forget drops what is too old or too many. The lock is held.
func (m *memory) forget() {
	now := m.now()
	for len(m.handled) > 0 {
		oldest := m.handled[0]
		if len(m.handled) <= m.max && now.Sub(oldest.handledAt) < retention {
			return
		}
		m.drop(oldest)
		m.handled[0] = nil // the slice's front stays allocated until it grows
		m.handled = m.handled[1:]
	}
}
