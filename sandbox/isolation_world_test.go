package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// isolated is one run of a scenario: by a merchant with an intruder behind it, or by its twin.
type isolated struct {
	*testing.T
	tried  *tried
	again  bool // it is the twin's
	shares bool // the twin has the same sub-merchants, and the merchant itself for one
	worlds []*world
	cfg    wxpay.Config      // of who runs it
	calls  http.RoundTripper // makes its calls
	halt   *halt             // where it ends, of a run without an intruder
}

// world is where the scenario runs. The merchant has these plans besides the default ones.
func (i *isolated) world(plans ...ledger.Plan) *world {
	i.Helper()
	if i.again {
		return i.twinsWorld()
	}
	m := sandbox.DefaultMerchant()
	m.Plans = append(m.Plans, plans...)
	if i.halt != nil {
		return i.haltingWorld(m)
	}
	other := twin(m)
	if i.shares {
		other.SubMerchants = append(other.SubMerchants, m.SubMerchants...)
	}
	kept := &dryStore{Store: store.NewMemory()}
	w := newWorld(i.T, sandbox.WithMerchant(m), sandbox.WithMerchant(other), sandbox.WithStore(kept))
	i.worlds = append(i.worlds, w)
	behind := &intruder{T: i.T, tried: i.tried, api: w.Handler(), kept: kept, shares: i.shares}
	behind.known = map[string]bool{}
	var err error
	behind.cfg, err = w.ClientConfigFor(other.MchID)
	w.ok(err)
	i.cfg, i.calls = w.ClientConfig(), behind
	i.settle(w)
	return w
}

// twinsWorld is the next world of the first run, back at its start, for the twin.
func (i *isolated) twinsWorld() *world {
	i.Helper()
	w := *i.worlds[0]
	i.worlds = i.worlds[1:]
	w.ok(w.Settle()) // the first one's last notifications
	w.Clock().Set(start)
	first := w.Merchants()[0]
	var err error
	i.cfg, err = w.ClientConfigFor(twin(first).MchID)
	w.ok(err)
	i.calls = &translator{api: w.Handler(), cfg: i.cfg, ids: twinIDs(first)}
	i.settle(&w)
	w.inbox = &inbox{t: i.T, keys: w.client.Keys()}
	w.ok(w.Receive("https://yourapp.com", w.inbox))
	return &w
}

// settle gives the world the client of who runs the scenario.
func (i *isolated) settle(w *world) {
	i.Helper()
	cfg := i.cfg
	cfg.HTTPClient = &http.Client{Transport: i.calls}
	client, err := wxpay.New(cfg)
	w.ok(err)
	w.client = client
}

// xmlWorld is world for APIv2.
func (i *isolated) xmlWorld() *xmlWorld {
	i.Helper()
	w := i.world()
	out := &xmlWorld{t: i.T, Sandbox: w.Sandbox, client: w.client, key: i.cfg.APIv2Key.Reveal()}
	out.ok(w.Receive("https://yourapp.com", out))
	return out
}

// open opens a signing page as a browser does.
func (i *isolated) open(w *xmlWorld, path string, f map[string]string) {
	w.t.Helper()
	address, err := w.client.Chain("v2/" + path).URL(f)
	w.ok(err)
	r, err := http.NewRequest(http.MethodGet, address, http.NoBody)
	w.ok(err)
	answer, err := i.calls.RoundTrip(r)
	w.ok(err)
	answer.Body.Close()
}

// twin is the merchant with everything another merchant has, under other ids.
func twin(m ledger.Merchant) ledger.Merchant {
	ids := twinIDs(m)
	all := func(of []string) (out []string) {
		for _, id := range of {
			out = append(out, ids[id])
		}
		return out
	}
	other := ledger.Merchant{MchID: ids[m.MchID], AppIDs: all(m.AppIDs),
		APIv2Key: wxpay.NewSecret(strings.Repeat("7", 32))}
	for _, p := range m.Plans {
		p.ID, p.Owner = ids[p.ID], ids[p.Owner]
		other.Plans = append(other.Plans, p)
	}
	for _, s := range m.SubMerchants {
		other.SubMerchants = append(other.SubMerchants, ledger.SubMerchant{MchID: ids[s.MchID], AppIDs: all(s.AppIDs)})
	}
	return other
}

// twinIDs are the ids that the merchant's twin has, by the merchant's.
func twinIDs(m ledger.Merchant) map[string]string {
	ids := append([]string{m.MchID}, m.AppIDs...)
	for _, p := range m.Plans {
		ids = append(ids, p.ID, p.Owner)
	}
	for _, s := range m.SubMerchants {
		ids = append(append(ids, s.MchID), s.AppIDs...)
	}
	out := map[string]string{}
	for _, id := range ids {
		out[id] = shifted(id, toTwins)
	}
	return out
}

// How far shifted shifts the letters and digits of an id: not at all, to one that the twin has, or
// to one that nobody has.
const asIs, toTwins, toNobodys = 0, 1, 3

func shifted(id string, by int) string {
	out := []rune(id)
	for i := min(2, max(0, len(out)-2)); i < len(out); i++ { // not the wx, 42 and 19 that ids begin with
		for _, set := range []struct{ first, n rune }{{'0', 10}, {'a', 26}, {'A', 26}} {
			if n := out[i] - set.first; n >= 0 && n < set.n {
				out[i] = set.first + (n+rune(by))%set.n
				break
			}
		}
	}
	return string(out)
}

// translator makes the calls of the first merchant's scenario in the twin's name.
type translator struct {
	api http.Handler
	cfg wxpay.Config
	ids map[string]string
}

func (t *translator) RoundTrip(r *http.Request) (*http.Response, error) {
	m, _, err := messageOf(r)
	if err != nil {
		return nil, err
	}
	m = m.replaced(func(member, value string) (string, bool) {
		if id := t.ids[value]; id != "" && kindOf(member) == party {
			return id, false
		}
		return value, false // what the twin got to know is its own already
	})
	if r, err = m.signed(&t.cfg); err != nil {
		return nil, err
	}
	out := httptest.NewRecorder()
	t.api.ServeHTTP(out, r)
	return out.Result(), nil
}
