package front

import (
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/wxpay-go/wxpay/sandbox/internal/redact"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// note is an exchange on its way into the journal.
type note struct {
	ledger.Exchange          // with its secrets, until entry has blanked it
	names           []string // see Redaction
	kept            int
	replaced        int64 // see exchange
	bytes           int
	blank           sync.Once
}

// bodyKept is how many bytes of a body are kept, strangersKept how many of a call that nobody
// signed: anybody can call, so less is looked at.
const bodyKept, strangersKept = 16 << 10, 2 << 10

func (j *journal) note(x *exchange) *note {
	n := &note{kept: strangersKept, replaced: x.replaced, names: j.front.sealedNames(x.op), Exchange: ledger.Exchange{
		At: x.at, Method: x.request.Method, URI: requestURI(x.request),
		Header:    redact.WithoutSignature(x.request.Header),
		Operation: x.operation(), Status: x.status, RequestID: x.id, Faults: x.injected.Names(),
	}}
	if x.merchant != nil {
		n.MchID, n.kept = x.merchant.MchID, bodyKept
	}
	limit := n.redaction().ScanLimit()
	e := &n.Exchange
	e.Header = within(e.Header, limit)
	e.Method, e.URI = e.Method[:min(len(e.Method), redact.MethodScan)], e.URI[:min(len(e.URI), limit)]
	e.Body, e.Reply = string(x.body[:min(len(x.body), limit)]), string(x.reply[:min(len(x.reply), limit)])
	if x.refused != nil {
		e.Code, e.Unsupported, e.Hint = x.refused.Code, x.refused.Unsupported, x.refused.Hint
		e.HintZH, e.Mistake = x.refused.HintZH, x.refused.Mistake
	}
	n.bytes = size(e)
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

// size is how many bytes from outside an exchange has, about.
func size(e *ledger.Exchange) int {
	size := len(e.Method) + len(e.URI) + len(e.Body) + len(e.Reply)
	for name, values := range e.Header {
		for _, v := range values {
			size += len(name) + len(v) + perValue
		}
	}
	return size
}

func (n *note) redaction() redact.Redaction {
	return redact.Redaction{Names: n.names, Kept: n.kept, Thrifty: n.MchID == ""}
}

// entry is a note as it is written down, without the secrets; it is blanked once.
func (j *journal) entry(n *note, secrets redact.Secrets) ledger.Exchange {
	n.blank.Do(func() {
		lane := &j.blanking[0] // no merchant waits for strangers
		if n.MchID == "" {
			lane = &j.blanking[1]
		}
		lane.Lock()
		defer lane.Unlock()
		r := n.redaction()
		r.Secrets = secrets
		r.Exchange(&n.Exchange)
		n.Hint, n.HintZH = shown.Line(n.Hint, shown.MaxLine), shown.Line(n.HintZH, shown.MaxLine)
	})
	return n.Exchange
}

// briefly is how many bytes of a call that is nobody's a log has, at most.
const briefly = 256

// called is what a log says was called: the endpoint, or a path that is nobody's. The path of an
// endpoint may have an openid in it.
func (fr *Front) called(x *exchange) string {
	if known := x.operation(); known != "" {
		return known
	}
	path := x.request.URL.Path
	if x.request.Method == http.MethodConnect {
		path = x.request.RequestURI // which is a host
	}
	r := redact.Redaction{Secrets: fr.Registry.Secrets()}
	return shown.Value(r.Brief(x.request.Method+" "+path, briefly))
}
