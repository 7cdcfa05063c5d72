package wxpay_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

type (
	order struct {
		OutTradeNo string `xml:"out_trade_no"`
		TotalFee   int    `xml:"total_fee"`
	}
	hidden   struct{ order }
	fee      uint32
	flag     struct{ on bool }
	ownXML   string
	secretly string
	circle   struct{ *circle }
	nested   struct {
		Body order `xml:"body"`
	}
	inverted struct {
		order
		TotalFee string `xml:"total_fee"` // nearer than the order's
	}
)

func (f flag) MarshalText() ([]byte, error) { return []byte(map[bool]string{true: "Y"}[f.on]), nil }
func (f *flag) UnmarshalText(b []byte) error {
	if f.on = string(b) == "Y"; !f.on {
		return errors.New("no flag: " + string(b))
	}
	return nil
}
func (ownXML) MarshalXML(*xml.Encoder, xml.StartElement) error    { return nil }
func (*ownXML) UnmarshalXML(*xml.Decoder, xml.StartElement) error { return nil }

// every kind of field that a message carries.
type every struct {
	wxpay.Reply
	XMLName xml.Name `xml:"xml"`
	order
	*Coupon
	Text    string          `xml:"text,omitempty"`
	Small   int8            `xml:"small"`
	Fee     fee             `xml:"fee"`
	Rate    float64         `xml:"rate"`
	Limit   bool            `xml:"limit"`
	Pointer *int64          `xml:"pointer,omitempty"`
	None    *int64          `xml:"none"`
	Empty   int64           `xml:"empty,omitempty"`
	Zero    int64           `xml:"zero"`
	Flag    flag            `xml:"flag"`
	Flags   *flag           `xml:"flags"`
	Time    time.Time       `xml:"time"`
	Detail  json.RawMessage `xml:"detail"`
	Mine    map[string]int  `xml:"-"`
	mine    string
}

// Coupon is embedded by a pointer, which only an exported type can be filled by.
type Coupon struct {
	ID string `xml:"coupon_id_0"`
}

// postsV2 gives what arrives.
func postsV2(t *testing.T, body any) (sent wire.Fields, err error) {
	t.Helper()
	c := v2Client(t, true, wire.Fields{"return_code": "SUCCESS"}, func(_ *http.Request, f wire.Fields) { sent = f })
	_, err = c.Chain("v2/pay/pappayapply").Post(bg, body)
	for _, ours := range []string{"mch_id", "nonce_str", "sign"} {
		delete(sent, ours)
	}
	return sent, err
}

// repliesV2 is a genuine reply with these members.
func repliesV2(t *testing.T, members wire.Fields) *wxpay.Result {
	t.Helper()
	answer := wire.Fields{"return_code": "SUCCESS", "result_code": "SUCCESS"}
	maps.Copy(answer, members)
	result, err := v2Client(t, true, answer, nil).Chain("v2/pay/paporderquery").
		Post(bg, map[string]string{"out_trade_no": "T1"})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestV2StructsAreSentWhole(t *testing.T) {
	t.Parallel()
	t1 := wire.Fields{"out_trade_no": "T1", "total_fee": "7"}
	seven := int64(0)
	all := every{
		order: order{"T1", 7}, Coupon: &Coupon{"c"}, Text: "t", Small: -8, Fee: 9, Rate: 1e6, Limit: true,
		Pointer: &seven,
		Flag:    flag{true}, Flags: &flag{true}, Time: time.Unix(0, 0).UTC(), Detail: json.RawMessage(`{"a":1}`),
		Mine: map[string]int{"a": 1}, mine: "m",
	}
	everything := wire.Fields{
		"out_trade_no": "T1", "total_fee": "7", "coupon_id_0": "c", "text": "t", "small": "-8", "fee": "9",
		"rate": "1000000", "limit": "true",
		"pointer": "0", "zero": "0", "flag": "Y", "flags": "Y", "time": "1970-01-01T00:00:00Z", "detail": `{"a":1}`,
	}
	p := &all
	for name, c := range map[string]struct {
		body any
		want wire.Fields
	}{
		"a struct":            {order{"T1", 7}, t1},
		"an embedded struct":  {hidden{order{"T1", 7}}, t1},
		"an embedded pointer": {struct{ *order }{&order{"T1", 7}}, t1},
		"a named document": {struct {
			XMLName struct{} `xml:"xml"`
			order
		}{order: order{"T1", 7}}, t1},
		"an empty pointer":       {struct{ *order }{}, wire.Fields{}},
		"the nearer of two":      {inverted{order{"T1", 7}, "8"}, wire.Fields{"out_trade_no": "T1", "total_fee": "8"}},
		"every kind":             {all, everything},
		"a pointer":              {p, everything},
		"a pointer to a pointer": {&p, everything},
	} {
		if sent, err := postsV2(t, c.body); err != nil || !maps.Equal(sent, c.want) {
			t.Errorf("%s: sent %v, %v\nwant %v", name, sent, err, c.want)
		}
	}
	var back every
	if err := repliesV2(t, everything).Decode(&back); err != nil {
		t.Fatal(err)
	}
	if sent, err := postsV2(t, &back); err != nil || !maps.Equal(sent, everything) {
		t.Errorf("decoded as %+v: sent %v, %v", back, sent, err)
	}
}

// What a message cannot carry is an error both ways, which names the field.
func TestV2StructsThatCannotBeCarried(t *testing.T) {
	t.Parallel()
	reply := repliesV2(t, wire.Fields{"out_trade_no": "T1", "total_fee": "7"})
	number := reflect.TypeFor[int64]()
	// vet forbids to write these
	made := func(fields ...reflect.StructField) any { return reflect.New(reflect.StructOf(fields)).Interface() }
	for want, v := range map[string]any{
		"TotalFee": &struct {
			OutTradeNo string `xml:"out_trade_no"`
			TotalFee   int64
		}{},
		"nested.Body": &struct {
			nested
			No string `xml:"out_trade_no"`
		}{},
		"Body": &struct {
			Body order  `xml:"body"`
			No   string `xml:"out_trade_no"`
		}{},
		"Untagged": &struct {
			Untagged order
			No       string `xml:"out_trade_no"`
		}{},
		"List": &struct {
			List []int64 `xml:"total_fee"`
		}{},
		"Map": &struct {
			Map map[string]string `xml:"total_fee"`
		}{},
		"Any": &struct {
			Any any `xml:"total_fee"`
		}{},
		"Twice": &struct {
			Twice **int64 `xml:"total_fee"`
		}{},
		"private": made(reflect.StructField{Name: "private", PkgPath: "wxpay_test", Type: number,
			Tag: `xml:"total_fee"`}),
		"Rival": made(reflect.StructField{Name: "Fee", Type: number, Tag: `xml:"total_fee"`},
			reflect.StructField{Name: "Rival", Type: number, Tag: `xml:"total_fee"`}),
		"Deep": &struct {
			Deep string `xml:"a>b"`
		}{},
		"Rest": &struct {
			Rest string `xml:",innerxml"`
		}{},
		"Attr": &struct {
			Attr string `xml:"total_fee,attr"`
		}{},
		"Own": &struct {
			Own ownXML `xml:"total_fee"`
		}{},
		"secretly": &struct {
			secretly
			No string `xml:"out_trade_no"`
		}{},
		"secretly is": &struct {
			secretly `xml:"total_fee"`
			No       string `xml:"out_trade_no"`
		}{},
		"XMLName is a string": &struct {
			XMLName string `xml:"total_fee"`
			No      string `xml:"out_trade_no"`
		}{},
		"nil pointer": (*order)(nil),
		"Time": &struct {
			time.Time
			No string `xml:"out_trade_no"`
		}{},
		"circle.circle": &struct {
			circle
			No string `xml:"out_trade_no"`
		}{},
	} {
		var refused *wxpay.RequestError
		if sent, err := postsV2(t, v); !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: sent %v, %v", want, sent, err)
		}
		var e *wxpay.DecodeError
		if err := reply.Decode(v); !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: decoded: %v", want, err)
		}
	}
}

func TestV2RepliesFillStructs(t *testing.T) {
	t.Parallel()
	reply := repliesV2(t, wire.Fields{"out_trade_no": "T1", "total_fee": "7", "big": "300", "text": "oSECRET",
		"nan": "NaN", "empty": ""})
	var in struct {
		hidden
		Empty int `xml:"empty"`
	}
	in.Empty = 3
	if err := reply.Decode(&in); err != nil || in.order != (order{"T1", 7}) || in.Empty != 3 {
		t.Errorf("embedded: %+v, %v", in, err)
	}
	var to *order
	if err := reply.Decode(&to); err != nil || *to != (order{"T1", 7}) {
		t.Errorf("to a pointer: %+v, %v", to, err)
	}
	for want, v := range map[string]any{
		"big does not fit the field Big": &struct {
			Big int8 `xml:"big"`
		}{},
		"big is not a boolean": &struct {
			Big bool `xml:"big"`
		}{},
		"text is not a number": &struct {
			Text float32 `xml:"text"`
		}{},
		"nan is not a number": &struct {
			NaN float64 `xml:"nan"`
		}{},
		"text is not an unsigned integer": &struct {
			Text *uint `xml:"text"`
		}{},
		"the field Text does not take text": &struct {
			Text flag `xml:"text"`
		}{},
		"the field order is embedded by a pointer": &struct{ *order }{},
		"the field State has no xml tag": &struct {
			State string `json:"text"`
		}{},
		"a time.Time has no xml tags": &time.Time{},
		"a pointer to a struct":       &map[string]string{},
		"a pointer to a struct with":  order{},
		"a nil pointer":               (*order)(nil),
	} {
		var e *wxpay.DecodeError
		if err := reply.Decode(v); !errors.As(err, &e) || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "SECRET") {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}
