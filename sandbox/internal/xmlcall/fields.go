package xmlcall

import (
	"maps"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
)

// Kept is a message as it is kept and shown: without its sign, which nobody is shown.
func Kept(f wire.Fields) []byte { return without(f, "sign") }

// Fingerprint tells signing requests apart by what they ask, not when.
func Fingerprint(f wire.Fields) string { return string(without(f, "sign", "timestamp", "nonce_str")) }

func without(f wire.Fields, names ...string) []byte {
	kept := maps.Clone(f)
	for _, name := range names {
		delete(kept, name)
	}
	return rows.EncodeJSON(kept)
}

// DateTime writes a time as APIv2's papay does.
func DateTime(t time.Time) string { return t.In(wire.Beijing).Format(time.DateTime) }

// DateTimeDigits writes a time as APIv2's orders do.
func DateTimeDigits(t time.Time) string { return t.In(wire.Beijing).Format("20060102150405") }
