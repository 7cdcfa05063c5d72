package wxpay

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// Call is one call of an endpoint whose types are known: what the generated chain
// under api is made over, and no more than that. By hand, write [Client.Chain].
type Call[Resp any] struct {
	Client  *Client
	Method  string
	Path    string // with its {variables}
	Query   any    // a pointer to a struct with query tags; nil sends none
	Body    any    // a pointer to what is sent; nil and *None have none
	File    *File  // of an upload, whose further members are Body's; nil for none
	Options []Option
}

// Do makes the call. See [Chain] for its errors; [*DecodeError] comes with the reply,
// of a call that succeeded.
func (c Call[Resp]) Do(ctx context.Context) (*Resp, error) {
	k := c.Client.newCall(c.Method, c.Path, nil, c.Options).setQuery(c.Query).setRequest(c.Body)
	k.file = c.File
	return typed[Resp](ctx, k)
}

// Start is Do as a promise. Query and Body are read before it returns.
func (c Call[Resp]) Start(ctx context.Context) *Promise[*Resp] {
	k := c.Client.newCall(c.Method, c.Path, nil, c.Options).setQuery(c.Query)
	k.guarded(func() { k.setRequest(c.Body) })
	k.file = c.File
	return start(k, func() (*Resp, error) { return typed[Resp](ctx, k) })
}

// typed is instantiated for every endpoint, so it only hands over to code that is
// compiled once.
func typed[Resp any](ctx context.Context, c *call) (*Resp, error) {
	out := new(Resp)
	replied, err := c.into(ctx, out)
	if !replied {
		out = nil
	}
	return out, err
}

// into makes the call and decodes the reply into out. replied tells an answer
// that did not decode from a call that failed.
func (c *call) into(ctx context.Context, out any) (replied bool, err error) {
	result, err := c.do(ctx)
	if err != nil {
		return false, err
	}
	// A 202 or 204 may be without a body; a 200 that should have one and has none
	// must not pass for a reply whose every field is empty.
	switch out.(type) {
	case *None, *Text:
	default:
		if len(result.Body) > 0 || result.Status == http.StatusOK {
			err = result.decodeReply(out)
		}
	}
	if keeper, ok := out.(interface{ setResult(*Result) }); ok {
		keeper.setResult(result)
	}
	return true, err
}

// setRequest sets a typed body; None has none.
func (c *call) setRequest(in any) *call {
	switch _, none := in.(*None); {
	case none || in == nil:
		return c
	case isNilPointer(in):
		c.fail("the request is nil")
		return c
	}
	return c.marshal(in)
}

// setQuery adds the fields of a query struct: those tagged query:"name", an empty
// one left out where the tag ends in ",omitempty".
func (c *call) setQuery(query any) *call {
	if query == nil || isNilPointer(query) {
		return c
	}
	if c.isV2() {
		return c.marshal(query) // it is signed as a body is
	}
	v := reflect.Indirect(reflect.ValueOf(query))
	if v.Kind() != reflect.Struct {
		c.fail("the query is a " + v.Type().String() + ", not a struct")
		return c
	}
	return c.queryOf(v)
}

func (c *call) queryOf(v reflect.Value) *call {
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("query"), ",")
		field := v.Field(i)
		if name == "" || options == "omitempty" && field.IsZero() && !c.takeZero(name) {
			continue
		}
		switch field.Kind() {
		case reflect.String:
			c.addQuery(name, field.String())
		case reflect.Int64:
			c.addQuery(name, strconv.FormatInt(field.Int(), 10))
		case reflect.Bool:
			c.addQuery(name, strconv.FormatBool(field.Bool()))
		default:
			c.fail("query field " + name + " is a " + field.Kind().String() + ", not a string, int64 or bool")
		}
	}
	return c
}
