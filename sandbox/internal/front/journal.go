package front

import (
	"cmp"
	"context"
	"encoding/json"
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
	storing    sync.Mutex // one batch at a time, or they would change places
	aged       time.Time  // when their age was looked at, by the sandbox's clock; under storing
}

// batch is how many entries may wait before the background stores them, waitingLimit how
// many bytes may while it does. What comes on top is not written down.
const (
	batch        = 64
	waitingLimit = 16 << 20
)

func (j *journal) record(x *exchange) {
	n := j.note(x)
	j.collect(n)
	if refused := x.refused; refused != nil && refused.Hint != "" {
		r := redact.Redaction{Secrets: j.front.Registry.Secrets()}
		j.front.Warn("sandbox: %s: %d %s: %s", j.front.called(x), x.status, refused.Code, r.Text(refused.Hint))
	}
	if tell := j.tell; tell != nil {
		tell(n.blanked(j.front.Registry.Secrets()))
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
		if err := j.flush(context.Background()); err != nil {
			j.front.Logf("sandbox: store the journal: %v", err)
		}
		j.mu.Lock()
		more = j.full()
		j.writing = more
		j.mu.Unlock()
	}
}

// Close ends the background and stores what is left.
func (j *journal) Close() error {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.background.Wait()
	return j.flush(context.Background())
}

// flush stores what has been collected, and logs what was left out when nothing is held any more:
// whoever hears of it may look at the journal.
func (j *journal) flush(ctx context.Context) error {
	dropped, err := j.store(ctx)
	if dropped > 0 {
		j.front.Logf("sandbox: the journal lacks %d calls, which came faster than it is written", dropped)
	}
	return err
}

// store is flush without the log. What cannot be stored is dropped: the journal explains, it
// decides nothing. Where ctx ends before, all of it is left to the next.
func (j *journal) store(ctx context.Context) (dropped int, err error) {
	j.storing.Lock()
	defer j.storing.Unlock()
	j.mu.Lock()
	pending := j.pending
	dropped = j.dropped
	j.pending, j.waiting, j.dropped = nil, 0, 0
	j.mu.Unlock()
	if len(pending) == 0 {
		return dropped, nil
	}
	secrets := j.front.Registry.Secrets()
	entries := make([][]byte, len(pending)) // made before, for the store lets nobody else write meanwhile
	for i, n := range pending {
		if err := ctx.Err(); err != nil {
			j.giveBack(pending, dropped)
			return 0, err
		}
		entries[i] = rows.EncodeJSON(n.blanked(secrets))
	}
	now := j.front.Clock.Now()
	old := now.Sub(j.aged).Abs() >= 24*time.Hour // how old they are is looked at once a day
	err = j.front.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
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
	return dropped, err
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

// giveBack has notes wait again, before those that have come since.
func (j *journal) giveBack(notes []note, dropped int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending, j.dropped = append(notes, j.pending...), j.dropped+dropped
	j.pending = j.pending[max(0, len(j.pending)-j.keep):]
	j.waiting = 0
	for _, n := range j.pending {
		j.waiting += n.size()
	}
}

// note is an exchange on its way into the journal, with its secrets.
type note struct {
	ledger.Exchange
	names []string // see Redaction
	kept  int
}

// bodyKept is how many bytes of a body are kept, strangersKept how many of a call that nobody
// signed: anybody can call, so less is looked at.
const bodyKept, strangersKept = 16 << 10, 2 << 10

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
	n.Body, n.Reply = string(x.body[:min(len(x.body), limit)]), string(x.reply[:min(len(x.reply), limit)])
	if x.refused != nil {
		n.Code, n.Unsupported, n.Hint = x.refused.Code, x.refused.Unsupported, x.refused.Hint
	}
	return n
}

// size is how many bytes from outside a note has, about.
func (n note) size() int {
	size := len(n.URI) + len(n.Body) + len(n.Reply)
	for name, values := range n.Header {
		for _, v := range values {
			size += len(name) + len(v)
		}
	}
	return size
}

func (n note) redaction() redact.Redaction {
	return redact.Redaction{Names: n.names, Kept: n.kept}
}

// blanked is the entry as it is written down, without the secrets.
func (n note) blanked(secrets redact.Secrets) ledger.Exchange {
	r := n.redaction()
	r.Secrets = secrets
	entry := n.Exchange
	entry.Header, entry.Faults = n.Header.Clone(), slices.Clone(n.Faults)
	r.Exchange(&entry)
	entry.Hint = shown.Line(entry.Hint, shown.MaxLine)
	return entry
}

// called is what a log says was called: the endpoint, or a path that is nobody's. The path of an
// endpoint may have an openid in it.
func (fr *Front) called(x *exchange) string {
	r := redact.Redaction{Secrets: fr.Registry.Secrets()}
	return cmp.Or(x.operation(), shown.Value(r.Text(x.request.Method+" "+x.request.URL.Path)))
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
