package leaktest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// window is how much of a secret may be found by chance, in bytes: one more is a leak.
const window = 7

// Text fails the test where a text has a part of one of the secrets, of eight bytes or more, in any
// of the encodings in which a file may have one.
func Text(t *testing.T, where, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if how, part := inText(text, secret); how != "" {
			t.Errorf("%s has a part of a secret, %s: %q", where, how, part)
		}
	}
}

// inText says how a text has a part of a secret, "" where it has none.
func inText(text, secret string) (how, part string) {
	if len(secret) == 0 {
		return "the empty secret of a broken test", ""
	}
	var escaped, percent, entities strings.Builder
	for _, r := range secret {
		if r > 0xffff {
			escaped.WriteString(strings.Trim(strconv.QuoteToASCII(string(r)), `"`))
		} else {
			fmt.Fprintf(&escaped, `\u%04x`, r)
		}
		fmt.Fprintf(&entities, "&#%d;", r)
	}
	for _, b := range []byte(secret) {
		fmt.Fprintf(&percent, "%%%02x", b)
	}
	backwards := []rune(secret)
	slices.Reverse(backwards)
	encodings := map[string][2]any{ // and how many characters of it a byte takes
		"as it is": {secret, 1}, "backwards": {string(backwards), 1},
		"in hexadecimal":   {hex.EncodeToString([]byte(secret)), 2},
		"escaped for JSON": {escaped.String(), 6}, "escaped for addresses": {percent.String(), 3},
		"as a query": {url.QueryEscape(secret), 1}, "as entities": {entities.String(), 6},
	}
	for shift := range 3 { // where the secret stands in a group of three bytes
		whole := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
		whole = strings.TrimRight(whole, "=")
		if len(whole) > 6 {
			encodings[fmt.Sprint("in base64, from ", shift)] = [2]any{whole[4 : len(whole)-2], 1}
		}
	}
	lower := strings.ToLower(text)
	for how, e := range encodings {
		encoded, n := e[0].(string), e[1].(int)
		size := min(len(encoded), (window+1)*n)
		for at := 0; at+size <= len(encoded); at += n {
			part := encoded[at : at+size]
			if n == 1 && strings.Contains(text, part) || n > 1 && strings.Contains(lower, strings.ToLower(part)) {
				return how, part
			}
		}
	}
	return "", ""
}
