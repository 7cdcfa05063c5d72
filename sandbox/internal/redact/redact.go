package redact

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Redaction blanks what the journal must not keep: keys, in whatever spelling, signatures, and what
// the catalogue has travel encrypted. Strings are blanked whole and cut afterwards: a secret that
// the cut went through would not be known for one.
type Redaction struct {
	Secrets Secrets
	Names   []string // of the members of JSON to be blanked
	Kept    int      // bytes that are left of a body
	Thrifty bool     // a quarter of the usual work is done, for who is not known
	work    *work    // nil before the first string
}

const Blank = "…"

// ScanLimit is how much of a body is looked at: what begins before its limit ends before this, even
// if every character of it was escaped several times.
func (r Redaction) ScanLimit() int { return 8 * r.Kept }

var (
	// memberName matches the name of a member, memberValue its value if that is no object or list
	// (see listEnd), up to the end of the text if that comes first. They are apart, for a value may
	// be an object as a string.
	memberName  = regexp.MustCompile(`("(?:[^"\\]|\\.)*")\s*:\s*`)
	memberValue = regexp.MustCompile(`^(?:"((?:[^"\\]|\\.)*)|([^\s",{}\[\]]+))`)
	// signElement matches the sign of an APIv2 message, signParameter that of a page.
	signElement   = regexp.MustCompile(`<(?:\w+:)?sign(?:\s[^>]*)?>(?:\s*<!\[CDATA\[)?([^\]<]*)`)
	signParameter = regexp.MustCompile(`[?&]sign=([^&]*)`)
	// privateKey matches a private key in PEM, as far as it goes.
	privateKey = regexp.MustCompile(`-----BEGIN[A-Z +]*PRIVATE[ +]KEY-----` +
		`(?:[\w+/=:,.\s\\-]*?-----END[A-Z +]*-----|[\w+/=:,.\s\\-]*)`)
)

// span is part of a string that is blanked, and what stands in its place.
type span struct {
	from, to int
	with     string
}

// apply blanks the spans, of a string or of its beginning up to limit; 0 is no limit.
func apply(s string, spans []span, limit int) string {
	end, cut := len(s), ""
	if limit > 0 && end > limit {
		end, cut = limit, Blank
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var out strings.Builder
	at := 0
	for _, b := range spans {
		if b.from >= end {
			break
		}
		if b.from >= b.to {
			continue // an empty value hides nothing
		}
		if b.from >= at {
			out.WriteString(s[at:b.from])
			out.WriteString(b.with)
		}
		at = max(at, b.to)
	}
	if at < end {
		out.WriteString(s[at:end])
	}
	if cut == "" {
		return out.String()
	}
	return strings.ToValidUTF8(out.String(), "") + cut
}

// spans are what is blanked of a string: the keys in every reading of it, and what else a function
// finds there. All of it is, unread, where there is no work left for it.
func (r Redaction) spans(s string, more func(view) []span) (spans []span) {
	all := []span{{0, len(s), Blank}}
	views, whole := readings(s, r.work.may)
	if !whole {
		return all
	}
	for _, v := range views {
		if !r.work.may(len(v.Text)) {
			return all
		}
		spans = append(spans, r.keys(v)...)
		if more != nil {
			spans = append(spans, more(v)...)
		}
	}
	return spans
}

// keys are the spans of keys in a string.
func (r Redaction) keys(v view) (spans []span) {
	hide := func(i, j int) { spans = append(spans, v.hide(i, j, Blank)) }
	for _, secret := range r.Secrets.keys {
		for i := 0; ; {
			n := strings.Index(v.Text[i:], secret)
			if n < 0 {
				break
			}
			hide(i+n, i+n+len(secret))
			i += n + len(secret)
		}
	}
	if strings.Contains(v.Text, "PRIVATE") {
		for _, at := range privateKey.FindAllStringIndex(v.Text, -1) {
			hide(at[0], at[1])
		}
	}
	for _, at := range v.runs() {
		if r.isKey(v.Text[at[0]:at[1]]) {
			hide(at[0], at[1])
		}
	}
	for _, at := range runsOf(v.Text, shortestHex, isHex) {
		if r.isHexKey(v.Text[at[0]:at[1]]) {
			hide(at[0], at[1])
		}
	}
	return spans
}

// shortest is the length of the shortest string that anything of is blanked in: no way to read one
// makes it longer.
const shortest = len("-----BEGINPRIVATE KEY-----")

func (r Redaction) Text(s string) string {
	if len(s) < shortest {
		return s
	}
	r = r.on(s)
	return apply(s, r.spans(s, nil), 0)
}

// Brief is Text of the beginning of s, of which so many bytes are left.
func (r Redaction) Brief(s string, most int) string {
	r.Kept = most
	s = s[:min(len(s), r.ScanLimit())]
	r = r.on(s)
	return apply(s, r.spans(s, nil), most)
}

func (r Redaction) uri(uri string) string {
	if r.Kept > 0 {
		uri = uri[:min(len(uri), r.ScanLimit())]
	}
	r = r.on(uri)
	return apply(uri, r.spans(uri, func(v view) []span { return v.groups(signParameter) }), r.Kept)
}

// WithoutSignature blanks the signature, with which an entry could be replayed,
// and whatever else somebody may have put into Authorization.
func WithoutSignature(h http.Header) http.Header {
	out := h.Clone()
	for _, name := range []string{"Cookie", "Proxy-Authorization"} {
		out.Del(name)
	}
	for i, v := range out["Authorization"] {
		if a, err := wire.ParseAuthorization(v); err == nil {
			a.Signature = Blank
			out["Authorization"][i] = a.String()
		} else {
			out["Authorization"][i] = Blank
		}
	}
	return out
}

func (r Redaction) body(s string) string {
	s = s[:min(len(s), r.ScanLimit())]
	r = r.on(s)
	return apply(s, r.spans(s, func(v view) []span {
		spans := r.members(v)
		if strings.Contains(v.Text, "sign") {
			spans = append(spans, v.groups(signElement)...)
		}
		return spans
	}), r.Kept)
}

// members are the spans of the values that the catalogue has travel encrypted.
func (r Redaction) members(v view) (spans []span) {
	// The cheap question first. A name may be escaped.
	named := func(name string) bool { return strings.Contains(v.Text, name) }
	if !strings.Contains(v.Text, `\u`) && !slices.ContainsFunc(r.Names, named) {
		return nil
	}
	if !r.work.may(len(v.Text)) {
		return []span{v.hide(0, len(v.Text), Blank)}
	}
	blanked := 0 // up to here
	for _, at := range memberName.FindAllStringSubmatchIndex(v.Text, -1) {
		var name string
		if at[0] < blanked || json.Unmarshal([]byte(v.Text[at[2]:at[3]]), &name) != nil ||
			!slices.Contains(r.Names, name) {
			continue
		}
		if n := listEnd(v.Text[at[1]:]); n > 0 {
			blanked = at[1] + n
			spans = append(spans, v.hide(at[1], blanked, `"`+Blank+`"`))
			continue
		}
		switch value := memberValue.FindStringSubmatchIndex(v.Text[at[1]:]); {
		case value == nil:
		case value[2] >= 0:
			spans = append(spans, v.hide(at[1]+value[2], at[1]+value[3], Blank))
		default:
			spans = append(spans, v.hide(at[1]+value[4], at[1]+value[5], `"`+Blank+`"`))
		}
	}
	return spans
}

// listEnd is the length of the list or object that s begins with, all of s if it does not end; 0
// for none.
func listEnd(s string) int {
	if s == "" || s[0] != '[' && s[0] != '{' {
		return 0
	}
	depth := 0
	for i, c := range wire.Marks(s) {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// UsuallySealed are the members that hold what somebody took the trouble to
// encrypt, and which in clear would be no less of a secret.
var UsuallySealed = []string{
	"ciphertext", "number", "id_card_number", "real_name", "bank_card_no", "bank_card_number", "bank_account",
	"identification_number", "identification_name", "identity_id", "phone",
}
