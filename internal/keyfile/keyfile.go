// Package keyfile reads files whose names come from flags, environment
// variables and configuration, where people often put the key itself instead:
// no error repeats a name that may be a key. It reads within bounds.
//
// It imports nothing of this module. Start reading at [Read]; [Blocks] finds the keys in a file.
package keyfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// NotAName says that what was given as the name of a file may be a key, in words
// that have no part of it.
type NotAName struct {
	Problem string
	cause   error
}

func (e *NotAName) Error() string { return e.Problem }

// Unwrap gives the cause, such as [fs.ErrNotExist], without the name.
func (e *NotAName) Unwrap() error { return e.cause }

// Limit is the most that a key, a certificate or a file of settings may have: many times what
// any of them has.
const Limit = 1 << 20

// TooLarge says that there is more to read than Limit bytes, of which it shows none.
type TooLarge struct{ Limit int64 }

func (e *TooLarge) Error() string {
	return "it is larger than " + strconv.FormatInt(e.Limit>>20, 10) + " MiB"
}

// Bounded is [io.ReadAll] that stops where r has more than limit bytes, with a [*TooLarge].
func Bounded(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > limit:
		return nil, &TooLarge{limit}
	}
	return data, nil
}

// Read is [os.ReadFile] within limit bytes: the name may be that of a pipe or a device, which
// have no end. Where the file cannot be read and its name may be key material, the error is
// a [*NotAName].
func Read(name string, limit int64) ([]byte, error) {
	data, err := readFile(name, limit)
	if err == nil {
		return data, nil
	}
	cause := err
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		cause = path.Err
	}
	if problem := notAName(name, cause); problem != "" {
		return nil, &NotAName{problem, cause}
	}
	return nil, err
}

func readFile(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := Bounded(file, limit)
	if large := (*TooLarge)(nil); errors.As(err, &large) {
		err = &fs.PathError{Op: "read", Path: name, Err: large}
	}
	return data, err
}

// notAName says what s is, "" for what may be printed as a name.
func notAName(s string, cause error) string {
	switch {
	case s == "":
		return "the name of the file is empty"
	case isPEM(s):
		return "this is the text of a PEM file, not its name"
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }):
		return "this is not the name of a file: it has line ends or other bytes that are not printed"
	case isExtension(filepath.Ext(s)) && len(s) <= 255: // keys have no dot
		return ""
	}
	if LooksLikeAKey(s) {
		return "the file cannot be read (" + cause.Error() +
			"), and its name is not repeated because it looks like a key"
	}
	return ""
}

func isPEM(s string) bool { return strings.Contains(s, "-----") }

// LooksLikeAKey says that a string may be key material. It is generous: a name that
// is not repeated does less harm than a key that is. Of a path only the segments can be
// keys: what begins with /, ./, ../, ~ or as the endpoints do is judged by them.
func LooksLikeAKey(s string) bool {
	if isPEM(s) {
		return true
	}
	if !isPath(s) {
		return isKey(s)
	}
	// Base64 that begins with a slash is no path: its segments, unlike those that people name,
	// are noisy one after the other, and together they are a key.
	noisy := ""
	for segment := range strings.SplitSeq(s, "/") {
		if isKey(segment) {
			return true
		}
		if noisy += segment; !isNoisy(segment) || strings.ContainsFunc(segment, isNone) {
			noisy = ""
		}
		if len(noisy) >= shortest {
			return true
		}
	}
	return false
}

func isPath(s string) bool {
	for _, begin := range []string{"/", "./", "../", "~", "v2/", "v3/", "hk/", "global/"} {
		if strings.HasPrefix(s, begin) {
			return true
		}
	}
	return false
}

// shortest is the length below which nothing is taken for a key.
const shortest = 16

// isPublicKeyID says that s is the id of a public key of WeChat Pay's, which is no secret:
// PUB_KEY_ID_ and digits.
func isPublicKeyID(s string) bool {
	number, ok := strings.CutPrefix(s, "PUB_KEY_ID_")
	return ok && !strings.ContainsFunc(number, func(r rune) bool { return r < '0' || r > '9' })
}

func isKey(s string) bool {
	if isPublicKeyID(s) {
		return false
	}
	// As long as an APIv3 or APIv2 key, with space around it or its name before it as well.
	_, value, _ := strings.Cut(s, "=")
	for _, text := range []string{s, value} {
		if text = strings.Trim(text, " '\""); len(text) == 32 && !strings.ContainsAny(text, `/\`) {
			return true
		}
	}
	if len(s) >= shortest && isNoisy(s) {
		return true
	}
	// Nothing but base64 is hardly a path.
	isBase64 := !strings.Contains(strings.TrimRight(s, "="), "=") &&
		!strings.ContainsFunc(strings.ReplaceAll(s, "/", ""), isNone)
	if len(s) >= 24 && isBase64 && strings.ContainsFunc(s, isDigit) {
		return true
	}
	for run := range strings.FieldsFuncSeq(s, func(r rune) bool { return isNone(r) || r == '=' }) {
		if len(run) >= 24 && strings.ContainsFunc(run, isDigit) { // hexadecimal
			return true
		}
	}
	return false
}

// isNoisy tells base64 by its changes between capitals, small letters and digits, at every other
// character. Names of files hardly ever have them, save for a capital that begins a word.
func isNoisy(s string) bool {
	changes, before, last := 0, 0, 0
	for _, r := range s {
		kind := kindOf(r)
		wordBegins := last == capital && kind == small && (before == none || before == small)
		if kind != last && kind != none && last != none && !wordBegins {
			changes++
		}
		before, last = last, kind
	}
	return changes*6 >= len(s)
}

// The kinds of characters that base64 has, without the slash, which separates the
// parts of a name.
const (
	none = iota
	small
	capital
	digit
)

func kindOf(r rune) int {
	switch {
	case 'a' <= r && r <= 'z':
		return small
	case 'A' <= r && r <= 'Z':
		return capital
	case '0' <= r && r <= '9' || r == '+' || r == '=':
		return digit
	}
	return none
}

func isDigit(r rune) bool { return kindOf(r) == digit }
func isNone(r rune) bool  { return kindOf(r) == none }

// isExtension says that s is a dot and up to five letters or digits.
func isExtension(s string) bool {
	return len(s) >= 2 && len(s) <= 6 && !strings.ContainsFunc(s[1:], isNone)
}
