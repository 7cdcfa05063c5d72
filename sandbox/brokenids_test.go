package sandbox_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// brokenIDs are what no id can be, as a URL has them.
var brokenIDs = []string{"%FF", "%C3%28", "%ED%A0%80", "%00", "a%0Ab", "a%0D%0Ab", "%1B%5B31m", "%7F", "%C2%85"}

// badParam wants PARAM_ERROR at a place.
func badParam(t *testing.T, what string, status int, e wire.ErrorBody, location, field string) {
	t.Helper()
	var detail struct{ Location *string }
	_ = json.Unmarshal(e.Detail, &detail)
	at, _ := (&wxpay.Error{Message: e.Message, Detail: e.Detail}).Field()
	if status != 400 || e.Code != "PARAM_ERROR" || at != field ||
		detail.Location != nil && *detail.Location != location || e.Message == "" {
		t.Errorf("%s: got %d %s %s %s, want PARAM_ERROR at %q of the %s", what, status, e.Code, e.Message, e.Detail,
			field, location)
	}
}

// Every variable of every path and every parameter of every query, of every endpoint that is
// played.
func TestBrokenIDsInAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	variable := regexp.MustCompile(`\{([^}]*)\}`)
	n := 0
	for _, op := range described(t).Operations() {
		if !w.Played()[op.ID()] || !strings.HasPrefix(op.Path, "/v3/") {
			continue
		}
		var body []byte
		if op.Body != nil {
			body = op.Sample()
		} else {
			body = []byte{}
		}
		for k := range 2 { // in turn: they are refused by the same check
			bad := brokenIDs[(n+k)%len(brokenIDs)]
			for _, name := range variable.FindAllStringSubmatch(op.Path, -1) {
				path := variable.ReplaceAllStringFunc(op.Path, func(v string) string {
					if v == name[0] {
						return bad
					}
					return "1"
				})
				p, e := w.send(raw{method: op.Method, uri: path, body: body})
				badParam(t, path, p.StatusCode, e, catalogue.LocationURL, name[1])
				n++
			}
			for _, f := range op.Query {
				uri := variable.ReplaceAllString(op.Path, "1") + "?" + f.Name + "=" + bad
				for _, other := range op.Query {
					if other.Required && other != f {
						uri += "&" + other.Name + "=" + validQuery(other)
					}
				}
				p, e := w.send(raw{method: op.Method, uri: uri, body: body})
				badParam(t, uri, p.StatusCode, e, "query", f.Name)
				n++
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d addresses were tried", n)
	}
	p, e := w.send(raw{method: "GET", uri: "/v3/certificates?a=%zz", body: []byte{}})
	badParam(t, "a broken escape", p.StatusCode, e, "query", "")
}

func validQuery(f *catalogue.Field) string {
	switch {
	case len(f.Enum) > 0:
		return f.Enum[0]
	case f.Format == catalogue.FormatDate:
		return "2020-09-09"
	}
	return "1"
}

// In a body an id cannot hold a control character, and words cannot hold any but line breaks and
// tabs.
func TestBrokenIDsInBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := []string{`\u0000`, `a\nb`, `a\tb`, `\u001b[31m`, `\u007f`, `\u0085`, "\xff", "\xed\xa0\x80", `\ud800`}
	for _, name := range []string{"openid", "user_id", "plan_id", "appid", "sub_mchid"} {
		for _, bad := range broken {
			body, err := json.Marshal(with(eduBody(), name, "BROKEN"))
			w.ok(err)
			p, e := w.send(raw{uri: "/" + presignEdu, body: []byte(strings.Replace(string(body), "BROKEN", bad, 1))})
			badParam(t, name+" "+bad, p.StatusCode, e, "body", "/"+name)
		}
	}
	for _, text := range []string{`a\nb\tc`, `\u0000`, `\u001b`, `\u0085`, `\u007f`} {
		fine := text == `a\nb\tc`
		body, err := json.Marshal(with(combineBody(), "contract_display_account", "TEXT"))
		w.ok(err)
		p, e := w.send(raw{body: []byte(strings.Replace(string(body), "TEXT", text, 1))})
		if fine && p.StatusCode != 200 {
			t.Errorf("words %s: got %d %s", text, p.StatusCode, e.Detail)
		} else if !fine {
			badParam(t, "words "+text, p.StatusCode, e, "body", "/contract_display_account")
		}
	}
	if sessions, err := w.Sessions(); err != nil || len(sessions) != 1 {
		t.Errorf("%d sessions were kept, %v", len(sessions), err)
	}
}

// The same of APIv2, in its messages and in the queries of its pages, of fields that no page
// describes too.
func TestBrokenIDsInAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	for _, name := range []string{"contract_code", "outerid", "nobody_knows"} {
		for _, bad := range []string{"\u007f", "\u0085"} {
			w.refused("FAIL", "papay/preentrustweb", with2(entryXML(), name, bad))
		}
		for _, bad := range []string{"\xff", "\x00", "\x1b"} {
			f := with2(entryXML(), "mch_id", w.ClientConfig().MchID, name, bad)
			f["sign"] = wire.Fields(f).Digest(w.ClientConfig().APIv2Key.Reveal(), wire.SignMD5)
			query := url.Values{}
			for n, v := range f {
				query.Set(n, v)
			}
			_, err := w.Payer(openID).OpenURL(w.URL() + "/papay/entrustweb?" + query.Encode())
			if page := (*ledger.PageError)(nil); !errors.As(err, &page) || page.Reason != ledger.PageRejected {
				t.Errorf("%s %q: got %v", name, bad, err)
			}
		}
	}
	if sessions, err := w.Sessions(); err != nil || len(sessions) > 1 {
		t.Errorf("%d sessions were kept, %v", len(sessions), err)
	}
}
