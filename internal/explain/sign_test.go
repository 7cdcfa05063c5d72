package explain_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
)

// v2Fields are a call of APIv2 in the order in which its client writes them, which is not sorted.
var v2Fields = [][2]string{
	{"mch_id", sandbox.DefaultMchID}, {"appid", sandbox.DefaultAppID}, {"plan_id", "12535"},
	{"contract_code", "A1b2C3"}, {"request_serial", "1000"}, {"contract_display_account", "微信<代扣>&'a' b"},
	{"notify_url", "https%3A%2F%2Fyourapp.com%2Fnotify"}, {"version", "1.0"}, {"timestamp", "1599703200"},
	{"outerid", ""}, {"Zone", "cn"}, {"return_app", " 3 "}, {"detail", "a &amp; b"}, {"nonce_str", "5K8264ILTKCH16CQ"},
}

// v2Call is a call of APIv2, and how its client signs.
type v2Call struct {
	is     string
	sign   func(fields [][2]string, key string) string // the value of sign
	key    string                                      // the client's; "" for the right one
	more   [][2]string
	get    string // the path of a GET, which has the fields in its query
	signAs string // another name for sign
}

// joinedAs is name=value&… of what has a value, sorted by name.
func joinedAs(fields [][2]string, value func(string) string) string {
	fields = slices.Clone(fields)
	slices.SortFunc(fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	var pairs []string
	for _, f := range fields {
		if f[1] != "" {
			pairs = append(pairs, f[0]+"="+value(f[1]))
		}
	}
	return strings.Join(pairs, "&")
}

func asIs(s string) string { return s }

func hexOf(h hash.Hash, s string) string {
	h.Write([]byte(s))
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

func md5Of(s string) string { return hexOf(md5.New(), s) }

func hmacOf(s, key string) string { return hexOf(hmac.New(sha256.New, []byte(key)), s) }

// v2Calls have a sign that is wrong.
func (w *world) v2Calls() []v2Call {
	type fields = [][2]string
	digest := func(is string, of func(joined, key string) string) v2Call {
		return v2Call{is: is, sign: func(f fields, key string) string { return of(joinedAs(f, asIs), key) }}
	}
	usual := func(is string, of func(string) string) v2Call {
		return digest(is, func(joined, key string) string { return of(joined + "&key=" + key) })
	}
	keyed := func(is, key string) v2Call {
		return v2Call{is: is, key: key, sign: func(f fields, key string) string {
			return md5Of(joinedAs(f, asIs) + "&key=" + key)
		}}
	}
	valued := func(is string, value func(string) string) v2Call {
		return v2Call{is: is, sign: func(f fields, key string) string {
			return md5Of(joinedAs(f, value) + "&key=" + key)
		}}
	}
	ordered := func(is string, less func(a, b [2]string) int) v2Call {
		return v2Call{is: is, sign: func(f fields, key string) string {
			f = slices.Clone(f)
			if less != nil {
				slices.SortStableFunc(f, less)
			}
			var pairs []string
			for _, p := range f {
				if p[1] != "" {
					pairs = append(pairs, p[0]+"="+p[1])
				}
			}
			return md5Of(strings.Join(pairs, "&") + "&key=" + key)
		}}
	}
	without := func(is string, names ...string) v2Call {
		return v2Call{is: is, sign: func(f fields, key string) string {
			f = slices.DeleteFunc(slices.Clone(f), func(p [2]string) bool { return slices.Contains(names, p[0]) })
			return md5Of(joinedAs(f, asIs) + "&key=" + key)
		}}
	}
	with := func(c v2Call, more ...[2]string) v2Call { c.more = more; return c }
	sent := func(is, sign string) v2Call { return v2Call{is: is, sign: func(fields, string) string { return sign }} }
	xmlEscape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace
	hmacType, md5Type := [2]string{"sign_type", "HMAC-SHA256"}, [2]string{"sign_type", "MD5"}
	escaped := func(s string) (out string) {
		for _, r := range s {
			if r < 0x80 {
				out += string(r)
			} else {
				out += fmt.Sprintf(`\u%04x`, r)
			}
		}
		return out
	}
	latin := func(s string) (out string) {
		for _, b := range []byte(s) {
			out += string(rune(b))
		}
		return out
	}
	all := func(f fields, more ...[2]string) string { // empty values too
		f = append(slices.Clone(f), more...)
		slices.SortFunc(f, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
		var pairs []string
		for _, p := range f {
			pairs = append(pairs, p[0]+"="+p[1])
		}
		return strings.Join(pairs, "&")
	}
	signed := md5Of("x")
	named := func(id string) [2]string { return [2]string{"mch_id", id} }
	return []v2Call{
		with(sent("v2-mchid-unknown", signed), named("1900000001")), with(sent("v2-mchid-missing", signed), named("")),
		with(sent("v2-mchid-of-sub-merchant", signed), named(subMchID)),
		sent("v2-sign-missing", ""), {is: "v2-sign-misnamed", sign: sent("", signed).sign, signAs: "paySign"},
		with(sent("v2-sign-type-unknown", signed), [2]string{"sign_type", "RSA"}),
		{is: "v2-hmac-by-default", sign: keyed("", w.v2).sign, get: "/papay/h5entrustweb"},
		sent("v2-sign-shape", "hello"), sent("v2-sign-shape", signed+"0"),
		digest("v2-sign-base64", func(joined, key string) string {
			h := md5.Sum([]byte(joined + "&key=" + key))
			return base64.StdEncoding.EncodeToString(h[:])
		}),
		usual("v2-md5-short", func(s string) string { return md5Of(s)[8:24] }),

		keyed("v2-key-of-v3", w.v3), keyed("v2-key-lower-case", strings.ToLower(w.v2)),
		keyed("v2-key-upper-case", strings.ToUpper(w.v2)), keyed("v2-key-dressed", w.v2+"\n"),
		keyed("v2-key-dressed", " "+w.v2), keyed("v2-key-dressed", `"`+w.v2+`"`),
		keyed("v2-key-word", "undefined"),
		with(keyed("v2-key-replaced", w.formerV2), named(otherMchID)), keyed("v2-key-id", sandbox.DefaultMchID),
		keyed("v2-key-id", sandbox.DefaultAppID), keyed("v2-key-of-other-merchant", w.otherV2),
		digest("v2-key-empty", func(joined, _ string) string { return md5Of(joined + "&key=") }),

		with(digest("v2-hmac-for-md5", func(joined, key string) string { return hmacOf(joined+"&key="+key, key) }),
			md5Type),
		with(usual("v2-md5-for-hmac", md5Of), hmacType),
		usual("v2-sha256", func(s string) string { return hexOf(sha256.New(), s) }),
		usual("v2-digest-other", func(s string) string { return hexOf(sha1.New(), s) }),
		usual("v2-digest-other", func(s string) string { return hexOf(sha512.New(), s) }),
		digest("v2-digest-other", func(joined, key string) string {
			return hexOf(hmac.New(md5.New, []byte(key)), joined+"&key="+key)
		}),
		usual("v2-twice", func(s string) string { return md5Of(strings.ToLower(md5Of(s))) }),
		usual("v2-twice", func(s string) string { return md5Of(md5Of(s)) }),

		digest("v2-key-left-out", func(joined, _ string) string { return md5Of(joined) }),
		with(digest("v2-key-left-out", hmacOf), hmacType),
		digest("v2-key-bare", func(joined, key string) string { return md5Of(joined + key) }),
		digest("v2-key-bare", func(joined, key string) string { return md5Of(joined + "&" + key) }),
		digest("v2-key-without-ampersand", func(joined, key string) string { return md5Of(joined + "key=" + key) }),
		digest("v2-key-name", func(joined, key string) string { return md5Of(joined + "&KEY=" + key) }),
		digest("v2-key-in-front", func(joined, key string) string { return md5Of("key=" + key + "&" + joined) }),
		{is: "v2-key-sorted-in", sign: func(f fields, key string) string {
			return md5Of(joinedAs(append(slices.Clone(f), [2]string{"key", key}), asIs))
		}},

		{is: "v2-empty-signed", sign: func(f fields, key string) string { return md5Of(all(f) + "&key=" + key) }},
		valued("v2-encoded", url.QueryEscape), valued("v2-encoded", url.PathEscape),
		valued("v2-decoded", func(s string) string { d, _ := url.QueryUnescape(s); return d }),
		valued("v2-escaped", xmlEscape), valued("v2-escaped", html.EscapeString),
		valued("v2-escaped-twice", html.UnescapeString),
		valued("v2-cdata", func(s string) string { return "<![CDATA[" + s + "]]>" }),
		valued("v2-trimmed", strings.TrimSpace), valued("v2-unicode", escaped), valued("v2-charset", latin),
		valued("v2-lower-case", strings.ToLower),

		ordered("v2-order-as-sent", nil),
		{is: "v2-order-as-sent", get: "/papay/entrustweb", sign: ordered("", nil).sign},
		ordered("v2-order-folded", func(a, b [2]string) int {
			return strings.Compare(strings.ToLower(a[0]), strings.ToLower(b[0]))
		}),
		ordered("v2-order-reversed", func(a, b [2]string) int { return strings.Compare(b[0], a[0]) }),
		{is: "v2-order-by-value", sign: func(f fields, key string) string {
			f = slices.Clone(f)
			slices.SortFunc(f, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
			slices.SortStableFunc(f, func(a, b [2]string) int { return strings.Compare(a[1], b[1]) })
			var pairs []string
			for _, p := range f {
				if p[1] != "" {
					pairs = append(pairs, p[0]+"="+p[1])
				}
			}
			return md5Of(strings.Join(pairs, "&") + "&key=" + key)
		}},

		{is: "v2-sign-signed", sign: func(f fields, key string) string {
			return md5Of(all(f, [2]string{"sign", ""}) + "&key=" + key)
		}},
		{is: "v2-sign-type-not-sent", sign: func(f fields, key string) string {
			return md5Of(joinedAs(append(slices.Clone(f), md5Type), asIs) + "&key=" + key)
		}},
		{is: "v2-values-only", sign: func(f fields, key string) string {
			f = slices.Clone(f)
			slices.SortFunc(f, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
			var values string
			for _, p := range f {
				values += p[1]
			}
			return md5Of(values + "&key=" + key)
		}},
		valued("v2-quoted", func(s string) string { return `"` + s + `"` }),
		digest("v2-ampersands", func(joined, key string) string {
			return md5Of(strings.ReplaceAll(joined, "&", "&amp;") + "&key=" + key)
		}),
		{is: "v2-ampersands-left-out", sign: func(f fields, key string) string {
			f = slices.Clone(f)
			slices.SortFunc(f, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
			var joined string
			for _, p := range f {
				if p[1] != "" {
					joined += p[0] + "=" + p[1]
				}
			}
			return md5Of(joined + "&key=" + key)
		}},
		digest("v2-ampersand-doubled", func(joined, key string) string { return md5Of(joined + "&&key=" + key) }),
		digest("v2-question-mark", func(joined, key string) string { return md5Of("?" + joined + "&key=" + key) }),
		without("v2-field-late", "nonce_str"), without("v2-fields-late", "nonce_str", "version"),
		with(without("v2-field-late", "sign_type"), md5Type),

		// Two at once.
		{is: "v2-encoded+v2-key-of-v3", key: w.v3, sign: valued("", url.QueryEscape).sign},
		{is: "v2-order-as-sent+v2-key-left-out", sign: func(f fields, _ string) string {
			var pairs []string
			for _, p := range f {
				if p[1] != "" {
					pairs = append(pairs, p[0]+"="+p[1])
				}
			}
			return md5Of(strings.Join(pairs, "&"))
		}},
		sent("unknown/sign", signed), sent("unknown/sign", hmacOf("x", "y")),
		keyed("unknown/sign", strings.Repeat("7", 32)),
	}
}

// post sends a call of APIv2.
func (w *world) post(t *testing.T, c v2Call) *http.Response {
	t.Helper()
	fields := slices.Clone(v2Fields)
	for _, m := range c.more {
		fields = slices.DeleteFunc(fields, func(p [2]string) bool { return p[0] == m[0] })
		if m[1] != "" {
			fields = append(fields, m)
		}
	}
	key := c.key
	if key == "" {
		key = w.v2
	}
	name := c.signAs
	if name == "" {
		name = "sign"
	}
	fields = append(fields, [2]string{name, c.sign(fields, key)})
	var b strings.Builder
	b.WriteString("<xml>")
	for _, p := range fields {
		fmt.Fprintf(&b, "<%s><![CDATA[%s]]></%s>\n", p[0], p[1], p[0])
	}
	b.WriteString("</xml>")
	r, err := http.Post(w.URL()+"/papay/preentrustweb", "text/xml", strings.NewReader(b.String())) //nolint:noctx
	if c.get != "" {
		var query []string
		for _, p := range fields {
			query = append(query, p[0]+"="+url.QueryEscape(p[1]))
		}
		r, err = http.Get(w.URL() + c.get + "?" + strings.Join(query, "&")) //nolint:noctx
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	answer, _ := io.ReadAll(r.Body)
	if !strings.Contains(string(answer), "FAIL") && c.get != "/papay/entrustweb" {
		t.Errorf("%s: answered %s", c.is, answer)
	}
	return r
}

func TestSignsOfAPIv2ThatAreWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, c := range w.v2Calls() {
		t.Run(fmt.Sprintf("%d %s", i, strings.ReplaceAll(c.is, "/", " ")), func(t *testing.T) {
			w.named(t, c.is, w.post(t, c))
		})
	}
}
