// Package hint reads what a sandbox says about a call, in headers that WeChat Pay does not send.
// Start reading at [Of].
package hint

import (
	"net/http"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Hint is a sentence in English, and the word for the mistake where the sandbox knows one, which
// stands for a sentence in each language.
type Hint struct{ said, mistake string }

// Of is the hint in the headers of an answer.
func Of(h http.Header) Hint { return Hint{h.Get(ledger.HeaderHint), h.Get(ledger.HeaderMistake)} }

// longest bounds a hint, in bytes.
const longest = 300

// String is the hint in English.
func (h Hint) String() string { return wire.Clip(h.said, longest) }

// In is the hint in a language.
func (h Hint) In(l lang.Lang) string {
	if sentence := explain.Sentence(h.mistake, string(l)); l == lang.Chinese && sentence != "" {
		return sentence
	}
	return h.String()
}

// Through is the hint after something has taken out of it what is not to be shown.
func (h Hint) Through(f func(string) string) Hint { return Hint{f(h.said), h.mistake} }
