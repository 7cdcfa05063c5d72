package explain

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // to recognise a string made with it
	"crypto/sha1" //nolint:gosec // to recognise a string made with it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"iter"
	"net/url"
	"strings"
)

func hexOf(b []byte) []byte    { return []byte(hex.EncodeToString(sum(sha256.New, b))) }
func rawOf(b []byte) []byte    { return sum(sha256.New, b) }
func base64Of(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }

const bom = "\ufeff"

// say takes another body, and returns whether it wants more.
type say func(id string, body []byte, values ...string) bool

// otherBodies are what people sign in place of a body, by a function that says them, each once.
func otherBodies(body []byte, left *budget, by func(say) bool) iter.Seq[choice[[]byte]] {
	return func(yield func(choice[[]byte]) bool) {
		seen := map[string]bool{string(body): true}
		by(func(id string, b []byte, values ...string) bool {
			if seen[string(b)] {
				return true
			}
			seen[string(b)] = true
			return left.spend(len(b)) && yield(choice[[]byte]{b, found(id, values...)})
		})
	}
}

// usualBodies are nothing, something for nothing, and the same in another dress.
func (r Request) usualBodies(left *budget) iter.Seq[choice[[]byte]] {
	return otherBodies(r.Body, left, func(say say) bool {
		if len(r.Body) == 0 {
			for _, b := range []string{"{}", "null", `""`, "[]", "undefined", "None", "nil"} {
				if !say("body-for-none", []byte(b), b) {
					return false
				}
			}
			return true
		}
		return say("body-left-out", nil) && (r.Form == nil || say("body-whole-form", r.Form)) &&
			dressed(r.Body, say) && encodedAgain(r.Body, left, say)
	})
}

// rareBodies are what costs more to make, or is seldom signed.
func (r Request) rareBodies(left *budget) iter.Seq[choice[[]byte]] {
	return otherBodies(r.Body, left, func(say say) bool {
		return len(r.Body) == 0 || digested(r.Body, say) && spacedOut(r.Body, left, say)
	})
}

// dressed are bodies that are the same but for what stands around them and ends their lines.
func dressed(body []byte, say say) bool {
	lf := bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	return say("body-crlf-signed", bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))) &&
		say("body-lf-signed", lf) &&
		say("body-trimmed", bytes.TrimSpace(body)) &&
		say("body-bom-sent", bytes.TrimPrefix(body, []byte(bom))) &&
		say("body-bom-signed", append([]byte(bom), body...))
}

// digested are what is made of a body where the body itself is asked for.
func digested(body []byte, say say) bool {
	m, s := md5.Sum(body), sha1.Sum(body) //nolint:gosec // see the imports
	return say("body-hashed", []byte(hex.EncodeToString(m[:])), "MD5") &&
		say("body-hashed", []byte(strings.ToUpper(hex.EncodeToString(m[:]))), "MD5") &&
		say("body-hashed", []byte(hex.EncodeToString(s[:])), "SHA-1") &&
		say("body-hashed", hexOf(body), "SHA-256") &&
		say("body-hashed", bytes.ToUpper(hexOf(body)), "SHA-256") &&
		say("body-hashed", base64Of(rawOf(body)), "SHA-256") &&
		say("body-base64", base64Of(body)) &&
		say("body-percent", []byte(url.QueryEscape(string(body)))) &&
		say("body-percent", []byte(url.PathEscape(string(body)))) &&
		say("body-charset", latin1(body)) &&
		say("body-charset", questions(body))
}

// latin1 is UTF-8 that was taken for ISO-8859-1 and encoded once more.
func latin1(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		out = append(out, string(rune(c))...)
	}
	return out
}

// questions has a question mark for every character that ISO-8859-1 does not have.
func questions(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r > 0xff {
			return '?'
		}
		return r
	}, b)
}

// encodedAgain are the same members, their strings written by another encoder, sorted or not.
func encodedAgain(body []byte, left *budget, say say) bool {
	compact, ok := compacted(body, left)
	if !ok {
		return true
	}
	if !left.spend(apart(compact)) {
		return false
	}
	tokens := lexed(compact)
	for _, s := range styles {
		if !left.spend(len(compact)) || !say(s.id, s.written(tokens, len(compact))) {
			return false
		}
	}
	sorted := sortedJSON(compact, left)
	if !left.spend(apart(sorted)) {
		return false
	}
	tokens = lexed(sorted)
	for _, s := range styles {
		if !left.spend(len(sorted)) || !say("body-key-order", s.written(tokens, len(sorted))) {
			return false
		}
	}
	return true
}

// spacedOut are the same members with white space between them, without some of them, and in
// another form.
func spacedOut(body []byte, left *budget, say say) bool {
	compact, ok := compacted(body, left)
	if !ok {
		return true
	}
	if !say("body-nulls", without(compact, false, left)) || !say("body-empty-members", without(compact, true, left)) ||
		!say("body-quoted", plainStyle.appendString(nil, string(body))) || !say("body-form", formOf(compact)) {
		return false
	}
	for _, order := range [][]byte{compact, sortedJSON(compact, left)} {
		if !left.spend(apart(order)) {
			return false
		}
		tokens := lexed(order)
		for _, s := range styles {
			text := s.written(tokens, len(order))
			if !left.spend(work*len(text)) || !say("body-spaced", spaced(text, ", ", ": ")) ||
				!say("body-spaced", spaced(text, ",", ": ")) {
				return false
			}
		}
		for _, s := range styles {
			text := s.written(tokens, len(order))
			for _, indent := range []string{"  ", "    ", "\t"} {
				if !left.spend(work*indentedSize(text, len(indent))) || !indented(text, indent, say) {
					return false
				}
			}
		}
	}
	return true
}

// indented is JSON with every member on a line.
func indented(text []byte, indent string, say say) bool {
	var b bytes.Buffer
	if json.Indent(&b, text, "", indent) != nil {
		return true
	}
	return say("body-indented", b.Bytes()) &&
		say("body-indented", bytes.ReplaceAll(b.Bytes(), []byte("\n"), []byte("\r\n")))
}
