package cli

import (
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/wxpay-go/wxpay/internal/keyfile"
)

// A key may be given in the place of any other value: as a flag, an argument, a
// path, a variable. Errors, notes and hints repeat what they are about, so what goes
// to standard error is freed of whatever was given and looks like a key.

// keepingKeysIn gives surroundings whose standard error shows no key of args or of
// a variable that was read.
func (s System) keepingKeysIn(args []string) System {
	h := &hush{to: s.Err}
	for _, arg := range args {
		h.given(arg)
	}
	getenv := s.Getenv
	s.Getenv = func(name string) string {
		value := getenv(name)
		h.given(value)
		return value
	}
	s.Err = h
	return s
}

type hush struct {
	to   io.Writer
	mu   sync.Mutex
	keys []string // in every spelling that may be printed
}

// given looks for keys in a value: the whole of it, what follows a dash or an equals
// sign, and, where it is no file of this machine, its words.
func (h *hush) given(value string) {
	parts := []string{value, strings.TrimLeft(value, "-"), value[strings.IndexByte(value, '=')+1:]}
	if !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, ".") && !strings.HasPrefix(value, "@") {
		between := func(r rune) bool { return strings.ContainsRune("/\\{}\"':,&?=@ \n\t", r) }
		parts = append(parts, strings.FieldsFunc(value, between)...)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, part := range parts {
		if keyfile.LooksLikeAKey(part) {
			for _, spelled := range []string{part, strconv.Quote(part), strconv.QuoteToASCII(part)} {
				h.keys = append(h.keys, strings.Trim(spelled, `"`))
			}
		}
	}
}

// Write hides keys in what is written at once, which is a line or more.
func (h *hush) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := string(p)
	for _, key := range h.keys {
		text = strings.ReplaceAll(text, key, "(not shown: it looks like a key)")
	}
	_, err := io.WriteString(h.to, text)
	return len(p), err
}
