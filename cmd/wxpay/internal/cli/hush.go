package cli

import (
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/keyfile"
)

// A key may be given in the place of any other value: as a flag, an argument, a
// path, a variable. Errors, notes and hints repeat what they are about, so what goes
// to standard error is freed of whatever was given and looks like a key.

// keepingKeysIn gives surroundings whose standard error shows no key of args or of
// a variable that was read.
func (s System) keepingKeysIn(args []string) System {
	h := &hush{to: s.Err, instead: s.text("(not shown: it looks like a key)")}
	for _, arg := range args {
		h.given(arg)
	}
	lookup := s.LookupEnv
	s.LookupEnv = func(name string) (string, bool) {
		value, set := lookup(name)
		h.given(value)
		return value, set
	}
	s.Err = h
	return s
}

// keepKeysOf adds the variables of an env file to what is looked through for keys. The serial
// number of WeChat Pay's certificate is as long as one, is used by no command, and stands in names
// of files that are printed.
func (s System) keepKeysOf(vars map[string]string) {
	if h, ok := s.Err.(*hush); ok {
		for name, value := range vars {
			if name != platformSerial {
				h.given(value)
			}
		}
	}
}

// withoutKeys gives a writer that shows no key which was given until now either, for standard
// output where it repeats what was given. The numbers of certificates look like keys and are none.
func (s System) withoutKeys(to io.Writer, shown ...string) io.Writer {
	h, ok := s.Err.(*hush)
	if !ok {
		return to
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	keys := slices.DeleteFunc(slices.Clone(h.keys), func(key string) bool {
		return slices.ContainsFunc(shown, func(s string) bool { return serialNumber.MatchString(s) && small(s) == key })
	})
	return &hush{to: to, keys: keys, instead: h.instead}
}

// serialNumber is what a certificate's number looks like. Keys have 32 characters.
var serialNumber = regexp.MustCompile(`^[0-9A-Fa-f]{38,40}$`)

type hush struct {
	to      io.Writer
	instead string // of a key
	mu      sync.Mutex
	keys    []string // in every spelling that may be printed, in small letters
}

// given looks for keys in a value: the whole of it, what follows a dash or an equals
// sign, and its words.
func (h *hush) given(value string) {
	parts := []string{value, strings.TrimLeft(value, "-@"), value[strings.IndexByte(value, '=')+1:]}
	between := func(r rune) bool { return strings.ContainsRune("/\\{}\"':,&?=@ \n\t", r) }
	parts = append(parts, strings.FieldsFunc(value, between)...)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, part := range parts {
		if keyfile.LooksLikeAKey(part) && keyfile.LooksLikeAKey(withoutEndpoints(part)) {
			for _, spelled := range []string{part, strconv.Quote(part), strconv.QuoteToASCII(part)} {
				h.keys = append(h.keys, small(strings.Trim(spelled, `"`)))
			}
		}
	}
}

// withoutEndpoints shortens the segments that are a part of a known endpoint's path, some of
// which are as long as a key.
func withoutEndpoints(path string) string {
	segments := strings.Split(path, "/")
	for _, k := range catalogue.AllKnown() {
		for known := range strings.SplitSeq(k.SDKPath(), "/") {
			if at := slices.Index(segments, known); at >= 0 && len(known) >= 24 {
				segments[at] = "x"
			}
		}
	}
	return strings.Join(segments, "/")
}

// small changes no length, as strings.ToLower would.
func small(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Write hides keys in what is written at once, which is a line or more. A method or a host
// may be printed in other letters than it was given in.
func (h *hush) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := string(p)
	for _, key := range h.keys {
		var out strings.Builder
		for at := strings.Index(small(text), key); at >= 0; at = strings.Index(small(text), key) {
			out.WriteString(text[:at] + h.instead)
			text = text[at+len(key):]
		}
		text = out.String() + text
	}
	_, err := io.WriteString(h.to, text)
	return len(p), err
}
