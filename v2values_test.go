package wxpay_test

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

// What a parser would read otherwise than it was signed is not sent, by whatever
// door it comes, and the error names the member and not its value.
func TestV2ValuesThatDoNotSurvive(t *testing.T) {
	t.Parallel()
	client := v2Client(t, false, nil, func(*http.Request, wire.Fields) { t.Error("it was sent") })
	post := func(body any) error { return second(client.Chain("v2/pay/pappayapply").Post(bg, body)) }
	doors := map[string]func(value string) error{
		"a map of strings": func(v string) error { return post(map[string]string{"attach": v, "body": "x"}) },
		"a map":            func(v string) error { return post(map[string]any{"attach": v, "body": "x"}) },
		"a struct": func(v string) error {
			return post(struct {
				Attach string `xml:"attach"`
			}{v})
		},
		"a struct for JSON": func(v string) error {
			return post(struct {
				Attach string `json:"attach"`
			}{v})
		},
		"a page": func(v string) error {
			return second(client.Chain("v2/papay/entrustweb").URL(map[string]string{"attach": v}))
		},
		"extra data": func(v string) error { return second(client.ContractExtraData(map[string]string{"attach": v})) },
	}
	for name, door := range doors {
		for _, value := range []string{
			"\r\n", "\r", "\x01", "\x00", "\x0b", "\x1b[31m", "\ufffe", "\uffff", "\xff", "\xed\xa0\x80",
		} {
			var e *wxpay.RequestError
			err := door("oSECRET" + value)
			if !errors.As(err, &e) || !strings.Contains(err.Error(), `the member "attach" `) {
				t.Errorf("%s, %q: got %v", name, value, err)
			} else if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%s, %q: the error leaks: %v", name, value, err)
			}
		}
	}
	for name, body := range map[string]any{
		"a reference in raw XML": "<xml><attach>a&#13;b</attach></xml>",
		"bytes inside an object": map[string]any{"attach": map[string]string{"a": "\xff"}},
	} {
		var e *wxpay.RequestError
		if err := post(body); !errors.As(err, &e) || !strings.Contains(err.Error(), `"attach"`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Everything else arrives as it was signed.
func TestV2ValuesThatSurvive(t *testing.T) {
	t.Parallel()
	var sent wire.Fields
	seen := func(_ *http.Request, f wire.Fields) { sent = f }
	client := v2Client(t, true, wire.Fields{"return_code": "SUCCESS"}, seen)
	for _, value := range []string{
		"a\nb", "\n a\t", "]]>", "]]]]>>", "<a b=\"c\">&amp;", "用😀\u2028\u0085\ufeff", `\ufffd`, "\ufffd", "]]", " ",
	} {
		want := wire.Fields{"attach": value, "appid": "wx1"}
		for name, body := range map[string]any{
			"a map of strings": map[string]string(want),
			"a map":            map[string]any{"attach": value, "appid": "wx1"},
			"XML":              want.XML(),
		} {
			if err := second(client.Chain("v2/pay/orderquery").Post(bg, body)); err != nil {
				t.Errorf("%s, %q: %v", name, value, err)
				continue
			}
			got := maps.Clone(sent)
			if !got.Verify(testAPIv2Key) {
				t.Errorf("%s, %q: the signature is not of what arrived", name, value)
			}
			for _, added := range []string{"mch_id", "nonce_str", "sign"} {
				delete(got, added)
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s: %q became %q", name, value, got["attach"])
			}
		}
	}
	body := map[string]any{"detail": json.RawMessage("{\r\n\"a\": \"\\u0001\"}")}
	if err := second(client.Chain("v2/x").Post(bg, body)); err != nil || sent["detail"] != `{"a":"\u0001"}` {
		t.Errorf("an object: sent %q, %v", sent["detail"], err)
	}
}

// The sandbox reads what the client writes.
func TestV2ValuesInTheSandbox(t *testing.T) {
	t.Parallel()
	client := sandbox.New(t).Client()
	for _, attach := range []string{"a\nb", " a ", "]]>", "用"} {
		fields := map[string]string{"appid": sandbox.DefaultAppID, "out_trade_no": "T1", "attach": attach}
		_, err := client.Chain("v2/pay/orderquery").Post(bg, fields)
		var e *wxpay.Error
		if !errors.As(err, &e) || strings.Contains(e.Message, "签名") || strings.Contains(e.Message, "XML") {
			t.Errorf("%q: got %v", attach, err)
		}
	}
}

// Errors of a body that does not marshal name types, and no values.
func TestBodiesThatDoNotMarshalAreNotQuoted(t *testing.T) {
	t.Parallel()
	c := v2Client(t, false, nil, nil)
	for name, body := range map[string]any{
		"a number":     map[string]any{"phone": json.Number("13800000000x")},
		"a marshaller": map[string]any{"phone": talkative{}},
		"a function":   map[string]any{"phone": func() {}}, "no number": map[string]any{"phone": math.NaN()},
	} {
		for _, path := range []string{"v3/x", "v2/x"} {
			_, err := c.Chain(path).Post(bg, body)
			var e *wxpay.RequestError
			if !errors.As(err, &e) || strings.Contains(err.Error(), "13800000000") {
				t.Errorf("%s to %s: %v", name, path, err)
			}
		}
	}
}

type talkative struct{}

func (talkative) MarshalJSON() ([]byte, error) {
	return nil, errors.New("the phone 13800000000 is wrong")
}

// pointer leads to another, or to itself.
type pointer *pointer

// Pointers in a circle lead to no struct, as a body and as what a reply is decoded into.
func TestPointersInACircle(t *testing.T) {
	t.Parallel()
	var self, there, back any
	self, there, back = &self, &back, &there
	var own pointer
	own = &own
	v3 := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, `{"a":1}`), nil })
	v2 := repliesV2(t, wire.Fields{"a": "1"})
	for name, circle := range map[string]any{"self": self, "two": there, "own": own, "a pointer to it": &own} {
		for _, path := range []string{"v2/x", "v3/x"} {
			var unsent *wxpay.RequestError
			if err := second(v3.Chain(path).Post(bg, circle)); !errors.As(err, &unsent) {
				t.Errorf("%s, %s: got %v", name, path, err)
			}
		}
		result, err := v3.Chain("v3/x").Get(bg)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []*wxpay.Result{result, v2} {
			var undecoded *wxpay.DecodeError
			if err := r.Decode(circle); !errors.As(err, &undecoded) || !strings.Contains(err.Error(), "without end") {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}
