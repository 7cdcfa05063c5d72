package wxpay

import "context"

// Chain is a client and a path, for any endpoint there is:
//
//	c.Chain("v3/edu-papay/contracts/presign").Post(ctx, body)
//	c.Chain("v3/pay/transactions/id/{transaction_id}").Get(ctx, wxpay.Path("transaction_id", "42"))
//
// A path may bring a query, with {variables} too: "v3/bill/tradebill?bill_date={date}".
//
// What is written into the path itself appears in errors, and so in logs; what
// fills a {variable} does not: that is the place for an openid.
//
// A body is a struct or map to marshal, or raw JSON as json.RawMessage, []byte or string, or
// a type or pointer that is one of those underneath; nil sends none, and is nil itself, not a
// pointer or a map that is nil. An io.Reader is read by the caller first. The bytes signed are the
// bytes sent.
//
// Errors: [*RequestError] when the call could not be right and was not sent,
// [*Error] when WeChat Pay refused, [*SignatureError] when the reply cannot be
// shown to be WeChat Pay's, [*TransportError] when no whole reply came.
//
// A Chain is a value; extending it leaves the original as it was.
type Chain struct {
	client *Client
	path   string
	vars   []variable
}

// Chain starts at a path, with or without its leading slash.
func (c *Client) Chain(path string) Chain {
	return Chain{client: c, path: joinPath("", path)}
}

// Chain goes further down the path.
func (e Chain) Chain(path string) Chain {
	e.path = joinPath(e.path, path)
	return e
}

// Path fills the variable {name}, as the option [Path] does.
func (e Chain) Path(name, value string) Chain {
	e.vars = append(e.vars[:len(e.vars):len(e.vars)], variable{name, &value})
	return e
}

// String is the path, its variables unfilled.
func (e Chain) String() string { return e.path }

// Get sends a GET.
func (e Chain) Get(ctx context.Context, opts ...Option) (*Result, error) {
	return e.call("GET", nil, opts).do(ctx)
}

// Post sends a POST.
func (e Chain) Post(ctx context.Context, body any, opts ...Option) (*Result, error) {
	return e.call("POST", body, opts).do(ctx)
}

// Put sends a PUT.
func (e Chain) Put(ctx context.Context, body any, opts ...Option) (*Result, error) {
	return e.call("PUT", body, opts).do(ctx)
}

// Patch sends a PATCH.
func (e Chain) Patch(ctx context.Context, body any, opts ...Option) (*Result, error) {
	return e.call("PATCH", body, opts).do(ctx)
}

// Delete sends a DELETE.
func (e Chain) Delete(ctx context.Context, opts ...Option) (*Result, error) {
	return e.call("DELETE", nil, opts).do(ctx)
}

// GetAsync is Get as a promise.
func (e Chain) GetAsync(ctx context.Context, opts ...Option) *Promise[*Result] {
	return e.async(ctx, "GET", nil, opts)
}

// PostAsync is Post as a promise.
func (e Chain) PostAsync(ctx context.Context, body any, opts ...Option) *Promise[*Result] {
	return e.async(ctx, "POST", body, opts)
}

// PutAsync is Put as a promise.
func (e Chain) PutAsync(ctx context.Context, body any, opts ...Option) *Promise[*Result] {
	return e.async(ctx, "PUT", body, opts)
}

// PatchAsync is Patch as a promise.
func (e Chain) PatchAsync(ctx context.Context, body any, opts ...Option) *Promise[*Result] {
	return e.async(ctx, "PATCH", body, opts)
}

// DeleteAsync is Delete as a promise.
func (e Chain) DeleteAsync(ctx context.Context, opts ...Option) *Promise[*Result] {
	return e.async(ctx, "DELETE", nil, opts)
}

func (e Chain) call(method string, body any, opts []Option) *call {
	return e.client.newCall(method, e.path, e.vars, opts).marshal(body)
}

func (e Chain) async(ctx context.Context, method string, body any, opts []Option) *Promise[*Result] {
	c := e.client.newCall(method, e.path, e.vars, opts)
	c.guarded(func() { c.marshal(body) })
	return start(c, func() (*Result, error) { return c.do(ctx) })
}
