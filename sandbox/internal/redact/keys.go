package redact

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// shortestRun is the shortest Base64 that is looked into: a key is longer, however it is written.
const shortestRun = 32

// runs are what may be Base64 of either alphabet, on one line or several.
func (v view) runs() (out [][2]int) {
	start, end, n := -1, 0, 0
	for i := 0; i <= len(v.Text); i++ {
		c := byte('"')
		if i < len(v.Text) {
			c = v.Text[i]
		}
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '+', c == '/', c == '-', c == '_':
			if start < 0 {
				start = i
			}
			end, n = i+1, n+1
		case c == ' ' || c >= '\t' && c <= '\r':
		default:
			if n >= shortestRun {
				out = append(out, [2]int{start, end})
			}
			start, n = -1, 0
		}
	}
	return out
}

var toStandard = strings.NewReplacer("-", "+", "_", "/", " ", "", "\t", "", "\r", "", "\n", "", "\v", "", "\f", "")

// isKey says whether a run of Base64 is or holds a key: a line of a merchant's private key, the DER
// of any private key, or a string with a key in it. What stands before may have been taken for part
// of the run, so it is decoded from each of four places.
func (r Redaction) isKey(run string) bool {
	for _, line := range r.Secrets.lines {
		if strings.Contains(run, line) {
			return true
		}
	}
	if !r.work.may(decodings * len(run)) {
		return true // it is not shown unread
	}
	if strings.ContainsAny(run, "-_ \t\r\n\v\f") {
		run = toStandard.Replace(run)
	}
	encoded, decoded := []byte(run), make([]byte, len(run))
	for from := range decodings {
		text := encoded[from:]
		if len(text)%4 == 1 {
			text = text[:len(text)-1] // no byte ends there
		}
		n, err := base64.RawStdEncoding.Decode(decoded, text)
		if err != nil {
			continue
		}
		if holdsPrivateKey(decoded[:n]) {
			return true
		}
		if n < shortestRun {
			continue
		}
		// A key may have any bytes. What stands behind may have been taken for part of the run.
		raw := string(decoded[:n])
		if slices.ContainsFunc(r.Secrets.keys, func(key string) bool { return strings.Contains(raw, key) }) {
			return true
		}
		for _, at := range runsOf(raw, shortestRun, r.Secrets.isText) {
			if len(r.spans(raw[at[0]:at[1]], nil)) > 0 {
				return true
			}
		}
	}
	return false
}

// decodings are the places in a run that its Base64 may begin at.
const decodings = 4

// shortestHex is the shortest run of hexadecimal digits that is looked into.
const shortestHex = 2 * wire.KeySize

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f' }

// runsOf are the runs of at least so many bytes of a kind. It looks at their last byte first, for
// most of a string is in none.
func runsOf(s string, least int, is func(byte) bool) (out [][2]int) {
	for from := 0; from+least <= len(s); {
		at := from + least - 1
		for at >= from && is(s[at]) {
			at--
		}
		if at >= from {
			from = at + 1
			continue
		}
		end := from + least
		for end < len(s) && is(s[end]) {
			end++
		}
		out = append(out, [2]int{from, end})
		from = end
	}
	return out
}

// isHexKey is isKey of hexadecimal digits. One that stands before may be no part of the key.
func (r Redaction) isHexKey(run string) bool {
	if !r.work.may(len(run)) {
		return true
	}
	for from := range 2 {
		text := run[from:]
		raw, err := hex.DecodeString(text[:len(text)&^1])
		if err == nil && (holdsPrivateKey(raw) || len(r.spans(string(raw), nil)) > 0) {
			return true
		}
	}
	return false
}

// isText says that a byte may be in a text with a key in it.
func isText(c byte) bool { return c >= ' ' && c <= '~' || c == '\n' || c == '\r' || c == '\t' }

// holdsPrivateKey finds the beginning of a private key in DER: PKCS #8, PKCS #1 or SEC 1.
func holdsPrivateKey(der []byte) bool {
	for i, b := range der {
		if b != 0x30 {
			continue
		}
		inside, ok := skipHeader(der[i:])
		if !ok || len(inside) < 5 || inside[0] != 2 || inside[1] != 1 || inside[2] > 1 {
			continue // no version
		}
		switch rest := inside[3:]; {
		case rest[0] == 0x30: // PKCS #8: an algorithm, which begins with its OID
			if algorithm, ok := skipHeader(rest); ok && len(algorithm) > 0 && algorithm[0] == 6 {
				return true
			}
		case rest[0] == 2 && rest[1] >= 0x81: // PKCS #1: a modulus
			return true
		case rest[0] == 4 && inside[2] == 1: // SEC 1: a number
			return true
		}
	}
	return false
}

// skipHeader skips the tag and length of an element of DER.
func skipHeader(der []byte) ([]byte, bool) {
	if len(der) < 2 {
		return nil, false
	}
	n := 2
	if der[1] >= 0x80 {
		n += int(der[1] & 0x7f)
	}
	if n > 5 || n > len(der) {
		return nil, false
	}
	return der[n:], true
}
