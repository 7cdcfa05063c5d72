package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// slowJournal is a store that takes its time over the journal.
type slowJournal struct {
	store.Store
	begins, released chan struct{}
	release          func() // lets everything through
}

func newSlowJournal() slowJournal {
	s := slowJournal{store.NewMemory(), make(chan struct{}, 100), make(chan struct{}), nil}
	s.release = sync.OnceFunc(func() { close(s.released) })
	return s
}

func (s slowJournal) Update(ctx context.Context, f func(store.Tx) error) error {
	return s.Store.Update(ctx, func(tx store.Tx) error { return f(slowAppend{tx, s}) })
}

type slowAppend struct {
	store.Tx
	store slowJournal
}

func (s slowAppend) Append(log string, data []byte) (int64, error) {
	select {
	case s.store.begins <- struct{}{}:
	default:
	}
	<-s.store.released
	return s.Tx.Append(log, data)
}

// strange makes calls that nobody signed.
func (w *world) strange(calls int, header string) error {
	for i := range calls {
		r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, fmt.Sprintf("%s/v3/certificates?n=%d",
			w.URL(), i), nil)
		if err != nil {
			return err
		}
		r.Header.Set("Accept", "application/json")
		r.Header.Set("X-Long", header)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized {
			return fmt.Errorf("call %d was answered %d", i, answer.StatusCode)
		}
	}
	return nil
}

// No call waits for the journal, its own entry's or those of others that were collected.
func TestNoCallWaitsForTheJournal(t *testing.T) {
	t.Parallel()
	kept := newSlowJournal()
	w := newWorld(t, sandbox.WithStore(kept))
	t.Cleanup(kept.release)
	answered := make(chan error, 1)
	go func() { answered <- w.strange(200, "") }()
	await(t, kept.begins, "the journal's first batch")
	w.ok(await(t, answered, "the answer to every call while the journal is being written"))
	kept.release()
	journal, err := w.Journal(0, 0)
	w.ok(err)
	if len(journal) != 200 {
		t.Fatalf("the journal has %d calls", len(journal))
	}
	for i, x := range journal {
		if want := fmt.Sprintf("?n=%d", i); !strings.HasSuffix(x.URI, want) {
			t.Fatalf("call %d is %s", i, x.URI)
		}
	}
}

// What waits for the journal is bounded, and what is left out is said.
func TestWhatWaitsForTheJournalIsBounded(t *testing.T) {
	t.Parallel()
	kept := newSlowJournal()
	logged := make(chan string, 100)
	w := newWorld(t, sandbox.WithStore(kept), func(c *sandbox.Config) {
		c.Logf = func(format string, args ...any) { logged <- fmt.Sprintf(format, args...) }
		c.JournalSize = 2000
	})
	t.Cleanup(kept.release)
	w.ok(w.strange(64, ""))
	await(t, kept.begins, "the journal's first batch")
	const long = 15_000
	w.ok(w.strange(1300, strings.Repeat("z", long)))
	kept.release()
	journal, err := w.Journal(0, 0)
	w.ok(err)
	if got := (len(journal) - 64) * long; got > 16<<20 || got < 15<<20 {
		t.Errorf("%d bytes waited", got)
	}
	if got, want := await(t, logged, "word of what was left out"), fmt.Sprintf("lacks %d calls",
		1364-len(journal)); !strings.Contains(got, want) {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// Of a call that nobody signed less is kept, and no part of a key that the limit goes through.
func TestOfAStrangersCallLessIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.Merchants()[0].APIv2Key.Reveal()
	const limit = 2 << 10
	body := []byte(strings.Repeat("z", limit-5) + key + strings.Repeat("y", 20_000))
	w.ok(w.strange(1, strings.Repeat("z", 30_000)))
	w.send(raw{body: body, auth: "-"})
	w.send(raw{body: body})
	journal, err := w.Journal(0, 0)
	w.ok(err)
	if long := journal[0].Header["X-Long"]; len(long) != 1 || long[0] != "…" || journal[0].Header["Accept"] == nil {
		t.Errorf("of a stranger's header is kept: %.100q", journal[0].Header)
	}
	journal = journal[1:]
	if n := len(journal[0].Body); n > limit+10 || len(journal[1].Body) < 7*limit ||
		strings.Contains(w.committed(), key[:4]) {
		t.Errorf("%d bytes of a stranger's body are kept, %d of a merchant's", n, len(journal[1].Body))
	}
}

// The admin reads nothing for a caller that has gone, and what waits to be read is not lost by it.
func TestTheJournalOutlivesItsReader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.strange(3, ""))
	ctx, gone := context.WithCancel(t.Context())
	gone()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, w.AdminURL()+"/sandbox/journal", nil)
	answer := httptest.NewRecorder()
	w.AdminHandler().ServeHTTP(answer, r)
	if answer.Code == http.StatusOK {
		t.Errorf("it was answered %d %s", answer.Code, answer.Body)
	}
	if journal, err := w.Journal(0, 0); err != nil || len(journal) != 3 {
		t.Errorf("the journal has %d calls: %v", len(journal), err)
	}
}
