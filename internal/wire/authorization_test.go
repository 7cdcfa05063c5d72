package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
)

const pairs = `mchid="1900000109",nonce_str="N",timestamp="1700000000",serial_no="AB",signature="c2ln"`

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	want := wire.Authorization{
		Scheme: wire.Scheme, MchID: "1900000109", Nonce: "N",
		Timestamp: "1700000000", Serial: "AB", Signature: "c2ln",
	}
	for name, header := range map[string]string{
		"as written": wire.Scheme + " " + pairs,
		"another order": wire.Scheme +
			` signature="c2ln",serial_no="AB",timestamp="1700000000",nonce_str="N",mchid="1900000109"`,
		"with blanks": wire.Scheme + "  " + strings.ReplaceAll(pairs, ",", ",  "),
		"round trip":  want.String(),
	} {
		got, err := wire.ParseAuthorization(header)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestParseAuthorizationRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header string
		kind   error
		says   string
	}{
		"empty":             {"", wire.ErrAuthorizationFormat, "no scheme"},
		"scheme only":       {wire.Scheme, wire.ErrAuthorizationFormat, "no scheme"},
		"another scheme":    {"Bearer " + pairs, wire.ErrAuthorizationScheme, wire.Scheme},
		"SM2 scheme":        {"WECHATPAY2-SM2-WITH-SM3 " + pairs, wire.ErrAuthorizationScheme, wire.Scheme},
		"lower-case scheme": {strings.ToLower(wire.Scheme) + " " + pairs, wire.ErrAuthorizationScheme, wire.Scheme},
		"a key twice":       {wire.Scheme + " " + pairs + `,mchid="1"`, wire.ErrAuthorizationFormat, "mchid twice"},
		"an unknown key": {wire.Scheme + " " + pairs + `,alg="none"`, wire.ErrAuthorizationFormat,
			"a key other than"},
		"a key missing":    {wire.Scheme + ` mchid="1"`, wire.ErrAuthorizationFormat, "no nonce_str"},
		"an empty value":   {wire.Scheme + ` mchid=""`, wire.ErrAuthorizationFormat, "empty value"},
		"no quotes":        {wire.Scheme + ` mchid=1`, wire.ErrAuthorizationFormat, "key="},
		"an open quote":    {wire.Scheme + ` mchid="1`, wire.ErrAuthorizationFormat, "not closed"},
		"a trailing comma": {wire.Scheme + " " + pairs + ",", wire.ErrAuthorizationFormat, "key="},
		"semicolons": {wire.Scheme + " " + strings.ReplaceAll(pairs, ",", ";"), wire.ErrAuthorizationFormat,
			"no comma"},
		"a line feed": {wire.Scheme + " mchid=\"1\n2\"", wire.ErrAuthorizationFormat, "printable"},
		"a NUL":       {wire.Scheme + " mchid=\"\x00\"", wire.ErrAuthorizationFormat, "printable"},
		"too long": {wire.Scheme + ` mchid="` + strings.Repeat("1", 8<<10) + `"`, wire.ErrAuthorizationFormat,
			"at most"},
	} {
		_, err := wire.ParseAuthorization(c.header)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %v saying %q", name, err, c.kind, c.says)
		}
	}
}

// What parses must survive being written and read again, and no value may
// smuggle in a quote.
func FuzzParseAuthorization(f *testing.F) {
	f.Add(wire.Scheme + " " + pairs)
	f.Add(wire.Scheme + ` signature="c2ln",serial_no="AB"`)
	f.Add(wire.Scheme + ` mchid="\"",`)
	f.Add("Bearer x")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := wire.ParseAuthorization(header)
		if err != nil {
			if !errors.Is(err, wire.ErrAuthorizationFormat) && !errors.Is(err, wire.ErrAuthorizationScheme) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		again, err := wire.ParseAuthorization(a.String())
		if err != nil || again != a {
			t.Fatalf("%+v became %+v, %v", a, again, err)
		}
	})
}
