package wire_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// The example of the official signature page, with its published key.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=4_3
func TestDigestOfTheOfficialExample(t *testing.T) {
	t.Parallel()
	f := wire.Fields{
		"appid": "wxd930ea5d5a258f4f", "mch_id": "10000100", "device_info": "1000",
		"body": "test", "nonce_str": "ibuaiVcKdpRxkhJA", "empty": "", "sign": "ignored",
	}
	const key = "192006250b4c09247ec02edce69f6a2d"
	if got, want := f.Digest(key, wire.SignMD5), "9A0A8659F005D6984697E2CA0A9CF3B7"; got != want {
		t.Errorf("MD5: got %s, want %s", got, want)
	}
	if got, want := f.Digest(key,
		wire.SignHMAC), "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6"; got != want {
		t.Errorf("HMAC-SHA256: got %s, want %s", got, want)
	}
	f["sign"] = "9a0a8659f005d6984697e2ca0a9cf3b7"
	if !f.Verify(key) {
		t.Error("a lower-case MD5 does not verify")
	}
	f["sign"] = f.Digest(key, wire.SignHMAC)
	if !f.Verify(key) {
		t.Error("an HMAC told by its length does not verify")
	}
	f["body"] = "tesT"
	if f.Verify(key) {
		t.Error("another body verifies")
	}
}

func TestParseXML(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want wire.Fields
	}{
		"official sample's blanks": {"<xml>\n <return_code> <![CDATA[SUCCESS]]> </return_code>\n</xml>\n",
			wire.Fields{"return_code": "SUCCESS"}},
		"no CDATA":                 {"<xml><total_fee>\n\t1\r\n</total_fee></xml>", wire.Fields{"total_fee": "1"}},
		"blanks without CDATA":     {"<xml><a> Tom </a><b>\u3000</b></xml>", wire.Fields{"a": " Tom ", "b": "\u3000"}},
		"entities":                 {"<xml><attach>a&amp;b&lt;</attach></xml>", wire.Fields{"attach": "a&b<"}},
		"a reference among CDATA":  {"<xml><b><![CDATA[a]]>&#13; <![CDATA[b]]> </b></xml>", wire.Fields{"b": "a\r b"}},
		"a CR, as parsers read it": {"<xml><body><![CDATA[a\r\nb\rc]]></body></xml>", wire.Fields{"body": "a\nb\nc"}},
		"blanks inside CDATA":      {"<xml><body><![CDATA[ a ]]></body></xml>", wire.Fields{"body": " a "}},
		"empty":                    {"<xml><a/><b></b></xml>", wire.Fields{"a": "", "b": ""}},
		"a declaration and a BOM": {"\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?><xml><a>1</a></xml>",
			wire.Fields{"a": "1"}},
		"no fields":      {"<xml></xml>", wire.Fields{}},
		"an equals sign": {"<xml ><a\n>b=\"c\"</a ><d/></xml>", wire.Fields{"a": `b="c"`, "d": ""}},
		"a tag's look":   {"<xml><a><![CDATA[<b c='1'>]]></a></xml>", wire.Fields{"a": "<b c='1'>"}},
	} {
		got, err := wire.ParseXML([]byte(c.body))
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	for name, c := range map[string]struct{ body, says string }{
		"nothing":           {"", "not one <xml>"},
		"JSON":              {`{"a":1}`, "text stands"},
		"HTML":              {"<html><body>502</body></html>", "not one <xml>"},
		"cut short":         {"<xml><a>1</a>", "malformed"},
		"nested":            {"<xml><a><b>1</b></a></xml>", "inside another"},
		"twice":             {"<xml><a>1</a><a>2</a></xml>", "twice"},
		"two documents":     {"<xml></xml><xml></xml>", "not one <xml>"},
		"text behind":       {"<xml></xml>x", "text stands"},
		"a doctype":         {`<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>1</a></xml>`, "doctype"},
		"an entity":         {"<xml><a>&e;</a></xml>", "malformed"},
		"ten thousand":      {"<xml>" + manyElements(10_000) + "</xml>", "more than"},
		"text before CDATA": {"<xml><total_fee>999<![CDATA[1]]></total_fee></xml>", "in front of a CDATA"},
		"an attribute":      {`<xml><a b="1">1</a></xml>`, "an attribute"},
		"an odd attribute":  {"<xml\n\tb='>'/>", "an attribute"},
		"an instruction":    {"<xml><a>1<?b?></a></xml>", "an instruction"},
		"declared twice":    {"<?xml version='1.0'?><?xml version='1.0'?><xml/>", "an instruction"},
		"not UTF-8":         {"<xml><a>\xff</a></xml>", "malformed"},
		"another encoding":  {`<?xml version="1.0" encoding="GBK"?><xml><a>1</a></xml>`, "malformed"},
	} {
		if _, err := wire.ParseXML([]byte(c.body)); !errors.Is(err, wire.ErrXML) || !strings.Contains(err.Error(),
			c.says) {
			t.Errorf("%s: got %v, want it to say %q", name, err, c.says)
		}
	}
}

func manyElements(n int) string {
	var b strings.Builder
	for i := range n {
		tag := "a" + strings.Repeat("b", i%97) + strings.Repeat("c", i/97)
		b.WriteString("<" + tag + "/>")
	}
	return b.String()
}

func FuzzParseXML(f *testing.F) {
	f.Add([]byte("<xml><a><![CDATA[ ]]]]><![CDATA[> ]]></a><b> 1 </b></xml>"))
	f.Add([]byte("<xml><a>1</a"))
	f.Add([]byte("<xml><a>x&#13;&#10;y</a><b><![CDATA[z]]>&#13;</b></xml>"))
	f.Add([]byte("<!DOCTYPE x><xml/>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, err := wire.ParseXML(body)
		if err != nil {
			if !errors.Is(err, wire.ErrXML) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		again, err := wire.ParseXML(fields.XML())
		if err != nil || !maps.Equal(again, fields) {
			t.Fatalf("%q became %q, %v", fields, again, err)
		}
	})
}

func TestCheckNamesTheMember(t *testing.T) {
	t.Parallel()
	for says, f := range map[string]wire.Fields{
		`"attach" holds a carriage return`:    {"attach": "a\r\nb", "body": "fine"},
		`"attach" holds the character U+0001`: {"attach": "a\x01b", "body": "\x00"},
		`"body" holds the character U+000B`:   {"body": "a\vb"},
		`"body" holds the character U+FFFE`:   {"body": "a\ufffe"},
		`"body" is not UTF-8`:                 {"body": "a\xff"},
		`"a b=\"c\"" has a name`:              {`a b="c"`: "1"},
		`"" has a name`:                       {"": "1"},
		`"1a" has a name`:                     {"1a": "1"},
		`"a:b" has a name`:                    {"a:b": "1"},
		"1000 members":                        manyFields(1000),
	} {
		if err := f.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %s", err, says)
		}
	}
	for _, f := range []wire.Fields{
		nil,
		{"a": "", "_b-1": " \t\n 用😀]]>&<>\"'\u0085\u2028 ", "xml": "x"},
		manyFields(999),
	} {
		if err := f.Check(); err != nil {
			t.Errorf("%d members: %v", len(f), err)
		}
	}
}

func manyFields(n int) wire.Fields {
	f := wire.Fields{}
	for i := range n {
		f["a"+strings.Repeat("b", i%97)+strings.Repeat("c", i/97)] = "1"
	}
	return f
}

// What Check lets pass survives being written and read.
func FuzzCheckedFieldsSurvive(f *testing.F) {
	f.Add("attach", " a\nb]]>c ", "_x", "]]]]>>\t")
	f.Add("xml", "<a>&amp;", "detail", "\r")
	f.Add("a", "\ufeff", "b", "]")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		fields := wire.Fields{name1: value1, name2: value2}
		if fields.Check() != nil {
			return
		}
		got, err := wire.ParseXML(fields.XML())
		if err != nil || !maps.Equal(got, fields) {
			t.Fatalf("%q became %q, %v", fields, got, err)
		}
	})
}

// A message costs by its length, however its white space and sections are spread: of this one,
// looked through once a section, nobody would see the end.
func TestParseXMLOfManySections(t *testing.T) {
	t.Parallel()
	body := "<xml><a>" + strings.Repeat(" ", 8<<20) + strings.Repeat("<![CDATA[]]>", 8<<20/12) + "</a></xml>"
	fields, err := wire.ParseXML([]byte(body))
	if err != nil || fields["a"] != "" || len(fields) != 1 {
		t.Errorf("got %d fields, %v", len(fields), err)
	}
}

func BenchmarkParseXMLOfManySections(b *testing.B) {
	sections := strings.Repeat("<![CDATA[]]>", 512<<10/12)
	body := []byte("<xml><a>" + strings.Repeat(" ", 512<<10) + sections + "</a></xml>")
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := wire.ParseXML(body); err != nil {
			b.Fatal(err)
		}
	}
}
