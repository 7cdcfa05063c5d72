package front

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// savedJournal tells a journal from others: the numbers of its entries only ever grow, and those of
// another one begin anew.
type savedJournal struct {
	rows.Rev
	Name string `json:"name"`
}

func (s *savedJournal) RowKind() string { return "journal" }
func (s *savedJournal) Row() store.Row  { return store.Row{ID: "journal"} }
func (s *savedJournal) Owner() string   { return "" }

// NameJournal gives the journal of a store a name, once.
func NameJournal(s *engine.Step) error {
	_, err := rows.Get[savedJournal](s.Tx, (&savedJournal{}).Row().ID)
	if errors.Is(err, store.ErrNotFound) {
		err = rows.Put(s.Tx, &savedJournal{Name: strconv.FormatInt(time.Now().UnixNano(), 36)})
	}
	return err
}

// Looked is what was found in a journal.
type Looked struct {
	Journal string   // its name
	Codes   []string // those that refusals in it have, whether or not they were wanted
	List    []ledger.Exchange
}

// List returns the exchanges after a sequence number, oldest first, at most the
// newest of them.
func (j *journal) List(ctx context.Context, after int64, newest int) ([]ledger.Exchange, error) {
	found, err := j.Look(ctx, after, newest, nil)
	return found.List, err
}

// Look returns those exchanges that are wanted, everything where wants is nil.
func (j *journal) Look(ctx context.Context, after int64, newest int,
	wants func(*ledger.Exchange) bool) (found Looked, err error) {
	flushing, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(j.life, end)() // Close waits for it
	switch err := j.flush(flushing); {
	case ctx.Err() != nil:
		return found, ctx.Err()
	case err != nil:
		j.front.Logf("sandbox: store the journal: %v", err)
	}
	read := newest
	if wants != nil {
		read = 0 // the newest that are wanted
	}
	err = j.front.Store.View(ctx, func(tx store.Tx) error {
		name, err := rows.Get[savedJournal](tx, (&savedJournal{}).Row().ID)
		if err != nil {
			return err
		}
		found = Looked{Journal: name.Name}
		entries, err := tx.List(journalLog, after, read)
		if err != nil {
			return err
		}
		codes := map[string]bool{}
		for _, e := range entries {
			var x ledger.Exchange
			if err := json.Unmarshal(e.Data, &x); err != nil {
				return err
			}
			if x.Seq = e.Seq; x.Code != "" && !codes[x.Code] {
				codes[x.Code], found.Codes = true, append(found.Codes, x.Code)
			}
			if wants == nil || wants(&x) {
				found.List = append(found.List, x)
			}
		}
		return nil
	})
	if newest > 0 && len(found.List) > newest {
		found.List = found.List[len(found.List)-newest:]
	}
	return found, err
}
