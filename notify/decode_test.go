package notify_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/notify"
)

func TestDecodeNamesTheFieldButNotItsValue(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	m := w.attempt(t, w.envelope("EV-1", signedType, `{"out_contract_code":"c","plan_id":13800138000.5}`))
	n, err := notify.New(w.keys(t)).Parse(m.header, m.body)
	if err != nil {
		t.Fatal(err)
	}
	var e *notify.Error
	err = n.Decode(new(signed))
	if !errors.As(err, &e) || e.Check != notify.CheckDecode || e.ID != "EV-1" {
		t.Fatalf("got %v", err)
	}
	if s := err.Error(); !strings.Contains(s, "plan_id is not a int64") || strings.Contains(s, "13800138000") {
		t.Errorf("got %s", s)
	}
	if err := n.Decode(new(terminated)); !errors.As(err, &e) || e.Check != notify.CheckDecode ||
		!strings.Contains(err.Error(), "ECOMMERCE_ENTRUST.TERMINATE") {
		t.Errorf("a signed contract decoded as a terminated one: %v", err)
	}
	var pointer *terminated
	var event notify.Event = new(terminated)
	for _, v := range []any{&pointer, &event} {
		if err := n.Decode(v); !errors.As(err, &e) || !strings.Contains(err.Error(), "ECOMMERCE_ENTRUST.TERMINATE") {
			t.Errorf("a signed contract decoded as a terminated one, into a %T: %v", v, err)
		}
	}
	var anything map[string]any
	if err := n.Decode(&anything); err != nil || anything["plan_id"] != 13800138000.5 {
		t.Errorf("got %v, %v", anything, err)
	}
}

// A path to what does not fit has names of the type's fields, and no key of a map, whatever
// encoding/json or a type's own unmarshaller writes into it.
func TestDecodeNamesNoKeys(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"told.oSECRET.name":   "told.*.name",
		"told.oSECRET.SECRET": "told.*.*",
		"told.name":           "told.name",
		"list.3.name":         "list.3.name",
		"list.name":           "list.name",
		"list.SECRET.name":    "list.*",
		"SECRET":              "*",
		"any.SECRET.name":     "any.*",
		"self.SECRET":         "self.*",
	} {
		n := &notify.Notification{ID: "1", EventType: "E", Plaintext: json.RawMessage(`{"path":"` + path + `"}`)}
		err := n.Decode(new(failing))
		if err == nil || !strings.Contains(err.Error(), "in the resource, "+want+" is not a int;") {
			t.Errorf("%s: %v", path, err)
		}
	}
	n := &notify.Notification{ID: "1", EventType: "E", Plaintext: json.RawMessage(`{"oSECRET":{"name":{}}}`)}
	if err := n.Decode(new(map[string]named)); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err) // with GOEXPERIMENT=jsonv2 the key is in encoding/json's error
	}
}

type named struct {
	Name string `json:"name"`
}

type nested []nested

// failing is a type that fails on the path it reads.
type failing struct {
	Told map[string]named `json:"told"`
	List []named          `json:"list"`
	Any  any              `json:"any"`
	Self nested           `json:"self"`
}

func (*failing) UnmarshalJSON(raw []byte) error {
	var on struct {
		Path string `json:"path"`
	}
	if err := json.Unmarshal(raw, &on); err != nil {
		return err
	}
	return &json.UnmarshalTypeError{Field: on.Path, Type: reflect.TypeFor[int]()}
}

// odd is a type whose own unmarshaller fails as it likes.
type odd struct{}

func (*odd) UnmarshalJSON([]byte) error { return &json.UnmarshalTypeError{Value: "SECRET"} }

func TestDecodeOfATypeThatFailsOnItsOwn(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	n, err := notify.New(w.keys(t)).Parse(m.header, m.body)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Decode(new(odd)); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
}
