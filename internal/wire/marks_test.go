package wire_test

import (
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
)

func TestMarksStandOutsideOfTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a":[1,"x]\"}",true]}`: `{:[1,,true]}`,
		`["\\",2]`:               `[,2]`,
		`[3,"no end, ]`:          `[3,`,
		`["\`:                    `[`,
		``:                       ``,
	} {
		var got []byte
		for at, c := range wire.Marks(text) {
			if text[at] != c {
				t.Errorf("%s: %q is said to be at %d", text, c, at)
			}
			got = append(got, c)
		}
		if string(got) != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for range wire.Marks([]byte(`[1]`)) {
		break
	}
}
