package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/authority"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/listener"
	"github.com/wxpay-go/wxpay/sandbox/internal/outbox"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Sandbox is a running one: an API listener, an admin listener, and everything
// behind them. It is safe for concurrent use.
type Sandbox struct {
	machine
	api, admin *http.Server
	authority  *authority.Authority
	url        string
	tlsURL     string
	adminURL   string
	closing    sync.Once
	closed     error
}

// Start runs a sandbox until Close. Tests use [New]. When it fails, nothing is
// left running, and Config.Store is still open: whoever opened it closes it.
func Start(c Config) (*Sandbox, error) { return start(c, everything()) }

func start(c Config, plays *engine.Repertoire) (*Sandbox, error) {
	if c.Merchants == nil {
		c.Merchants = []ledger.Merchant{DefaultMerchant()}
	}
	c.Merchants = append([]ledger.Merchant(nil), c.Merchants...)
	if c.Keys == nil {
		var err error
		if c.Keys, err = GenerateKeys(); err != nil {
			return nil, err
		}
	}
	for i, kinds := 0, plays.Kinds(); i < len(c.Merchants); i++ {
		if err := registry.CheckNew(kinds, c.Merchants[i]); err != nil {
			return nil, err
		}
		if err := GenerateMerchantKeys(&c.Merchants[i]); err != nil {
			return nil, err
		}
	}
	engine.SetDefault(&c.Addr, "127.0.0.1:0")
	engine.SetDefault(&c.AdminAddr, "127.0.0.1:0")
	authority, err := authorityOf(c.Keys)
	if err != nil {
		return nil, err
	}
	m, err := assemble(c, plays)
	if err != nil {
		return nil, err
	}
	var open []net.Listener
	fail := func(err error) (*Sandbox, error) {
		for _, l := range open {
			l.Close()
		}
		return nil, err
	}
	for _, addr := range []string{c.Addr, c.AdminAddr} {
		l, err := listener.Listen(addr, c.AllowNonLoopback)
		if err != nil {
			return fail(err)
		}
		open = append(open, l)
		m.outbox.Routes.Listeners = append(m.outbox.Routes.Listeners, l.Addr().(*net.TCPAddr).AddrPort())
	}
	for prefix, target := range c.Forward {
		if err := m.outbox.Routes.Add(prefix, nil, target, engine.Unsaved); err != nil {
			return fail(err)
		}
	}
	if err := m.outbox.Requeue(context.Background()); err != nil { // this start may forward what the last one did not
		return fail(fmt.Errorf("sandbox: %w", err))
	}
	s := &Sandbox{machine: m, authority: authority, url: "http://" + listener.FromHere(open[0]),
		tlsURL: "https://" + listener.FromHere(open[0]), adminURL: "http://" + listener.FromHere(open[1])}
	s.api = listener.ServeAPI(open[0], m.front, s.door(open[0].Addr()), m.engine.Logf)
	s.admin = listener.Serve(open[1], newAdmin(s, !m.outbox.Routes.Listeners[1].Addr().Unmap().IsLoopback()),
		m.engine.Logf)
	go m.outbox.Worker.Run()
	return s, nil
}

// Close stops the listeners and the notifications and closes the store.
func (s *Sandbox) Close() error {
	s.closing.Do(func() {
		s.outbox.Worker.Stop()
		s.outbox.Routes.Direct.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		stop := func(h *http.Server) error {
			if err := h.Shutdown(ctx); err != nil {
				return h.Close() // somebody holds on to a connection
			}
			return nil
		}
		s.closed = errors.Join(stop(s.api), stop(s.admin))
		if err := s.front.Journal.Close(); err != nil {
			s.closed = errors.Join(s.closed, fmt.Errorf("sandbox: store the journal: %w", err))
		}
		s.closed = errors.Join(s.closed, s.engine.Store.Close())
	})
	return s.closed
}

// URL is where the API is, from this machine: what a client's Config.Host should be.
func (s *Sandbox) URL() string { return s.url }

// AdminURL is where the admin is.
func (s *Sandbox) AdminURL() string { return s.adminURL }

// Advance moves the clock by d and makes every notification attempt on the way,
// each at its moment; it returns when the last one has been answered. Twenty-four hours of
// retries take as long as the merchant needs to answer them. Those of one moment are made one after
// the other under a stopped clock, and beside each other under a running one.
//
// It goes forwards only; Clock.Set goes both ways. It is an error, and nothing happens, to go
// beyond the end of 2261, the clock's last year. When something falls due again and again at one
// moment, so that time would never pass, Advance stops there with an error that names it, and under
// a running clock after ten minutes of the machine's time. On a closed sandbox it returns
// [store.ErrClosed].
func (s *Sandbox) Advance(d time.Duration) error {
	return s.outbox.Worker.Advance(context.Background(), d)
}

// Settle makes the notification attempts that are due now, those included that
// the merchant's own calls bring about, and waits for those under way. A test
// calls it between an action and the look at what the merchant made of it. Under a running clock a
// merchant that does not answer in time is not waited for twice: what else is due to it the
// background sends.
//
// Do not call Settle or Advance from a handler of notifications: they wait for it.
func (s *Sandbox) Settle() error { return s.outbox.Worker.Settle(context.Background()) }

// Receive has notifications for addresses that begin with prefix, such as
// "https://yourapp.com", handled by h in this process. Notifications that could
// not be delivered before are sent now.
func (s *Sandbox) Receive(prefix string, h http.Handler) error {
	if h == nil {
		return errors.New("sandbox: Receive needs a handler")
	}
	if err := s.outbox.Routes.Add(prefix, h, "", engine.Unsaved); err != nil {
		return err
	}
	return s.outbox.Requeue(context.Background())
}

// Forward has notifications for addresses that begin with prefix sent to target.
func (s *Sandbox) Forward(prefix, target string) error {
	save := func() error { return s.engine.Save(&outbox.SavedForward{Prefix: prefix, Target: target}) }
	if err := s.outbox.Routes.Add(prefix, nil, target, save); err != nil {
		return err
	}
	return s.outbox.Requeue(context.Background())
}

// Inject arms faults: all of them, or none if one makes no sense.
func (s *Sandbox) Inject(list ...fault.Fault) error {
	_, err := s.faults.Arm(list...)
	return err
}

// Faults lists what was injected and not cleared, with how often each was applied.
func (s *Sandbox) Faults() []fault.Armed { return s.faults.List() }

// ClearFaults disarms every fault. What has happened has happened.
func (s *Sandbox) ClearFaults() { s.faults.Clear("") }

// Calm disarms every fault, those of [fault.Chaos] included, so that from now on nothing goes
// wrong, and says how many might have struck once more. [Sandbox.Reset] arms those of the start
// again.
func (s *Sandbox) Calm() (disarmed int) { return s.faults.Calm() }

// AddMerchant registers a merchant, or replaces the one with its id, and returns
// it with whatever keys were made for it. Notifications that waited for it are sent.
//
// Under an appid that is new, whoever was told of by AddPayer gets an openid by themselves, and
// what is stored under it is theirs. Where they have a wallet or contracts and that openid has some
// too, AddMerchant is an error and changes nothing.
func (s *Sandbox) AddMerchant(m ledger.Merchant) (ledger.Merchant, error) {
	if err := registry.CheckNew(s.engine.Products, m); err != nil {
		return m, err
	}
	if err := GenerateMerchantKeys(&m); err != nil {
		return m, err
	}
	parsed, err := registry.Parse(s.engine.Products, m)
	if err != nil {
		return m, err
	}
	if err := s.engine.AddMerchant(parsed); err != nil {
		return m, err
	}
	return m, s.outbox.Requeue(context.Background()) // what waited for the merchant
}

// AddPlan gives a merchant a plan or service, or changes the one it has.
func (s *Sandbox) AddPlan(mchid string, p ledger.Plan) error {
	if err := registry.CheckNewPlan(s.engine.Products, p); err != nil {
		return err
	}
	return s.engine.AddPlan(mchid, p)
}

// AddPayer says that these openids, by appid, are one person, and whoever was said to be one with
// either is the same person too: for good, also after a restart. They keep the wallet and the
// contracts that one of them has. Under an appid that is not named they get an openid by
// themselves, made of one that was named, and what is stored under those is theirs as well. Where
// two of all these have a wallet or contracts, AddPayer is an error and changes nothing. Somebody
// of whom nothing was said has one openid everywhere.
func (s *Sandbox) AddPayer(openIDs map[string]string) error { return s.engine.AddPerson(openIDs) }

// Merchants lists the merchants with their key material.
func (s *Sandbox) Merchants() []ledger.Merchant {
	var out []ledger.Merchant
	for _, m := range s.engine.Registry.All() {
		out = append(out, m.Merchant)
	}
	return out
}

// Format prints where the sandbox is. What is behind it changes meanwhile, and
// holds keys.
func (s *Sandbox) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sandbox.Sandbox{URL: %q, AdminURL: %q, …}", s.url, s.adminURL)
}
