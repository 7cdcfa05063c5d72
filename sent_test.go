package wxpay_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
	"github.com/wxpay-go/wxpay/internal/wire"
)

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	var got *http.Request
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		got = r
		return signedReply(204, ""), nil
	})
	if _, err := client.Chain("v3/x").Get(bg, wxpay.Header("accept-language", "en")); err != nil {
		t.Fatal(err)
	}
	h := got.Header
	if h.Get("Accept") != "application/json" || h.Get("Wechatpay-Serial") != testPlatformID ||
		h.Get("Accept-Language") != "en" ||
		!strings.HasPrefix(h.Get("User-Agent"), "wxpay-go/") || h.Get("Content-Type") != "" || got.Body != nil {
		t.Errorf("GET sent %v", h)
	}
	if _, err := client.Chain("v3/x").Post(bg, `{"raw":1}`); err != nil {
		t.Fatal(err)
	}
	if got.Header.Get("Content-Type") != "application/json" || got.ContentLength != 9 {
		t.Errorf("POST sent %v, %d bytes", got.Header, got.ContentLength)
	}
	a, err := wire.ParseAuthorization(got.Header.Get("Authorization"))
	if err != nil || a.MchID != "1900000109" || len(a.Nonce) != 32 {
		t.Errorf("Authorization is %+v, %v", a, err)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) {
		t.Error("it was sent")
		return nil, errors.New("sent")
	})
	for name, body := range map[string]any{
		"raw JSON cut short": `{"a":`,
		"bytes of no JSON":   []byte("a=1"),
		"a channel":          make(chan int),
		"not a number":       map[string]any{"a": func() {}},
	} {
		_, err := client.Chain("v3/x").Post(bg, body)
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), "JSON") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestZeroChainIsAnError(t *testing.T) {
	t.Parallel()
	var chain wxpay.Chain
	var e *wxpay.RequestError
	if _, err := chain.Get(bg); !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
}

func TestQueryFields(t *testing.T) {
	t.Parallel()
	type query struct {
		AppID  string `query:"appid"`
		Limit  int64  `query:"limit,omitempty"`
		Offset int64  `query:"offset,omitempty"`
		All    bool   `query:"all"`
	}
	var uri string
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		uri = r.URL.RequestURI()
		return signedReply(204, ""), nil
	})
	find := leaf.NewQuerier[query, wxpay.None](leaf.Bind(client).Set("openid", "o/1"), "v3/user/{openid}")
	if _, err := find.Get(bg, &query{AppID: "wx 8", Limit: 20}); err != nil ||
		uri != "/v3/user/o%2F1?appid=wx%208&limit=20&all=false" {
		t.Errorf("sent %s, %v", uri, err)
	}
	if _, err := find.Get(bg, nil); err != nil || uri != "/v3/user/o%2F1" {
		t.Errorf("sent %s, %v", uri, err)
	}
}

func TestTypedNilRequest(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, errors.New("sent") })
	_, err := leaf.NewPoster[struct{}, wxpay.None](leaf.Bind(client), "v3/x").Post(bg, nil)
	var e *wxpay.RequestError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "the request is nil") {
		t.Errorf("got %v", err)
	}
}
