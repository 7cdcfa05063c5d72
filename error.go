package wxpay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Every error of this package answers four questions: what was tried, whose
// fault it is, what to do next, and, through its type, what a program may
// decide on. None of them prints a body, a key, or the value of a path variable,
// and of the headers only a request id and the name of a key. Each prints as one
// line of at most 2 KiB, without control characters, whatever WeChat Pay, a proxy
// or the caller put into it.

// oneLine is how every error of this package prints.
func oneLine(s string) string { return wire.Clip(s, wire.MaxLine) }

// How much errors print, in bytes.
const (
	maxMessage = 512 // of WeChat Pay's explanation
	maxPath    = 256 // of a call's path or a file's name
)

// nilError is what a nil pointer to an error prints, which somebody took for an error.
const nilError = "<nil>"

// remedied is a problem and what to do about it.
func remedied(problem, hint string) string {
	if problem == "" || hint == "" {
		return problem + hint
	}
	return problem + "; " + hint
}

// Error is WeChat Pay's own answer that a call did not succeed.
//
// Decide on Status and Code, never on Message, which changes without notice:
//
//	var e *wxpay.Error
//	if errors.As(err, &e) && e.Code == "ALREADY_EXISTS" { … }
//
// Of an Error in an unexported field of a struct of yours fmt asks no method, and follows the
// pointer under %s and %q: Code, Message, Detail and RequestID are then printed as they came.
//
// Source: https://pay.weixin.qq.com/docs/merchant/development/interface-rules/basic-rules.html
type Error struct {
	// Operation is what was called: method and path, variables unfilled.
	Operation string
	// Status is the HTTP status.
	Status int
	// Code is WeChat Pay's error code, such as "PARAM_ERROR". It is empty
	// where the body was not the JSON WeChat Pay documents, as from a proxy.
	Code string
	// Message is WeChat Pay's explanation, in Chinese unless the call set
	// Accept-Language.
	Message string
	// Detail is the body's "detail" as it came, or nil. See [Error.Field]. It may name
	// the payer, so an error that is marshalled leaves it out.
	Detail json.RawMessage `json:"-"`
	// RequestID is what WeChat Pay's support asks for.
	RequestID string
	// Verified says that the answer carried a valid signature of WeChat Pay.
	// Answers to calls whose own signature failed (401) are not signed, nor
	// are those of gateways on the way. Never book a business outcome, such as
	// "the order does not exist", on an answer that is not verified.
	Verified bool

	told     wire.Hidden[[]string] // by the call, which what WeChat Pay says may repeat
	raw      wire.Hidden[[]byte]
	of       wire.Hidden[*origin]
	repeated bool               // by the transport or the client, and before it may have had an effect
	again    string             // what came of sending it again
	ended    wire.Hidden[error] // of the context, before it was
}

// Field says which parameter is at fault, as a JSON pointer ("/amount/total") for the
// body or a name for query, path and APIv2, and why. WeChat Pay says it in the message of a
// PARAM_ERROR, 输入源“/body/amount/total”…, or lists the members that it does not know in
// detail.value, of which Field gives the first; a wrong signature has detail.field and
// detail.issue. Both are empty where WeChat Pay does not say.
func (e *Error) Field() (field, issue string) {
	if e == nil {
		return "", ""
	}
	if field, issue = e.detailed(); field != "" {
		return field, issue
	}
	_, rest, _ := strings.Cut(e.Message, "输入源“")
	source, rest, ok := strings.Cut(rest, "”")
	if !ok {
		return "", issue
	}
	if _, after, ok := strings.Cut(rest, "”"); ok { // behind the title, which is the field's in Chinese
		rest = after
	}
	return parameter(source), strings.TrimPrefix(strings.TrimPrefix(rest, "中"), "，")
}

// detailed is what detail says of it.
func (e *Error) detailed() (field, issue string) {
	var d struct {
		Field  string `json:"field"`
		Issue  string `json:"issue"`
		Detail struct {
			Issue string `json:"issue"`
		} `json:"detail"`
		Value json.RawMessage `json:"value"`
	}
	_ = json.Unmarshal(e.Detail, &d) // free-form by contract: what does not fit stays empty
	var unknown []string
	if d.Field == "" && json.Unmarshal(d.Value, &unknown) == nil && len(unknown) > 0 {
		return parameter(unknown[0]), e.Message
	}
	return d.Field, cmp.Or(d.Issue, d.Detail.Issue)
}

// parameter is a field as the SDK names it, of the place where WeChat Pay found it.
func parameter(source string) string {
	for _, at := range []string{"/body/xml/", "/query/", "/uri_template/"} {
		if name, ok := strings.CutPrefix(source, at); ok {
			return name
		}
	}
	return strings.TrimPrefix(source, "/body")
}

// Error gives operation, status, code, message, the field at fault and the request
// id. Where WeChat Pay repeats a value of the call it prints … instead, for that may be an
// openid; the fields keep what came. That are the signature and its nonce; the values of path,
// query, body and of [Header], but for the name of a key, from 4 bytes; numbers of a body from 6
// digits; what was encrypted from 2 characters; as they are and as JSON, Go, addresses and HTML
// escape them, also up to three times over. What else is repeated of a body stays readable: words
// of capitals, such as JSAPI; words of small letters below 6, or that name a member or stand in the
// path; values in another spelling, such as in capitals or base64; and a part of a value, such as
// one that was cut.
func (e *Error) Error() string {
	if e == nil {
		return nilError
	}
	var b strings.Builder
	b.WriteString(e.Operation + ": HTTP " + strconv.Itoa(e.Status))
	if e.Code != "" {
		b.WriteString(" " + e.clipped(e.Code, 64))
	}
	if e.Message != "" {
		b.WriteString(": " + strings.TrimSuffix(e.clipped(e.Message, maxMessage), "。"))
	}
	if field, issue := e.detailed(); field != "" {
		b.WriteString(" (" + e.clipped(field, 128))
		if issue != "" && issue != e.Message {
			b.WriteString(": " + e.clipped(issue, 256))
		}
		b.WriteString(")")
	}
	switch {
	case e.Status == http.StatusUnauthorized && e.Code != "": // a gateway's has none
		b.WriteString("; the signature of the call was refused: check MchID, SerialNo, PrivateKey and the clock")
	case e.Status == http.StatusOK && (strings.Contains(e.Message, "签名错误") || e.Message == "sign error"):
		b.WriteString("; the sign of the call was refused: check MchID and APIv2Key, which is not the APIv3 key")
	}
	if e.again != "" {
		b.WriteString("; " + e.again)
	}
	if e.RequestID != "" {
		b.WriteString(" [" + e.clipped(e.RequestID, 128) + "]")
	}
	return oneLine(b.String())
}

// MarshalJSON writes the fields, without what WeChat Pay repeats of the call.
func (e Error) MarshalJSON() ([]byte, error) {
	type plain Error // without this method
	p := plain(e)
	p.Code, p.Message = e.clipped(e.Code, 64), e.clipped(e.Message, maxMessage)
	p.RequestID = e.clipped(e.RequestID, 128)
	return json.Marshal(p)
}

// clipped is n bytes of what WeChat Pay says, without what it repeats of the call.
func (e *Error) clipped(s string, n int) string {
	return wire.Clip(without(s, e.told.Reveal(), wire.Enough(n)), n)
}

// MarshalText is what Error gives, for XML and logs. An encoder that asks for none of these
// methods, such as encoding/gob, writes the fields as they came.
func (e Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Format prints what Error gives under every verb but %p, and but %w outside [fmt.Errorf], which go
// vet reports: there fmt prints the fields, which hold what WeChat Pay said, and asks no method.
func (e Error) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }

// ConfigError is wrong setup, found before anything is sent.
type ConfigError struct {
	Field   string // of Config, or the variable that ConfigFromEnv read
	Problem string // what is wrong with it
	Hint    string // what to do: where the right value is found, or how to write it
}

func (e *ConfigError) Error() string {
	if e == nil {
		return nilError
	}
	of := "Config."
	if strings.HasPrefix(e.Field, variablePrefix) {
		of = ""
	}
	return oneLine("wxpay: " + of + e.Field + ": " + remedied(e.Problem, e.Hint))
}

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
func (e ConfigError) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }

// KeyError is key material that cannot be read.
type KeyError struct {
	Want    string // what was expected, "a merchant private key"
	Problem string // what was found instead
	Hint    string // what to do: where the right file is found
	err     wire.Hidden[error]
}

// Unwrap gives the cause, where there is one, such as [io/fs.ErrNotExist].
func (e *KeyError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.err.Reveal()
}

func (e *KeyError) Error() string {
	if e == nil {
		return nilError
	}
	text := "wxpay: cannot read " + e.Want + ": " + remedied(e.Problem, e.Hint)
	return wire.Clip(text, wire.MaxLine-maxPath-len(": ")) // the loaders put the file's name before it
}

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
func (e KeyError) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }

// RequestError is a call that was not sent because it could not be right.
type RequestError struct {
	Operation string
	Problem   string
	err       wire.Hidden[error]
	of        wire.Hidden[*origin]
}

func (e *RequestError) Error() string {
	if e == nil {
		return nilError
	}
	return oneLine(e.Operation + ": not sent: " + e.Problem)
}

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
func (e RequestError) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }

// Unwrap gives the cause, where there is one. Its words are its maker's, and may quote a value of
// the call: print the RequestError, not what it holds.
func (e *RequestError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.err.Reveal()
}

// TransportError is a call that got no whole answer. Where it may have been
// sent, whether WeChat Pay acted on it is unknown: query, or send the same
// call with the same numbers again. See [OutcomeUnknown].
type TransportError struct {
	Operation string
	// Problem says what failed, and what helps where that is known.
	Problem string
	// Sent is false only where not a byte of the call had left this machine: there was
	// no connection, or the context had ended. Of a Transport of your own it is true
	// where that calls none of the hooks of net/http/httptrace, and where the call
	// has no body: the Transport may have tried another way that nobody saw. So may
	// what was registered with an http.Transport (RegisterProtocol). One that calls
	// GetConn is taken at its word: it calls GotConn before it writes. One that gives up
	// while net/http goes on behind its back may see the head of the call leave at that
	// moment, with its address; of its body not a byte follows, so it has no effect. Of a call that
	// the client tried several times it is false only where none of them left.
	Sent bool
	err  wire.Hidden[error]
	of   wire.Hidden[*origin]
	// cancelled is the call's own context, by the caller. A transport may have others.
	cancelled bool
	again     string // what came of sending it again
}

func (e *TransportError) Error() string {
	if e == nil {
		return nilError
	}
	s := e.Operation + ": " + e.Problem
	switch {
	case e.cancelled:
		s += " (the caller's context was cancelled)"
	case errors.Is(e.err.Reveal(), context.DeadlineExceeded):
		s += " (the deadline passed)"
	}
	if e.again != "" {
		s += "; " + e.again
	}
	switch {
	case !e.Sent:
		s += "; nothing was sent"
	case strings.HasPrefix(e.Operation, http.MethodGet+" "):
		s += "; it can be repeated"
	default:
		s += "; the outcome is unknown: query, or repeat with the same numbers"
	}
	return oneLine(s)
}

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
func (e TransportError) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }

// Unwrap gives the cause, so that errors.Is(err, context.Canceled) works. Where the
// context was ended with a cause of its own, errors.Is finds that as well. The cause's words are
// its maker's, and may quote what was sent or answered: print the TransportError, not what it
// holds.
func (e *TransportError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.err.Reveal()
}

// Check is one of the steps by which a message is verified, in order.
type Check string

// The checks of [Keys.Verify].
const (
	CheckHeaders   Check = "headers"   // Wechatpay-* headers are there
	CheckTimestamp Check = "timestamp" // within five minutes, either way
	CheckSerial    Check = "serial"    // the key it names is known
	CheckSignature Check = "signature" // the signature is of these bytes
)

// SignatureError is a reply or notification that cannot be shown to come from
// WeChat Pay. Of a reply it leaves the outcome unknown.
type SignatureError struct {
	Operation string // what was being verified
	Check     Check  // the check that failed
	Problem   string // what it found
	Hint      string // what to do
	// Serial is Wechatpay-Serial as received, RequestID its Request-ID; of a reply without what it
	// repeats of the call, as in [Error.Error].
	Serial, RequestID string
	of                wire.Hidden[*origin]
}

func (e *SignatureError) Error() string {
	if e == nil {
		return nilError
	}
	s := e.Operation + ": " + string(e.Check) + " check failed: " + remedied(e.Problem, e.Hint)
	if e.Serial != "" {
		s += " (Wechatpay-Serial " + wire.Clip(e.Serial, 64) + ")"
	}
	if e.RequestID != "" {
		s += " [" + wire.Clip(e.RequestID, 128) + "]"
	}
	return oneLine(s)
}

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
func (e SignatureError) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }

// DecryptError is a sealed resource that does not open.
type DecryptError struct {
	Problem string // what was found
	Hint    string // what to do
}

func (e *DecryptError) Error() string {
	if e == nil {
		return nilError
	}
	return oneLine("wxpay: cannot decrypt: " + remedied(e.Problem, e.Hint))
}

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
func (e DecryptError) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }
