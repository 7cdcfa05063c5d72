package explain

import (
	"bytes"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// shown is how many bytes of a value from outside a sentence repeats.
const shown = 100

// guess is a string somebody may have signed, and the mistake that made it.
type guess struct {
	message []byte
	what    string // "" for the right string
}

// mistakes yields what people sign instead of what they should, the most frequent
// first, as long as there is something left to spend.
func mistakes(r Request, left *budget) iter.Seq[guess] {
	uri, body, build := r.URI, r.Body, r.message
	right := build(r.Method, uri, r.Timestamp, r.Nonce, body)
	return func(yield func(guess) bool) {
		say := func(message []byte, what string) bool {
			return left.spend(len(message)) && yield(guess{message, what})
		}
		if !say(right, "") {
			return
		}
		for what, b := range otherBodies(body, left) {
			if !say(build(r.Method, uri, r.Timestamp, r.Nonce, b), what) {
				return
			}
		}
		for what, u := range otherURIs(r) {
			if !say(build(r.Method, u, r.Timestamp, r.Nonce, body), what) {
				return
			}
			if !say(build(r.Method, u, r.Timestamp, r.Nonce, nil), what+"; and the body was left out") {
				return
			}
		}
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", strings.ToLower(r.Method)} {
			if method == r.Method {
				continue
			}
			what := "the method was signed as " + wire.Clip(method, shown) + ", the request is " +
				wire.Clip(r.Method, shown)
			if !say(build(method, uri, r.Timestamp, r.Nonce, body), what) ||
				!say(build(method, uri, r.Timestamp, r.Nonce, nil), what+"; and the body was left out") {
				return
			}
		}
		for what, message := range otherLayouts(r, right) {
			if !say(message, what) {
				return
			}
		}
		seconds, err := strconv.ParseInt(r.Timestamp, 10, 64)
		if err != nil {
			return
		}
		for off := int64(-5); off <= 5; off++ {
			if !say(build(r.Method, uri, strconv.FormatInt(seconds+off, 10), r.Nonce, body),
				"another timestamp was signed than sent: take the time once") {
				return
			}
		}
		for ms := range int64(1000) {
			if !say(build(r.Method, uri, strconv.FormatInt(seconds*1000+ms, 10), r.Nonce, body),
				"the timestamp was signed in milliseconds and sent in seconds") {
				return
			}
		}
	}
}

// otherBodies are bodies that mean the same or are the same but for dressing.
func otherBodies(body []byte, left *budget) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		if len(body) == 0 {
			for _, b := range []string{"{}", "null", `""`, "[]"} {
				if !yield("the body is empty, but "+b+" was signed for it", []byte(b)) {
					return
				}
			}
			return
		}
		if !yield("the body was left out of what was signed", nil) {
			return
		}
		if !yield("the body was signed with CRLF line ends and sent with LF", bytes.ReplaceAll(body, []byte("\n"),
			[]byte("\r\n"))) ||
			!yield("the body was signed with LF line ends and sent with CRLF", bytes.ReplaceAll(body, []byte("\r\n"),
				[]byte("\n"))) ||
			!yield("white space around the body was not signed but sent", bytes.TrimSpace(body)) ||
			!yield("a line feed after the body was signed but not sent", append(bytes.Clone(body), '\n')) ||
			!yield("a byte order mark was sent but not signed", bytes.TrimPrefix(body, []byte("\ufeff"))) {
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var value any
		if decoder.Decode(&value) != nil {
			return
		}
		const again = "the body was encoded twice, once to sign and once to send ("
		sorted := plainJSON(value)
		escaped, err := json.Marshal(value)
		if err != nil {
			return
		}
		var compact, html bytes.Buffer
		if json.Compact(&compact, body) != nil {
			return
		}
		json.HTMLEscape(&html, body)
		if !yield(again+"another key order or spacing): sign the very bytes you send", sorted) ||
			!yield(again+"&, < and > escaped as Go's encoding/json does): sign the very bytes you send", escaped) ||
			!yield(again+"&, < and > escaped as Go's encoding/json does): sign the very bytes you send",
				html.Bytes()) ||
			!yield(again+"white space): sign the very bytes you send", compact.Bytes()) {
			return
		}
		for _, indent := range []string{"  ", "    ", "\t"} {
			var indented bytes.Buffer
			if !left.spend(indentedSize(compact.Bytes(), len(indent))) || json.Indent(&indented, body,
				"", indent) != nil ||
				!yield(again+"indented): sign the very bytes you send", indented.Bytes()) {
				return
			}
		}
		_ = yield(again+"spaces after : and ,): sign the very bytes you send", spaced(compact.Bytes())) &&
			yield(again+"\\uXXXX for what is not ASCII): sign the very bytes you send", ascii(compact.Bytes())) &&
			yield(again+"spaces after : and ,; \\uXXXX for what is not ASCII, as Python's json.dumps does): sign the "+
				"very bytes you send", ascii(spaced(compact.Bytes())))
	}
}

// plainJSON is compact JSON, sorted, with &, < and > as they are.
func plainJSON(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // it was decoded from JSON
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// spaced puts a space after every comma and colon outside strings.
func spaced(compact []byte) []byte {
	var out []byte
	copied := 0
	for i, c := range wire.Marks(compact) {
		if c == ',' || c == ':' {
			out = append(append(out, compact[copied:i+1]...), ' ')
			copied = i + 1
		}
	}
	return append(out, compact[copied:]...)
}

// ascii escapes everything else. JSON from WeChat Pay's character set needs no
// surrogate pairs.
func ascii(compact []byte) []byte {
	var out []byte
	for _, c := range string(compact) {
		if c < 0x80 {
			out = append(out, byte(c))
			continue
		}
		out = append(out, `\u`...)
		hex := strconv.FormatInt(int64(c), 16)
		out = append(append(out, "0000"[:max(0, 4-len(hex))]...), hex...)
	}
	return out
}

// otherURIs are second lines that name the same resource wrongly.
func otherURIs(r Request) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		uri := r.URI
		path, query, has := strings.Cut(uri, "?")
		if has {
			if !yield("the query was left out of what was signed", path) {
				return
			}
			if decoded, err := url.QueryUnescape(query); err == nil &&
				!yield("the query was signed decoded and sent encoded", path+"?"+decoded) {
				return
			}
			if values, err := url.ParseQuery(query); err == nil &&
				!yield("the query was signed in another order or escaping than sent", path+"?"+values.Encode()) {
				return
			}
		}
		suffix := strings.TrimPrefix(uri, path)
		if decoded, err := url.PathUnescape(path); err == nil &&
			!yield("the path was signed decoded and sent percent-encoded", decoded+suffix) {
			return
		}
		for _, prefix := range []string{"http://" + r.Host, "https://" + r.Host, "https://api.mch.weixin.qq.com",
			"http://api.mch.weixin.qq.com"} {
			if !yield("the whole URL was signed; sign the path and query only", prefix+uri) {
				return
			}
		}
		_ = yield("the path was signed without its leading /", strings.TrimPrefix(uri, "/")) &&
			yield("the path was signed without /v3", strings.TrimPrefix(uri, "/v3")) &&
			yield("the path was signed in lower case", strings.ToLower(uri)) &&
			yield("a / was signed at the end of the path", path+"/"+suffix)
	}
}

// otherLayouts are the right values put together wrongly.
func otherLayouts(r Request, right []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		_ = yield("the last line feed is missing: every line ends with one, the body's too",
			bytes.TrimSuffix(right, []byte("\n"))) &&
			yield("the line of the empty body is missing: without a body the string ends with two line feeds",
				bytes.TrimSuffix(right, []byte("\n\n"))) &&
			yield("there is a line feed too many at the end", append(bytes.Clone(right), '\n')) &&
			yield("the lines were signed with CRLF, want LF", bytes.ReplaceAll(right, []byte("\n"), []byte("\r\n"))) &&
			yield(`the lines were joined with the two characters \n, want a line feed`,
				bytes.ReplaceAll(right, []byte("\n"), []byte(`\n`))) &&
			yield("timestamp and nonce were signed in the wrong order",
				r.message(r.Method, r.URI, r.Nonce, r.Timestamp, r.Body)) &&
			yield("the string of a reply was signed (timestamp, nonce, body); a request begins with method and path",
				wire.AppendReplyMessage(nil, r.Timestamp, r.Nonce, r.Body)) &&
			yield("only the body was signed", r.Body)
	}
}
