package sandbox

import (
	"context"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/listener"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// Handler is the API without its listener, to measure it without a network.
func (s *Sandbox) Handler() http.Handler { return s.front }

// AdminHandler is the admin without its listener.
func (s *Sandbox) AdminHandler() http.Handler { return newAdmin(s, false) }

// Played is the endpoints that have a behaviour, by catalogue id.
func (s *Sandbox) Played() map[string]bool {
	played := map[string]bool{}
	for id, b := range s.front.Behaviours {
		played[id] = b.Run != nil
	}
	for path, end := range s.front.XML {
		method := http.MethodPost
		if end.Page != nil || end.Get {
			method = http.MethodGet
		}
		played[method+" "+path] = true
	}
	return played
}

// WithRounds bounds how often what falls due at one moment may bring about more.
func WithRounds(n int) Option { return func(c *Config) { c.rounds = n } }

// Kept is how many notifications and sessions there may be before those that ended go.
func Kept(n int) Option { return func(c *Config) { c.kept = n } }

// Longest bounds how long a walk may take.
func Longest(c *Config, d time.Duration) { c.longest = d }

// Late is when a walk waits for nothing that falls due from then on.
func Late(c *Config, d time.Duration) { c.late = d }

// Serve has a handler served as the sandbox's own listeners serve theirs.
func Serve(l net.Listener, h http.Handler) *http.Server {
	return listener.Serve(l, h, shown.Log(nil))
}

// ServeAPI has a sandbox's API served on another listener, as on its own.
func (s *Sandbox) ServeAPI(l net.Listener, logf func(format string, args ...any)) *http.Server {
	return listener.ServeAPI(l, s.front, s.door(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}), shown.Log(logf))
}

// AdvanceContext is Sandbox.Advance as the admin calls it.
func AdvanceContext(ctx context.Context, s *Sandbox, d time.Duration) error {
	return s.outbox.Worker.Advance(ctx, d)
}

// StartPlaying starts a sandbox that plays p in the place of the product of that name.
func StartPlaying(c Config, p *engine.Product) (*Sandbox, error) {
	plays := everything()
	for i, old := range plays.Products {
		if old.Name == p.Name {
			plays.Products[i] = p
		}
	}
	return start(c, plays)
}

// Unexplained lists what the guide to the admin lacks words for, or has words for that there is
// not.
func (s *Sandbox) Unexplained() ([]string, error) {
	g, err := newAdmin(s, false).(*admin).guide()
	if err != nil {
		return nil, err
	}
	return g.Gaps(), nil
}

// StateKinds are the kinds of rows that a document of the state has.
func StateKinds() []string { return append(slices.Collect(maps.Keys(entities)), ownKinds...) }
