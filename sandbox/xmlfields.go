package sandbox

import (
	"encoding/json"
	"maps"
	"net/url"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// queryFields reads a page's query.
func queryFields(raw string) (wire.Fields, *refusal) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, xmlRefusal("PARAM_ERROR", "参数格式校验错误").hinting("the query is not URL-encoded")
	}
	f := wire.Fields{}
	for name, v := range values {
		if len(v) != 1 {
			return nil, xmlRefusal("PARAM_ERROR", "参数格式校验错误").hinting(shown(name) + " stands twice in the query")
		}
		f[name] = v[0]
	}
	return f, nil
}

// xmlFingerprint tells signing requests apart by what they ask, not when.
func xmlFingerprint(f wire.Fields) string {
	kept := maps.Clone(f)
	for _, name := range []string{"sign", "timestamp", "nonce_str"} {
		delete(kept, name)
	}
	return string(encodeJSON(kept))
}

// dateTime writes a time as APIv2's papay does.
func dateTime(t time.Time) string { return t.In(wire.Beijing).Format(time.DateTime) }

// fieldsOfJSON reads an APIv2 message back from where it was kept.
func fieldsOfJSON(raw json.RawMessage) wire.Fields {
	var f wire.Fields
	if json.Unmarshal(raw, &f) != nil {
		return nil // an APIv3 body, which is not flat
	}
	return f
}

// dateTimeDigits writes a time as APIv2's orders do.
func dateTimeDigits(t time.Time) string { return t.In(wire.Beijing).Format("20060102150405") }
