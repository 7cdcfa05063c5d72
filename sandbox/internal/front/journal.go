package front

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/redact"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

const (
	journalLog  = "journal"
	usuallyKept = 1000                 // entries; older ones go
	keptFor     = 400 * 24 * time.Hour // by the sandbox's clock: a year of debits, and a month to look
)

// journal writes exchanges down behind the callers' backs: they are noted here, and
// blanked and stored in batches by a goroutine of its own, so that no API call waits for
// its own minutes or for another's.
type journal struct {
	front *Front
	keep  int                   // how many entries are kept
	tell  func(ledger.Exchange) // of every exchange; may be nil

	mu         sync.Mutex
	from       int64 // engine.Replaced at the last Empty
	pending    []*note
	waiting    int           // bytes of pending
	dropped    int           // for which there was no room
	writing    bool          // the background is at it
	closed     bool          // it begins no more
	untold     []*note       // of which tell has not heard
	untoldSize int           // bytes of untold
	unheard    int           // for which there was no room
	quiet      chan struct{} // closed when nobody is telling any more, nil where nobody is
	background sync.WaitGroup
	storing    sync.Mutex    // one batch at a time, or they would change places
	blanking   [2]sync.Mutex // one entry of a merchant's, one of a stranger's: each takes many times its bytes
	aged       time.Time     // when their age was looked at, by the sandbox's clock; under storing

	life context.Context // which ends a moment after Close was called
	end  context.CancelFunc
}

func newJournal(front *Front, keep int, tell func(ledger.Exchange)) *journal {
	j := &journal{front: front, keep: keep, tell: tell}
	j.life, j.end = context.WithCancel(context.Background())
	return j
}

// batch is how many entries may wait before the background stores them, waitingLimit how
// many bytes may while it does. What comes on top is not written down.
const (
	batch        = 64
	waitingLimit = 16 << 20
)

func (j *journal) record(x *exchange) {
	j.collect(j.note(x))
	if refused := x.refused; refused != nil && refused.Hint != "" && j.front.Warns {
		r := redact.Redaction{Secrets: j.front.Registry.Secrets(), Thrifty: x.merchant == nil}
		hint := r.Brief(refused.Hint, shown.MaxLine)
		if refused.Mistake != "" {
			hint += " [" + refused.Mistake + "]"
		}
		j.front.Warn("sandbox: %s: %d %s: %s", j.front.called(x), x.status, refused.Code, hint)
	}
}

// collect has a note written down.
func (j *journal) collect(n *note) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.waiting+n.bytes > waitingLimit {
		j.dropped++
		return
	}
	if n.replaced >= j.from { // see isOver
		j.pending, j.waiting = append(j.pending, n), j.waiting+n.bytes
	}
	if len(j.pending) > j.keep { // the newest are all that would be left of them
		j.waiting -= j.pending[0].bytes
		j.pending = j.pending[1:]
	}
	if j.full() && !j.writing {
		j.writing = true
		j.background.Go(j.write)
	}
	switch {
	case j.tell == nil || j.closed:
	case j.untoldSize+n.bytes > waitingLimit:
		j.unheard++
	default:
		j.untold, j.untoldSize = append(j.untold, n), j.untoldSize+n.bytes
		if j.quiet == nil {
			j.quiet = make(chan struct{})
			go j.tellAll()
		}
	}
}

// tellAll tells of what was collected, in order, as long as there is something.
func (j *journal) tellAll() {
	for {
		j.mu.Lock()
		if len(j.untold) == 0 || j.life.Err() != nil {
			unheard := j.unheard + len(j.untold)
			close(j.quiet)
			j.quiet, j.untold, j.untoldSize, j.unheard = nil, nil, 0, 0
			j.mu.Unlock()
			if unheard > 0 {
				j.front.Logf("sandbox: OnExchange does not hear of %d calls, which came faster than that", unheard)
			}
			return
		}
		n := j.untold[0]
		j.untold, j.untoldSize = j.untold[1:], j.untoldSize-n.bytes
		j.mu.Unlock()
		entry := j.entry(n, j.front.Registry.Secrets())
		entry.Header, entry.Faults = entry.Header.Clone(), slices.Clone(entry.Faults)
		j.hear(entry)
	}
}

// hear tells of an entry. A panic of who hears ends no sandbox.
func (j *journal) hear(entry ledger.Exchange) {
	defer func() {
		if p := recover(); p != nil {
			j.front.Logf("sandbox: OnExchange panicked: %v\n%s", p, debug.Stack())
		}
	}()
	j.tell(entry)
}

// full says whether there is a batch for the background. The lock is held.
func (j *journal) full() bool { return len(j.pending) >= min(batch, j.keep) && !j.closed }

// write is the background, as long as there is a batch.
func (j *journal) write() {
	for more := true; more; {
		if err := j.flush(j.life); err != nil {
			j.front.Logf("sandbox: store the journal: %v", err)
		}
		j.mu.Lock()
		more = j.full()
		j.writing = more
		j.mu.Unlock()
	}
}

// closing is how long Close may still write.
const closing = 2 * time.Second

// Close ends the background and stores what is left, as far as it gets.
func (j *journal) Close() error {
	defer time.AfterFunc(closing, j.end).Stop()
	j.mu.Lock()
	j.closed = true
	quiet := j.quiet
	j.mu.Unlock()
	j.background.Wait()
	err := j.flush(j.life)
	if quiet != nil {
		select {
		case <-quiet:
		case <-j.life.Done():
		}
	}
	j.mu.Lock()
	left := len(j.pending)
	j.pending, j.waiting = nil, 0
	j.mu.Unlock()
	j.end()
	j.lacks(left)
	return err
}

func (j *journal) lacks(calls int) {
	if calls > 0 {
		j.front.Logf("sandbox: the journal lacks %d calls, which came faster than it is written", calls)
	}
}

// flush stores what has been collected, and logs what was left out when nothing is held any more:
// whoever hears of it may look at the journal.
func (j *journal) flush(ctx context.Context) error {
	dropped, err := j.store(ctx)
	j.lacks(dropped)
	return err
}

// store is flush without the log. What cannot be stored is dropped: the journal explains, it
// decides nothing. Where ctx ends before, the rest is left to the next.
func (j *journal) store(ctx context.Context) (dropped int, err error) {
	j.storing.Lock()
	defer j.storing.Unlock()
	j.mu.Lock()
	left := len(j.pending)
	dropped, j.dropped = j.dropped, 0
	j.mu.Unlock()
	for left > 0 && err == nil {
		notes := j.take(min(left, batch))
		if len(notes) == 0 { // Close gave them up
			break
		}
		entries := j.encoded(ctx, notes) // before, for the store lets nobody else write meanwhile
		if len(entries) < len(notes) {
			j.giveBack(notes[len(entries):])
			left = 0
		}
		if left -= len(entries); len(entries) > 0 {
			err = j.append(notes, entries)
		}
	}
	return dropped, err
}

// take takes the oldest notes that wait.
func (j *journal) take(most int) []*note {
	j.mu.Lock()
	defer j.mu.Unlock()
	notes := slices.Clone(j.pending[:min(most, len(j.pending))])
	j.pending = j.pending[len(notes):]
	for _, n := range notes {
		j.waiting -= n.bytes
	}
	return notes
}

// giveBack has notes wait again, before those that have come since.
func (j *journal) giveBack(notes []*note) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(notes, j.pending...)
	j.pending = j.pending[max(0, len(j.pending)-j.keep):]
	j.waiting = 0
	for _, n := range j.pending {
		j.waiting += n.bytes
	}
}

// encoded are the notes as they are stored, as many as were blanked before ctx ended.
func (j *journal) encoded(ctx context.Context, notes []*note) (entries [][]byte) {
	secrets := j.front.Registry.Secrets()
	for _, n := range notes {
		if ctx.Err() != nil {
			break
		}
		entries = append(entries, rows.EncodeJSON(j.entry(n, secrets)))
	}
	return entries
}

// append stores the entries of notes and drops those that are too many and too old.
func (j *journal) append(notes []*note, entries [][]byte) error {
	now := j.front.Clock.Now()
	old := now.Sub(j.aged).Abs() >= 24*time.Hour // how old they are is looked at once a day
	err := j.front.Transact(context.Background(), func(tx *engine.Step) error {
		for i, entry := range entries {
			if j.isOver(notes[i]) {
				continue
			}
			if _, err := tx.Append(journalLog, entry); err != nil {
				return err
			}
		}
		keep := j.keep
		if old {
			var err error
			if keep, err = j.young(tx, now); err != nil {
				return err
			}
		}
		return tx.Trim(journalLog, keep)
	})
	if err == nil && old {
		j.aged = now
	}
	return err
}

// young is how many entries may stay.
func (j *journal) young(tx store.Tx, now time.Time) (int, error) {
	entries, err := tx.List(journalLog, 0, j.keep)
	if err != nil {
		return 0, err
	}
	old := slices.IndexFunc(entries, func(e store.Entry) bool {
		var x struct {
			At time.Time `json:"at"`
		}
		return json.Unmarshal(e.Data, &x) != nil || now.Sub(x.At) < keptFor
	})
	if old < 0 {
		return 0, nil
	}
	return len(entries) - old, nil
}

// operation is which endpoint of the catalogue was called, "" for none.
func (x *exchange) operation() string {
	if x.op != nil {
		return x.op.ID()
	}
	return x.unsupportedID
}

// Drop empties what is stored, in a transaction that replaces all there is, and Empty what waits to
// be, when that is committed.
func (j *journal) Drop(tx store.Tx) error { return tx.Trim(journalLog, 0) }

func (j *journal) Empty() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending, j.waiting, j.dropped, j.from = nil, 0, 0, j.front.Replaced.Load()
}

// isOver says whether a note is of a world that is no more.
func (j *journal) isOver(n *note) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return n.replaced < j.from
}
