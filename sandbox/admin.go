package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/guide"
	"github.com/wxpay-go/wxpay/sandbox/internal/listener"
	"github.com/wxpay-go/wxpay/sandbox/internal/redact"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// admin is the REST side of the Go API, on a port of its own, under /sandbox/.
// Every answer is JSON; an error is {"error": a sentence} and, when a page
// refused the payer, its "reason".
type admin struct {
	*Sandbox
	anywhere bool
	mux      *http.ServeMux
	// sealedPaths is made when first asked for.
	sealedPaths func() [][]string
	guide       func() (*guide.Guide, error)
}

func newAdmin(s *Sandbox, anywhere bool) http.Handler {
	a := &admin{Sandbox: s, anywhere: anywhere, mux: http.NewServeMux(),
		sealedPaths: sync.OnceValue(func() [][]string { return findSealedPaths(s.engine) })}
	var calls []guide.Call
	for _, routes := range []map[string]adminRoute{
		a.worldRoutes(), a.eventRoutes(), a.listRoutes(), a.merchantRoutes(), a.payerRoutes(), a.productRoutes(),
		a.walletRoutes(), a.stateRoutes(), a.guideRoutes(), a.reportRoutes(),
	} {
		for pattern, route := range routes {
			a.mux.HandleFunc(matching(pattern), a.answer(pattern, route))
			calls = append(calls, guide.Call{Pattern: pattern, Body: route.body, Query: route.query})
		}
	}
	a.guide = sync.OnceValues(func() (*guide.Guide, error) { return guide.New(calls, answerTypes(), sameTypes()) })
	for _, part := range guide.Parts() {
		a.mux.HandleFunc("GET "+part.Path, func(w http.ResponseWriter, _ *http.Request) {
			writePage(w, part.Kind, part.Body)
		})
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		said := "the admin has no " + shown.Value(r.Method) + " " + shown.Value(r.URL.Path) +
			"; GET /sandbox/ lists what it has"
		a.write(w, r, http.StatusNotFound, engine.Document{"error": said})
	})
	return a
}

// adminError is an admin request that makes no sense.
type adminError struct {
	status  int
	message string
}

func (e *adminError) Error() string { return e.message }

func badCall(format string, args ...any) error {
	return &adminError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// ServeHTTP keeps web pages out before anything else: a page open in a browser on
// this machine can send requests to any local port.
func (a *admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(ledger.HeaderSandbox, engine.SandboxName)
	if err := a.checkOrigin(r); err != nil {
		a.write(w, r, http.StatusForbidden, engine.Document{"error": err.Error()})
		return
	}
	a.mux.ServeHTTP(w, r)
}

func (a *admin) checkOrigin(r *http.Request) error {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	switch host = strings.Trim(host, "[]"); {
	case !a.anywhere && !listener.IsLoopback(host):
		return errors.New("this admin is for this machine: the Host header must be 127.0.0.1, ::1 or localhost")
	case a.anywhere && !isOfNoWebSite(host):
		return errors.New("call this admin by an IP address, or by a name that no web site has: one without a dot, " +
			"or under " + strings.Join(privateNames, ", "))
	}
	for _, name := range []string{"Origin", "Sec-Fetch-Site", "Content-Type", ledger.HeaderSandbox} {
		if len(r.Header.Values(name)) > 1 { // two readers of them could go by another one each
			return errors.New("the header " + name + " is given twice")
		}
	}
	if r.Header.Get(ledger.HeaderSandbox) != "" {
		return errors.New("this is a notification of a sandbox, and the admin takes none: " +
			"its notify_url or forward must be the merchant's server")
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if u, err := url.Parse(origin); err != nil || u.Host != r.Host {
			return errors.New("this admin does not answer to other web sites: the Origin header is not its own")
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return errors.New("this admin does not answer to other web sites")
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	// A form of another site cannot send this type without being asked first.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return errors.New("send changes with Content-Type: application/json")
	}
	return nil
}

// privateNames are ends of names that nobody can register.
var privateNames = []string{".internal", ".local", ".localhost", ".lan", ".test", ".home.arpa"}

// isOfNoWebSite tells a host that no page can have come from but the admin's own: the name of a web
// site may be made to lead here once its page is loaded.
func isOfNoWebSite(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return !strings.Contains(host, ".") ||
		slices.ContainsFunc(privateNames, func(end string) bool { return strings.HasSuffix(host, end) })
}

// answer turns a route into a handler.
func (a *admin) answer(pattern string, route adminRoute) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if route.page != nil && wantsPage(r) && route.checkAddress(pattern, r) == nil && route.page(w, r) == nil {
			return
		}
		out, err := a.run(pattern, route, w, r)
		if err != nil {
			status, body := adminFailure(err)
			a.write(w, r, status, body)
			return
		}
		if out == nil {
			out = engine.Document{"ok": true}
		}
		if out = a.withoutSealed(out); route.asIs {
			writeAdmin(w, http.StatusOK, rows.EncodeJSON(out))
			return
		}
		a.write(w, r, http.StatusOK, out)
	}
}

func (a *admin) run(pattern string, route adminRoute, w http.ResponseWriter, r *http.Request) (any, error) {
	most := cmp.Or(route.most, a.front.MaxBody)
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return nil, badCall("the body did not come whole: it is longer than %d bytes, came too slowly, "+
			"or the connection broke", most)
	}
	if err := route.checkAddress(pattern, r); err != nil {
		return nil, err
	}
	return route.run(r, raw)
}

func adminFailure(err error) (int, engine.Document) {
	var page *ledger.PageError
	var bad *adminError
	switch {
	case errors.As(err, &page):
		status := http.StatusConflict
		if page.Reason == ledger.PageUnknown {
			status = http.StatusNotFound
		}
		return status, engine.Document{"error": shown.Line(page.Message, shown.MaxLine),
			"reason": string(page.Reason)}
	case errors.As(err, &bad):
		return bad.status, engine.Document{"error": shown.Line(bad.message, shown.MaxLine)}
	case errors.Is(err, store.ErrClosed), errors.Is(err, store.ErrConflict):
		return http.StatusServiceUnavailable, engine.Document{"error": err.Error()}
	}
	return http.StatusInternalServerError, engine.Document{"error": shown.Line(err.Error(), shown.MaxLine)}
}

// write answers without the merchants' keys, whatever they were written into.
func (a *admin) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	keys := redact.Redaction{Secrets: a.engine.Registry.Secrets()}
	writeAdmin(w, status, keys.Literals(r.Context(), rows.EncodeJSON(body)))
}

func writeAdmin(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(shown.JSON(body), '\n'))
}

// need says which values a call lacks.
func need(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			return badCall("the body needs %q, a string", pairs[i])
		}
	}
	return nil
}
