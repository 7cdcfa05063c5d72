package wire_test

import (
	"maps"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

type inner struct {
	Text  string `xml:"text"`
	Bytes []byte `xml:"bytes"`
}

type outer struct {
	*Inner
	inner
	Int   int8       `xml:"int"`
	Uint  *uint16    `xml:"uint"`
	Float float32    `xml:"float"`
	Bool  bool       `xml:"bool,omitempty"`
	Time  *time.Time `xml:"time"`
}

// Inner is embedded by a pointer, and must be exported for that.
type Inner struct {
	Double float64 `xml:"double"`
}

// What fills a struct comes out of it again, and fills another one the same.
func FuzzStructs(f *testing.F) {
	f.Add(
		[]byte(
			"<xml><text>t</text><bytes>b</bytes><int>-8</int><uint>0</uint><float>1e6</float><bool>T</bool><double>.5</double></xml>"))
	f.Add([]byte("<xml><time>2026-01-01T00:00:00.5+08:00</time><int>128</int></xml>"))
	f.Add([]byte("<xml><double>NaN</double><float>1e39</float><bool>yes</bool><uint>-1</uint></xml>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		message, err := wire.ParseXML(body)
		if err != nil {
			return
		}
		var one, two outer
		if message.Fill(&one) != nil {
			return
		}
		first, ok, err := wire.StructFields(one, never)
		if err != nil {
			if message["time"] != "" {
				return // RFC 3339 has years of four digits
			}
			t.Fatal(err)
		}
		if !ok || first.Fill(&two) != nil {
			t.Fatalf("%v does not fill what it came from", first)
		}
		second, _, err := wire.StructFields(&two, never)
		if err != nil || !maps.Equal(first, second) {
			t.Fatalf("%v, then %v, %v", first, second, err)
		}
		for name, text := range first {
			if (name == "text" || name == "bytes") && message[name] != text {
				t.Fatalf("%s: %q came out as %q", name, message[name], text)
			}
		}
	})
}

func never(string) bool { return false }
