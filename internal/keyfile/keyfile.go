// Package keyfile reads files whose names come from flags, environment
// variables and configuration, where people often put the key itself instead:
// no error repeats a name that may be a key.
package keyfile

import (
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NotAName is what was given as the name of a file and is none, in words that
// have no part of it.
type NotAName string

func (e NotAName) Error() string { return string(e) }

// Read is [os.ReadFile]. Where there is no such file and the name may be key
// material, the error is a [NotAName].
func Read(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		if problem := notAName(name); problem != "" {
			return nil, NotAName(problem)
		}
	}
	return data, err
}

// notAName says what s is, "" for what may be printed as a name.
func notAName(s string) string {
	switch {
	case s == "":
		return "the name of the file is empty"
	case strings.Contains(s, "-----"):
		return "this is the text of a PEM file, not its name"
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "this is not the name of a file: it has line ends or other bytes that are not printed"
	case isExtension(filepath.Ext(s)) && len(s) <= 255: // keys have no dot
		return ""
	}
	// 24 letters and digits in a row: an APIv3 key has 32, a line of PEM 64, and
	// in base64 a slash comes once in 64 characters.
	for run := range strings.FieldsFuncSeq(s, func(r rune) bool { return !isDigit(r) }) {
		if len(run) >= 24 {
			return "there is no file of this name, which is not repeated here because it looks like a key"
		}
	}
	return ""
}

func isExtension(s string) bool {
	return len(s) >= 2 && len(s) <= 6 && !strings.ContainsFunc(s[1:], func(r rune) bool { return !isDigit(r) || r == '=' || r == '+' })
}

// isDigit tells the digits of base64 and of hexadecimal numbers, without the
// slash, which separates the parts of a name.
func isDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '+' || r == '='
}
