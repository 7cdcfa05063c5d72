package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Exchange is one line of the journal: an API call as it came, and the answer.
// Blanked are signatures, whatever the catalogue has travel encrypted, the APIv3
// and APIv2 keys of the merchants and private keys, wherever they turn up. The
// rest stands there as it was sent, openids included, in paths as in bodies: what
// is tested with is made up, and a tool that hid whom a call was about would
// explain nothing. Do not send a sandbox real people's data.
type Exchange struct {
	Seq         int64       `json:"seq"`
	At          time.Time   `json:"at"`
	Method      string      `json:"method"`
	URI         string      `json:"uri"`
	Operation   string      `json:"operation,omitempty"` // of the catalogue
	MchID       string      `json:"mchid,omitempty"`     // once the signature was verified
	Header      http.Header `json:"header"`
	Body        string      `json:"body,omitempty"`
	Status      int         `json:"status"`         // 0: the connection was cut
	Code        string      `json:"code,omitempty"` // of a refusal
	Reply       string      `json:"reply,omitempty"`
	RequestID   string      `json:"request_id"`
	Hint        string      `json:"hint,omitempty"` // why it was refused
	Unsupported string      `json:"unsupported,omitempty"`
	Faults      []FaultName `json:"faults,omitempty"` // that were injected and struck
}

const journalLog = "journal"

// journal writes exchanges down behind the callers' backs: they are collected
// here and stored in batches, so that no API call waits for its own minutes.
type journal struct {
	engine *engine
	keep   int // how many entries are kept

	mu      sync.Mutex
	pending []*exchange
	storing sync.Mutex // one batch at a time, or they would change places
}

// batch is how many entries may wait to be stored.
const batch = 64

// bodyLimit is how much of a body the journal keeps.
const bodyLimit = 16 << 10

func (j *journal) record(x *exchange) {
	j.mu.Lock()
	j.pending = append(j.pending, x)
	full := len(j.pending) >= batch
	j.mu.Unlock()
	if full {
		if err := j.flush(context.Background()); err != nil {
			j.engine.logf("sandbox: store the journal: %v", err)
		}
	}
	if refused := x.refused; refused != nil && refused.hint != "" {
		r := redaction{secrets: j.engine.registry.secrets()}
		called := cmp.Or(x.operation(), shown(r.text(x.request.Method+" "+x.request.URL.Path)))
		j.engine.amiss("sandbox: %s: %d %s: %s", called, x.status, refused.code, r.text(refused.hint))
	}
	if tell := j.engine.onExchange; tell != nil {
		tell(j.entry(x, j.engine.registry.secrets()))
	}
}

// flush stores what has been collected. What cannot be stored is dropped: the
// journal explains, it decides nothing.
func (j *journal) flush(ctx context.Context) error {
	j.storing.Lock()
	defer j.storing.Unlock()
	j.mu.Lock()
	pending := j.pending
	j.pending = nil
	j.mu.Unlock()
	if len(pending) == 0 {
		return nil
	}
	if len(pending) > j.keep {
		pending = pending[len(pending)-j.keep:]
	}
	secrets := j.engine.registry.secrets()
	entries := make([][]byte, len(pending)) // made before, for the store lets nobody else write meanwhile
	for i, x := range pending {
		entries[i] = encodeJSON(j.entry(x, secrets))
	}
	return j.engine.store.Update(ctx, func(tx store.Tx) error {
		for _, entry := range entries {
			if _, err := tx.Append(journalLog, entry); err != nil {
				return err
			}
		}
		return tx.Trim(journalLog, j.keep)
	})
}

// entry is an exchange as it is written down, without the secrets.
func (j *journal) entry(x *exchange, secrets secretTexts) Exchange {
	r := redaction{secrets: secrets, names: j.engine.sealedNames(x.op)}
	entry := Exchange{
		At: x.at, Method: x.request.Method, URI: requestURI(x.request), Header: withoutSignature(x.request.Header),
		Operation: x.operation(), Body: beginning(x.body), Status: x.status, Reply: beginning(x.reply),
		RequestID: x.id, Faults: x.struck.names(),
	}
	if x.merchant != nil {
		entry.MchID = x.merchant.MchID
	}
	if x.refused != nil {
		entry.Code, entry.Unsupported, entry.Hint = x.refused.code, x.refused.unsupported, x.refused.hint
	}
	r.exchange(&entry)
	entry.Hint = oneLine(entry.Hint, shownLine)
	return entry
}

// beginning is as much of a body as is looked at.
func beginning(body []byte) string { return string(body[:min(len(body), scanLimit)]) }

// operation is which endpoint of the catalogue was called, "" for none.
func (x *exchange) operation() string {
	if x.op != nil {
		return x.op.ID()
	}
	return x.lacks
}

// list returns the exchanges after a sequence number, oldest first, at most the
// newest of them.
func (j *journal) list(ctx context.Context, after int64, newest int) ([]Exchange, error) {
	if err := j.flush(ctx); err != nil {
		j.engine.logf("sandbox: store the journal: %v", err)
	}
	var out []Exchange
	err := j.engine.store.View(ctx, func(tx store.Tx) error {
		entries, err := tx.List(journalLog, after, newest)
		if err != nil {
			return err
		}
		for _, e := range entries {
			var x Exchange
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
