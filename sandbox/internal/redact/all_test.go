package redact

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Whatever an entry of the journal has, and will have one day, is blanked.
func TestEveryTextOfAnEntryIsBlanked(t *testing.T) {
	t.Parallel()
	r := testRedaction()
	var x ledger.Exchange
	texts := fill(t, reflect.ValueOf(&x).Elem(), "a "+testAPIv3Key+" b")
	if printed := fmt.Sprintf("%+v", x); texts < 14 || strings.Count(printed, testAPIv3Key) != texts {
		t.Fatalf("%d strings were filled: %s", texts, printed)
	}
	r.Exchange(&x)
	printed := fmt.Sprintf("%+v", x)
	if strings.Contains(printed, testAPIv3Key) || strings.Count(printed, "a "+Blank+" b") != texts {
		t.Errorf("the entry is %s", printed)
	}
}

// fill sets every string of v, names included, and says how many there are.
func fill(t *testing.T, v reflect.Value, text string) (n int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return 1
	case reflect.Int, reflect.Int64:
		return 0
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(t, v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		return fill(t, v.Index(0), text) + fill(t, v.Index(1), text)
	case reflect.Map:
		name, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		n = fill(t, name, text) + fill(t, value, text)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(name, value)
		return n
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return 0
		}
		for i := range v.NumField() {
			n += fill(t, v.Field(i), text)
		}
		return n
	}
	t.Fatalf("an entry has a %s, and this test does not know how to fill it", v.Type())
	return 0
}
