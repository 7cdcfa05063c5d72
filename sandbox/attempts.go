package sandbox

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// feed keeps the last attempts to deliver notifications for those who listen on the admin.
type feed struct {
	run  string                            // tells this start from others
	next func(ledger.Push, ledger.Attempt) // hears of them too; may be nil

	wanted atomic.Bool // somebody has listened

	mu   sync.Mutex
	list []delivery    // the last ones, oldest first
	last int64         // number of the newest
	came chan struct{} // is closed when there is one more
}

// delivery is an attempt with what became of its notification.
type delivery struct {
	Cursor       string         `json:"cursor"` // what the next ones are asked for after
	Notification ledger.Push    `json:"notification"`
	Attempt      ledger.Attempt `json:"attempt"`
}

// fed is how many attempts are kept.
const fed = 1000

func newFeed(next func(ledger.Push, ledger.Attempt)) *feed {
	return &feed{run: strconv.FormatInt(time.Now().UnixNano(), 36), next: next, came: make(chan struct{})}
}

// attempt hears of one, and keeps it once somebody has listened. What the notification says is
// looked up by those who want it.
func (f *feed) attempt(p ledger.Push, a ledger.Attempt) {
	if f.next != nil {
		f.next(p, a)
	}
	p.Resource, p.Attempts = nil, nil
	if !f.wanted.Load() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	f.list = append(f.list, delivery{f.cursor(f.last), p, a})
	if len(f.list) > 2*fed {
		f.list = append([]delivery(nil), f.list[fed:]...)
	}
	close(f.came)
	f.came = make(chan struct{})
}

// empty forgets those that are kept. Whoever listens goes on behind them.
func (f *feed) empty() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
}

// listens says whether anybody would hear of an attempt.
func (f *feed) listens() bool { return f.next != nil || f.wanted.Load() }

func (f *feed) cursor(n int64) string { return f.run + "-" + strconv.FormatInt(n, 10) }

// after lists the attempts behind a cursor, and where to go on: from now on for "", and from the
// first that is kept for a cursor of another start. It waits for one until ctx ends.
func (f *feed) after(ctx context.Context, cursor string) (list []delivery, next string) {
	f.wanted.Store(true)
	for {
		f.mu.Lock()
		seen := f.seen(cursor)
		if first := f.last - int64(len(f.list)); seen < f.last {
			list = append(list, f.list[max(0, seen-first):]...)
		}
		next, came := f.cursor(f.last), f.came
		f.mu.Unlock()
		if len(list) > 0 || cursor == "" {
			return list, next
		}
		select {
		case <-ctx.Done():
			return nil, next
		case <-came:
		}
	}
}

func (f *feed) seen(cursor string) int64 {
	run, number, _ := strings.Cut(cursor, "-")
	n, err := strconv.ParseInt(number, 10, 64)
	switch {
	case cursor == "":
		return f.last
	case run != f.run || err != nil || n < 0 || n > f.last:
		return 0
	}
	return n
}
