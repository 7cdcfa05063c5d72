package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Exchange is one line of the journal: an API call as it came, and the answer.
// Signatures and key material are left out or blanked.
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
	if r := x.refused; r != nil && r.hint != "" {
		j.engine.amiss("sandbox: %s: %d %s: %s", cmp.Or(x.operation(), x.request.Method+" "+x.request.URL.Path), x.status, r.code, r.hint)
	}
	if tell := j.engine.onExchange; tell != nil {
		tell(x.entry())
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
	return j.engine.store.Update(ctx, func(tx Tx) error {
		for _, x := range pending {
			if _, err := tx.Append(journalLog, encodeJSON(x.entry())); err != nil {
				return err
			}
		}
		return tx.Trim(journalLog, j.keep)
	})
}

func (x *exchange) entry() Exchange {
	entry := Exchange{
		At: x.at, Method: x.request.Method, URI: redactURI(requestURI(x.request)), Header: redactHeader(x.request.Header),
		Operation: x.operation(), Body: redactBody(x.body), Status: x.status, Reply: redactBody(x.reply), RequestID: x.id, Faults: x.struck.names(),
	}
	if x.merchant != nil {
		entry.MchID = x.merchant.MchID
	}
	if x.refused != nil {
		entry.Code, entry.Hint, entry.Unsupported = x.refused.code, x.refused.hint, x.refused.unsupported
	}
	return entry
}

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
	err := j.engine.store.View(ctx, func(tx Tx) error {
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

// redactHeader blanks the signature, with which an entry could be replayed, and
// whatever else somebody may have put into Authorization.
func redactHeader(h http.Header) http.Header {
	out := h.Clone()
	for _, name := range []string{"Cookie", "Proxy-Authorization"} {
		out.Del(name)
	}
	for i, v := range out["Authorization"] {
		if a, err := wire.ParseAuthorization(v); err == nil {
			a.Signature = "…"
			out["Authorization"][i] = a.String()
		} else {
			out["Authorization"][i] = "…"
		}
	}
	return out
}

// sealedMember matches members that hold what somebody took the trouble to encrypt.
var sealedMember = regexp.MustCompile(`"(ciphertext|number|id_card_number|real_name|bank_card_no)"\s*:\s*"[^"]*"`)

// signElement matches the sign of an APIv2 message, signParameter that of a page.
var (
	signElement   = regexp.MustCompile(`(<sign>(?:\s*<!\[CDATA\[)?)[^\]<]*`)
	signParameter = regexp.MustCompile(`([?&]sign=)[^&]*`)
)

func redactURI(uri string) string { return signParameter.ReplaceAllString(uri, "$1…") }

// sealedWords is the cheap question before the expensive one.
var sealedWords = [][]byte{[]byte(`"ciphertext"`), []byte(`number"`), []byte(`"real_name"`), []byte(`"bank_card_no"`)}

func redactBody(b []byte) string {
	if len(b) > bodyLimit {
		b = append(b[:bodyLimit:bodyLimit], "…"...)
	}
	b = signElement.ReplaceAll(b, []byte("${1}…"))
	if !slices.ContainsFunc(sealedWords, func(word []byte) bool { return bytes.Contains(b, word) }) {
		return string(b)
	}
	return sealedMember.ReplaceAllString(string(b), `"$1":"…"`)
}
