package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/listener"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// routes says where notifications really go. Merchants give WeChat Pay public
// addresses; a sandbox calls this machine only. So a URL of this machine is
// called as it is, a URL somebody registered goes to its handler or target, and
// any other is never dialled.
type routes struct {
	anywhere  bool             // targets need not be on this machine
	Listeners []netip.AddrPort // the sandbox's own, which are never called; set before it serves
	Direct    *http.Transport

	adding sync.Mutex // held while one is saved and added, which reading does not wait for
	mu     sync.Mutex
	list   []route
}

type route struct {
	prefix  *url.URL // scheme, host and perhaps the beginning of a path; nil for every address elsewhere
	handler http.Handler
	target  *url.URL // when there is no handler

	laid  ledger.Listener // of one that was laid; see laid.go
	heard time.Time       // when its program last asked what was sent, zero for never
}

// everywhere is the prefix of every address that is not on this machine.
const everywhere = "*"

func (r *route) name() string {
	if r.prefix == nil {
		return everywhere
	}
	return r.prefix.String()
}

func newRoutes(anywhere bool) *routes {
	r := &routes{anywhere: anywhere}
	r.Direct = &http.Transport{
		Proxy: nil, DialContext: r.dial, MaxIdleConnsPerHost: 16, IdleConnTimeout: 90 * time.Second,
		MaxResponseHeaderBytes: answerLimit,
	}
	return r
}

// notForwarded is the error of a forward that another start might take.
type notForwarded struct{ prefix, host, why string }

func (n *notForwarded) Error() string {
	return fmt.Sprintf("sandbox: forward %s to %s: %s", n.prefix, n.host, n.why)
}

// plainPrefix gives prefixes that mean the same one spelling.
func plainPrefix(p *url.URL) {
	usual := portOf(&url.URL{Scheme: p.Scheme})
	p.Host = strings.TrimSuffix(strings.ToLower(p.Host), ":"+usual)
	p.Path, p.RawPath = strings.TrimSuffix(p.Path, "/"), strings.TrimSuffix(p.RawPath, "/")
}

// Add registers a route once it is saved, replacing one with the same prefix.
func (r *routes) Add(prefix string, handler http.Handler, target string, save func() error) error {
	next := route{handler: handler}
	if err := r.parse(&next, prefix, target); err != nil {
		return err
	}
	r.adding.Lock()
	defer r.adding.Unlock()
	if err := save(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = slices.DeleteFunc(slices.Clone(r.list), func(old route) bool {
		return old.laid.ID == "" && old.name() == next.name()
	})
	r.list = append(r.list, next)
	return nil
}

// parse reads where a route comes from and leads to.
func (r *routes) parse(next *route, prefix, target string) error {
	if prefix != everywhere {
		p, ok := registry.ParseAddress(prefix)
		if !ok || p.RawQuery != "" {
			return errors.New("sandbox: the prefix of a forward is the beginning of a notification URL, such as " +
				"https://yourapp.com, or * for every address that is not on this machine")
		}
		prefix = p.String()
		plainPrefix(p)
		next.prefix = p
	}
	if next.handler != nil {
		return nil
	}
	var ok bool
	switch next.target, ok = registry.ParseAddress(target); {
	case !ok || next.target.RawQuery != "":
		return &notForwarded{prefix, "its target",
			"want an address such as http://127.0.0.1:8080, with no password, query or fragment"}
	case !r.anywhere && !listener.IsLoopback(next.target.Hostname()):
		return &notForwarded{prefix, next.target.Host,
			"the sandbox only calls this machine; Config.AllowNonLoopback (wxpay sandbox --allow-network) lifts that"}
	case r.pointsAtSelf(next.target):
		return &notForwarded{prefix, next.target.Host,
			"that is the sandbox itself; give the address of the merchant's server"}
	}
	return nil
}

// resolve finds how to call a notification URL with an event. problem, when there is one, is a
// sentence about why it will not be called and what to do about it.
func (r *routes) resolve(raw, event string) (transport http.RoundTripper, target, problem string) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil, "", "the notification URL is not absolute"
	}
	r.mu.Lock()
	list := r.list
	r.mu.Unlock()
	var best *route
	for i := range list {
		if list[i].matches(u, event) && (best == nil || list[i].before(best)) {
			best = &list[i]
		}
	}
	switch {
	case best != nil && best.prefix == nil && listener.IsLoopback(u.Hostname()):
		return r.call(u)
	case best != nil && best.handler != nil:
		return handlerTransport{best.handler}, raw, ""
	case best != nil:
		if slices.Contains(strings.Split(u.Path, "/"), "..") {
			return nil, "", "the path of the notification URL has .. in it, which would lead out of the forward"
		}
		return r.call(best.forward(u))
	case listener.IsLoopback(u.Hostname()):
		return r.call(u)
	}
	origin := u.Scheme + "://" + u.Host
	return nil, "", fmt.Sprintf("%s is not on this machine and was not called. To receive it, forward the address: "+
		"Receive(%q, handler) in a test, wxpay listen, Config.Forward or POST /sandbox/forwards otherwise", origin,
		origin)
}

// Leads says where a notification for an address would be sent, or why it would not be.
func (r *routes) Leads(raw, event string) (target, problem string) {
	_, target, problem = r.resolve(raw, event)
	return target, problem
}

func (r *routes) call(u *url.URL) (transport http.RoundTripper, target, problem string) {
	if r.pointsAtSelf(u) {
		return nil, "", ownAddress(u.Host).Problem
	}
	return r.Direct, u.String(), ""
}

// forward is where an address goes that begins with the route's prefix. The rest of its
// path stays as it was written.
func (r *route) forward(u *url.URL) *url.URL {
	to := *r.target
	if r.laid.Exact {
		return &to
	}
	rest, _ := r.below(u)
	to.RawPath = strings.TrimSuffix(r.target.EscapedPath(), "/") + rest
	to.Path, _ = url.PathUnescape(to.RawPath) // both were paths
	return &to
}

// before says whether a route stands before one that was laid or added earlier.
func (r *route) before(other *route) bool {
	if mine, its := r.depth(), other.depth(); mine != its {
		return mine > its
	}
	return r.laid.ID != "" || other.laid.ID == ""
}

// depth is how much of an address a route names.
func (r *route) depth() int {
	if r.prefix == nil {
		return -1
	}
	return len(r.prefix.Path)
}

func (r *route) matches(u *url.URL, event string) bool {
	if !r.laid.Wants(event) || r.gone() {
		return false
	}
	if r.prefix == nil {
		return true
	}
	if !strings.EqualFold(u.Scheme, r.prefix.Scheme) || hostOf(u) != hostOf(r.prefix) {
		return false
	}
	_, ok := r.below(u)
	return ok
}

// below is what the path of an address has below the prefix, as it was written, and whether it
// begins with the prefix: segment by segment, for an escaped slash begins none.
func (r *route) below(u *url.URL) (rest string, ok bool) {
	rest = u.EscapedPath()
	if r.prefix == nil {
		return rest, true
	}
	prefix := strings.TrimSuffix(r.prefix.EscapedPath(), "/")
	if prefix == "" {
		return rest, true
	}
	for want := range strings.SplitSeq(strings.TrimPrefix(prefix, "/"), "/") {
		after, more := strings.CutPrefix(rest, "/")
		segment, _, _ := strings.Cut(after, "/")
		if !more || unescaped(segment) != unescaped(want) {
			return "", false
		}
		rest = after[len(segment):]
	}
	return rest, true
}

func unescaped(segment string) string {
	plain, _ := url.PathUnescape(segment) // of a path, which was parsed
	return plain
}

// hostOf is the host of an address and its port.
func hostOf(u *url.URL) string { return strings.ToLower(u.Hostname()) + ":" + portOf(u) }

// portOf is the port of an address, the one that is meant where none is said.
func portOf(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]) // url.Parse writes it small
}

func (r *routes) Forwards() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]string{}
	for _, route := range r.list {
		if route.laid.ID != "" {
			continue
		}
		to := "a handler of this process"
		if route.target != nil {
			to = route.target.String()
		}
		out[route.name()] = to
	}
	return out
}

// reachable says whether there is a way to a notification's merchant by now.
func (o *Outbox) reachable(p *push.Row) bool {
	_, _, problem := o.Routes.resolve(p.URL, p.Event)
	return problem == "" && o.Registry.Merchant(p.MchID) != nil
}

// Requeue sends what could not be delivered and now can, because a route came. What is on its way
// meanwhile is sent again by its attempt, which sees that there was a requeue.
func (o *Outbox) Requeue(ctx context.Context) error {
	o.requeues.Add(1)
	return o.Step(ctx, func(s *engine.Step) error {
		return push.Each(s, push.InState(ledger.PushUndeliverable), func(p *push.Row) error {
			if !o.reachable(p) || p.Schedule == rows.AskedOnce.Name { // nobody waits for the answer any more
				return nil
			}
			p.Again(s.Now)
			s.Pushed = true
			return rows.Put(s.Tx, p)
		})
	})
}

// SavedForward is a forward that was asked for while the sandbox ran.
type SavedForward struct {
	rows.Rev
	Prefix string `json:"prefix"`
	Target string `json:"target"`
}

func (s *SavedForward) RowKind() string { return "forward" }
func (s *SavedForward) Row() store.Row  { return store.Row{ID: samePrefix(s.Prefix)} }

// samePrefix is the one spelling of a prefix that is kept.
func samePrefix(prefix string) string {
	p, err := url.Parse(prefix)
	if err != nil || prefix == everywhere {
		return prefix
	}
	plainPrefix(p)
	return p.String()
}

func (s *SavedForward) Owner() string { return "" }

// recall has the store's forwards back.
func (o *Outbox) recall() error {
	return o.View(context.Background(), func(s *engine.Step) error {
		return engine.Each(s.Tx, func(f *SavedForward) error {
			err := o.Routes.Add(f.Prefix, nil, f.Target, engine.Unsaved)
			if no := (*notForwarded)(nil); errors.As(err, &no) {
				s.Logf("%v. It stays in the store and is left out for now", err)
				return nil
			}
			return err
		})
	})
}
