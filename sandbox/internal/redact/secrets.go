package redact

import (
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Secrets are what the merchants' keys are made of.
type Secrets struct {
	keys  []string // APIv3 and APIv2 keys
	lines []string // of private keys in PEM, without armour
	wide  bool     // a key has bytes that are not printable ASCII
}

// isText is which bytes a text with one of the keys in it is made of.
func (t Secrets) isText(c byte) bool { return isText(c) || t.wide && c > '~' }

// Add adds an APIv3 or APIv2 key or a private key, which is longer.
func (t *Secrets) Add(key string) {
	if len(key) == wire.KeySize {
		t.keys = append(t.keys, key)
		t.wide = t.wide || len(runsOf(key, len(key), isText)) == 0
		if form := strings.ReplaceAll(key, " ", "+"); form != key { // as the query of a form has it
			t.keys = append(t.keys, form)
		}
		return
	}
	for line := range strings.Lines(key) {
		if line = strings.TrimSpace(line); len(line) >= shortestRun && !strings.HasPrefix(line, "-----") {
			t.lines = append(t.lines, line)
		}
	}
}
