package witness

import (
	"slices"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// Witness remembers what it saw. Its zero value works.
type Witness struct {
	mu       sync.Mutex
	now      int64 // moments so far
	calls    seen[Call]
	attempts seen[Attempt]
	diverted seen[Diverted]
}

// seen are the last of many.
type seen[T any] struct {
	list      []*T
	forgotten int
}

// kept is how many of each are remembered.
const kept = 10_000

func (s *seen[T]) add(one *T) {
	if s.list = append(s.list, one); len(s.list) >= 2*kept {
		s.forgotten += len(s.list) - kept
		s.list = slices.Clone(s.list[len(s.list)-kept:])
	}
}

// last are those that are remembered, and how many are not.
func (s *seen[T]) last() ([]*T, int) {
	from := max(0, len(s.list)-kept)
	return s.list[from:], s.forgotten + from
}

// Forget forgets all that it saw, and what is on its way with it.
func (w *Witness) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls, w.attempts, w.diverted = seen[Call]{}, seen[Attempt]{}, seen[Diverted]{}
}

// Call is an API call.
type Call struct {
	Came, Answered int64     // moments, by which the order is told; 0 for not yet answered
	At             time.Time // by the sandbox's clock
	Said                     // by the client
	Operation      string    // of the catalogue
	MchID          string    // of whoever signed it, "" for nobody
	RequestID      string
	Status         int // 0: the connection was cut
	Code           string
	Faults         []fault.Name
	HungUp         bool     // the client had gone before the answer went out
	Learnt         []string // the numbers that it was answered, where it asked by none
}

// Attempt is one try to deliver a notification.
type Attempt struct {
	Began, Ended int64 // moments
	At           time.Time
	Said
	Push, Event, MchID string
	About              string // the contract or order it tells about
	No                 int
	Faults             []fault.Name
	Status             int
	Accepted           bool // answered as one that was handled
}

// Diverted is a notification that a fault kept from being sent when it was due.
type Diverted struct {
	At time.Time
	Said
	Push, Event, MchID string
	Faults             []fault.Name
}

// Comes begins a call.
func (w *Witness) Comes(at time.Time) *Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now++
	c := &Call{Came: w.now, At: at}
	w.calls.add(c)
	return c
}

// Answers ends a call, the moment before its answer goes out. fill says what it was.
func (w *Witness) Answers(c *Call, fill func(*Call)) {
	if c == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now++
	fill(c)
	c.Answered = w.now
}

// Begins begins an attempt.
func (w *Witness) Begins(a *Attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now++
	a.Began = w.now
	w.attempts.add(a)
}

// Ends ends one.
func (w *Witness) Ends(a *Attempt, status int, accepted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now++
	a.Ended, a.Status, a.Accepted = w.now, status, accepted
}

// Diverts hears of a notification that a fault kept back. It hears of it again where a transaction
// is made twice.
func (w *Witness) Diverts(d *Diverted) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.ContainsFunc(w.diverted.list, func(o *Diverted) bool { return o.Push == d.Push }) {
		w.diverted.add(d)
	}
}
