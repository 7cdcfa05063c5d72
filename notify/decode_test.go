package notify_test

import (
	"encoding/json"
	"errors"
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
