// Package leaf is what the generated chain under api ends in: a leaf is an endpoint
// with the methods it takes. You meet one at the end of a chain, such as
//
//	edupapay.Of(c).Contracts.Presign // a Poster: it has Post and PostAsync
//
// and never make one by hand: [wxpay.Client.Chain] calls any path.
//
// It knows the client by [wxpay.Call] alone. Start reading at [Bound] and [Poster]; the others are
// like it.
package leaf

import (
	"context"
	"slices"

	"github.com/wxpay-go/wxpay"
)

// Bound is a client and the path variables filled so far.
type Bound struct {
	client *wxpay.Client
	vars   []wxpay.Option
}

// Bind starts a chain.
func Bind(c *wxpay.Client) Bound { return Bound{client: c} }

// Set fills the variable {name}.
func (b Bound) Set(name, value string) Bound {
	b.vars = append(b.vars[:len(b.vars):len(b.vars)], wxpay.Path(name, value))
	return b
}

// Preset gives what the catalogue knows every call of an endpoint needs. It is a
// function, so that a chain which is not called costs nothing.
type Preset func() []wxpay.Option

type endpoint struct {
	bound  Bound
	path   string
	preset Preset
}

func newEndpoint(b Bound, path string, preset []Preset) endpoint {
	e := endpoint{bound: b, path: path}
	if len(preset) > 0 {
		e.preset = preset[0]
	}
	return e
}

// Path is the endpoint's path, its variables unfilled.
func (e endpoint) Path() string { return e.path }

// options puts what the chain knows before what the caller gives.
func (e endpoint) options(opts []wxpay.Option) []wxpay.Option {
	var all []wxpay.Option
	if e.preset != nil {
		all = e.preset()
	}
	switch {
	case len(all)+len(e.bound.vars) == 0:
		return opts
	case len(e.bound.vars)+len(opts) == 0:
		return all
	}
	return slices.Concat(e.bound.vars, all, opts)
}

func call[Resp any](e endpoint, method string, query, body any, opts []wxpay.Option) wxpay.Call[Resp] {
	return wxpay.Call[Resp]{
		Client: e.bound.client, Method: method, Path: e.path, Query: query, Body: body, Options: e.options(opts),
	}
}

// Getter is an endpoint that is read, without query parameters.
type Getter[Resp any] struct{ endpoint }

// NewGetter is for generated code.
func NewGetter[Resp any](b Bound, path string, preset ...Preset) Getter[Resp] {
	return Getter[Resp]{newEndpoint(b, path, preset)}
}

// Get makes the call. See [wxpay.Chain] for its errors; [*wxpay.DecodeError] comes
// with the reply, of a call that succeeded.
func (e Getter[Resp]) Get(ctx context.Context, opts ...wxpay.Option) (*Resp, error) {
	return call[Resp](e.endpoint, "GET", nil, nil, opts).Do(ctx)
}

// GetAsync is Get as a promise.
func (e Getter[Resp]) GetAsync(ctx context.Context, opts ...wxpay.Option) *wxpay.Promise[*Resp] {
	return call[Resp](e.endpoint, "GET", nil, nil, opts).Start(ctx)
}

// Querier is an endpoint that is read, with query parameters.
type Querier[Query, Resp any] struct{ endpoint }

// NewQuerier is for generated code.
func NewQuerier[Query, Resp any](b Bound, path string, preset ...Preset) Querier[Query, Resp] {
	return Querier[Query, Resp]{newEndpoint(b, path, preset)}
}

// Get makes the call; a nil query sends none. See [Getter.Get] for its errors.
func (e Querier[Query, Resp]) Get(ctx context.Context, query *Query, opts ...wxpay.Option) (*Resp, error) {
	return call[Resp](e.endpoint, "GET", query, nil, opts).Do(ctx)
}

// GetAsync is Get as a promise.
func (e Querier[Query, Resp]) GetAsync(ctx context.Context, query *Query, opts ...wxpay.Option) *wxpay.Promise[*Resp] {
	return call[Resp](e.endpoint, "GET", query, nil, opts).Start(ctx)
}

// Poster is an endpoint that takes a body. Those of APIv2 are called so too.
type Poster[Req, Resp any] struct{ endpoint }

// NewPoster is for generated code.
func NewPoster[Req, Resp any](b Bound, path string, preset ...Preset) Poster[Req, Resp] {
	return Poster[Req, Resp]{newEndpoint(b, path, preset)}
}

// Post makes the call. See [Getter.Get] for its errors.
func (e Poster[Req, Resp]) Post(ctx context.Context, in *Req, opts ...wxpay.Option) (*Resp, error) {
	return call[Resp](e.endpoint, "POST", nil, in, opts).Do(ctx)
}

// PostAsync is Post as a promise.
func (e Poster[Req, Resp]) PostAsync(ctx context.Context, in *Req, opts ...wxpay.Option) *wxpay.Promise[*Resp] {
	return call[Resp](e.endpoint, "POST", nil, in, opts).Start(ctx)
}

// Patcher is an endpoint that changes a part.
type Patcher[Req, Resp any] struct{ endpoint }

// NewPatcher is for generated code.
func NewPatcher[Req, Resp any](b Bound, path string, preset ...Preset) Patcher[Req, Resp] {
	return Patcher[Req, Resp]{newEndpoint(b, path, preset)}
}

// Patch makes the call. See [Getter.Get] for its errors.
func (e Patcher[Req, Resp]) Patch(ctx context.Context, in *Req, opts ...wxpay.Option) (*Resp, error) {
	return call[Resp](e.endpoint, "PATCH", nil, in, opts).Do(ctx)
}

// PatchAsync is Patch as a promise.
func (e Patcher[Req, Resp]) PatchAsync(ctx context.Context, in *Req, opts ...wxpay.Option) *wxpay.Promise[*Resp] {
	return call[Resp](e.endpoint, "PATCH", nil, in, opts).Start(ctx)
}

// Deleter is an endpoint that ends something.
type Deleter[Resp any] struct{ endpoint }

// NewDeleter is for generated code.
func NewDeleter[Resp any](b Bound, path string, preset ...Preset) Deleter[Resp] {
	return Deleter[Resp]{newEndpoint(b, path, preset)}
}

// Delete makes the call. See [Getter.Get] for its errors.
func (e Deleter[Resp]) Delete(ctx context.Context, opts ...wxpay.Option) (*Resp, error) {
	return call[Resp](e.endpoint, "DELETE", nil, nil, opts).Do(ctx)
}

// DeleteAsync is Delete as a promise.
func (e Deleter[Resp]) DeleteAsync(ctx context.Context, opts ...wxpay.Option) *wxpay.Promise[*Resp] {
	return call[Resp](e.endpoint, "DELETE", nil, nil, opts).Start(ctx)
}

// BodyDeleter is an endpoint that ends something and takes a body.
type BodyDeleter[Req, Resp any] struct{ endpoint }

// NewBodyDeleter is for generated code.
func NewBodyDeleter[Req, Resp any](b Bound, path string, preset ...Preset) BodyDeleter[Req, Resp] {
	return BodyDeleter[Req, Resp]{newEndpoint(b, path, preset)}
}

// Delete makes the call. See [Getter.Get] for its errors.
func (e BodyDeleter[Req, Resp]) Delete(ctx context.Context, in *Req, opts ...wxpay.Option) (*Resp, error) {
	return call[Resp](e.endpoint, "DELETE", nil, in, opts).Do(ctx)
}

// DeleteAsync is Delete as a promise.
func (e BodyDeleter[Req, Resp]) DeleteAsync(ctx context.Context, in *Req,
	opts ...wxpay.Option) *wxpay.Promise[*Resp] {
	return call[Resp](e.endpoint, "DELETE", nil, in, opts).Start(ctx)
}

// Page is a page of APIv2 that is opened in WeChat rather than called.
type Page[Req any] struct{ endpoint }

// NewPage is for generated code.
func NewPage[Req any](b Bound, path string, preset ...Preset) Page[Req] {
	return Page[Req]{newEndpoint(b, path, preset)}
}

// URL makes the signed address; see [wxpay.Chain.URL].
func (e Page[Req]) URL(in *Req, opts ...wxpay.Option) (string, error) {
	return e.bound.client.Chain(e.path).URL(in, e.options(opts)...)
}
