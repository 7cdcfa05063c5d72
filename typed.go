package wxpay

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// The types in this file are what the generated chain under api/ is made of:
// a leaf is a client, the variables filled on the way and the exact path.
// Users meet them through the chain and never make one by hand.

// Bound is a client and the path variables filled so far.
type Bound struct {
	client *Client
	vars   []variable
}

// Bind starts a typed chain.
func (c *Client) Bind() Bound { return Bound{client: c} }

// Set fills the variable {name}.
func (b Bound) Set(name, value string) Bound {
	b.vars = append(b.vars[:len(b.vars):len(b.vars)], variable{name, &value})
	return b
}

type leaf struct {
	bound  Bound
	path   string
	preset []Option // what the catalogue knows of the endpoint
}

// Path is the endpoint's path, its variables unfilled.
func (l leaf) Path() string { return l.path }

func (l leaf) call(method string, opts []Option) *call {
	if len(l.preset) > 0 {
		opts = append(l.preset[:len(l.preset):len(l.preset)], opts...)
	}
	return l.bound.client.newCall(method, l.path, l.bound.vars, opts)
}

// GET is an endpoint that is read, without query parameters.
type GET[Resp any] struct{ leaf }

// NewGET is for generated code.
func NewGET[Resp any](b Bound, path string, preset ...Option) GET[Resp] {
	return GET[Resp]{leaf{b, path, preset}}
}

// Get makes the call. See [Chain] for its errors; [*DecodeError] comes with
// the reply, of a call that succeeded.
func (e GET[Resp]) Get(ctx context.Context, opts ...Option) (*Resp, error) {
	return typed[Resp](ctx, e.call("GET", opts))
}

// GetAsync is Get as a promise.
func (e GET[Resp]) GetAsync(ctx context.Context, opts ...Option) *Promise[*Resp] {
	return typedAsync[Resp](ctx, e.call("GET", opts))
}

// QUERY is an endpoint that is read, with query parameters.
type QUERY[Query, Resp any] struct{ leaf }

// NewQUERY is for generated code.
func NewQUERY[Query, Resp any](b Bound, path string, preset ...Option) QUERY[Query, Resp] {
	return QUERY[Query, Resp]{leaf{b, path, preset}}
}

// Get makes the call; a nil query sends none. See [GET.Get] for its errors.
func (e QUERY[Query, Resp]) Get(ctx context.Context, query *Query, opts ...Option) (*Resp, error) {
	return typed[Resp](ctx, withQuery(e.call("GET", opts), query))
}

// GetAsync is Get as a promise.
func (e QUERY[Query, Resp]) GetAsync(ctx context.Context, query *Query, opts ...Option) *Promise[*Resp] {
	return typedAsync[Resp](ctx, withQuery(e.call("GET", opts), query))
}

// POST is an endpoint that takes a body.
type POST[Req, Resp any] struct{ leaf }

// NewPOST is for generated code.
func NewPOST[Req, Resp any](b Bound, path string, preset ...Option) POST[Req, Resp] {
	return POST[Req, Resp]{leaf{b, path, preset}}
}

// Post makes the call. See [GET.Get] for its errors.
func (e POST[Req, Resp]) Post(ctx context.Context, in *Req, opts ...Option) (*Resp, error) {
	return typed[Resp](ctx, withBody(e.call("POST", opts), in))
}

// PostAsync is Post as a promise.
func (e POST[Req, Resp]) PostAsync(ctx context.Context, in *Req, opts ...Option) *Promise[*Resp] {
	return typedAsync[Resp](ctx, withBodyLater(e.call("POST", opts), in))
}

// PATCH is an endpoint that changes a part.
type PATCH[Req, Resp any] struct{ leaf }

// NewPATCH is for generated code.
func NewPATCH[Req, Resp any](b Bound, path string, preset ...Option) PATCH[Req, Resp] {
	return PATCH[Req, Resp]{leaf{b, path, preset}}
}

// Patch makes the call. See [GET.Get] for its errors.
func (e PATCH[Req, Resp]) Patch(ctx context.Context, in *Req, opts ...Option) (*Resp, error) {
	return typed[Resp](ctx, withBody(e.call("PATCH", opts), in))
}

// PatchAsync is Patch as a promise.
func (e PATCH[Req, Resp]) PatchAsync(ctx context.Context, in *Req, opts ...Option) *Promise[*Resp] {
	return typedAsync[Resp](ctx, withBodyLater(e.call("PATCH", opts), in))
}

// DELETE is an endpoint that ends something.
type DELETE[Resp any] struct{ leaf }

// NewDELETE is for generated code.
func NewDELETE[Resp any](b Bound, path string, preset ...Option) DELETE[Resp] {
	return DELETE[Resp]{leaf{b, path, preset}}
}

// Delete makes the call. See [GET.Get] for its errors.
func (e DELETE[Resp]) Delete(ctx context.Context, opts ...Option) (*Resp, error) {
	return typed[Resp](ctx, e.call("DELETE", opts))
}

// DeleteAsync is Delete as a promise.
func (e DELETE[Resp]) DeleteAsync(ctx context.Context, opts ...Option) *Promise[*Resp] {
	return typedAsync[Resp](ctx, e.call("DELETE", opts))
}

// What follows is instantiated for every endpoint, so it only hands over to code
// that is compiled once.

func typed[Resp any](ctx context.Context, c *call) (*Resp, error) {
	out := new(Resp)
	replied, err := c.into(ctx, out)
	if !replied {
		out = nil
	}
	return out, err
}

func typedAsync[Resp any](ctx context.Context, c *call) *Promise[*Resp] {
	return start(func() (*Resp, error) { return typed[Resp](ctx, c) })
}

func withBody[Req any](c *call, in *Req) *call { return c.setRequest(in, in == nil) }

// withBodyLater is withBody for a promise.
func withBodyLater[Req any](c *call, in *Req) *call {
	return c.guarded(func() { c.setRequest(in, in == nil) })
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
	if _, none := out.(*None); !none && (len(result.Body) > 0 || result.Status == http.StatusOK) {
		err = result.Decode(out)
	}
	if keeper, ok := out.(interface{ setResult(*Result) }); ok {
		keeper.setResult(result)
	}
	return true, err
}

// setRequest sets a typed body; None has none.
func (c *call) setRequest(in any, missing bool) *call {
	if _, none := in.(*None); none {
		return c
	}
	if missing {
		c.fail("the request is nil")
		return c
	}
	return c.marshal(in)
}

// withQuery adds the fields of a query struct: those tagged query:"name", an
// empty one left out where the tag ends in ",omitempty".
func withQuery[Query any](c *call, query *Query) *call {
	if query == nil {
		return c
	}
	return c.queryOf(reflect.ValueOf(query).Elem())
}

func (c *call) queryOf(v reflect.Value) *call {
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("query"), ",")
		field := v.Field(i)
		if name == "" || options == "omitempty" && field.IsZero() {
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
