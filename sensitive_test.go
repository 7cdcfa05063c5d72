package wxpay_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
	"github.com/wxpay-go/wxpay/internal/wire"
)

type identityIn struct {
	OpenID   string `json:"openid"`
	PlanID   int64  `json:"plan_id"`
	Identity struct {
		RealName string `json:"real_name"`
		IDCard   string `json:"id_card_number,omitempty"`
	} `json:"identity"`
	People []map[string]string `json:"people"`
}

func TestSensitiveFieldsTravelEncrypted(t *testing.T) {
	t.Parallel()
	merchant, platform := testKey()
	var sent map[string]any
	var serial string
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		d := json.NewDecoder(strings.NewReader(string(body)))
		d.UseNumber()
		if err := d.Decode(&sent); err != nil {
			return nil, err
		}
		serial = r.Header.Get("Wechatpay-Serial")
		sealed, err := wire.EncryptOAEP(rand.Reader, &merchant.PublicKey, "王五")
		if err != nil {
			return nil, err
		}
		return signedReply(200, `{"name":"`+sealed+`"}`), nil
	})
	in := identityIn{OpenID: "o1", PlanID: 101164396123311331, People: []map[string]string{{"name": "甲"},
		{"name": "乙"}}}
	in.Identity.RealName = "李四"
	type out struct {
		wxpay.Reply `json:"-"`
		Name        string `json:"name"`
	}
	preset := []wxpay.Option{wxpay.Sensitive("/identity/real_name", "/identity/id_card_number", "/people/*/name"),
		wxpay.Decrypt("/name")}
	got, err := leaf.NewPoster[identityIn, out](leaf.Bind(client), "v3/x", func() []wxpay.Option { return preset }).
		Post(bg, &in)
	if err != nil {
		t.Fatal(err)
	}
	if in.Identity.RealName != "李四" || in.People[0]["name"] != "甲" {
		t.Errorf("the caller's own value was changed: %+v", in)
	}
	clear := func(v any) string {
		s, err := wire.DecryptOAEP(platform, v.(string))
		if err != nil {
			t.Fatalf("%v: %v", v, err)
		}
		return s
	}
	identity, people := sent["identity"].(map[string]any), sent["people"].([]any)
	if clear(identity["real_name"]) != "李四" || clear(people[0].(map[string]any)["name"]) != "甲" ||
		clear(people[1].(map[string]any)["name"]) != "乙" {
		t.Errorf("sent %v", sent)
	}
	if _, there := identity["id_card_number"]; there || sent["openid"] != "o1" ||
		sent["plan_id"].(json.Number) != "101164396123311331" {
		t.Errorf("what is not sensitive changed: %v", sent)
	}
	if serial != testPlatformID {
		t.Errorf("the key is declared as %q", serial)
	}
	if got.Name != "王五" || strings.Contains(string(got.RawJSON()), "王五") {
		t.Errorf("the reply reads %q, raw %s", got.Name, got.RawJSON())
	}

	// The untyped chain, by option.
	result, err := client.Chain("v3/x").Post(bg, in, preset...)
	if err != nil {
		t.Fatal(err)
	}
	m, err := result.Map()
	if err != nil || m["name"] != "王五" {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestSensitiveFieldsThatCannotBe(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(200, `{"name":"bm90IHNlYWxlZA=="}`), nil
	})
	_, err := client.Chain("v3/x").Post(bg, map[string]any{"name": strings.Repeat("长", 100)}, wxpay.Encrypt("/name"))
	var request *wxpay.RequestError
	if !errors.As(err, &request) || !strings.Contains(err.Error(), "encrypt") || strings.Contains(err.Error(), "长") {
		t.Errorf("300 bytes do not fit RSA-2048: got %v", err)
	}
	result, err := client.Chain("v3/x").Get(bg, wxpay.Decrypt("/name"))
	if err != nil {
		t.Fatal(err)
	}
	var decode *wxpay.DecodeError
	if _, err := result.Map(); !errors.As(err, &decode) || !strings.Contains(err.Error(), "does not decrypt") {
		t.Errorf("got %v", err)
	}
}

func TestGlobalHost(t *testing.T) {
	t.Parallel()
	var hosts []string
	cfg := testConfig()
	cfg.Host = ""
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Scheme+"://"+r.URL.Host)
		return signedReply(204, ""), nil
	})}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"v3/global/papay/transactions", "v3/certificates"} {
		if _, err := client.Chain(path).Get(bg); err != nil {
			t.Fatal(err)
		}
	}
	if len(hosts) != 2 || hosts[0] != wxpay.DefaultGlobalHost || hosts[1] != wxpay.DefaultHost {
		t.Errorf("sent to %v", hosts)
	}
}

// What was named to be encrypted does not travel in clear.
func TestSensitiveFieldsThatAreNoText(t *testing.T) {
	t.Parallel()
	client := v2Client(t, false, nil, func(r *http.Request, _ wire.Fields) { t.Errorf("%s was sent", r.URL.Path) })
	for name, c := range map[string]struct{ path, pointer, body string }{
		"APIv2":                   {"v2/x", "/name", `<xml><name>SECRET</name></xml>`},
		"a number":                {"v3/x", "/name", `{"name":110101199001011234}`},
		"true":                    {"v3/x", "/name", `{"name":true}`},
		"an object":               {"v3/x", "/identity", `{"identity":{"name":"SECRET"}}`},
		"a list":                  {"v3/x", "/names", `{"names":["SECRET"]}`},
		"a list without its star": {"v3/x", "/list/name", `{"list":[{"name":"SECRET"}]}`},
		"a list at the top":       {"v3/x", "/name", `[{"name":"SECRET"}]`},
		"an index that is none":   {"v3/x", "/names/00", `{"names":["SECRET"]}`},
		"a trailing slash":        {"v3/x", "/name/", `{"name":"SECRET"}`},
		"below a number":          {"v3/x", "/name/first", `{"name":110101199001011234}`},
	} {
		_, err := client.Chain(c.path).Post(bg, c.body, wxpay.Encrypt(c.pointer))
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.pointer+" ") && !strings.Contains(err.Error(),
			c.pointer+": ") ||
			strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A slip in a pointer does not send in clear what it was meant for.
func TestPointersThatFindNothing(t *testing.T) {
	t.Parallel()
	calls := 0
	client := clientOver(t, func(*http.Request) (*http.Response, error) {
		calls++
		return signedReply(200, `{}`), nil
	})
	for pointer, body := range map[string]any{
		"/id_card_no": `{"id_card_number":"SECRET"}`, "/a/b": `{"a":{"c":"SECRET"}}`, "/l/*/n": `{"l":[{"m":"SECRET"}]}`,
		"/l/1": `{"l":["SECRET"]}`, "/n": nil,
	} {
		var e *wxpay.RequestError
		_, err := client.Chain("v3/x").Post(bg, body, wxpay.Encrypt("/ok/*", pointer))
		if body != nil {
			body = `{"ok":[],` + body.(string)[1:]
		}
		_, err2 := client.Chain("v3/x").Post(bg, body, wxpay.Encrypt("/ok/*", pointer))
		for _, err := range []error{err, err2} {
			if !errors.As(err, &e) || !strings.Contains(err.Error(), "and the body has no such field") ||
				strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s: got %v", pointer, err)
			}
		}
		if err2 != nil && body != nil && !strings.Contains(err2.Error(), pointer+",") {
			t.Errorf("%s: got %v", pointer, err2)
		}
		if err := second(client.Chain("v3/x").Post(bg, body, wxpay.Sensitive(pointer))); err != nil {
			t.Errorf("%s, which may be absent: got %v", pointer, err)
		}
	}
	if calls != 5 {
		t.Errorf("%d calls were sent, want those of Sensitive", calls)
	}
	for pointer, body := range map[string]string{"/n": `{"n":null}`, "/m": `{"m":""}`, "/l/*": `{"l":[]}`} {
		if err := second(client.Chain("v3/x").Post(bg, body, wxpay.Encrypt(pointer))); err != nil {
			t.Errorf("%s: %s has it, and nothing to encrypt: got %v", pointer, body, err)
		}
	}
}

// A member that is there twice is sent once: of two, one would not be looked at.
func TestADoubledMemberIsNotSentInClear(t *testing.T) {
	t.Parallel()
	var sent []byte
	client := clientOver(t, func(r *http.Request) (_ *http.Response, err error) {
		sent, err = io.ReadAll(r.Body)
		return signedReply(200, `{}`), err
	})
	for _, body := range []string{`{"phone":"SECRET","phone":""}`, `{"phone":"SECRET","phone":null}`,
		`{"phone":"SECRET","phone":"x"}`} {
		if err := second(client.Chain("v3/x").Post(bg, body, wxpay.Encrypt("/phone"))); err != nil ||
			strings.Contains(string(sent), "SECRET") {
			t.Errorf("%s: sent %s, %v", body, sent, err)
		}
	}
}

// What two pointers name is encrypted once, and decrypted once.
func TestPointersGivenTwice(t *testing.T) {
	t.Parallel()
	merchant, platform := testKey()
	sealed, err := wire.EncryptOAEP(rand.Reader, &merchant.PublicKey, "clear")
	if err != nil {
		t.Fatal(err)
	}
	var sent struct{ Names []string }
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			return nil, err
		}
		return signedReply(200, `{"name":"`+sealed+`"}`), nil
	})
	result, err := client.Chain("v3/x").Post(bg, `{"names":["clear"]}`, wxpay.Encrypt("/names/*", "/names/0"),
		wxpay.Encrypt("/names/*"),
		wxpay.Decrypt("/name"), wxpay.Decrypt("/name"))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := wire.DecryptOAEP(platform, sent.Names[0]); err != nil || text != "clear" {
		t.Errorf("sent %q, %v", text, err)
	}
	if m, err := result.Map(); err != nil || m["name"] != "clear" {
		t.Errorf("received %v, %v", m, err)
	}
}

// A * is for the elements of a list: of an object it would leave all in clear.
func TestAStarThatMeetsAnObject(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) {
		t.Error("it was sent")
		return signedReply(200, `{}`), nil
	})
	for pointer, body := range map[string]string{"/*/n": `{"l":{"n":"oSECRET"}}`, "/l/*/n": `{"l":{"n":"oSECRET"}}`} {
		var e *wxpay.RequestError
		err := second(client.Chain("v3/x").Post(bg, body, wxpay.Encrypt(pointer)))
		if !errors.As(err, &e) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v", pointer, err)
		}
	}
}

// What is not searched comes to what searching it comes to.
func TestBodiesThatAreNotSearched(t *testing.T) {
	t.Parallel()
	const secret = "110101199001011234"
	for _, payer := range []string{
		`{}`, `null`, `"` + secret + `"`, `["` + secret + `"]`, `[{"identity":{"number":"` + secret + `"}}]`, `1`, `true`,
		`{"identity":null}`, `{"identity":{}}`, `{"identity":"` + secret + `"}`, `{"identity":["` + secret + `"]}`,
		`{"identity" : "` + secret + `"}`, `{"identity":{"number":"` + secret + `"}}`,
		`{"identity":{"number":["` + secret + `"]}}`,
		`{"identity":{"number_type":"` + secret + `"}}`, `{"identity":{"name":"x"},"identity":"` + secret + `"}`,
		`{"\u0069dentity":{"number":"` + secret + `"}}`, `{"x":"\"identity\":","identity":"` + secret + `"}`,
		`{"identity\u005f":"x","identity":` + "\n\t" + `"` + secret + `"}`,
	} {
		outcome := func(body string) string {
			sent := ""
			client := clientOver(t, func(r *http.Request) (*http.Response, error) {
				raw, err := io.ReadAll(r.Body)
				sent = string(raw)
				return signedReply(200, `{}`), err
			})
			_, err := client.Chain("v3/x").Post(bg, body, wxpay.Sensitive("/payer/identity/number"))
			var refused *wxpay.RequestError
			return fmt.Sprintf("refused %t, in clear %t", errors.As(err, &refused), strings.Contains(sent, secret))
		}
		if got := outcome(`["` + secret + `"]`); got != "refused true, in clear false" {
			t.Errorf("a list for a body: %s", got)
		}
		plain := outcome(`{"payer":` + payer + `}`)
		searched := outcome(`{"payer":` + payer + `,"other":{"payer":{"identity":{"number":""}}}}`)
		if plain != searched {
			t.Errorf("%s: %s, and with members of the names elsewhere %s", payer, plain, searched)
		}
	}
}
