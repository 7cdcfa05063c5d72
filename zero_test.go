package wxpay_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
	"github.com/wxpay-go/wxpay/internal/wire"
)

type zeroInner struct {
	Total int64  `json:"total,omitempty"`
	Note  string `json:"note,omitempty"`
}

type zeroEmbedded struct {
	Share bool `json:"share,omitempty"`
}

type zeroIn struct {
	zeroEmbedded
	AppID string      `json:"appid"`
	Rate  float64     `json:"rate,omitempty"`
	Count uint8       `json:"count,omitempty"`
	Inner *zeroInner  `json:"inner,omitempty"`
	List  []zeroInner `json:"list,omitempty"`
	None  *zeroInner  `json:"none,omitempty"`
}

func TestZeroSendsWhatWouldBeLeftOut(t *testing.T) {
	t.Parallel()
	var body, uri string
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		body, uri = "", r.URL.RequestURI()
		if r.Body != nil {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			body = string(raw)
		}
		return signedReply(204, ""), nil
	})
	post := leaf.NewPoster[zeroIn, wxpay.None](leaf.Bind(client), "v3/x")
	in := &zeroIn{AppID: "wx1", Inner: &zeroInner{}, List: []zeroInner{{Total: 9007199254740993}, {}}}
	zeros := wxpay.Zero("/share", "/rate", "/count", "/inner/total", "/list/0/total", "/list/1/note")
	const want = `{"appid":"wx1","count":0,"inner":{"total":0},"list":[{"total":9007199254740993},{"note":""}],"rate":0,"share":false}`
	for name, call := range map[string]func() error{
		"typed":        func() error { return second(post.Post(bg, in, zeros)) },
		"typed, later": func() error { return second(post.PostAsync(bg, in, zeros).Wait(bg)) },
		"chain":        func() error { return second(client.Chain("v3/x").Post(bg, in, zeros)) },
		"chain, later": func() error { return second(client.Chain("v3/x").PatchAsync(bg, *in, zeros).Wait(bg)) },
	} {
		if err := call(); err != nil || body != want {
			t.Errorf("%s: sent %s, want %s (%v)", name, body, want, err)
		}
	}
	type query struct {
		AppID string `query:"appid,omitempty"`
		Limit int64  `query:"limit,omitempty"`
		All   bool   `query:"all,omitempty"`
	}
	find := leaf.NewQuerier[query, wxpay.None](leaf.Bind(client), "v3/x")
	if _, err := find.Get(bg, &query{}, wxpay.Zero("/limit"), wxpay.Zero("/all")); err != nil ||
		uri != "/v3/x?limit=0&all=false" {
		t.Errorf("sent %s (%v)", uri, err)
	}
}

type textual int

func (v textual) MarshalText() ([]byte, error) { return []byte("N" + strconv.Itoa(int(v))), nil }

type pointed bool

func (v *pointed) MarshalJSON() ([]byte, error) { return []byte(`"off"`), nil }

// ring embeds itself, and has a Count of its own.
type ring struct {
	*ring
	Count int `json:"count,omitempty"`
}

type whole struct {
	Total int `json:"total,omitempty"`
}

func (whole) MarshalJSON() ([]byte, error) { return []byte(`{"sum":0}`), nil }

// Zero writes a field as encoding/json would: what it is called, which of several it is, and how it
// looks.
func TestZeroHasTheFieldsOwnForm(t *testing.T) {
	t.Parallel()
	var body string
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		raw, err := io.ReadAll(r.Body)
		body = string(raw)
		return signedReply(204, ""), err
	})
	at := client.Chain("v3/x")
	for _, c := range []struct {
		name, zero string
		in         any
		want       string // "" for an error
	}{
		{"its text", "/v", &struct {
			V textual `json:"v,omitempty"`
		}{}, `{"v":"N0"}`},
		{"its JSON, by a pointer", "/v", &struct {
			V pointed `json:"v,omitempty"`
		}{}, `{"v":"off"}`},
		{"passed by value it has none", "/v", struct {
			V pointed `json:"v,omitempty"`
		}{}, `{"v":false}`},
		{"a number that is quoted", "/v", &struct {
			V int `json:"v,omitempty,string"`
		}{}, `{"v":"0"}`},
		{"a time", "/v", &struct {
			V time.Time `json:"v,omitzero"`
		}{}, `{"v":"0001-01-01T00:00:00Z"}`},
		{"no tag", "/Count", &struct {
			Count json.Number
			V     int `json:",omitempty"`
		}{Count: "1"}, `{"Count":1}`},
		{"only options", "/V", &struct {
			V int `json:",omitempty"`
		}{}, `{"V":0}`},
		{"the nearer of two", "/count", &struct {
			zeroIn
			Count textual `json:"count,omitempty"`
		}{}, `{"appid":"","count":"N0"}`},
		{"embedded in itself", "/count", &ring{ring: &ring{Count: 5}}, `{"count":0}`},
		{"never sent", "/-", &struct {
			V int `json:"-"`
		}{}, ""},
		{"embedded and nil", "/total", &struct {
			*zeroInner
		}{}, ""},
		{"not exported", "/v", &struct {
			v int
			W int `json:"w"`
		}{v: 0}, ""},
		{"inside of what writes itself", "/in/total", &struct {
			In whole `json:"in"`
		}{}, ""},
		{"a nil pointer", "/v", &struct {
			V *int `json:"v,omitempty"`
		}{}, ""},
		{"a list", "/v", &struct {
			V []int `json:"v,omitempty"`
		}{}, ""},
	} {
		err := second(at.Post(bg, c.in, wxpay.Zero(c.zero)))
		if c.want == "" && !errors.As(err, new(*wxpay.RequestError)) || c.want != "" && (err != nil || body != c.want) {
			t.Errorf("%s: sent %s, want %s (%v)", c.name, body, c.want, err)
		}
	}
}

func TestZeroInAPIv2(t *testing.T) {
	t.Parallel()
	type in struct {
		AppID string `xml:"appid,omitempty"`
		Fee   int64  `xml:"fee,omitempty"`
	}
	sent := wire.Fields{}
	client := v2Client(t, true, wire.Fields{"return_code": "SUCCESS"},
		func(_ *http.Request, f wire.Fields) { sent = f })
	post := leaf.NewPoster[in, queryOut](leaf.Bind(client), "v2/pay/x")
	if _, err := post.Post(bg, &in{AppID: "wx1"}, wxpay.Zero("/fee")); err != nil || sent["fee"] != "0" {
		t.Errorf("sent %v (%v)", sent, err)
	}
	type own struct {
		Fee  textual `xml:"fee,omitempty"`
		Note string  `xml:"note,omitempty"`
	}
	written := leaf.NewPoster[own, queryOut](leaf.Bind(client), "v2/pay/x")
	if _, err := written.Post(bg, &own{Note: "x"}, wxpay.Zero("/fee", "/note")); err != nil || sent["fee"] != "N0" {
		t.Errorf("sent %v (%v)", sent, err)
	}
	type inJSON struct {
		Fee   int `json:"fee,omitempty,string"`
		Scene struct {
			Kind int `json:"kind,omitempty"`
		} `json:"scene_info"`
	}
	if _, err := client.Chain("v2/pay/x").Post(bg, &inJSON{}, wxpay.Zero("/fee", "/scene_info/kind")); err != nil ||
		sent["fee"] != "0" || sent["scene_info"] != `{"kind":0}` {
		t.Errorf("sent %v (%v)", sent, err)
	}
	odd := map[string]any{"code": "A\xff1"}
	_, err := client.Chain("v2/pay/x").Post(bg, struct {
		Fee int            `json:"fee,omitempty"`
		Odd map[string]any `json:"odd"`
	}{Odd: odd}, wxpay.Zero("/fee"))
	if err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Errorf("what is not UTF-8 was sent: %v", err)
	}
	if _, err := post.Post(bg, &in{}, wxpay.Zero("/appid")); !errors.As(err, new(*wxpay.RequestError)) {
		t.Errorf("an empty string: %v", err)
	}
}

func TestZeroOfNothingIsAnError(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, errors.New("sent") })
	in := &zeroIn{Inner: &zeroInner{}}
	at := client.Chain("v3/x")
	for name, err := range map[string]error{
		"no such field": second(at.Post(bg, in, wxpay.Zero("/rates"))),
		"inside nil":    second(at.Post(bg, in, wxpay.Zero("/none/total"))),
		"past the list": second(at.Post(bg, in, wxpay.Zero("/list/0/total"))),
		"an object":     second(at.Post(bg, in, wxpay.Zero("/inner"))),
		"a map":         second(at.Post(bg, map[string]any{}, wxpay.Zero("/rate"))),
		"raw":           second(at.Post(bg, `{}`, wxpay.Zero("/rate"))),
		"no body":       second(at.Get(bg, wxpay.Zero("/rate"))),
		"a query's": second(leaf.NewQuerier[zeroIn, wxpay.None](leaf.Bind(client), "v3/x").Get(bg, nil,
			wxpay.Zero("/rate"))),
		"no pointer":          second(at.Post(bg, in, wxpay.Zero("rate"))),
		"a download":          second(download(client, billURL, hashOf(billText), wxpay.Zero("/rate"))),
		"one of two is there": second(at.Post(bg, in, wxpay.Zero("/rate", "/x"))),
	} {
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), "Zero") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A pointer that is none is a mistake, not a panic.
func TestPointersThatAreNone(t *testing.T) {
	t.Parallel()
	client := v2Client(t, false, nil, func(*http.Request, wire.Fields) { t.Error("it was sent") })
	for _, pointer := range []string{"", "/", "total", "#/total"} {
		for name, option := range map[string]func(...string) wxpay.Option{"Zero": wxpay.Zero, "Encrypt": wxpay.Encrypt,
			"Sensitive": wxpay.Sensitive, "Decrypt": wxpay.Decrypt} {
			for _, path := range []string{"v3/x", "v2/x"} {
				body := struct {
					Total int `json:"total,omitempty" xml:"total,omitempty"`
				}{}
				var e *wxpay.RequestError
				if err := second(client.Chain(path).Post(bg, body, option(pointer))); !errors.As(err, &e) ||
					!strings.Contains(err.Error(), "take JSON pointers") {
					t.Errorf("%s(%q), %s: got %v", name, pointer, path, err)
				}
			}
		}
	}
}
