package wxpay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Result is a success: what WeChat Pay answered, byte for byte, verified but for the
// kinds that [Result.Verified] names.
type Result struct {
	Status int // 200, 202 or 204
	Header http.Header
	Body   []byte // as received; empty for 204

	call     *call                    // that it answers
	fields   wire.Hidden[wire.Fields] // of an APIv2 reply
	text     wire.Hidden[[]byte]      // of an answer that is text, unpacked
	unsigned bool
	hash     string // by which it was checked, where it is not signed itself
}

// Format prints the status, the length of the body and the request id under every verb but %p, and
// but %w outside [fmt.Errorf], which go vet reports: header and body may name the payer, and so may
// the call. fmt asks no method of what is in an unexported field of a struct of yours either, and
// follows a pointer there under %s and %q: keep what you need of a Result, or a function that gives
// it.
func (r Result) Format(f fmt.State, _ rune) {
	id := r.RequestID()
	if r.call != nil {
		id = r.call.without(id)
	}
	fmt.Fprintf(f, "wxpay.Result{Status: %d, Body: %d bytes, RequestID: %q}", r.Status, len(r.Body),
		wire.Clip(id, 128))
}

// MarshalText is what Format prints, for JSON and logs. What WeChat Pay answered is in
// Body.
func (r Result) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", r), nil }

// Quiet is a text that came with the answer, such as the value of one of its headers, as errors
// print what WeChat Pay says: without what it repeats of the call's address, body, headers and
// signature, and shortened. WeChat Pay signs the body alone; a header may be anybody's on the way.
// It is "" for a Result that no call returned.
func (r *Result) Quiet(text string) string {
	if r == nil || r.call == nil {
		return ""
	}
	return wire.Clip(without(text, r.call.told(), wire.Enough(maxMessage)), maxMessage)
}

// RequestID is what WeChat Pay's support asks for.
func (r *Result) RequestID() string {
	if r == nil {
		return ""
	}
	return r.Header.Get(wire.HeaderRequestID)
}

// Verified says that the answer carried a valid signature of WeChat Pay, of its bytes or of their
// hash (see [Result.Hash]). Of the answer to a call it is false where WeChat Pay signs none, so
// that only TLS says who gave it: files of APIv3, such as a picture of a complaint; bills and other
// text of APIv2; and a few of APIv2's answers, such as that of v2/papay/h5entrustweb. The catalogue
// says which these are; any other answer without a signature is a [*SignatureError]. It is false of
// a Result that no call returned.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_4.shtml
// https://pay.weixin.qq.com/doc/v2/merchant/4011985040
func (r *Result) Verified() bool { return r != nil && r.call != nil && !r.unsigned }

// Hash is the algorithm of the hash that the answer was checked against, where WeChat Pay signs
// that in place of the bytes: "SHA1" of a statement of /v3/global/statements, "" of all other
// answers.
//
// Source: https://pay.weixin.qq.com/wiki/doc/api/wxpay/en/fusion_wallet/QuickPay/chapter8_5.shtml
func (r *Result) Hash() string {
	if r == nil {
		return ""
	}
	return r.hash
}

// Decode unmarshals the body into v, fields named by [Decrypt] in clear. A
// failure is a [*DecodeError], which names the endpoint and the field: the call
// itself succeeded.
//
// An APIv2 reply decodes into a struct with xml tags, as encoding/xml would read
// it: embedded structs, pointers, numbers, booleans and types with an UnmarshalText
// are filled. A field of another kind, or without a tag, is an error.
// The bill of v2/pay/downloadbill has no fields, and is no JSON: see [Result.Text].
func (r *Result) Decode(v any) error {
	if r == nil {
		return errNoResult
	}
	if r.text.Reveal() != nil {
		return r.decodeError(errText)
	}
	if fields := r.fields.Reveal(); fields != nil {
		return r.decodeError(spoken(fields.Fill(v)))
	}
	body, err := r.clear()
	switch {
	case err != nil:
	case wire.Circular(v): // encoding/json would go round without end
		err = wire.ErrCircle
	default:
		err = ofJSON(json.Unmarshal(body, v))
	}
	return r.decodeError(err)
}

// decodeReply is Decode into a reply's type, which null would leave empty: that says nothing of a
// call that succeeded.
func (r *Result) decodeReply(out any) error {
	err := r.Decode(out)
	if err == nil && string(bytes.TrimSpace(r.Body)) == "null" {
		err = r.decodeError(errNull)
	}
	return err
}

// errNull is an answer that is no more than null.
var errNull = errors.New("it is null")

// ofJSON hides the words of a type's own unmarshaller, which may quote the value.
func ofJSON(err error) error {
	switch err.(type) {
	case nil, *json.UnmarshalTypeError, *json.SyntaxError, *json.InvalidUnmarshalError:
		return err
	}
	return &ownUnmarshaller{wire.Hide(spoken(err))}
}

type ownUnmarshaller struct{ err wire.Hidden[error] }

func (*ownUnmarshaller) Error() string {
	return "the unmarshaller of one of its types does not take a value"
}
func (e ownUnmarshaller) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }
func (e *ownUnmarshaller) Unwrap() error                { return e.err.Reveal() }

// Map decodes the body into a map, as Decode does; null is a failure. Numbers stay as they were
// written ([json.Number]), for a plan_id of 18 digits does not fit a float64.
func (r *Result) Map() (map[string]any, error) {
	if r == nil {
		return nil, errNoResult
	}
	var m map[string]any
	if r.text.Reveal() != nil {
		return nil, r.decodeError(errText)
	}
	if fields := r.fields.Reveal(); fields != nil {
		m = make(map[string]any, len(fields))
		for name, value := range fields {
			m[name] = value
		}
		return m, nil
	}
	body, err := r.clear()
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err = d.Decode(&m); err == nil && m == nil {
			err = errNull
		}
	}
	return m, r.decodeError(err)
}

// errNoResult is the end of decoding a nil Result, such as the Reply of a Resolution that nobody
// was asked for.
var errNoResult = errors.New("wxpay: there is no answer to decode: the Result is nil")

// errText is the end of decoding what has no fields.
var errText = errors.New("it is text and has no fields: see Result.Text")

func (r *Result) clear() ([]byte, error) {
	if r.call == nil {
		return r.Body, nil
	}
	body, err := r.call.decrypted(r.Body)
	return body, spoken(err)
}

func (r *Result) decodeError(err error) error {
	if err == nil {
		return nil
	}
	e := &DecodeError{Operation: "decode", Status: r.Status, RequestID: r.RequestID(), err: wire.Hide(err)}
	if r.call != nil {
		e.Operation, e.RequestID = r.call.operation(), r.call.without(e.RequestID)
		made := r.call.origin()
		made.happened = true
		e.of = wire.Hide(made)
	}
	return e
}

// DecodeError is a call that succeeded, with an answer that is genuine but
// does not fit the type it was to be decoded into. The money may have moved:
// treat the call as done. The raw answer is in the reply returned beside it.
type DecodeError struct {
	Operation string
	Status    int
	RequestID string
	err       wire.Hidden[error]
	of        wire.Hidden[*origin]
}

func (e *DecodeError) Error() string {
	if e == nil {
		return nilError
	}
	why, err := "", e.err.Reveal()
	var mismatch *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil: // a program made the error itself
		why = "no cause is known"
	case errors.As(err, &mismatch) && mismatch.Field == "": // the whole reply, or an element of no name
		why = "a JSON " + kindOf(mismatch) + " does not fit " + wanted(mismatch)
	case errors.As(err, &mismatch): // its own words would quote the value
		why = wire.Clip(mismatch.Field, 128) + " is not " + wanted(mismatch)
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		why = "it is not JSON"
	default:
		why = quiet(err)
	}
	return oneLine(e.Operation + ": succeeded (HTTP " + strconv.Itoa(e.Status) + ") but the reply does not decode: " +
		why + "; its raw bytes are in the reply")
}

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
func (e DecodeError) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }

// kindOf is the kind of JSON value that did not fit. A type's own unmarshaller may
// write the value there.
func kindOf(e *json.UnmarshalTypeError) string {
	kind, _, _ := strings.Cut(e.Value, " ")
	switch kind {
	case "object", "array", "string", "number", "bool", "null":
		return kind
	}
	return "value"
}

// wanted is the type that did not take the value, which a type's own unmarshaller
// may leave out.
func wanted(e *json.UnmarshalTypeError) string {
	if e.Type == nil {
		return "what its type takes"
	}
	return "a " + e.Type.String()
}

// Unwrap gives the error of encoding/json.
func (e *DecodeError) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.err.Reveal()
}

// None stands for no body: as a request nothing is sent, as a reply nothing
// is expected (HTTP 204).
type None struct{ Reply }

// Reply is embedded in every typed reply and keeps what its fields do not
// know: WeChat Pay adds keys any day.
type Reply struct{ result wire.Hidden[*Result] }

// RawJSON is the body as received, nil for a 204. Of an APIv2 reply it is
// XML, or the text of a [Text], packed where it came so.
func (r *Reply) RawJSON() json.RawMessage {
	result := r.result.Reveal()
	if result == nil || len(result.Body) == 0 {
		return nil
	}
	return result.Body
}

// RequestID is what WeChat Pay's support asks for.
func (r *Reply) RequestID() string {
	result := r.result.Reveal()
	if result == nil {
		return ""
	}
	return result.RequestID()
}

// Status is the HTTP status, 200, 202 or 204; 0 for a reply no call returned.
func (r *Reply) Status() int {
	result := r.result.Reveal()
	if result == nil {
		return 0
	}
	return result.Status
}

// Verified says that the answer carried a valid signature of WeChat Pay: see [Result.Verified].
func (r *Reply) Verified() bool { return r.result.Reveal().Verified() }

func (r *Reply) setResult(result *Result) { r.result = wire.Hide(result) }
