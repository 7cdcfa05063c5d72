package engine

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Stub answers with the examples of the catalogue, for endpoints that have no state here.
func Stub(c *Call) (Document, error) {
	if c.Op.Reply == nil {
		return nil, nil
	}
	return Sampled(c), nil
}

// Sampled is a reply of examples, with what the call said in its place: what its path and its body
// have under the same name, and the time. Nothing in it has failed.
func Sampled(c *Call) Document {
	reply := Document(DecodeBody(c.Op.SampleReply()))
	sample(c, reply)
	return reply
}

func sample(c *Call, reply map[string]any) {
	for _, name := range slices.Collect(maps.Keys(reply)) {
		inner, isObject := reply[name].(map[string]any)
		_, isScalar := c.Body[name].(string)
		switch {
		case isObject:
			sample(c, inner)
		case c.Vars[name] != "":
			reply[name] = c.Vars[name]
		case isScalar:
			reply[name] = c.Body[name]
		case strings.HasPrefix(name, "fail"):
			delete(reply, name)
		case strings.HasSuffix(name, "_time"):
			reply[name] = c.Now.In(wire.Beijing).Format(time.RFC3339)
		}
	}
}
