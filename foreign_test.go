package wxpay_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// Errors of which one method panics, or that have no end.
type (
	badUnwrap  struct{}
	badList    struct{}
	badIs      struct{}
	badAs      struct{}
	badTimeout struct{ timeouts }
	timeouts   interface{ Timeout() bool }
	endless    struct{}
	badTarget  struct{}
	nilWithin  struct{ why string }
)

func (badUnwrap) Error() string  { return "unwrap" }
func (badUnwrap) Unwrap() error  { panic("unwrap") }
func (badList) Error() string    { return "list" }
func (badList) Unwrap() []error  { return []error{nil, badUnwrap{}} }
func (badIs) Error() string      { return "is" }
func (badIs) Is(error) bool      { panic("is") }
func (badAs) Error() string      { return "as" }
func (badAs) As(any) bool        { panic("as") }
func (badTimeout) Error() string { return "dial failed" }
func (e *endless) Error() string { return "endless" }
func (e *endless) Unwrap() error { return e }
func (badTarget) Error() string  { return "target" }
func (badTarget) As(target any) bool {
	_, ok := target.(**net.OpError) // which stays nil
	return ok
}
func (e *nilWithin) Error() string { return e.why }

type badReader struct{ err error }

func (b badReader) Read([]byte) (int, error)     { return 0, b.err }
func (b badReader) Close() error                 { return nil }
func (b badReader) MarshalJSON() ([]byte, error) { return nil, b.err }
func (b badReader) UnmarshalJSON([]byte) error   { return b.err }

type badSigner struct {
	crypto.Signer
	err error
}

func (b badSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, b.err }

// Wherever an error of another's comes in, what of it panics is met there, and the call ends with
// an error that can be printed, asked and told the outcome of.
func TestErrorsOfOthersAreProbedWhereTheyComeIn(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]error{"Unwrap": badUnwrap{}, "a list": badList{}, "Is": badIs{}, "As": badAs{},
		"Timeout": badTimeout{}, "joined": errors.Join(io.EOF, badUnwrap{}), "wrapped": fmt.Errorf("x: %w", badIs{}),
		"endless": &endless{}, "a nil target": badTarget{},
		"a nil one within":   &url.Error{Op: "Get", URL: "x", Err: (*nilWithin)(nil)},
		"a nil one, wrapped": fmt.Errorf("gateway: %w", &url.Error{Op: "Get", URL: "x", Err: (*nilWithin)(nil)})} {
		sent := clientAt(t, "https://api.example", transport(func(r *http.Request) (*http.Response, error) {
			return nil, bad
		}))
		dialling := clientAt(t, "https://api.example", &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, bad }})
		broken := func(length int64) *wxpay.Client {
			return clientOver(t, func(*http.Request) (*http.Response, error) {
				r := signedReply(200, "{}")
				r.Body, r.ContentLength = badReader{bad}, length
				return r, nil
			})
		}
		good := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, "{}"), nil })
		cfg := testConfig()
		cfg.PrivateKey = badSigner{cfg.PrivateKey, bad}
		signing, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		cfg = testConfig()
		cfg.Rand = badReader{bad}
		drawing, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(bg)
		cancel(bad)
		result, err := good.Chain("v3/x").Get(bg)
		if err != nil {
			t.Fatal(err)
		}
		panicking := clientOver(t, func(*http.Request) (*http.Response, error) { panic(bad) })
		for where, err := range map[string]error{
			"transport":   second(sent.Chain("v3/x").Post(bg, `{}`)),
			"dial":        second(dialling.Chain("v3/x").Post(bg, `{}`)),
			"body":        second(broken(-1).Chain("v3/x").Get(bg)),
			"body of 9":   second(broken(9).Chain("v3/x").Get(bg)),
			"signer":      second(signing.Chain("v3/x").Get(bg)),
			"pay":         second(signing.JSAPIPay("wx1", "prepay")),
			"random":      second(drawing.Chain("v3/x").Get(bg)),
			"cause":       second(good.Chain("v3/x").Get(ctx)),
			"marshaler":   second(good.Chain("v3/x").Post(bg, struct{ V badMarshaler }{badMarshaler{bad}})),
			"unmarshaler": result.Decode(&badReader{bad}),
			"panic":       second(panicking.Chain("v3/x").GetAsync(bg).Wait(bg)),
			"function": second(good.Chain("v3/x").GetAsync(bg).Then(
				func(*wxpay.Result) error { return bad }).Wait(bg)),
		} {
			if text := fmt.Sprintf("%v %+v", err, err); err == nil || strings.Contains(text, "PANIC") ||
				strings.Contains(text, "%!") {
				t.Errorf("%s, %s: got %s", name, where, text)
			}
			var lost *net.OpError
			_, _ = errors.Is(err, context.DeadlineExceeded), errors.As(err, &lost)
			wxpay.OutcomeUnknown(err)
		}
		if !wxpay.OutcomeUnknown(bad) {
			t.Errorf("%s: known", name)
		}
	}
}

type badMarshaler struct{ err error }

func (b badMarshaler) MarshalJSON() ([]byte, error) { return nil, b.err }

// What a program makes itself, empty, does not panic.
func TestWhatIsEmptyDoesNotPanic(t *testing.T) {
	t.Parallel()
	var none *wxpay.Error
	if field, issue := none.Field(); field+issue != "" || none.Temporary() {
		t.Error("a nil error says something")
	}
	if text := (&wxpay.DecodeError{Operation: "x"}).Error(); !strings.Contains(text, "no cause is known") {
		t.Errorf("got %s", text)
	}
	if keys := new(wxpay.Keys); keys.Current().Key != nil || keys.Now().IsZero() {
		t.Error("empty keys have a key and no time")
	}
}

// Options that a download and a page have no use for.
func TestOptionsOfDownloadsAndPages(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	c, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]wxpay.Option{"Path": wxpay.Path("nosuch", "oSECRET"),
		"Encrypt": wxpay.Encrypt("/a"), "Decrypt": wxpay.Decrypt("/a")} {
		err := second(c.Download(bg, "https://api.mch.weixin.qq.com/v3/billdownload/file?token=x", "SHA1",
			strings.Repeat("0", 40), o))
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "oSECRET") {
			t.Errorf("Download, %s: got %v", name, err)
		}
	}
	for name, o := range map[string]wxpay.Option{"MTLS": wxpay.MTLS(), "SealedFile": wxpay.SealedFile("a", "b"),
		"Header": wxpay.Header("X-A", "b")} {
		err := second(c.Chain("v2/papay/entrustweb").URL(map[string]string{"appid": "wx1"}, o))
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), name) {
			t.Errorf("URL, %s: got %v", name, err)
		}
	}
}

// Zero may name a field twice, and a loader's error repeats no key.
func TestNamedTwice(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(204, ""), nil })
	type query struct {
		A string `query:"a,omitempty"`
	}
	if err := second((wxpay.Call[wxpay.None]{Client: c, Method: "GET", Path: "v3/x", Query: &query{},
		Options: []wxpay.Option{wxpay.Zero("/a", "/a")}}).Do(bg)); err != nil {
		t.Error(err)
	}
	const key = "mysecretapikeyforwxpayproduction"
	for _, name := range []string{" " + key + " ", "WXPAY_APIV3_KEY=" + key, `KEY="` + key + `"`} {
		if _, err := wxpay.LoadPrivateKey(name); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("got %v", err)
		}
	}
}
