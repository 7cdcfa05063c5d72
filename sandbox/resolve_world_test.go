package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// halt makes the calls of a scenario until one is of an operation: that one it keeps, and ends the
// goroutine.
type halt struct {
	c    *catalogue.Catalogue
	api  http.Handler
	at   string          // the operation; "" for none
	seen map[string]bool // the operations that were called
	call *halted
}

// halted is a call that was not made yet.
type halted struct {
	op     *catalogue.Operation
	vars   map[string]string
	query  string
	body   []byte
	fields wire.Fields // of APIv2
}

func (h *halt) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	if op, vars, ok := h.c.Match(r.Method, r.URL.EscapedPath()); ok {
		if h.seen[op.ID()] = true; op.ID() == h.at {
			h.call = &halted{op: op, vars: vars, query: r.URL.RawQuery, body: body}
			if op.Family.Protocol == catalogue.ProtocolV2 {
				h.call.fields, _ = wire.ParseXML(body)
			}
			runtime.Goexit()
		}
	}
	in := r.Clone(r.Context())
	in.Body, in.RequestURI = io.NopCloser(bytes.NewReader(body)), r.URL.RequestURI()
	out := httptest.NewRecorder()
	h.api.ServeHTTP(out, in)
	return out.Result(), nil
}

// haltingWorld is a world whose client is the halt.
func (i *isolated) haltingWorld(m ledger.Merchant) *world {
	i.Helper()
	w := newWorld(i.T, sandbox.WithMerchant(m))
	i.worlds = append(i.worlds, w)
	i.cfg, i.calls, i.halt.api = w.ClientConfig(), i.halt, w.Handler()
	i.settle(w)
	return w
}

// run plays a scenario until its halt, and gives the world as it is then.
func (h *halt) run(t *testing.T, scenario func(*isolated)) *world {
	t.Helper()
	i := &isolated{T: t, halt: h}
	var done sync.WaitGroup
	done.Go(func() { scenario(i) })
	done.Wait()
	if len(i.worlds) == 0 {
		t.Fatal("the scenario made no world")
	}
	return i.worlds[len(i.worlds)-1]
}

// make makes the call, by a client of the sandbox's own.
func (c *halted) make(ctx context.Context, w *world, client *wxpay.Client) error {
	w.t.Helper()
	var opts []wxpay.Option
	for name, value := range c.vars {
		opts = append(opts, wxpay.Path(name, value))
	}
	if c.op.MTLS {
		opts = append(opts, wxpay.MTLS())
	}
	chain, body := client.Chain(c.op.SDKPath()), any(nil)
	switch {
	case c.fields != nil:
		fields := map[string]string{}
		for name, value := range c.fields {
			if name != "sign" && name != "nonce_str" {
				fields[name] = value
			}
		}
		body = fields
	case len(c.body) > 0:
		body = json.RawMessage(c.body)
	}
	var err error
	switch c.op.Method {
	case "POST":
		_, err = chain.Post(ctx, body, opts...)
	case "PATCH":
		_, err = chain.Patch(ctx, body, opts...)
	case "DELETE":
		_, err = chain.Delete(ctx, opts...)
	default:
		w.t.Fatalf("%s: nobody knows how to make it", c.op.ID())
	}
	return err
}

// says is the value of a member anywhere in the call, the first of its name.
func (c *halted) says(name string) string {
	if value := c.vars[name]; value != "" {
		return value
	}
	if c.fields != nil {
		return c.fields[name]
	}
	var find func(v any) string
	find = func(v any) string {
		switch v := v.(type) {
		case map[string]any:
			if s, ok := v[name].(string); ok {
				return s
			}
			for _, inner := range v {
				if s := find(inner); s != "" {
					return s
				}
			}
		case []any:
			for _, inner := range v {
				if s := find(inner); s != "" {
					return s
				}
			}
		}
		return ""
	}
	var body any
	_ = json.Unmarshal(c.body, &body)
	return find(body)
}

// isOf says whether the operation's path ends so.
func (c *halted) isOf(ends ...string) bool {
	for _, end := range ends {
		if strings.HasSuffix(c.op.Path, end) {
			return true
		}
	}
	return false
}
