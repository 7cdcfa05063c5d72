package explain

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
)

// spelt is a signature in bytes, and what is wrong with how it was written.
type spelt struct {
	raw     []byte
	wrongly Finding
}

// spellings reads a signature in every way that people write one, the right one first. Which was
// meant shows when a key opens it.
func spellings(s string) (out []spelt) {
	add := func(raw []byte, err error, ids ...string) bool {
		if err != nil || len(raw) == 0 {
			return false
		}
		var f Finding
		for _, id := range ids {
			f = f.and(found(id))
		}
		out = append(out, spelt{raw, f})
		return true
	}
	std, line := base64.StdEncoding, !strings.ContainsAny(s, "\r\n")
	if raw, err := std.Strict().DecodeString(s); line && add(raw, err) {
		if inner, err := std.DecodeString(strings.TrimSpace(string(raw))); err == nil {
			add(inner, nil, "signature-twice")
		}
		if inner, err := hex.DecodeString(string(raw)); err == nil {
			add(inner, nil, "signature-hex-inside")
		}
	}
	if raw, err := hex.DecodeString(strings.TrimPrefix(s, "0x")); err == nil {
		add(raw, nil, "signature-hex")
	}
	if len(out) > 0 {
		return out
	}
	// Escapes and white space come off one by one; what is left is base64 in one of its alphabets.
	for _, dressed := range []struct {
		text string
		ids  []string
	}{
		{s, nil},
		{wrapped.Replace(s), []string{"signature-wrapped"}},
		{escapedLines.Replace(s), []string{"signature-escaped"}},
		{strings.ReplaceAll(s, " ", "+"), []string{"signature-spaces"}},
		{unescaped(s), []string{"signature-percent"}},
		{strings.Trim(s, `"'`), []string{"signature-quoted"}},
	} {
		if dressed.ids != nil && dressed.text == s {
			continue
		}
		for _, c := range []struct {
			encoding *base64.Encoding
			ids      []string
		}{
			{std.Strict(), nil},
			{std, []string{"signature-bits"}},
			{base64.RawStdEncoding, []string{"signature-unpadded"}},
			{base64.URLEncoding, []string{"signature-url-safe"}},
			{base64.RawURLEncoding, []string{"signature-url-safe", "signature-unpadded"}},
		} {
			if strings.ContainsAny(dressed.text, "\r\n") {
				break // which Go's decoder passes over
			}
			raw, err := c.encoding.DecodeString(dressed.text)
			if add(raw, err, append(append([]string{}, dressed.ids...), c.ids...)...) {
				break
			}
		}
	}
	return out
}

var (
	wrapped      = strings.NewReplacer("\r", "", "\n", "", " ", "", "\t", "")
	escapedLines = strings.NewReplacer(`\r`, "", `\n`, "", `\/`, "/")
)

// unescaped undoes the escapes of an address, and leaves alone what has none.
func unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}
