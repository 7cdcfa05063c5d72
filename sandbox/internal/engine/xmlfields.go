package engine

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// XMLFingerprint tells signing requests apart by what they ask, not when.
func XMLFingerprint(f wire.Fields) string {
	kept := maps.Clone(f)
	for _, name := range []string{"sign", "timestamp", "nonce_str"} {
		delete(kept, name)
	}
	return string(EncodeJSON(kept))
}

// DateTime writes a time as APIv2's papay does.
func DateTime(t time.Time) string { return t.In(wire.Beijing).Format(time.DateTime) }

// FieldsOfJSON reads an APIv2 message back from where it was kept.
func FieldsOfJSON(raw json.RawMessage) wire.Fields {
	var f wire.Fields
	if json.Unmarshal(raw, &f) != nil {
		return nil // an APIv3 body, which is not flat
	}
	return f
}

// DateTimeDigits writes a time as APIv2's orders do.
func DateTimeDigits(t time.Time) string { return t.In(wire.Beijing).Format("20060102150405") }
