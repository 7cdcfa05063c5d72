package xmlcall

import (
	"maps"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// Fingerprint tells signing requests apart by what they ask, not when.
func Fingerprint(f wire.Fields) string {
	kept := maps.Clone(f)
	for _, name := range []string{"sign", "timestamp", "nonce_str"} {
		delete(kept, name)
	}
	return string(rows.EncodeJSON(kept))
}

// DateTime writes a time as APIv2's papay does.
func DateTime(t time.Time) string { return t.In(wire.Beijing).Format(time.DateTime) }

// DateTimeDigits writes a time as APIv2's orders do.
func DateTimeDigits(t time.Time) string { return t.In(wire.Beijing).Format("20060102150405") }
