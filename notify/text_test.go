package notify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// What others wrote into a notification, or your function into its error, makes no
// second line of the log.
func TestErrorsPrintOneLine(t *testing.T) {
	t.Parallel()
	const nasty = "a\nlevel=ERROR forged\r\x1b[31m\u009b\u2028\u202e"
	for _, f := range []wire.Fields{{"out_trade_no": nasty[:5]}, {"color": "red"}} {
		f["mch_id"] = "1900000109"
		body := signedV2(f, wire.SignMD5)
		var got *notify.Error
		keep := notify.OnError(func(_ context.Context, e *notify.Error) { got = e })
		r := notify.New(newWechat(t).keys(t), nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)), keep, nil)
		r.Otherwise(func(context.Context, *notify.Notification) error { return errors.New(nasty) })
		a := r.Receive(context.Background(), http.Header{"Request-Id": {nasty}}, body)
		if a.Status != http.StatusInternalServerError || got == nil {
			t.Fatalf("answered %d %s", a.Status, a.Body)
		}
		if text := got.Error(); wire.OneLine(text) != text || !strings.Contains(text, "a·level=ERROR forged") {
			t.Errorf("told %q", text)
		}
		if f, err := wire.ParseXML(a.Body); err != nil || f["return_code"] != "FAIL" || f["return_msg"] == "" {
			t.Errorf("answered %q, %v", a.Body, err)
		}
	}
}

// However much a function's error says, the line stays short, and the whole can be had.
func TestErrorsAreShort(t *testing.T) {
	t.Parallel()
	for _, char := range []string{"a", "\n", "\x00", "\xff", "中", "\U000E0001"} {
		long := errors.New(strings.Repeat(char, 1<<16))
		var got *notify.Error
		r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
			notify.OnError(func(_ context.Context, e *notify.Error) { got = e }))
		r.Otherwise(func(context.Context, *notify.Notification) error { return long })
		r.Receive(t.Context(), nil, signedFields(wire.Fields{"out_trade_no": "T1"}).XML())
		if got == nil || !errors.Is(got, long) {
			t.Fatalf("%q: told %T", char, got)
		}
		text := got.Error()
		if len(text) > 2<<10 || len(text) < 1<<10 || !strings.HasSuffix(text, "…") || wire.OneLine(text) != text ||
			!strings.Contains(text, "handler check failed") {
			t.Errorf("%q: printed %d bytes: %.100s", char, len(text), text)
		}
	}
}

// A carriage return that was signed arrives as one: as text and as a struct.
func TestCarriageReturnsOfAPIv2(t *testing.T) {
	t.Parallel()
	r := notify.New(newWechat(t).keys(t), notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	var got, plain string
	notify.On(r, func(_ context.Context, n *notify.Notification, e *event.V2Payment) error {
		got, plain = e.Attach, string(n.Plaintext)
		return nil
	})
	body := signedV2(wire.Fields{"mch_id": "1900000109", "out_trade_no": "A1", "transaction_id": "42",
		"result_code": "SUCCESS", "attach": "a\r\nb"}, wire.SignMD5)
	a := r.Receive(context.Background(), http.Header{}, body)
	if a.Status != 200 || got != "a\r\nb" || !strings.Contains(plain, `a\r\nb`) {
		t.Errorf("answered %d %s, got %q, %s", a.Status, a.Body, got, plain)
	}
}

type picky string

func (*picky) UnmarshalText([]byte) error { return wordlessError{"oSECRET"} }

type wordlessError struct{ Body string }

func (wordlessError) Error() string { return "broken" }

type pickyEvent struct {
	v2Event
	OpenID picky `xml:"openid"`
}

// An error prints what Error says and nothing that it holds, whatever the verb.
func TestErrorsPrintTheirTextOnly(t *testing.T) {
	t.Parallel()
	for name, register := range map[string]func(*notify.Receiver){
		"decode": func(r *notify.Receiver) {
			notify.On(r, func(context.Context, *notify.Notification, *pickyEvent) error { return nil })
		},
		"handler": func(r *notify.Receiver) {
			r.Otherwise(func(context.Context, *notify.Notification) error { return wordlessError{"oSECRET"} })
		},
	} {
		var e *notify.Error
		r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
			notify.OnError(func(_ context.Context, got *notify.Error) { e = got }))
		register(r)
		r.Receive(t.Context(), nil, signedFields(wire.Fields{"out_trade_no": "T1", "openid": "oSECRET"}).XML())
		if e == nil || string(e.Check) != name {
			t.Fatalf("%s: got %v", name, e)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			for _, printed := range []any{e, *e} {
				if got, want := fmt.Sprintf(verb, printed), fmt.Sprintf(verb, e.Error()); got != want {
					t.Errorf("%s of a %T: %s", verb, printed, got)
				}
			}
			inside := []any{struct{ E error }{e}, struct{ e *notify.Error }{e}, []notify.Error{*e}}
			if name == "decode" {
				inside = append(inside, e.Unwrap(), struct{ e error }{e.Unwrap()})
			}
			for _, printed := range inside {
				if got := fmt.Sprintf(verb, printed); strings.Contains(got, "SECRET") ||
					strings.Contains(got, fmt.Sprintf("%x", "SECRET")) {
					t.Errorf("%s of a %T: %s", verb, printed, got)
				}
			}
		}
	}
}
