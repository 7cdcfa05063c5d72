package notify

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// decodeV2 fills in a struct by its xml tags, as the events have them, and
// anything else from the JSON of Plaintext.
func (n *Notification) decodeV2(v any) *Error {
	if !isStruct(v) {
		if json.Unmarshal(n.Plaintext, v) != nil {
			return n.fail(CheckDecode, http.StatusInternalServerError,
				"the fields of an APIv2 message are all strings: "+
					"decode them into a struct with xml tags or a map of strings", nil)
		}
		return nil
	}
	fields := n.fields
	if fields == nil && json.Unmarshal(n.Plaintext, &fields) != nil {
		return n.fail(CheckDecode, http.StatusInternalServerError, "Plaintext is not an APIv2 message", nil)
	}
	if err := fields.Fill(v); err != nil {
		return n.fail(CheckDecode, http.StatusInternalServerError, "the message does not decode: "+err.Error()+
			"; until the type fits, take it from Plaintext with Handle", err)
	}
	return nil
}

// isStruct tells whether v points to a struct, by one pointer or several.
func isStruct(v any) bool {
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer {
		return false
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

// checkEventV2 panics over a type that no APIv2 message decodes into.
func checkEventV2(eventType string, e any) {
	if kind, _, _ := strings.Cut(eventType, "."); kind != V2Other || !isStruct(e) {
		return
	}
	if err := (wire.Fields{}).Fill(e); err != nil {
		panic("notify.On: the type for " + eventType + " does not decode: " + err.Error())
	}
}
