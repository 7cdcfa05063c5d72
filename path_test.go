package wxpay_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path string
		opts []wxpay.Option
		want string
	}{
		"plain":         {"v3/certificates", nil, "/v3/certificates"},
		"leading slash": {"/v3/certificates/", nil, "/v3/certificates"},
		"a variable":    {"v3/x/{id}", []wxpay.Option{wxpay.Path("id", "Ab_1")}, "/v3/x/Ab_1"},
		"case is kept":  {"v3/x/{id}/close", []wxpay.Option{wxpay.Path("id", "MiXed")}, "/v3/x/MiXed/close"},
		"escaped": {"v3/x/{id}", []wxpay.Option{wxpay.Path("id", "a/b?c#d e%")},
			"/v3/x/a%2Fb%3Fc%23d%20e%25"},
		"Chinese":             {"v3/x/{id}", []wxpay.Option{wxpay.Path("id", "用")}, "/v3/x/%E7%94%A8"},
		"reserved":            {"v3/x/{+rest}", []wxpay.Option{wxpay.Path("rest", "a/b c")}, "/v3/x/a/b%20c"},
		"twice the same":      {"v3/{a}/{a}", []wxpay.Option{wxpay.Path("a", "1")}, "/v3/1/1"},
		"the last one counts": {"v3/{a}", []wxpay.Option{wxpay.Path("a", "1"), wxpay.Path("a", "2")}, "/v3/2"},
		"a query": {"v3/x", []wxpay.Option{wxpay.Query("sub_mchid", "1"), wxpay.Query("q", "a b+c/用")},
			"/v3/x?sub_mchid=1&q=a%20b%2Bc%2F%E7%94%A8"},
		"a query in the path": {"v3/x?a=1", []wxpay.Option{wxpay.Query("b", "2")}, "/v3/x?a=1&b=2"},
		"a variable in a query": {"v3/x?date={d}&note={n}&to={+u}",
			[]wxpay.Option{wxpay.Path("d", "a&b=c"), wxpay.Path("n", ""), wxpay.Path("u", "a/b:c")},
			"/v3/x?date=a%26b%3Dc&note=&to=a/b:c"},
		"of path and query":      {"v3/{id}?id={id}", []wxpay.Option{wxpay.Path("id", "..1")}, "/v3/..1?id=..1"},
		"escapes in a query":     {"v3/x?a=%7B%e7", nil, "/v3/x?a=%7B%e7"},
		"marks that are no name": {"v3/_/__/_a/b_/$1/:/::", nil, "/v3/_/__/_a/b_/$1/:/::"},
		"escapes in the path":    {"v3/a%2Fb", nil, "/v3/a%2Fb"},
		"punctuation":            {"v3/a:b;c=d@e,f!g$h&i'j(k)*+", nil, "/v3/a:b;c=d@e,f!g$h&i'j(k)*+"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			client := clientOver(t, func(r *http.Request) (*http.Response, error) {
				got = r.URL.RequestURI()
				return signedReply(204, ""), nil
			})
			if _, err := client.Chain(c.path).Get(bg, c.opts...); err != nil || got != c.want {
				t.Fatalf("sent %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

func TestPathsThatAreNotSent(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) {
		t.Error("it was sent")
		return nil, errors.New("sent")
	})
	for name, c := range map[string]struct {
		path string
		opts []wxpay.Option
		says string
	}{
		"an unfilled variable":      {"v3/x/{id}", nil, `{id} is not filled: add wxpay.Path("id", value)`},
		"an empty value":            {"v3/x/{id}/y", []wxpay.Option{wxpay.Path("id", "")}, "{id} is empty"},
		"a dot segment as value":    {"v3/x/{id}", []wxpay.Option{wxpay.Path("id", "..")}, "dot segment"},
		"dots through {+}":          {"v3/x/{+id}", []wxpay.Option{wxpay.Path("id", "a/../b")}, "dot segment"},
		"a value with no place":     {"v3/x", []wxpay.Option{wxpay.Path("id", "1")}, "names no variable of the path"},
		"an option of APIv2":        {"v3/x", []wxpay.Option{wxpay.MTLS()}, "MTLS is for APIv2 calls"},
		"another of APIv2":          {"v3/x", []wxpay.Option{wxpay.SignType("MD5")}, "SignType is for APIv2 calls"},
		"no encrypted fields":       {"v2/x", []wxpay.Option{wxpay.Decrypt("/d")}, "/d cannot be encrypted"},
		"an option of downloads":    {"v3/x", []wxpay.Option{wxpay.SealedFile("e", "f")}, "SealedFile is for"},
		"a whole URL":               {"https://api.mch.weixin.qq.com/v3/x", nil, "whole URL"},
		"nothing":                   {"", nil, "empty"},
		"a blank":                   {"v3/a b", nil, "must be escaped"},
		"a line feed":               {"v3/a\nb", nil, "must be escaped"},
		"Chinese":                   {"v3/用", nil, "must be escaped"},
		"a fragment":                {"v3/x#y", nil, "must be escaped"},
		"an open brace":             {"v3/{id", nil, "{ without"},
		"a closing brace":           {"v3/id}", nil, "} without"},
		"no name":                   {"v3/{}", nil, "{ without a name"},
		"a doubled slash":           {"v3//x", nil, "empty or dot segment"},
		"dots in the path":          {"v3/../x", nil, "dot segment"},
		"dots in escapes":           {"v3/%2e%2E/x", nil, "dot segment"},
		"a dot and an escape":       {"v3/.%2e/x", nil, "dot segment"},
		"half an escape":            {"v3/%2", nil, "hexadecimal"},
		"half an escape in a query": {"v3/x?a=%2", nil, "the query has a % that"},
		"an unfilled query":         {"v3/x?a={id}", nil, "query variable {id} is not filled: add"},
		"a brace in a query":        {"v3/x?a={id", nil, "the query has a { without"},
		"a variable of PHP": {"v3/x/_transaction_id_/close", nil,
			"_transaction_id_, which is how other SDKs write a variable: write {transaction_id}"},
		"a variable of JavaScript": {"v3/x/$out_trade_no$", nil, "write {out_trade_no}"},
		"a variable of Express":    {"v3/x/:out_trade_no", nil, "write {out_trade_no}"},
		"a blank in the query":     {"v3/x?a=b c", nil, "wxpay.Query"},
		"a header that is signed": {"v3/x", []wxpay.Option{wxpay.Header("authorization", "x")},
			"Authorization is set by the client"},
		"a header the body decides": {"v3/x", []wxpay.Option{wxpay.Header("Content-Type", "x")},
			"Content-Type is set by the client"},
		"a header of the reply": {"v3/x", []wxpay.Option{wxpay.Header("accept-encoding", "gzip")},
			"Accept-Encoding would make other bytes"},
		"a header of the body": {"v3/x", []wxpay.Option{wxpay.Header("content-encoding", "gzip")},
			"Content-Encoding would make"},
		"a part of the reply": {"v3/x", []wxpay.Option{wxpay.Header("range", "bytes=0-1")},
			"Range would make other bytes"},
		"a name that ends the quote": {"v3/{" + strings.Repeat("x", 100) + "\x01}", nil, "is not filled"},
	} {
		_, err := client.Chain(c.path).Get(bg, c.opts...)
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.says)
		}
	}
}

// A value that stands where the name belongs may be an openid.
func TestAPathValueGivenAsItsNameIsNotRepeated(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, `{}`), nil })
	for _, path := range []string{"v3/x", "v3/x/{openid}"} {
		_, err := client.Chain(path).Get(bg, wxpay.Path("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "openid"))
		if err == nil || strings.Contains(err.Error(), "oUpF8") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// Whatever is joined and filled, what leaves is one clean path under v3, no
// value adds or removes a segment, and the line that is signed is the line
// that is sent.
func FuzzChainPath(f *testing.F) {
	f.Add("v3/pay", "transactions/id/{id}", "42")
	f.Add("/v3//", "/{id}/../x", "..")
	f.Add("v3/%zz", "{+id}", "a/b/../c")
	f.Add("v3", "x?y=%20", "\x00用/?#")
	merchant, _ := testKey()
	cfg := testConfig()
	cfg.PrivateKey = fastSigner{&merchant.PublicKey}
	var sent *http.Request
	errStop := errors.New("stop")
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		sent = r
		return nil, errStop
	})}
	client, err := wxpay.New(cfg)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, base, sub, value string) {
		sent = nil
		chain := client.Chain(base).Chain(sub)
		_, err := chain.Get(bg, wxpay.Path("id", value))
		if sent == nil {
			var e *wxpay.RequestError
			if !errors.As(err, &e) {
				t.Fatalf("neither sent nor a RequestError: %v", err)
			}
			return
		}
		uri := sent.URL.RequestURI()
		for _, r := range uri {
			if r <= ' ' || r >= 0x7f || r == '#' {
				t.Fatalf("%q goes on the request line", uri)
			}
		}
		parsed, err := url.ParseRequestURI(uri)
		if err != nil {
			t.Fatalf("%q does not parse: %v", uri, err)
		}
		if parsed.EscapedPath() != sent.URL.EscapedPath() {
			t.Fatalf("%q is read as %q", sent.URL.EscapedPath(), parsed.EscapedPath())
		}
		path := strings.TrimPrefix(parsed.EscapedPath(), "/")
		for segment := range strings.SplitSeq(path, "/") {
			if segment == "" || segment == "." || segment == ".." {
				t.Fatalf("%q has the segment %q", uri, segment)
			}
		}
		template, _, _ := strings.Cut(chain.String(), "?")
		if !strings.Contains(template, "{+") && strings.Count(path, "/") != strings.Count(template, "/") {
			t.Fatalf("%q became %q: a value changed the segments", template, path)
		}
	})
}

// What needs no work comes to what the work would come to.
func TestPlainPaths(t *testing.T) {
	t.Parallel()
	for path, plain := range map[string]bool{
		"v3/pay/transactions/jsapi": true, "v2/papay/h5entrustweb": true, "a": true, "v3/x-y/1": true,
		"": false, "/v3/x": false, "v3/x/": false, "v3//x": false, "v3/./x": false, "v3/../x": false,
		"v3/x?y=1": false, "v3/{x}": false, "v3/_x_": false, "v3/:x": false, "v3/X": false, "v3/%2e": false,
		"v3/x y": false, "v3/é": false,
	} {
		if got := wxpay.IsPlainPath(path); got != plain {
			t.Errorf("%q is plain: %t", path, got)
		}
		if worked, _, problem := wxpay.ExpandPath(path + "?"); plain && (problem != "" || worked != "/"+path) {
			t.Errorf("%q comes to %q, %s", path, worked, problem)
		}
	}
}
