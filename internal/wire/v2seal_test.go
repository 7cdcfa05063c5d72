package wire_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
)

func TestReqInfoThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	const key = "192006250b4c09247ec02edce69f6a2d"
	sealed := wire.SealReqInfo(key, []byte("<root></root>"))
	for name, bad := range map[string]string{
		"nothing":         "",
		"not base64":      "%",
		"half a block":    base64.StdEncoding.EncodeToString(make([]byte, 8)),
		"another key's":   wire.SealReqInfo(strings.ToUpper(key), []byte("<root></root>")),
		"a changed block": strings.Replace(sealed, sealed[:4], "AAAA", 1),
	} {
		if plain, err := wire.OpenReqInfo(key, bad); !errors.Is(err, wire.ErrReqInfo) {
			t.Errorf("%s: opened %q, %v", name, plain, err)
		}
	}
}

func FuzzReqInfo(f *testing.F) {
	f.Add("key", []byte("0123456789abcdef"))
	f.Add("", []byte(nil))
	f.Fuzz(func(t *testing.T, key string, plain []byte) {
		if got, err := wire.OpenReqInfo(key, wire.SealReqInfo(key, plain)); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%q became %q, %v", plain, got, err)
		}
		_, _ = wire.OpenReqInfo(key, string(plain))
	})
}
