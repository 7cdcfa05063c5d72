package explain

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Message is a notification or a reply of WeChat Pay, as it was stored.
type Message struct {
	Header http.Header // names in any spelling; empty for APIv2
	Body   []byte
	At     time.Time // when it came; zero: its age is not judged
	Reply  bool      // it answers a call of APIv3, so that nothing is sealed in it
}

// Verdict is what was found out about a message.
type Verdict struct {
	// Genuine means that WeChat Pay signed it, or sealed it if it is a refund of APIv2, whatever
	// else is wrong: its age, or a change on the way that can be undone.
	Genuine bool
	// Findings has at least one: [Genuine] alone where all is right, else the reason first.
	Findings []Finding
	// SignedBy is the id of WeChat Pay's key that made the signature, "" for none that is known.
	SignedBy string
	// MchID is the merchant whose APIv3 or APIv2 key opened it or signed it, "" for none.
	MchID string
	// Event is the event_type of a notification of APIv3.
	Event string
	// Opened is what was sealed in it, in clear: JSON, or the XML of a refund of APIv2. It is nil
	// where nothing was sealed or nothing opened.
	Opened wire.Hidden[[]byte]
}

// Fault reports whether anything is wrong.
func (v Verdict) Fault() bool { return !v.Genuine || v.Findings[0].ID != Genuine }

func (v *Verdict) add(f Finding) {
	if f.Found() {
		v.Findings = append(v.Findings, f)
	}
}

// Explain says whether a message is genuine, and what is wrong with it or with the keys that it was
// looked at with.
func (m Message) Explain(k Known) Verdict {
	if isXML(m.Body) {
		return m.explainV2(k)
	}
	v, left := &Verdict{}, wholeBudget
	s := m.signedPart(v)
	s, body := m.signature(s, k, v, &left)
	if f := age(s.timestamp, m.At); s.timestamp != "" && f.Found() {
		if f.ID == "message-timestamp" { // which explains why nothing fits
			v.Findings = slices.DeleteFunc(v.Findings, func(f Finding) bool { return f.ID == Unknown })
		}
		v.add(f)
	}
	if !m.Reply {
		m.envelope(body, k, v, &left)
	}
	if len(v.Findings) == 0 {
		v.add(found(Genuine, v.SignedBy))
	}
	return *v
}

// isXML tells the versions apart: JSON never begins like this.
func isXML(body []byte) bool {
	start := bytes.TrimLeft(bytes.TrimPrefix(body, []byte(bom)), " \t\r\n")
	return len(start) > 0 && start[0] == '<'
}

// headers are what is signed beside the body, and by whom.
type headers struct{ timestamp, nonce, serial, signature string }

// signedPart reads the headers, and says which are not as WeChat Pay sends them.
func (m Message) signedPart(v *Verdict) (s headers) {
	canonical := wire.Canonical(m.Header)
	for _, want := range []struct {
		name string
		to   *string
	}{
		{wire.HeaderTimestamp, &s.timestamp}, {wire.HeaderNonce, &s.nonce}, {wire.HeaderSerial, &s.serial},
		{wire.HeaderSignature, &s.signature},
	} {
		values := canonical[want.name]
		if len(values) == 0 || len(values) == 1 && values[0] == "" {
			other, value := renamed(m.Header, want.name)
			if other == "" {
				v.add(found("header-missing", want.name))
				continue
			}
			v.add(found("header-renamed", other, want.name))
			values = []string{value}
		}
		value := values[0]
		if first, rest, joined := strings.Cut(value, ","); joined && strings.TrimSpace(rest) == first ||
			len(values) > 1 {
			v.add(found("header-doubled", want.name))
			value = first
		}
		if trimmed := strings.Trim(value, " \t\r\n\"'"); trimmed != value {
			v.add(found("header-padded", want.name))
			value = trimmed
		}
		*want.to = value
	}
	if strings.ContainsAny(s.nonce, "\r\n") { // it would move where the signed body begins
		v.add(found("header-line-end", wire.HeaderNonce))
	}
	return s
}

// renamed finds a header under a name that somebody gave it on the way.
func renamed(h http.Header, name string) (other, value string) {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' {
				return r
			}
			return -1
		}, strings.ToLower(s))
	}
	want := letters(name)
	for got, values := range h {
		if len(values) > 0 && len(got) < 64 && strings.HasSuffix(letters(got), want) && (other == "" || got < other) {
			other, value = got, values[0]
		}
	}
	return other, value
}

// age says whether a message was fresh when it came, which nobody knows where that time is zero.
func age(timestamp string, at time.Time) Finding {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	switch {
	case err != nil || len(timestamp) > 12:
		return found("message-timestamp")
	case at.IsZero():
		return Finding{}
	}
	window := int64(wire.Window / time.Second)
	switch off := seconds - at.Unix(); {
	case off > -window && off < window:
		return Finding{}
	case off >= beijing-window && off <= beijing+window, off >= -beijing-window && off <= -beijing+window:
		return found("message-eight-hours", strconv.FormatInt(off, 10))
	case off > 0:
		return found("message-early", strconv.FormatInt(off, 10))
	default:
		return found("message-old", strconv.FormatInt(-off, 10))
	}
}

// signature finds out who made the signature and of what, and gives the headers and the body that
// it is of, or those that came where that is not known.
func (m Message) signature(s headers, k Known, v *Verdict, left *budget) (headers, []byte) {
	if s.signature == "" {
		return s, m.Body
	}
	if strings.HasPrefix(s.signature, wire.ProbePrefix) {
		v.add(found("probe"))
		return s, m.Body
	}
	ways := spellings(s.signature)
	if len(ways) == 0 {
		v.add(found("signature-not-base64"))
		return s, m.Body
	}
	named, known := k.platform(s.serial)
	keys := slices.Clone(k.Platform)
	slices.SortStableFunc(keys, func(a, b Platform) int { // the one that is named first
		return boolToInt(known && b.ID == named.ID) - boolToInt(known && a.ID == named.ID)
	})
	for _, w := range ways {
		for _, p := range keys {
			opening := opened(p.Key, w.raw, left)
			if opening == nil || !opening.key {
				continue
			}
			if wrong := ownKey(p, k); wrong.Found() {
				v.add(wrong)
				v.add(m.unopened(s, ways, named, known, k, v, left))
				return s, m.Body
			}
			v.SignedBy = p.ID
			v.add(w.wrongly)
			switch {
			case s.serial == "" || known && p.ID == named.ID:
			case known:
				v.add(found("message-other-key", p.ID, s.serial))
			default:
				v.add(found("message-serial-changed", p.ID))
			}
			if !p.NotAfter.IsZero() && !m.At.IsZero() && !m.At.Before(p.NotAfter) {
				v.add(found("platform-expired", p.ID, wire.FormatTime(p.NotAfter)))
			}
			return m.signedBody(s, opening.of, v, left)
		}
	}
	v.add(m.unopened(s, ways, named, known, k, v, left))
	return s, m.Body
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ownKey says that a key which should be WeChat Pay's is a merchant's.
func ownKey(p Platform, k Known) Finding {
	if m, is := k.Owner(p); is {
		return found("platform-is-merchant", p.ID, m.MchID)
	}
	return Finding{}
}

// Owner is the merchant whose key it is that was taken for WeChat Pay's.
func (k Known) Owner(p Platform) (m Keys, is bool) {
	for _, m := range k.Merchants {
		same := p.Key != nil && m.Public != nil && p.Key.Equal(m.Public)
		if same || m.Serial != "" && wire.SameSerial(p.ID, m.Serial) {
			return m, true
		}
	}
	return Keys{}, false
}

// unopened says why none of WeChat Pay's keys that are known opens a signature.
func (m Message) unopened(s headers, ways []spelt, named Platform, known bool, k Known, v *Verdict,
	left *budget) Finding {
	for _, p := range k.Platform {
		if f := ownKey(p, k); f.Found() && (!known || p.ID == named.ID) && len(v.Findings) == 0 {
			return f
		}
	}
	for _, w := range ways {
		for _, merchant := range k.Merchants {
			if made := opened(merchant.Public, w.raw, left); made != nil && made.key {
				return found("message-signed-by-merchant", merchant.MchID)
			}
		}
	}
	for _, merchant := range k.Merchants {
		if merchant.Serial != "" && wire.SameSerial(merchant.Serial, s.serial) {
			return found("message-serial-of-merchant", merchant.MchID)
		}
	}
	switch {
	case len(k.Platform) == 0:
		return found("platform-none", s.serial)
	case !known && strings.HasPrefix(s.serial, wire.PublicKeyIDPrefix):
		return found("message-public-key-unknown", s.serial)
	case !known && s.serial != "":
		return found("message-certificate-unknown", s.serial)
	case known && named.Key != nil && !slices.ContainsFunc(ways, func(w spelt) bool {
		return len(w.raw) == named.Key.Size()
	}):
		return found("message-signature-length", strconv.Itoa(len(ways[0].raw)), named.ID,
			strconv.Itoa(named.Key.Size()))
	}
	return found("unknown/message-key", named.ID)
}
