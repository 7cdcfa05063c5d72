package redact

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
)

func eachByte(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

func asJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b[1 : len(b)-1])
}

// spellings are ways to write a string that do not change it.
var spellings = []struct {
	name  string
	spell func(string) string
}{
	{"as it is", func(s string) string { return s }},
	{"\\uXXXX", func(s string) string { return eachByte(s, `\u%04x`) }},
	{"a string of JSON", asJSON},
	{"needless escapes", func(s string) string { return strings.ReplaceAll(asJSON(s), "/", `\/`) }},
	{"percent", func(s string) string { return eachByte(s, "%%%02x") }},
	{"a query", url.QueryEscape},
	{"a path", url.PathEscape},
	{"decimal entities", func(s string) string { return eachByte(s, "&#%d;") }},
	{"hexadecimal entities", func(s string) string { return eachByte(s, "&#x%X;") }},
	{"decimal entities with zeros", func(s string) string { return eachByte(s[:9], "&#%020d;") + s[9:] }},
	{"hexadecimal entities with zeros", func(s string) string { return eachByte(s[:9], "&#x%020x;") + s[9:] }},
	{"a comment within", func(s string) string { return s[:9] + "<!-- a comment -->" + s[9:] }},
	{"an instruction within", func(s string) string { return s[:9] + "<?an instruction?>" + s[9:] }},
	{"two CDATA sections", func(s string) string { return "<![CDATA[" + s[:9] + "]]><![CDATA[" + s[9:] + "]]>" }},
	{"Base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
	{"Base64 of URLs", func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }},
	{"credentials of Basic", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("user:" + s)) }},
}

// secretsOfTest are keys in forms that people paste, all worthless.
func secretsOfTest(t testing.TB) map[string]string {
	t.Helper()
	block, _ := pem.Decode([]byte(testMerchantKey))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(key.(*rsa.PrivateKey))
	in := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	body := strings.Join(strings.Split(testMerchantKey, "\n")[1:27], "\n")
	return map[string]string{
		"the APIv3 key":              testAPIv3Key,
		"the APIv2 key":              testAPIv2Key,
		"PEM":                        testMerchantKey,
		"PEM of PKCS #1":             in("RSA PRIVATE KEY", pkcs1),
		"PEM of SEC 1":               in("EC PRIVATE KEY", sec1),
		"another's PEM":              in("PRIVATE KEY", pkcs8),
		"PEM with attributes":        strings.Replace(testMerchantKey, "KEY-----\n", "KEY-----\nProc-Type: 4\n\n", 1),
		"PEM of a form":              strings.ReplaceAll(testMerchantKey, " ", "+"),
		"PEM cut off":                testMerchantKey[:400],
		"no armour":                  body,
		"no armour on one line":      strings.ReplaceAll(body, "\n", ""),
		"no armour, CRLF":            strings.ReplaceAll(body, "\n", "\r\n"),
		"no armour, \\n written out": strings.ReplaceAll(body, "\n", `\n`),
		"no armour, indented":        strings.ReplaceAll(body, "\n", "\n    "),
		"DER of PKCS #1":             base64.StdEncoding.EncodeToString(pkcs1),
		"DER of SEC 1":               base64.RawURLEncoding.EncodeToString(sec1),
		"another's DER":              base64.StdEncoding.EncodeToString(pkcs8),
		"a line from the middle":     strings.Split(body, "\n")[20],
	}
}

func testRedaction() Redaction {
	r := Redaction{Names: UsuallySealed, Kept: 16 << 10}
	for _, key := range []string{testAPIv3Key, testAPIv2Key, testMerchantKey} {
		r.Secrets.Add(key)
	}
	return r
}

// The published keys of tests, which are worthless.
const (
	testAPIv3Key = "PublicAndWorthlessAPIv3KeyOfTest"
	testAPIv2Key = "PublicAndWorthlessAPIv2KeyOfTest"
)

var testMerchantKey = published("merchant_key.pem")

func published(name string) string {
	text, err := os.ReadFile("../../testkeys/" + name)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// A key is blanked however it is spelled, twice over too, and what stands around it stays.
func TestKeysAreBlankedInEverySpelling(t *testing.T) {
	t.Parallel()
	r := testRedaction()
	around := [][2]string{
		{`{"appid":"wx1","note":"`, `","mchid":"1900000109"}`},
		{`<xml><appid>wx1</appid><note>`, `</note><mchid>1900000109</mchid></xml>`},
		{"/v3/x?appid=wx1&key=", "&mchid=1900000109"}, {`appid=wx1 key: `, `; mchid=1900000109`},
	}
	n := 0
	for what, secret := range secretsOfTest(t) {
		twice := what == "the APIv3 key" || what == "PEM" || what == "no armour" || what == "DER of SEC 1"
		for _, outer := range spellings {
			for i, inner := range spellings {
				if i > 0 && !twice || strings.Contains(inner.name, "Base64") && strings.Contains(outer.name, "Base64") {
					continue
				}
				n++
				place := around[n%len(around)]
				written := place[0] + outer.spell(inner.spell(secret)) + place[1]
				got := r.Text(written)
				if piece := keptPiece(got, secret, inner.spell(secret)); piece != "" {
					t.Fatalf("%s as %s in %s: %s is kept in %s", what, inner.name, outer.name, piece, got)
				}
				if !strings.Contains(got, "appid") || !strings.Contains(got, "1900000109") {
					t.Errorf("%s as %s in %s: too much is blanked: %s", what, inner.name, outer.name, got)
				}
				// The same of a body, whose end is cut.
				if kept := r.body(written); !strings.HasPrefix(got, strings.TrimSuffix(kept, Blank)) {
					t.Fatalf("%s as %s in %s: a body becomes %s", what, inner.name, outer.name, kept)
				}
			}
		}
	}
}

// keptPiece is a part of a secret, or of a spelling of it, that can be read in what was kept.
func keptPiece(kept, secret, spelled string) string {
	pieces := []string{spelled[len(spelled)/2:][:16]}
	for line := range strings.FieldsSeq(strings.ReplaceAll(secret, `\n`, " ")) {
		if len(line) >= shortestRun {
			pieces = append(pieces, line[:20])
		}
	}
	views, _ := readings(kept, func(int) bool { return true })
	for _, v := range views {
		for _, piece := range pieces {
			if strings.Contains(v.Text, piece) {
				return piece
			}
		}
	}
	return ""
}

// What only looks like a key is kept: certificates, signatures, ids, words.
func TestWhatIsNoKeyIsKept(t *testing.T) {
	t.Parallel()
	r := testRedaction()
	random := make([]byte, 256)
	rand.Read(random)
	for _, s := range []string{
		published("merchant_cert.pem"), strings.ReplaceAll(published("platform_cert.pem"), "\n", `\n`),
		base64.StdEncoding.EncodeToString(random),
		"wxd678efh567hg6787", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", strings.Repeat("a b c d ", 40),
		`{"a":"\u5fae\u4fe1 100%25 &amp; <![CDATA[x]]>"}`,
		"/v3/ecommerce/combine-papay/contracts/plan-id/12535/out-contract-code/wxwtdk20200910100000",
	} {
		if got := r.body(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// The names of members may be escaped as well as their values.
func TestSealedMembersAreBlankedInEverySpelling(t *testing.T) {
	t.Parallel()
	r := testRedaction()
	for in, want := range map[string]string{
		`{"phone":"13800138000","a":1}`:               `{"phone":"…","a":1}`,
		`{"phone" : 13800138000,"a":1}`:               `{"phone" : "…","a":1}`,
		`{"pho\u006ee":"1380\u00301\"38000","a":1}`:   `{"pho\u006ee":"…","a":1}`,
		`{"b":"{\"phone\":\"138\\\"00138000\"}"}`:     `{"b":"{\"phone\":\"…\"}"}`,
		`{"phone":"13800138000`:                       `{"phone":"…`,
		`{"phone":"","a":1}`:                          `{"phone":"","a":1}`,
		`<xml><sign>ABC</sign></xml>`:                 `<xml><sign>…</sign></xml>`,
		`<xml><sign a="b"><![CDATA[ABC]]></sign>`:     `<xml><sign a="b"><![CDATA[…]]></sign>`,
		`<x:sign>&#65;BC</x:sign>`:                    `<x:sign>…</x:sign>`,
		`{"signature":"x","design":"<sign"}`:          `{"signature":"x","design":"<sign"}`,
		`{"phone":["13800138000"],"other_phone":"1"}`: `{"phone":"…","other_phone":"1"}`,
		`{"phone":{"a":["]}",1],"b":{}},"c":["1"]}`:   `{"phone":"…","c":["1"]}`,
		`{"a":[{"phone" : [[138],"1`:                  `{"a":[{"phone" : "…"`,
		`{"pho\u006ee":{"phone":{"phone":1}},"a":1}`:  `{"pho\u006ee":"…","a":1}`,
	} {
		if got := r.body(in); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
	if got := r.uri("/papay/entrustweb?a=1&s%69gn=ABC&b=2"); got != "/papay/entrustweb?a=1&s%69gn=…&b=2" {
		t.Errorf("got %s", got)
	}
}

// Whatever stands around a key and however it is spelled, it is not kept, and nothing else is lost.
func FuzzRedaction(f *testing.F) {
	r := testRedaction()
	f.Add(`{"a":"`, `"}`, uint8(1), uint8(4))
	f.Add(`\`, `%`, uint8(7), uint8(10))
	f.Add("<![CDATA[", "]]>", uint8(9), uint8(0))
	f.Add("-----BEGIN PRIVATE KEY-----", "abc=", uint8(11), uint8(2))
	f.Fuzz(func(t *testing.T, before, after string, inner, outer uint8) {
		if strings.HasSuffix(before, `\\`) {
			return // each backslash before a key costs one more reading of its first character
		}
		written := spellings[int(outer)%len(spellings)].spell(spellings[int(inner)%len(spellings)].spell(testAPIv3Key))
		if got := r.Text(before + written + after); strings.Contains(got, written) {
			t.Errorf("kept: %q", got)
		}
		if strings.ContainsAny(before, `\%&<]`) || strings.Contains(before, "KEY") ||
			len(before) >= shortestRun {
			return
		}
		if got := r.Text(before); got != before {
			t.Errorf("%q became %q", before, got)
		}
	})
}
