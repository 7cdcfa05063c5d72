package redact

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// nested is a string of many spellings, in Base64 within Base64.
func nested(levels int, inside string) string {
	const many = `%5c25%&amp;u0026amp;\\%5c&#37;26&#92;&amp;#37;%\u0026%2526\u0026`
	text := many + "." + inside
	for range levels {
		text = many + "." + base64.StdEncoding.EncodeToString([]byte(text)) + "."
	}
	return text
}

// However many strings somebody sends, and whatever they are made of, the work on them goes by
// their bytes; what it does not reach is blanked, and strings beside them are not.
func TestWorkGoesByBytes(t *testing.T) {
	t.Parallel()
	const plain = "appid=wx1; a plain string beside the others; mchid=1900000109"
	for levels := range 7 {
		secret := nested(levels, testAPIv3Key)
		x := ledger.Exchange{Method: http.MethodGet, Header: http.Header{"A": {plain}, "Z": {plain}}, Body: secret,
			Reply: secret, Hint: secret, URI: secret}
		size := 4*len(secret) + 2*len(plain)
		for i := range max(1, 60_000/len(secret)) {
			x.Header.Add(fmt.Sprint("X-", i), secret)
			size += len(secret)
		}
		r := testRedaction()
		r.work = &work{left: least}
		r.Exchange(&x)
		if bound := least + perByte*(size+16*len(x.Header)); r.work.spent > bound {
			t.Errorf("%d levels: %d bytes were read for %d", levels, r.work.spent, size)
		}
		if x.Method != http.MethodGet || x.Header["A"][0] != plain || x.Header["Z"][0] != plain {
			t.Errorf("%d levels: what stands beside became %q", levels, x)
		}
		if printed := fmt.Sprintf("%+v", x); strings.Contains(printed, secret[len(secret)-40:]) {
			t.Errorf("%d levels: what was not read is shown", levels)
		}
	}
}

func TestWorkOnAnAnswerGoesByBytes(t *testing.T) {
	t.Parallel()
	for levels := range 5 {
		var list []string
		for range 200 {
			list = append(list, nested(levels, testAPIv3Key))
		}
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		r := testRedaction()
		r.work = &work{left: least}
		got := r.Literals(t.Context(), text)
		if r.work.spent > least+perByte*len(text) {
			t.Errorf("%d levels: %d bytes were read for %d", levels, r.work.spent, len(text))
		}
		if tail := list[0][len(list[0])-40:]; !json.Valid(got) || strings.Contains(string(got), tail) {
			t.Errorf("%d levels: the answer is %.200s", levels, got)
		}
	}
}

// Nothing is read for who has gone, and nothing is shown unread.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := testRedaction()
	r.work = &work{left: least}
	if got := r.Literals(ctx, []byte(`["a","a `+testAPIv3Key+` b"]`)); string(got) != `["a","…"]` || r.work.spent > 0 {
		t.Errorf("%d bytes were read, and the answer is %s", r.work.spent, got)
	}
}

func eachRune(s, format string) string {
	var b strings.Builder
	for _, c := range s {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

// A key of any bytes is found in Base64 and hexadecimal, also where it is escaped within.
func TestKeysOfOtherAlphabets(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"ключключключключ", "钥匙钥匙钥匙钥匙钥a&b%c", "abcdefghijklmnopqrstuvwxyz\x7f12345",
		"\x00\x01\x02\xff\xfe\xfdghijklmnopqrstuvwxyz012345"} {
		var r Redaction
		r.Secrets.Add(key)
		for _, inner := range []struct {
			name   string
			spell  func(string) string
			ofText bool
		}{
			{"as it is", func(s string) string { return s }, false}, {"a string of JSON", asJSON, true},
			{"a query", url.QueryEscape, false},
			{"\\uXXXX", func(s string) string { return eachRune(s, `\u%04x`) }, true},
			{"entities", func(s string) string { return eachRune(s, "&#%d;") }, true},
			{"half escaped", strings.NewReplacer("&", "&amp;", "%", "%25").Replace, false},
			{"Base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }, false},
		} {
			if !utf8.ValidString(key) && inner.ofText {
				continue // there is no such text
			}
			spelled := inner.spell(key)
			for name, written := range map[string]string{
				"Base64":      base64.StdEncoding.EncodeToString([]byte("user:" + spelled)),
				"hexadecimal": fmt.Sprintf("%x", spelled),
			} {
				if got := r.Text("a: " + written); strings.Contains(got, written[len(written)/2:][:16]) {
					t.Errorf("%q as %s in %s is kept: %s", key, inner.name, name, got)
				}
			}
		}
	}
}

// What is JSON stays JSON, and a string that is blanked stays otherwise as it was.
func TestLiteralsStayJSON(t *testing.T) {
	t.Parallel()
	r := testRedaction()
	const der = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwgg"
	for in, want := range map[string]string{
		`["\u4e2d` + der + `"]`:                                 `["中…"]`,
		`["\\u4e2d` + der + `"]`:                                `["\\…"]`,
		`["\n\"<` + testAPIv3Key + `>\"\u0001"]`:                `["\n\"<…>\"\u0001"]`,
		`{"\ud83d\ude00` + testAPIv2Key + `":{"a":[1.0,null]}}`: `{"😀…":{"a":[1.0,null]}}`,
		`["\u4e2d\/ stays as it was written, whatever"]`:        `["\u4e2d\/ stays as it was written, whatever"]`,
	} {
		if got := string(r.Literals(t.Context(), []byte(in))); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

// Whatever JSON goes in, JSON comes out, of the same shape, and no key in it.
func FuzzLiterals(f *testing.F) {
	r := testRedaction()
	f.Add([]byte(`{"a":["\u4e2d`+testAPIv3Key+`",1,null]}`), uint8(0))
	f.Add([]byte(`["\ud83d","MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwgg\\u4e"]`), uint8(3))
	f.Add([]byte("[\"\xff "+testAPIv2Key+"\\u0000\"]"), uint8(14))
	f.Fuzz(func(t *testing.T, text []byte, spelling uint8) {
		written := spellings[int(spelling)%len(spellings)].spell(testAPIv3Key)
		if strings.Contains(string(text), "!") {
			text = []byte(strings.ReplaceAll(string(text), "!", asJSON(written)))
		}
		if !json.Valid(text) {
			return
		}
		got := r.Literals(t.Context(), text)
		if !json.Valid(got) {
			t.Fatalf("%q became %q", text, got)
		}
		if strings.Contains(string(got), testAPIv3Key) || marks(got) != marks(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}

// marks is what a JSON text has outside of its strings.
func marks(text []byte) string { return jsonString.ReplaceAllString(string(text), `""`) }

// Of a long text only the beginning is looked at, as much as could become what is left of it.
func TestBriefLooksAtTheBeginning(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("y", 1<<20), strings.Repeat(nested(3, testAPIv3Key), 100)} {
		r := testRedaction()
		r.work = &work{left: least}
		got := r.Brief(text, 200)
		if len(got) > 200+len(Blank) || r.work.spent > least+perByte*8*200 {
			t.Errorf("%d bytes are left, and %d were read", len(got), r.work.spent)
		}
	}
	r := testRedaction()
	if got := r.Brief(strings.Repeat("y", 190)+testAPIv3Key+"z", 200); strings.Contains(got, testAPIv3Key[:8]) {
		t.Errorf("a key that the limit goes through is kept: %s", got)
	}
}

// For who is not known a quarter of the work is done.
func TestThrift(t *testing.T) {
	t.Parallel()
	spent := func(thrifty bool) int {
		r := testRedaction()
		r.Thrifty, r.work = thrifty, &work{}
		r.Text(strings.Repeat(nested(3, testAPIv3Key), 20))
		return r.work.spent
	}
	if much, little := spent(false), spent(true); little > much/3 {
		t.Errorf("%d bytes are read for a stranger, %d for a merchant", little, much)
	}
}
