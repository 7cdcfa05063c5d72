package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
)

// atHosts sends calls for WeChat Pay's own hosts to the sandbox, and remembers the last of them.
type atHosts struct {
	sandbox *url.URL
	host    string
	kind    string // Content-Type
}

func (h *atHosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.host, h.kind = r.URL.Host, r.Header.Get("Content-Type")
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = h.sandbox.Scheme, h.sandbox.Host, h.sandbox.Host
	return http.DefaultTransport.RoundTrip(r)
}

// reach is a client that believes to call WeChat Pay itself.
func (w *world) reach() (*wxpay.Client, *atHosts) {
	w.t.Helper()
	address, err := url.Parse(w.URL())
	w.ok(err)
	hosts := &atHosts{sandbox: address}
	cfg := w.ClientConfig()
	cfg.Host, cfg.HTTPClient = "", &http.Client{Transport: hosts}
	c, err := wxpay.New(cfg)
	w.ok(err)
	return c, hosts
}

// Every known endpoint is called as the catalogue says it is: at its host, in its form, rightly
// signed. The journal names the endpoint, and the merchant only where the signature was right.
func TestEveryKnownEndpointCanBeCalled(t *testing.T) {
	t.Parallel()
	all := catalogue.AllKnown()
	const parts = 4
	for part := range parts {
		t.Run(fmt.Sprint("part ", part), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c, hosts := w.reach()
			for i, k := range all {
				if i%parts != part {
					continue
				}
				w.reaches(c, hosts, k)
			}
		})
	}
}

var nameless = regexp.MustCompile(`\{[^}]*\}`)

func (w *world) reaches(c *wxpay.Client, hosts *atHosts, k catalogue.Known) {
	w.t.Helper()
	e := k.Exchange()
	want := e.Host
	if want == "" {
		want = "api.mch.weixin.qq.com"
	}
	if e.Kind == catalogue.KindPage {
		address, err := c.Chain(k.SDKPath()).URL(map[string]string{"appid": "wxd678efh567hg6787", "version": "1.0"})
		if err != nil || !strings.HasPrefix(address, "https://"+want+k.Path+"?") {
			w.t.Errorf("%s: %s %v", k.ID(), address, err)
		}
		return
	}
	hosts.host, hosts.kind = "", ""
	_, err := w.calls(c, k)
	var refused *wxpay.Error
	if err != nil && !errors.As(err, &refused) {
		w.t.Errorf("%s: %v", k.ID(), err)
		return
	}
	if hosts.host != want {
		w.t.Errorf("%s went to %q, want %s", k.ID(), hosts.host, want)
	}
	if multipart := strings.HasPrefix(hosts.kind, "multipart/form-data; boundary="); multipart !=
		(e.Kind == catalogue.KindUpload) {
		w.t.Errorf("%s was sent as %s", k.ID(), hosts.kind)
	}
	journal, err := w.Journal(0, 1)
	w.ok(err)
	// Two endpoints differ only in what a variable is called.
	last, shape := journal[0], func(id string) string { return nameless.ReplaceAllString(id, "{}") }
	if shape(last.Operation) != shape(k.ID()) || last.MchID == "" || last.Code == "SIGN_ERROR" ||
		strings.Contains(last.Unsupported, "unknown path") {
		w.t.Errorf("%s is written down as %q of %q: %d %s %s", k.ID(), last.Operation, last.MchID, last.Status,
			last.Code, last.Hint)
	}
}

// calls makes the call of an endpoint with the examples of the catalogue, or with next to nothing.
func (w *world) calls(c *wxpay.Client, k catalogue.Known) (*wxpay.Result, error) {
	w.t.Helper()
	ctx, e := context.Background(), k.Exchange()
	op := described(w.t).Operation(k.ID())
	chain := c.Chain(k.SDKPath())
	for segment := range strings.SplitSeq(k.Path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			chain = chain.Path(strings.TrimSuffix(name, "}"), "20260901")
		}
	}
	var options []wxpay.Option
	if e.MTLS {
		options = append(options, wxpay.MTLS())
	}
	var body any = map[string]any{"note": "called"}
	if op != nil && op.Body != nil {
		options = append(options, wxpay.Sensitive(op.EncryptedBody()...))
		body = string(op.Sample())
	}
	v2 := strings.HasPrefix(k.SDKPath(), "v2/")
	if v2 {
		body = map[string]string{"appid": "wxd678efh567hg6787", "note": "called"}
	}
	switch {
	case e.Kind == catalogue.KindUpload:
		given := map[string]bool{}
		for _, name := range slices.Concat(e.Upload.Required, e.Upload.Parts) {
			if !given[name] {
				options = append(options, wxpay.Member(name, "1"))
			}
			given[name] = true
		}
		return chain.Upload(ctx, fileFor(e.Upload), options...)
	case k.Method == "GET" && v2:
		return chain.Get(ctx, append(options, wxpay.Query("appid", "wxd678efh567hg6787"))...)
	case k.Method == "GET":
		return chain.Get(ctx, options...)
	case e.Kind == catalogue.KindBody:
		return chain.DeleteWith(ctx, body, options...)
	case k.Method == "DELETE":
		return chain.Delete(ctx, options...)
	case k.Method == "PUT":
		return chain.Put(ctx, body, options...)
	case k.Method == "PATCH":
		return chain.Patch(ctx, body, options...)
	}
	return chain.Post(ctx, body, options...)
}

// fileFor is a file that an endpoint takes.
func fileFor(u *catalogue.Upload) wxpay.File {
	name := "file.png"
	if len(u.Extensions) > 0 {
		name = "file." + u.Extensions[0]
	}
	return wxpay.FileOf(name, bytes.Repeat([]byte("content"), 100))
}

// Of what is out of the ordinary every upload and every DELETE with a body succeeds here.
func TestUploadsAndDeletesSucceed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.reach()
	all, err := catalogue.Exchanges()
	w.ok(err)
	tried := 0
	for _, e := range all {
		k := catalogue.Known{Method: e.Method, Path: e.Path}
		if e.Kind != catalogue.KindUpload && e.Kind != catalogue.KindBody {
			continue
		}
		tried++
		op := described(t).Operation(k.ID())
		if e.Upload != nil {
			options := []wxpay.Option{wxpay.MTLS()}[:btoi(e.MTLS)]
			for _, p := range op.PathParams {
				options = append(options, wxpay.Path(p.Name, "20260901"))
			}
			for _, f := range op.Body.Fields {
				if !f.Required || f.Filled || e.Upload.Fills(f.Name) {
					continue
				}
				var value any = "1"
				if f.Type == catalogue.Integer {
					value = 310100
				}
				options = append(options, wxpay.Member(f.Name, value))
			}
			r, err := c.Chain(k.SDKPath()).Upload(t.Context(), fileFor(e.Upload), options...)
			if err != nil || !r.Verified() {
				t.Errorf("%s: %v", k.ID(), err)
				continue
			}
			if !strings.HasPrefix(k.SDKPath(), "v2/") {
				if v := op.CheckReply(r.Body); v != nil {
					t.Errorf("%s answers %s: %v", k.ID(), r.Body, v)
				}
			}
			continue
		}
		r, err := w.calls(c, k)
		if err != nil || r.Status != op.Success || !r.Verified() {
			t.Errorf("%s: %v", k.ID(), err)
			continue
		}
		if v := op.CheckReply(r.Body); v != nil {
			t.Errorf("%s answers %s: %v", k.ID(), r.Body, v)
		}
		if _, err := c.Chain(k.SDKPath()).Path("x", "1").Delete(t.Context()); err == nil {
			t.Errorf("%s: deleted without a body", k.ID())
		}
	}
	if tried != 20 {
		t.Errorf("%d endpoints are out of the ordinary in what they are sent, want 20", tried)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// What no merchant signs with is told from what the sandbox lacks, in the journal.
func TestAnEndpointThatIsLackingSaysWhoCalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := map[string]string{"appid": "wxd678efh567hg6787"}
	for _, c := range []*wxpay.Client{w.client, w.wrongKey()} {
		_, err := c.Chain("v2/mmpaymkttransfers/promotion/transfers").Post(t.Context(), body)
		var refused *wxpay.Error
		if !errors.As(err, &refused) || refused.Verified {
			t.Errorf("got %v", err)
		}
		journal, err := w.Journal(0, 1)
		w.ok(err)
		if known := journal[0].MchID != ""; known != (c == w.client) ||
			journal[0].Operation != "POST /mmpaymkttransfers/promotion/transfers" {
			t.Errorf("written down as %+v", journal[0])
		}
	}
}

// wrongKey is a client with an APIv2 key of its own.
func (w *world) wrongKey() *wxpay.Client {
	w.t.Helper()
	cfg := w.ClientConfig()
	cfg.APIv2Key = wxpay.NewSecret(strings.Repeat("k", 32))
	c, err := wxpay.New(cfg)
	w.ok(err)
	return c
}
