package notify

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// The checks of a [Receiver] beside those of [wxpay.Keys]: [wxpay.CheckHeaders],
// [wxpay.CheckTimestamp], [wxpay.CheckSerial] and [wxpay.CheckSignature],
// which come after CheckBody. The comments give the status answered.
const (
	CheckMethod    wxpay.Check = "method"    // it is a POST: 405
	CheckBody      wxpay.Check = "body"      // whole, within MaxBody, not read before: 400, 413, 500
	CheckEnvelope  wxpay.Check = "envelope"  // the JSON or, of APIv2, the XML of a notification: 400
	CheckResource  wxpay.Check = "resource"  // opens under the APIv3 key: 500; of APIv2 under the APIv2 key: 400
	CheckPlaintext wxpay.Check = "plaintext" // what was sealed is a JSON object: 400
	CheckMerchant  wxpay.Check = "merchant"  // it names the merchant whose key it is under: 401
	CheckReplay    wxpay.Check = "replay"    // these bytes were not handled before: 409
	CheckEvent     wxpay.Check = "event"     // a function is there for it: 501
	CheckDecode    wxpay.Check = "decode"    // it fits the event's type: 500
	CheckPart      wxpay.Check = "part"      // every part of it fits: the function ran without what does not
	CheckHandler   wxpay.Check = "handler"   // your function succeeded: 500
	CheckWait      wxpay.Check = "wait"      // an earlier delivery of it ended in time: 503
)

// Error is a message that was not answered with a success. Checks are made in
// the order of the list; those after the failed one were not reached.
//
// errors.As finds the cause: a [*wxpay.SignatureError], a
// [*wxpay.DecryptError], or what your function returned.
type Error struct {
	// Check is the one that failed.
	Check wxpay.Check
	// Status is the HTTP status answered: 4xx where the message is at fault,
	// 5xx where this side is. WeChat Pay tries again after both. With [CheckPart] it is 0,
	// for it refuses nothing.
	Status int
	// ID and EventType name the notification. They are empty until the
	// envelope was verified and read.
	ID, EventType string
	// RequestID is Request-ID as received, for WeChat Pay's support.
	RequestID string
	// Stack is where your function panicked, or nil.
	Stack []byte

	as      outcome // what it is answered as, whatever becomes of Check and Status
	problem string
	err     wire.Hidden[error]
	of      wire.Hidden[*Notification] // nil before there is one
	shared  bool                       // it was reported where it arose, in the delivery that was being handled
}

// outcome is how a message failed.
type outcome struct {
	check  wxpay.Check
	status int
}

// Error gives the notification, the check, and what to do about it, on one line of
// at most 2 KiB. It prints neither body nor key, of the headers the id of the key that was named
// and Request-ID, clipped; what your own function returned it prints with a dot for every line end
// and control character, and Unwrap gives it whole.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	return oneLine(e.text())
}

func oneLine(s string) string { return wire.Clip(s, wire.MaxLine) }

// Format prints what Error gives under every verb but %p, and but %w where go vet reports it.
func (e Error) Format(f fmt.State, verb rune) { wire.PrintError(f, verb, &e) }

func (e *Error) text() string {
	s := "notify: "
	if e.ID != "" {
		s += wire.Clip(e.EventType, 64) + " " + wire.Clip(e.ID, 64) + ": "
	}
	err := e.err.Reveal()
	if _, ok := err.(*wxpay.SignatureError); ok && e.Check != CheckHandler {
		return s + err.Error() // it names the check
	}
	s += string(e.Check) + " check failed"
	if e.problem != "" {
		s += ": " + e.problem
	}
	if err != nil && e.Check != CheckDecode && e.Check != CheckBody {
		s += ": " + words(err)
	}
	return s
}

// words are what an error says. One that a function of the user's returned may be a
// nil of its type, whose method panics; what went wrong is then that.
func words(err error) (s string) {
	defer func() {
		if recover() != nil {
			s = fmt.Sprintf("it returned a %T whose Error method panics, such as a nil one", err)
		}
	}()
	return err.Error()
}

// Unwrap gives the cause, where there is one.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.err.Reveal()
}

func (n *Notification) fail(check wxpay.Check, status int, problem string, err error) *Error {
	return &Error{Check: check, Status: status, ID: n.ID, EventType: n.EventType, RequestID: n.RequestID,
		as: outcome{check, status}, problem: problem, err: wire.Hide(err), of: wire.Hide(n)}
}

// logError is the error function of a receiver that was given none: an error
// no one reads about is a contract no one serves.
func logError(ctx context.Context, e *Error) {
	level := slog.LevelWarn
	if e.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("check", string(e.Check)), slog.Int("status", e.Status),
		slog.String("request_id", wire.Clip(e.RequestID, 64)), slog.Any("error", e),
	}
	if e.ID != "" {
		attrs = append(attrs,
			slog.String("id", wire.Clip(e.ID, 64)), slog.String("event_type", wire.Clip(e.EventType, 64)))
	}
	if e.Stack != nil {
		attrs = append(attrs, slog.String("stack", string(e.Stack)))
	}
	message := "WeChat Pay notification not handled"
	if e.Check == CheckPart {
		message = "WeChat Pay notification handled without a part of it"
	}
	slog.Default().LogAttrs(ctx, level, message, attrs...)
}
