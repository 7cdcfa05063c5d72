package explain

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// signedBody finds the bytes that a signature is of: the body that came, or what it was before
// something on the way changed it.
func (m Message) signedBody(s headers, of func([]byte) bool, v *Verdict, left *budget) (headers, []byte) {
	message := func(h headers, body []byte) bool {
		return left.spend(len(body)) && of(wire.AppendReplyMessage(nil, h.timestamp, h.nonce, body))
	}
	if message(s, m.Body) {
		v.Genuine = true
		return s, m.Body
	}
	var was []byte
	var as Finding
	try := func(id string, body []byte, values ...string) bool {
		if was == nil && message(s, body) {
			was, as = slices.Clip(body), found(id, values...)
			if was == nil {
				was = []byte{}
			}
		}
		return was == nil && !left.spent()
	}
	m.bodiesBefore(try, left)
	for _, h := range headersBefore(s) {
		if was == nil && message(h.value, m.Body) {
			was, as, s = m.Body, h.as, h.value
		}
	}
	switch {
	case was != nil:
		v.Genuine = true
		v.add(as)
		return s, was
	case len(m.Body) == 0 && !m.Reply:
		v.add(found("message-body-empty"))
	case json.Valid(m.Body) || !bytes.HasPrefix(bytes.TrimSpace(m.Body), []byte("{")):
		v.add(unknownMessage(v.SignedBy, left))
	default:
		v.add(found("message-body-cut", strconv.Itoa(len(m.Body))))
	}
	return s, m.Body
}

func unknownMessage(id string, left *budget) Finding {
	if left.spent() {
		return found("unknown/size")
	}
	return found("unknown/message", id)
}

// headersBefore are what the headers may have been.
func headersBefore(s headers) (out []choice[headers]) {
	swapped := s
	swapped.timestamp, swapped.nonce = s.nonce, s.timestamp
	out = append(out, choice[headers]{swapped, found("message-timestamp-nonce-swapped")})
	if len(s.timestamp) == 13 {
		seconds := s
		seconds.timestamp = s.timestamp[:10]
		out = append(out, choice[headers]{seconds, found("message-timestamp-milliseconds")})
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.RFC1123} {
		if at, err := time.ParseInLocation(layout, s.timestamp, wire.Beijing); err == nil {
			formatted := s
			formatted.timestamp = strconv.FormatInt(at.Unix(), 10)
			out = append(out, choice[headers]{formatted, found("message-timestamp-formatted")})
		}
	}
	for _, nonce := range []string{strings.ToLower(s.nonce), strings.ToUpper(s.nonce)} {
		if nonce != s.nonce {
			other := s
			other.nonce = nonce
			out = append(out, choice[headers]{other, found("message-nonce-case")})
		}
	}
	return out
}

// mostUnzipped is how large a body may be once it is unzipped: as large as a receiver takes.
const mostUnzipped = 1 << 20

// bodiesBefore tries what a body may have been before a proxy, a framework or a database got hold
// of it.
func (m Message) bodiesBefore(try func(string, []byte, ...string) bool, left *budget) {
	b := m.Body
	text := string(b)
	replaced := func(id, old, with string) bool {
		return !strings.Contains(text, old) || try(id, []byte(strings.ReplaceAll(text, old, with)))
	}
	ok := try("message-body-padded", bytes.TrimSpace(b)) &&
		try("message-body-trimmed", append(bytes.Clone(b), '\n')) &&
		try("message-body-trimmed", append(bytes.Clone(b), "\r\n"...)) &&
		try("message-body-trimmed", append(bytes.Clone(b), ' ')) &&
		try("message-body-bom", bytes.TrimPrefix(b, []byte(bom))) &&
		replaced("message-body-crlf", "\r\n", "\n") &&
		replaced("message-body-lf", "\n", "\r\n") &&
		try("message-body-html", []byte(html.UnescapeString(text))) &&
		replaced("message-body-plus", " ", "+") &&
		replaced("message-body-backslashes", `\"`, `"`) &&
		replaced("message-body-backslashes", `\`, ``) &&
		try("message-body-equals", bytes.TrimSuffix(b, []byte("="))) &&
		try("message-body-zeros", bytes.TrimRight(b, "\x00")) &&
		try("message-body-charset", fromLatin1(b)) &&
		try("message-body-quoted", []byte(textOf(bytes.TrimSpace(b))))
	if !ok {
		return
	}
	for _, unescape := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
		if plain, err := unescape(text); err == nil {
			if !try("message-body-percent", []byte(plain)) ||
				!try("message-body-percent", bytes.TrimSuffix([]byte(plain), []byte("="))) {
				return
			}
		}
	}
	if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err == nil &&
		!try("message-body-base64", plain) {
		return
	}
	if plain, ok := unzipped(b); ok && !try("message-body-gzip", plain) {
		return
	}
	if half := len(b) / 2; len(b) > 1 && bytes.Equal(b[:half], b[half:]) && !try("message-body-doubled", b[:half]) {
		return
	}
	again := func(_ string, body []byte, _ ...string) bool { return try("message-body-reencoded", body) }
	compact, isJSON := compacted(b, left)
	if !isJSON {
		return
	}
	for _, order := range [][]byte{envelopeOrder(compact, left), compact} {
		if !encodedAgain(order, left, again) || !spacedOut(order, left, again) {
			return
		}
	}
}

// unzipped undoes gzip, of what is not too large.
func unzipped(b []byte) ([]byte, bool) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, false
	}
	plain, err := io.ReadAll(io.LimitReader(r, mostUnzipped))
	return plain, err == nil
}

// fromLatin1 undoes latin1: every character is a byte of UTF-8 again.
func fromLatin1(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, r := range string(b) {
		if r > 0xff {
			return b
		}
		out = append(out, byte(r))
	}
	return out
}

// inEnvelope are the members of a notification in the order in which WeChat Pay writes them.
// https://pay.weixin.qq.com/doc/v3/merchant/4012791861
var inEnvelope = [...]string{"id", "create_time", "resource_type", "event_type", "summary", "resource", "original_type",
	"algorithm", "ciphertext", "associated_data", "nonce"}

// envelopeOrder is compact JSON with its members as WeChat Pay orders them.
func envelopeOrder(compact []byte, left *budget) []byte {
	rank := func(m member) int {
		if i := slices.Index(inEnvelope[:], textOf(m.name)); i >= 0 {
			return i
		}
		return len(inEnvelope)
	}
	return remade(compact, left, func(m []member) []member {
		slices.SortStableFunc(m, func(a, b member) int { return rank(a) - rank(b) })
		return m
	})
}
