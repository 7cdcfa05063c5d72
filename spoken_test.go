package wxpay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// Errors of others whose methods panic, or that nothing can be compared with.
type (
	causeWithData struct{ Data any }
	nilCause      struct{ inner error }
	nilReader     struct{}
)

func (causeWithData) Error() string        { return "told to stop" }
func (c *nilCause) Error() string          { return c.inner.Error() }
func (c *nilCause) Unwrap() error          { return c.inner }
func (c *nilCause) Is(error) bool          { return c.inner == nil }
func (nilReader) Read([]byte) (int, error) { return 0, (*nilCause)(nil) }
func (nilReader) Close() error             { return nil }
func (nilReader) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &nilCause{}
}

// Whatever a context, a transport, a body or a function of the user's says of itself, the call ends
// with an error.
func TestErrorsOfOthersThatPanic(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{
		"not comparable": causeWithData{map[string]int{}}, "nil": (*nilCause)(nil), "hollow": &nilCause{},
	} {
		ctx, cancel := context.WithCancelCause(bg)
		cancelling := transport(func(r *http.Request) (*http.Response, error) {
			_, err := io.ReadAll(r.Body) // it is sent
			cancel(cause)
			return nil, errors.Join(err, r.Context().Err())
		})
		_, err := clientAt(t, "https://api.example", cancelling).Chain("v3/x").Post(ctx, map[string]any{"a": 1})
		var lost *wxpay.TransportError
		if !errors.As(err, &lost) || !lost.Sent || !errors.Is(err, context.Canceled) || err.Error() == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	broken := func(length int64) transport {
		return func(*http.Request) (*http.Response, error) {
			r := signedReply(200, "{}")
			r.Body, r.ContentLength = nilReader{}, length
			return r, nil
		}
	}
	good := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, "{}"), nil })
	panicking := transport(func(*http.Request) (*http.Response, error) { panic(&nilCause{}) })
	for name, err := range map[string]error{
		"a transport's":     second(clientAt(t, "https://api.example", nilReader{}).Chain("v3/x").Get(bg)),
		"a body's":          second(clientAt(t, "https://api.example", broken(-1)).Chain("v3/x").Get(bg)),
		"of a known length": second(clientAt(t, "https://api.example", broken(9)).Chain("v3/x").Get(bg)),
		"a panic's": second(clientAt(t, "https://api.example",
			panicking).Chain("v3/x").GetAsync(bg).Wait(bg)),
		"of a function": second(good.Chain("v3/x").GetAsync(bg).Then(
			func(*wxpay.Result) error { return (*nilCause)(nil) }).Wait(bg)),
		"of a function, deep": second(good.Chain("v3/x").GetAsync(bg).Then(
			func(*wxpay.Result) error { return &nilCause{} }).Wait(bg)),
	} {
		if err == nil || !strings.Contains(fmt.Sprint(err), "whose methods panic") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What WeChat Pay repeats of a body is printed nowhere, whatever it is called there, and megabytes
// of it cost little.
func TestWhatIsRepeatedOfABody(t *testing.T) {
	t.Parallel()
	var says string
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(400, says), nil })
	for name, body := range map[string]any{
		"an account":               `{"receivers":[{"type":"PERSONAL_OPENID","account":"` + payer + `"}]}`,
		"a list":                   `{"openids":["` + payer + `"]}`,
		"escaped":                  `{"\u006fpenid":"\u006f` + payer[1:] + `"}`,
		"encrypted":                map[string]string{"sealed": payer},
		"in a string":              map[string]string{"list": `[{"sub_openid":"` + payer + `"}]`},
		"after a line":             "\n" + `{"payer":{"openid":"` + payer + `"}}`,
		"after blanks":             json.RawMessage(" \t{\"openid\":\"" + payer + `"}`),
		"after a line in a string": map[string]string{"list": "\n" + `[{"sub_openid":"` + payer + `"}]`},
		"a string in a string":     map[string]string{"list": `"` + payer + `"`},
	} {
		says = `{"code":"PARAM_ERROR","message":"` + payer + ` is nobody, JSAPI or not"}`
		var encrypt wxpay.Option
		if name == "encrypted" {
			encrypt = wxpay.Encrypt("/sealed")
		}
		_, err := c.Chain("v3/x").Post(bg, body, encrypt)
		raw, marshalErr := json.Marshal(err)
		for _, text := range []string{fmt.Sprint(err), string(raw)} {
			if strings.Contains(text, payer) || !strings.Contains(text, "… is nobody, JSAPI or not") ||
				marshalErr != nil {
				t.Errorf("%s: %s, %v", name, text, marshalErr)
			}
		}
	}
	many := make([]string, 2000)
	for i := range many {
		many[i] = fmt.Sprintf("oUpF8uMuAJO_M2pxb1Q9%08d", i)
	}
	says = `{"code":"PARAM_ERROR","message":"` + strings.Repeat(payer+many[1], 20000) + `"}`
	_, err := c.Chain("v3/x").Post(bg, map[string]any{"openids": append(many, payer)})
	if s := err.Error(); strings.Contains(s, "oUpF8uM") || strings.Contains(s, "oSECRET") || len(s) > 2000 {
		t.Errorf("got %d bytes: %.300s", len(s), s)
	}
}

// A Result in a log is its status: what was answered is in Body, for the program.
func TestAMarshalledResult(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(200, `{"openid":"`+payer+`"}`), nil
	})
	r, err := c.Chain("v3/x").Get(bg)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{"r": r, "v": *r})
	if err != nil || strings.Count(string(raw), "wxpay.Result{Status: 200") != 2 || strings.Contains(string(raw),
		"Signature") {
		t.Errorf("%s, %v", raw, err)
	}
}
