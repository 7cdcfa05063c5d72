package front

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

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
	pending    []note
	waiting    int  // bytes of pending
	dropped    int  // for which there was no room
	writing    bool // the background is at it
	closed     bool // it begins no more
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
	n := j.note(x)
	if j.tell != nil { // it is blanked once
		n = j.blanked(n, j.front.Registry.Secrets())
	}
	j.collect(n)
	if refused := x.refused; refused != nil && refused.Hint != "" {
		r := redact.Redaction{Secrets: j.front.Registry.Secrets()}
		j.front.Warn("sandbox: %s: %d %s: %s", j.front.called(x), x.status, refused.Code,
			r.Brief(refused.Hint, shown.MaxLine))
	}
	if tell := j.tell; tell != nil {
		told := n.Exchange
		told.Header, told.Faults = n.Header.Clone(), slices.Clone(n.Faults)
		tell(told)
	}
}

// collect has a note written down.
func (j *journal) collect(n note) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.waiting+n.size() > waitingLimit {
		j.dropped++
		return
	}
	j.pending, j.waiting = append(j.pending, n), j.waiting+n.size()
	if len(j.pending) > j.keep { // the newest are all that would be left of them
		j.waiting -= j.pending[0].size()
		j.pending = j.pending[1:]
	}
	if j.full() && !j.writing {
		j.writing = true
		j.background.Go(j.write)
	}
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
	j.mu.Unlock()
	j.background.Wait()
	err := j.flush(j.life)
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
		entries := j.encoded(ctx, notes) // before, for the store lets nobody else write meanwhile
		if len(entries) < len(notes) {
			j.giveBack(notes[len(entries):])
			left = 0
		}
		if left -= len(entries); len(entries) > 0 {
			err = j.append(entries)
		}
	}
	return dropped, err
}

// take takes the oldest notes that wait.
func (j *journal) take(most int) []note {
	j.mu.Lock()
	defer j.mu.Unlock()
	notes := slices.Clone(j.pending[:min(most, len(j.pending))])
	j.pending = j.pending[len(notes):]
	for _, n := range notes {
		j.waiting -= n.size()
	}
	return notes
}

// giveBack has notes wait again, before those that have come since.
func (j *journal) giveBack(notes []note) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(notes, j.pending...)
	j.pending = j.pending[max(0, len(j.pending)-j.keep):]
	j.waiting = 0
	for _, n := range j.pending {
		j.waiting += n.size()
	}
}

// encoded are the notes as they are stored, as many as were blanked before ctx ended.
func (j *journal) encoded(ctx context.Context, notes []note) (entries [][]byte) {
	secrets := j.front.Registry.Secrets()
	for _, n := range notes {
		if ctx.Err() != nil {
			break
		}
		entries = append(entries, rows.EncodeJSON(j.blanked(n, secrets).Exchange))
	}
	return entries
}

// append stores entries and drops those that are too many and too old.
func (j *journal) append(entries [][]byte) error {
	now := j.front.Clock.Now()
	old := now.Sub(j.aged).Abs() >= 24*time.Hour // how old they are is looked at once a day
	err := j.front.Store.Update(context.Background(), func(tx store.Tx) error {
		for _, entry := range entries {
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

// note is an exchange on its way into the journal, with its secrets until it is blank.
type note struct {
	ledger.Exchange
	names []string // see Redaction
	kept  int
	blank bool
}

// bodyKept is how many bytes of a body are kept, strangersKept how many of a call that nobody
// signed: anybody can call, so less is looked at.
const bodyKept, strangersKept = 16 << 10, 2 << 10

// longestMethod is more than the name of any method of HTTP has.
const longestMethod = 64

func (j *journal) note(x *exchange) note {
	n := note{kept: strangersKept, names: j.front.sealedNames(x.op), Exchange: ledger.Exchange{
		At: x.at, Method: x.request.Method, URI: requestURI(x.request),
		Header:    redact.WithoutSignature(x.request.Header),
		Operation: x.operation(), Status: x.status, RequestID: x.id, Faults: x.injected.Names(),
	}}
	if x.merchant != nil {
		n.MchID, n.kept = x.merchant.MchID, bodyKept
	}
	limit := n.redaction().ScanLimit()
	n.Header = within(n.Header, limit)
	n.Method, n.URI = n.Method[:min(len(n.Method), longestMethod)], n.URI[:min(len(n.URI), limit)]
	n.Body, n.Reply = string(x.body[:min(len(x.body), limit)]), string(x.reply[:min(len(x.reply), limit)])
	if x.refused != nil {
		n.Code, n.Unsupported, n.Hint = x.refused.Code, x.refused.Unsupported, x.refused.Hint
	}
	return n
}

// perValue is what a value of a header takes beside its bytes.
const perValue = 16

// within is a header of so many bytes at most: what is too long is left out, the value first.
func within(h http.Header, bytes int) http.Header {
	out := make(http.Header, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		values, size := h[name], len(name)
		for _, v := range values {
			size += len(v) + perValue
		}
		if size > bytes {
			values, size = []string{redact.Blank}, len(name)+len(redact.Blank)
		}
		if size > bytes {
			break
		}
		out[name], bytes = values, bytes-size
	}
	return out
}

// size is how many bytes from outside a note has, about.
func (n note) size() int {
	size := len(n.Method) + len(n.URI) + len(n.Body) + len(n.Reply)
	for name, values := range n.Header {
		for _, v := range values {
			size += len(name) + len(v) + perValue
		}
	}
	return size
}

func (n note) redaction() redact.Redaction {
	return redact.Redaction{Names: n.names, Kept: n.kept, Thrifty: n.MchID == ""}
}

// blanked is a note as it is written down, without the secrets.
func (j *journal) blanked(n note, secrets redact.Secrets) note {
	if n.blank {
		return n
	}
	lane := &j.blanking[0] // no merchant waits for strangers
	if n.MchID == "" {
		lane = &j.blanking[1]
	}
	lane.Lock()
	defer lane.Unlock()
	r := n.redaction()
	r.Secrets = secrets
	n.Header, n.Faults, n.blank = n.Header.Clone(), slices.Clone(n.Faults), true
	r.Exchange(&n.Exchange)
	n.Hint = shown.Line(n.Hint, shown.MaxLine)
	return n
}

// briefly is how many bytes of a call that is nobody's a log has, at most.
const briefly = 256

// called is what a log says was called: the endpoint, or a path that is nobody's. The path of an
// endpoint may have an openid in it.
func (fr *Front) called(x *exchange) string {
	if known := x.operation(); known != "" {
		return known
	}
	r := redact.Redaction{Secrets: fr.Registry.Secrets()}
	return shown.Value(r.Brief(x.request.Method+" "+x.request.URL.Path, briefly))
}

// operation is which endpoint of the catalogue was called, "" for none.
func (x *exchange) operation() string {
	if x.op != nil {
		return x.op.ID()
	}
	return x.unsupportedID
}

// List returns the exchanges after a sequence number, oldest first, at most the
// newest of them.
func (j *journal) List(ctx context.Context, after int64, newest int) ([]ledger.Exchange, error) {
	switch err := j.flush(ctx); {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		j.front.Logf("sandbox: store the journal: %v", err)
	}
	var out []ledger.Exchange
	err := j.front.Store.View(ctx, func(tx store.Tx) error {
		entries, err := tx.List(journalLog, after, newest)
		if err != nil {
			return err
		}
		for _, e := range entries {
			var x ledger.Exchange
			if err := json.Unmarshal(e.Data, &x); err != nil {
				return err
			}
			x.Seq = e.Seq
			out = append(out, x)
		}
		return nil
	})
	return out, err
}
