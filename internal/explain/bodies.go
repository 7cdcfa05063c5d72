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

// otherBodies are what people sign in place of a body: nothing, something else, or the same in
// another dress.
func otherBodies(r Request, left *budget) iter.Seq[choice[[]byte]] {
	return func(yield func(choice[[]byte]) bool) {
		body := r.Body
		seen := map[string]bool{string(body): true}
		say := func(id string, b []byte, values ...string) bool {
			if seen[string(b)] {
				return true
			}
			seen[string(b)] = true
			return left.spend(len(b)) && yield(choice[[]byte]{b, found(id, values...)})
		}
		if len(body) == 0 {
			for _, b := range []string{"{}", "null", `""`, "[]", "undefined", "None", "nil"} {
				if !say("body-for-none", []byte(b), b) {
					return
				}
			}
			return
		}
		_ = say("body-left-out", nil) &&
			(r.Form == nil || say("body-whole-form", r.Form)) &&
			dressed(body, say) && encodedAgain(body, left, say)
	}
}

// dressed are bodies that are the same but for what stands around them and ends their lines.
func dressed(body []byte, say func(string, []byte, ...string) bool) bool {
	lf := bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	return say("body-crlf-signed", bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))) &&
		say("body-lf-signed", lf) &&
		say("body-trimmed", bytes.TrimSpace(body)) &&
		say("body-bom-sent", bytes.TrimPrefix(body, []byte(bom))) &&
		say("body-bom-signed", append([]byte(bom), body...))
}

// digestedBodies are what is made of a body where the body itself is asked for.
func digestedBodies(body []byte) iter.Seq[choice[[]byte]] {
	return func(yield func(choice[[]byte]) bool) {
		if len(body) > 0 {
			digested(body, func(id string, b []byte, values ...string) bool {
				return yield(choice[[]byte]{b, found(id, values...)})
			})
		}
	}
}

func digested(body []byte, say func(string, []byte, ...string) bool) bool {
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

// encodedAgain are the same members, written by another encoder or by the same in another mood.
func encodedAgain(body []byte, left *budget, say func(string, []byte, ...string) bool) bool {
	var compacted bytes.Buffer
	if json.Compact(&compacted, body) != nil {
		return true
	}
	compact := compacted.Bytes()
	for _, s := range styles {
		if !left.spend(len(compact)) || !say(s.id, restyled(compact, s.write)) {
			return false
		}
	}
	if depth := depthOf(compact); depth > deepest || !left.spend(3*depth*len(compact)) {
		return spacedOut(compact, left, say)
	}
	for _, id := range []string{"body-nulls", "body-empty-members"} {
		if !say(id, without(compact, id == "body-empty-members")) {
			return false
		}
	}
	sorted := sortedJSON(compact)
	for _, s := range styles {
		if !left.spend(len(sorted)) || !say("body-key-order", restyled(sorted, s.write)) {
			return false
		}
	}
	return spacedOut(compact, left, say) && spacedOut(sorted, left, say) &&
		say("body-quoted", appendString(nil, string(body), plainString)) && say("body-form", formOf(compact))
}

// spacedOut is JSON with white space in it, its strings in every style.
func spacedOut(compact []byte, left *budget, say func(string, []byte, ...string) bool) bool {
	for _, s := range styles {
		text := restyled(compact, s.write)
		if !say("body-spaced", spaced(text, ", ", ": ")) || !say("body-spaced", spaced(text, ",", ": ")) {
			return false
		}
		for _, indent := range []string{"  ", "    ", "\t"} {
			var indented bytes.Buffer
			if !left.spend(indentedSize(text, len(indent))) || json.Indent(&indented, text, "", indent) != nil ||
				!say("body-indented", indented.Bytes()) ||
				!say("body-indented", bytes.ReplaceAll(indented.Bytes(), []byte("\n"), []byte("\r\n"))) {
				return false
			}
		}
	}
	return true
}
