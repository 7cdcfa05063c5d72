package explain

import (
	"bytes"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Request is a signed request of APIv3, as it came over the wire.
type Request struct {
	Method  string
	URI     string // path and query
	Host    string
	Pattern string // the path with its placeholders, as the documents print it; may be ""
	Body    []byte // of an upload, the part meta
	Form    []byte // of an upload, the whole body
	wire.Authorization
}

// parts are the five lines of a signed string.
type parts struct {
	method, uri, timestamp, nonce string
	body                          []byte
}

func (p parts) size() int {
	return len(p.method) + len(p.uri) + len(p.timestamp) + len(p.nonce) + len(p.body) + 5
}

func (p parts) message() []byte {
	return wire.AppendRequestMessage(make([]byte, 0, p.size()), p.method, p.uri, p.timestamp, p.nonce, p.body)
}

// layout puts the parts together, rightly or wrongly.
type layout func(parts) []byte

// change puts something in place of a part.
type change struct {
	of  string // which part: no two changes of one are tried together, and none of ""
	put func(*parts)
	lay layout
	as  Finding
}

// outcome is what came of a search.
type outcome struct {
	found bool
	as    Finding // nothing where the string is right
	all   bool    // every mistake was tried, though perhaps not every two of them
}

// search finds the mistakes that make a string which the signature is of: none, one of them,
// and, where two is true, two at once.
func (r Request) search(of func([]byte) bool, two bool, left *budget) (out outcome) {
	right := parts{r.Method, r.URI, r.Timestamp, r.Nonce, r.Body}
	try := func(changes ...change) bool { // whether to go on
		p, lay := right, layout(parts.message)
		for _, c := range changes {
			if c.put != nil {
				c.put(&p)
			}
			if c.lay != nil {
				lay = c.lay
			}
		}
		message := lay(p)
		if message == nil {
			return true
		}
		if !left.spend(p.size()) {
			return false
		}
		if out.found = of(message); out.found {
			for _, c := range changes {
				out.as = out.as.and(c.as)
			}
		}
		return !out.found
	}
	if !try() {
		return out
	}
	var usual []change // which are also tried two at a time
	for c := range r.changes(left) {
		if !try(c) {
			return out
		}
		if c.of != "" {
			usual = append(usual, c)
		}
	}
	for c := range r.otherTimes() {
		if !try(c) {
			return out
		}
	}
	if out.all = !left.spent(); !two {
		return out
	}
	for i, a := range usual {
		for _, b := range usual[i+1:] {
			if a.of != b.of && !try(a, b) {
				return out
			}
		}
	}
	return out
}

// changes yields what people sign instead of what they should, the most frequent first.
func (r Request) changes(left *budget) iter.Seq[change] {
	return func(yield func(change) bool) {
		for c := range r.usualBodies(left) {
			if !yield(change{of: "body", put: func(p *parts) { p.body = c.value }, as: c.as}) {
				return
			}
		}
		for c := range otherMethods(r.Method) {
			if !yield(change{of: "method", put: func(p *parts) { p.method = c.value }, as: c.as}) {
				return
			}
		}
		for c := range otherNonces(r) {
			if !yield(c) {
				return
			}
		}
		for _, c := range otherLayouts {
			if !yield(change{of: "layout", lay: c.value, as: found(c.id)}) {
				return
			}
		}
		for c := range otherURIs(r, left) {
			if !yield(change{of: "uri", put: func(p *parts) { p.uri = c.value }, as: c.as}) {
				return
			}
		}
		for c := range r.rareBodies(left) {
			if !yield(change{of: "body", put: func(p *parts) { p.body = c.value }, as: c.as}) {
				return
			}
		}
		for c := range otherOrders() {
			if !yield(change{lay: c.value, as: c.as}) {
				return
			}
		}
	}
}

func otherMethods(sent string) iter.Seq[choice[string]] {
	return func(yield func(choice[string]) bool) {
		for _, m := range []string{strings.ToLower(sent), strings.ToUpper(sent), title(sent)} {
			if m != sent && !yield(choice[string]{m, found("method-case", m)}) {
				return
			}
		}
		for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", ""} {
			if strings.EqualFold(m, sent) {
				continue
			}
			as := found("method-other", m, sent)
			if m == "" {
				as = found("method-empty")
			}
			if !yield(choice[string]{m, as}) {
				return
			}
		}
	}
}

func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
}

// otherNonces are times and nonces that can be told from the ones sent.
func otherNonces(r Request) iter.Seq[change] {
	return func(yield func(change) bool) {
		is := func(id, timestamp, nonce string) bool {
			if timestamp == r.Timestamp && nonce == r.Nonce {
				return true
			}
			return yield(change{of: "nonce", as: found(id), put: func(p *parts) {
				p.timestamp, p.nonce = timestamp, nonce
			}})
		}
		_ = is("timestamp-nonce-swapped", r.Nonce, r.Timestamp) &&
			is("timestamp-milliseconds-signed", r.Timestamp+"000", r.Nonce) &&
			is("timestamp-left-out", "", r.Nonce) &&
			is("nonce-left-out", r.Timestamp, "") &&
			is("nonce-case", r.Timestamp, strings.ToLower(r.Nonce)) &&
			is("nonce-case", r.Timestamp, strings.ToUpper(r.Nonce)) &&
			is("nonce-dashes", r.Timestamp, strings.ReplaceAll(r.Nonce, "-", ""))
	}
}

// mostOff is how many seconds may lie between two times that were taken for one request.
const mostOff = 30

// otherTimes are times that were taken a second time.
func (r Request) otherTimes() iter.Seq[change] {
	return func(yield func(change) bool) {
		seconds, err := strconv.ParseInt(r.Timestamp, 10, 64)
		if err != nil || seconds < 0 || len(r.Timestamp) > 12 {
			return
		}
		at := func(id string, t int64) bool {
			return yield(change{of: "nonce", as: found(id), put: func(p *parts) {
				p.timestamp = strconv.FormatInt(t, 10)
			}})
		}
		for off := int64(1); off <= mostOff; off++ {
			if !at("timestamp-other", seconds-off) || !at("timestamp-other", seconds+off) {
				return
			}
		}
		for ms := range int64(1000) {
			if !at("timestamp-milliseconds-signed", seconds*1000+ms) {
				return
			}
		}
	}
}

// otherLayouts are the right parts put together wrongly.
var otherLayouts = [...]struct {
	id    string
	value layout
}{
	{"string-empty", func(parts) []byte { return []byte{} }},
	{"line-feed-missing", func(p parts) []byte { return bytes.TrimSuffix(p.message(), []byte("\n")) }},
	{"line-of-empty-body", func(p parts) []byte {
		if len(p.body) > 0 {
			return nil
		}
		return bytes.TrimSuffix(p.message(), []byte("\n\n"))
	}},
	{"line-feed-doubled", func(p parts) []byte { return append(p.message(), '\n') }},
	{"line-feed-doubled", func(p parts) []byte { return append(bytes.TrimSuffix(p.message(), []byte("\n")), "\r\n\n"...) }},
	{"line-feeds-crlf", func(p parts) []byte { return p.joined("\r\n", "\r\n") }},
	{"line-feeds-crlf", func(p parts) []byte { return p.joined("\r\n", "") }},
	{"line-feeds-literal", func(p parts) []byte { return p.joined(`\n`, `\n`) }},
	{"line-feeds-left-out", func(p parts) []byte { return p.joined("", "") }},
	{"line-feeds-spaces", func(p parts) []byte { return p.joined(" ", "") }},
	{"line-feeds-ampersands", func(p parts) []byte { return p.joined("&", "") }},
	{"line-feed-in-front", func(p parts) []byte { return append([]byte("\n"), p.message()...) }},
	{"reply-string", func(p parts) []byte { return wire.AppendReplyMessage(nil, p.timestamp, p.nonce, p.body) }},
	{"body-only", func(p parts) []byte { return slices.Clip(p.body) }},
	{"uri-only", func(p parts) []byte { return []byte(p.uri) }},
	{"string-hashed", func(p parts) []byte { return hexOf(p.message()) }},
	{"string-hashed", func(p parts) []byte { return rawOf(p.message()) }},
	{"string-base64", func(p parts) []byte { return base64Of(p.message()) }},
	{"string-v2", func(p parts) []byte {
		return []byte("body=" + string(p.body) + "&method=" + p.method + "&nonce_str=" + p.nonce + "&timestamp=" +
			p.timestamp + "&url=" + p.uri)
	}},
}

// joined puts something else between the lines.
func (p parts) joined(between, end string) []byte {
	return []byte(strings.Join([]string{p.method, p.uri, p.timestamp, p.nonce, string(p.body)}, between) + end)
}

// lineNames are the lines of the string in their order.
var lineNames = [...]string{"method", "path", "timestamp", "nonce", "body"}

// otherOrders are the five lines in any other order.
func otherOrders() iter.Seq[choice[layout]] {
	return func(yield func(choice[layout]) bool) {
		for order := range permutations(len(lineNames)) {
			if slices.IsSorted(order) {
				continue
			}
			order = slices.Clone(order)
			var names []string
			for _, i := range order {
				names = append(names, lineNames[i])
			}
			lay := func(p parts) []byte {
				lines := [...]string{p.method, p.uri, p.timestamp, p.nonce, string(p.body)}
				var out []byte
				for _, i := range order {
					out = append(append(out, lines[i]...), '\n')
				}
				return out
			}
			if !yield(choice[layout]{lay, found("lines-reordered", strings.Join(names, ", "))}) {
				return
			}
		}
	}
}

// permutations yields every order of n things. The slice is the same every time.
func permutations(n int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		var from func(int) bool
		from = func(k int) bool {
			if k == n {
				return yield(order)
			}
			for i := k; i < n; i++ {
				order[k], order[i] = order[i], order[k]
				if !from(k + 1) {
					return false
				}
				order[k], order[i] = order[i], order[k]
			}
			return true
		}
		from(0)
	}
}
