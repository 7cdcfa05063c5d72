package explain_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"
)

// shortBody is what the encoders of other languages were given; emoji take a surrogate pair.
const shortBody = `{"mchid":"1900000109","description":"会员😀<a>&'b'=c/d","amount":{"total":1},"list":[1,"x"]}`

// What these encoders make of it by default.
const (
	byPython = `{"mchid": "1900000109", "description": "\u4f1a\u5458\ud83d\ude00<a>&'b'=c/d", ` +
		`"amount": {"total": 1}, "list": [1, "x"]}`
	byPythonPlain  = `{"mchid": "1900000109", "description": "会员😀<a>&'b'=c/d", "amount": {"total": 1}, "list": [1, "x"]}`
	byPythonSorted = `{"amount":{"total":1},"description":"\u4f1a\u5458\ud83d\ude00<a>&'b'=c/d","list":[1,"x"],` +
		`"mchid":"1900000109"}`
	byPHP = `{"mchid":"1900000109","description":"\u4f1a\u5458\ud83d\ude00<a>&'b'=c\/d","amount":{"total":1},` +
		`"list":[1,"x"]}`
	byPHPUnicode = `{"mchid":"1900000109","description":"会员😀<a>&'b'=c\/d","amount":{"total":1},"list":[1,"x"]}`
	byGson       = `{"mchid":"1900000109","description":"会员😀\u003ca\u003e\u0026\u0027b\u0027\u003dc/d",` +
		`"amount":{"total":1},"list":[1,"x"]}`
	byDotnet = `{"mchid":"1900000109","description":"\u4F1A\u5458\uD83D\uDE00\u003Ca\u003E\u0026\u0027b\u0027=c/d",` +
		`"amount":{"total":1},"list":[1,"x"]}`
	byGo = `{"mchid":"1900000109","description":"会员😀\u003ca\u003e\u0026'b'=c/d","amount":{"total":1},"list":[1,"x"]}`
	byJS = "{\n  \"mchid\": \"1900000109\",\n  \"description\": \"会员😀<a>&'b'=c/d\",\n  \"amount\": {\n" +
		"    \"total\": 1\n  },\n  \"list\": [\n    1,\n    \"x\"\n  ]\n}"
)

// bodyCalls sign another body than they send.
func bodyCalls() []call {
	of := func(is, sent, signed string) call {
		return call{is: is, body: sent, signed: func(l lines) string { l.body = signed; return l.String() }}
	}
	short := func(is, signed string) call { return of(is, shortBody, signed) }
	get := func(is, signed string) call {
		return call{is: is, method: "GET", uri: queryURI, signed: func(l lines) string {
			l.body = signed
			return l.String()
		}}
	}
	m, s := md5.Sum([]byte(shortBody)), sha256.Sum256([]byte(shortBody))
	twoLines, crlf := "{\"mchid\":\n\"1\"}", "{\"mchid\":\r\n\"1\"}"
	var html, form bytes.Buffer
	json.HTMLEscape(&html, []byte(shortBody))
	writer := multipart.NewWriter(&form)
	_ = writer.WriteField("meta", `{"filename":"a.png","sha256":"00"}`)
	part, _ := writer.CreateFormFile("file", "a.png")
	_, _ = part.Write([]byte("picture"))
	_ = writer.Close()
	latin := func(s string) (out string) {
		for _, b := range []byte(s) {
			out += string(rune(b))
		}
		return out
	}
	return []call{
		get("body-for-none", "{}"), get("body-for-none", "null"), get("body-for-none", `""`), get("body-for-none", "[]"),
		short("body-left-out", ""),
		{is: "body-whole-form", uri: "/v3/merchant/media/upload", body: form.String(), kind: writer.FormDataContentType(),
			signedBody: form.String()},
		of("body-crlf-signed", twoLines, crlf), of("body-lf-signed", crlf, twoLines),
		of("body-trimmed", " "+shortBody+"\n", shortBody),
		of("body-bom-sent", "\ufeff"+shortBody, shortBody), short("body-bom-signed", "\ufeff"+shortBody),
		of("body-unescaped", byPHP, shortBody), of("body-unescaped", byPython, shortBody),
		of("body-unescaped", byJS, shortBody),
		short("body-escaped-go", html.String()), short("body-escaped-go", byGo),
		short("body-escaped-php", byPHP), of("body-escaped-php", byPHPUnicode, byPHP),
		short("body-escaped-slashes", byPHPUnicode),
		short("body-escaped-unicode", strings.ReplaceAll(byPHP, `\/`, "/")),
		short("body-escaped-gson", byGson), short("body-escaped-dotnet", byDotnet),
		short("body-spaced", byPython), short("body-spaced", byPythonPlain), of("body-spaced", byPHP, byPython),
		short("body-indented", byJS), short("body-indented", strings.ReplaceAll(byJS, "\n", "\r\n")),
		short("body-indented", strings.ReplaceAll(byJS, "  ", "    ")), short("body-key-order", byPythonSorted),
		of("body-nulls", payBody, strings.ReplaceAll(payBody, `"attach":null,`, "")),
		of("body-empty-members", payBody, strings.ReplaceAll(payBody, `"attach":null,"goods_tag":"",`, "")),
		short("body-quoted", `"`+strings.ReplaceAll(shortBody, `"`, `\"`)+`"`),
		of("body-form", `{"mchid":"1","description":"a b","total":1}`, "mchid=1&description=a+b&total=1"),
		short("body-hashed", hex.EncodeToString(m[:])), short("body-hashed", hex.EncodeToString(s[:])),
		short("body-hashed", std(s[:])), short("body-base64", std([]byte(shortBody))),
		short("body-percent", url.QueryEscape(shortBody)), short("body-charset", latin(shortBody)),
		of("body-charset", `{"description":"会员a"}`, `{"description":"??a"}`),
		of("unknown/size", `"`+strings.Repeat("z", 600_000)+`"`, "something else"),
		short("unknown/string", strings.ReplaceAll(shortBody, "1900000109", "1900000110")),
	}
}

func TestBodiesThatAreSignedWrongly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.each(t, bodyCalls())
}
