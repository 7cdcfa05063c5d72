package wxpay_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// What a caller may do to the client without meaning harm, and what then must
// not happen: another body sent than signed, a secret printed, a panic.

func TestTheCallersBufferIsNotKept(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(c wxpay.Chain, body []byte) *wxpay.Promise[*wxpay.Result]{
		"bytes": func(c wxpay.Chain, b []byte) *wxpay.Promise[*wxpay.Result] { return c.PostAsync(bg, b) },
		"raw JSON": func(c wxpay.Chain, b []byte) *wxpay.Promise[*wxpay.Result] {
			return c.PostAsync(bg, json.RawMessage(b))
		},
	} {
		overwritten := make(chan struct{})
		var sent []byte
		client := clientOver(t, func(r *http.Request) (_ *http.Response, err error) {
			<-overwritten
			sent, err = io.ReadAll(r.Body)
			return signedReply(200, `{}`), err
		})
		body := []byte(`{"total":1}`)
		promise := send(client.Chain("v3/x"), body)
		copy(body, `{"total":9}`)
		close(overwritten)
		if _, err := promise.Wait(bg); err != nil || string(sent) != `{"total":1}` {
			t.Errorf("%s: sent %s, %v", name, sent, err)
		}
	}
}

func TestACallThatIsTooLateIsNotSent(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) {
		t.Error("it was sent")
		return signedReply(200, `{}`), nil
	})
	ctx, cancel := context.WithCancel(bg)
	cancel()
	_, err := client.Chain("v3/x").Post(ctx, `{}`)
	var lost *wxpay.TransportError
	if !errors.As(err, &lost) || lost.Sent || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(),
		"nothing was sent") {
		t.Errorf("got %v", err)
	}
}

func TestCallsThatCannotBeRight(t *testing.T) {
	t.Parallel()
	cfg := testConfig()
	cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent %s", r.URL)
		return nil, errors.New("sent")
	})}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var none *wxpay.Client
	fields := map[string]string{"appid": "wx1"}
	get := func(o wxpay.Option) error { _, err := client.Chain("v3/x").Get(bg, o); return err }
	post := func(c *wxpay.Client, path string, body any, o ...wxpay.Option) error {
		_, err := c.Chain(path).Post(bg, body, o...)
		return err
	}
	url := func(o ...wxpay.Option) error {
		_, err := client.Chain("v2/papay/entrustweb").URL(fields, o...)
		return err
	}
	extra := func(c *wxpay.Client) error { _, err := c.ContractExtraData(fields); return err }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a header that ends":         {get(wxpay.Header("X-A", "a\r\nX-B: b")), "HTTP does not allow"},
		"a header's name":            {get(wxpay.Header("X A", "a")), "HTTP does not allow"},
		"no header's name":           {get(wxpay.Header("", "a")), "HTTP does not allow"},
		"APIv3 without a client":     {post(none, "v3/x", fields), "there is no client"},
		"APIv2 without a client":     {post(none, "v2/x", fields), "there is no client"},
		"extra data without one":     {extra(none), "there is no client"},
		"an unsigned query":          {post(client, "v2/x", fields, wxpay.Query("a", "b")), "takes no query"},
		"an unsigned query, in path": {post(client, "v2/x?a=b", fields), "takes no query"},
		"an unsigned query of a URL": {url(wxpay.Query("a", "b")), "takes no query"},
		"a name that is XML": {post(client, "v2/x", map[string]string{"a></a><b": "1"}),
			"cannot be an XML element"},
		"a name that is a number": {post(client, "v2/x", map[string]string{"1": "1"}), "cannot be an XML element"},
		"a pointer that is none":  {get(wxpay.Encrypt("identity.real_name")), "JSON pointers"},
	} {
		var request *wxpay.RequestError
		if !errors.As(c.err, &request) || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, c.err, c.want)
		}
	}
}

func TestSensitiveFieldsUnderANamedKey(t *testing.T) {
	t.Parallel()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig()
	const otherID = "PUB_KEY_ID_2"
	cfg.PlatformKeys = append(cfg.PlatformKeys, wxpay.PlatformKey{ID: otherID, Key: &other.PublicKey})
	var declared string
	var sent struct{ Name string }
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		declared = r.Header.Get(wire.HeaderSerial)
		return signedReply(200, `{}`), json.NewDecoder(r.Body).Decode(&sent)
	})}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, platform := testKey()
	for id, key := range map[string]*rsa.PrivateKey{"": platform, otherID: other} {
		options := []wxpay.Option{wxpay.Encrypt("/name")}
		if id != "" {
			options = append(options, wxpay.Header(wire.HeaderSerial, id))
		}
		if _, err := client.Chain("v3/x").Post(bg, map[string]string{"name": "王五"}, options...); err != nil {
			t.Fatal(err)
		}
		if plain, err := wire.DecryptOAEP(key, sent.Name); err != nil || plain != "王五" || (id != "" && declared != id) {
			t.Errorf("under %q: declared %s, opened %q, %v", id, declared, plain, err)
		}
	}
	_, err = client.Chain("v3/x").Post(bg, map[string]string{"name": "王五"}, wxpay.Encrypt("/name"),
		wxpay.Header(wire.HeaderSerial, "PUB_KEY_ID_3"))
	var request *wxpay.RequestError
	if !errors.As(err, &request) || !strings.Contains(err.Error(), "not in PlatformKeys") {
		t.Errorf("an unknown key: got %v", err)
	}
}

func TestEveryShapeOfAPointerIsEncrypted(t *testing.T) {
	t.Parallel()
	var sent []byte
	client := clientOver(t, func(r *http.Request) (_ *http.Response, err error) {
		sent, err = io.ReadAll(r.Body)
		return signedReply(200, `{}`), err
	})
	_, err := client.Chain("v3/x").Post(bg, `{"people":[{"name":"secret"},{"name":"clear"}],"names":["secret","secret"],"a/b":{"~1":"secret"},
		"empty":"","null":null}`, wxpay.Sensitive("/people/0/name", "/people/2/name", "/names/*", "/a~1b/~01",
		"/missing/name", "/empty", "/null", "/null/name"))
	if err != nil || strings.Contains(string(sent), "secret") || !strings.Contains(string(sent), "clear") {
		t.Errorf("sent %s, %v", sent, err)
	}
}

// signerFunc asks a function for everything.
type signerFunc func() crypto.Signer

func (f signerFunc) Public() crypto.PublicKey { return f().Public() }
func (f signerFunc) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return f().Sign(r, digest, o)
}

func TestKeysThatAreEmpty(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*wxpay.Config){
		"PlatformKeys":             func(c *wxpay.Config) { c.PlatformKeys[0].Key = new(rsa.PublicKey) },
		"PrivateKey":               func(c *wxpay.Config) { c.PrivateKey = (*rsa.PrivateKey)(nil) },
		"PrivateKey, elliptic":     func(c *wxpay.Config) { c.PrivateKey = (*ecdsa.PrivateKey)(nil) },
		"PrivateKey, around a nil": func(c *wxpay.Config) { c.PrivateKey = struct{ crypto.Signer }{} },
		"PrivateKey, a function":   func(c *wxpay.Config) { c.PrivateKey = signerFunc(nil) },
	} {
		cfg := testConfig()
		spoil(&cfg)
		_, err := wxpay.New(cfg)
		var wrong *wxpay.ConfigError
		if field, _, _ := strings.Cut(field, ","); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

func TestAnEmptyReplyIsNotAnEmptyStruct(t *testing.T) {
	t.Parallel()
	for status, fails := range map[int]bool{200: true, 202: false, 204: false} {
		client := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(status, ""), nil })
		reply, err := leaf.NewPoster[wxpay.None, queryOut](leaf.Bind(client), "v3/x").Post(bg, nil)
		var undecoded *wxpay.DecodeError
		if errors.As(err, &undecoded) != fails || reply == nil || reply.Status() != status {
			t.Errorf("%d: got %v, %v", status, reply, err)
		}
		if _, err := leaf.NewPoster[wxpay.None, wxpay.None](leaf.Bind(client), "v3/x").Post(bg, nil); err != nil {
			t.Errorf("%d: where nothing is expected: %v", status, err)
		}
	}
}

// An option may be kept and used by calls at once.
func TestOptionsAreShared(t *testing.T) {
	t.Parallel()
	client := clientAt(t, "http://127.0.0.1:1", transport(func(r *http.Request) (*http.Response, error) {
		if !strings.HasPrefix(r.URL.Path, "/v3/") {
			fields := wire.Fields{"return_code": "SUCCESS"}
			fields["sign"] = fields.Digest(testAPIv2Key, wire.SignMD5)
			return reply(200, nil, string(fields.XML())), nil
		}
		return signedReply(200, `{}`), nil
	}))
	options := []wxpay.Option{wxpay.Path("a", "1"), wxpay.Query("b", "2"), wxpay.Header("accept-language", "en"),
		wxpay.Encrypt("/c"), wxpay.Decrypt("/d")}
	optionsV2 := []wxpay.Option{wxpay.Path("a", "1"), wxpay.SignType("MD5")}
	done := make(chan error, 16)
	for range 8 {
		go func() { done <- second(client.Chain("v3/{a}").Post(bg, `{"c":"x"}`, options...)) }()
		go func() { done <- second(client.Chain("v2/{a}").Post(bg, map[string]string{}, optionsV2...)) }()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

type itself *itself

func circular() itself {
	var p itself
	p = &p
	return p
}

// A text is sent as it is, whatever its type is called and however it is held.
func TestBodiesThatAreTextUnderneath(t *testing.T) {
	t.Parallel()
	const raw, message = `{"a": 1}`, `<xml><a>1</a></xml>`
	var sent string
	v3 := clientOver(t, func(r *http.Request) (*http.Response, error) {
		b, err := io.ReadAll(r.Body)
		sent = string(b)
		return signedReply(200, `{}`), err
	})
	success := wire.Fields{"return_code": "SUCCESS"}
	v2 := v2Client(t, true, success, func(_ *http.Request, f wire.Fields) { sent = f["a"] })
	type (
		text  string
		bytes []byte
	)
	bodies := func(s string) []any {
		named, raw, pointed, held := text(s), bytes(s), &s, any(json.RawMessage(s))
		return []any{s, []byte(s), named, raw, &s, &named, &raw, &pointed, json.RawMessage(s), &held}
	}
	for _, body := range bodies(raw) {
		if _, err := v3.Chain("v3/x").Post(bg, body); err != nil || sent != raw {
			t.Errorf("%T: sent %s, %v", body, sent, err)
		}
	}
	for _, body := range bodies(message)[:8] {
		sent = ""
		if _, err := v2.Chain("v2/x").Post(bg, body); err != nil || sent != "1" {
			t.Errorf("%T: sent a=%q, %v", body, sent, err)
		}
	}
}

// A body that JSON has nothing of, or null, is a mistake.
func TestBodiesThatAreNone(t *testing.T) {
	t.Parallel()
	client := v2Client(t, false, nil, func(*http.Request, wire.Fields) { t.Error("it was sent") })
	type in struct{ A string }
	for name, c := range map[string]struct {
		body any
		says string
	}{
		"a reader":            {strings.NewReader(`{"a":1}`), "is a *strings.Reader, which has no fields to send"},
		"a buffer":            {bytes.NewBufferString(`{"a":1}`), "string, []byte or json.RawMessage"},
		"an error":            {errors.New("oSECRET"), "is a *errors.errorString"},
		"a nil pointer":       {(*in)(nil), "nil"},
		"a nil string":        {(*string)(nil), "nil"},
		"nil in a pointer":    {new(*in), "nil"},
		"a buffer's value":    {*bytes.NewBufferString(`{"a":1}`), "is a bytes.Buffer, which has no fields"},
		"a number":            {7, "object"},
		"a moment":            {time.Unix(0, 0), "object"},
		"a pointer to itself": {circular(), ""},
		"an empty text":       {" ", ""},
		"a quoted text":       {`"oSECRET"`, ""},
	} {
		for _, path := range []string{"v3/x", "v2/x"} {
			var e *wxpay.RequestError
			if _, err := client.Chain(path).Post(bg, c.body); !errors.As(err, &e) ||
				!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s, %s: got %v", name, path, err)
			}
		}
	}
	for _, body := range []any{map[string]any(nil), []any(nil), (*in)(nil)} {
		var e *wxpay.RequestError
		if _, err := client.Chain("v3/x").Put(bg, body); !errors.As(err, &e) || !strings.Contains(err.Error(),
			"the body is a nil ") {
			t.Errorf("a nil %T: got %v", body, err)
		}
	}
	for _, body := range []any{map[string]any(nil), map[string]string(nil), http.Header(nil), new(map[string]any),
		json.RawMessage("null")} {
		var e *wxpay.RequestError
		if err := second(client.Chain("v2/x").Post(bg, body)); !errors.As(err, &e) {
			t.Errorf("APIv2, a nil %T: got %v", body, err)
		}
	}
	if _, err := client.ContractExtraData(nil); err == nil {
		t.Error("a page was made of no fields")
	}
}

// The hook of the generated chain refuses what the generator never writes.
func TestTypedCallsByHand(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, errors.New("sent") })
	byHand := wxpay.Call[wxpay.None]{Client: client, Method: "GET", Path: "v3/x", Query: "appid=wx1"}
	for want, err := range map[string]error{
		"the query is a string, not a struct": second(byHand.Do(bg)),
		"query field a is a float64, not a string": second(leaf.NewQuerier[struct {
			A float64 `query:"a"`
		}, wxpay.None](leaf.Bind(client), "v3/x").Get(bg, &struct {
			A float64 `query:"a"`
		}{})),
		"only v2/… paths are opened as a signed URL": second(leaf.NewPage[queryIn](leaf.Bind(client),
			"v3/x").URL(&queryIn{})),
		"nil": second(leaf.NewPage[queryIn](leaf.Bind(client), "v2/x").URL(nil)),
	} {
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
