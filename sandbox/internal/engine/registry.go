package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// registry is everybody the sandbox knows: merchants with their plans, and
// people with their openids. Reading is free; a change makes a new copy.
//
// A change lies between two transactions of the engine and never beside one: whoever finds out
// who somebody is and writes by it has committed before that changes, or has not begun.
type registry struct {
	mu    sync.RWMutex // held by writers, and for reading by every transaction
	state atomic.Pointer[registered]
}

type registered struct {
	kinds     products
	merchants map[string]*Merchant
	serials   map[string]*Merchant // by the serial number of the API certificate
	order     []string             // merchant ids as they came
	appids    []string             // every one a merchant ever had, as they came
	people    map[string]person    // by openid
	retired   map[string]string    // merchant ids by the serial numbers of former certificates
	former    map[string][]string  // keys that were replaced, by merchant id, at most keptKeys each
	secrets   secretTexts          // those and the ones in use, gathered by every change
}

// person is one WeChat user, who has another openid under every appid.
type person struct {
	ID      string            // one of the openids, the same as long as anything is theirs
	told    []string          // the openids somebody told of, the first one first
	openIDs map[string]string // by appid, as told
	made    map[string]string // by appid, where none was told; see introduce
}

func newRegistry(kinds products) *registry {
	r := &registry{}
	r.state.Store(&registered{kinds: kinds, merchants: map[string]*Merchant{}, serials: map[string]*Merchant{},
		people:  map[string]person{},
		retired: map[string]string{}, former: map[string][]string{}})
	return r
}

func (r *registry) Merchant(mchid string) *Merchant { return r.state.Load().merchants[mchid] }

func (r *registry) BySerial(serial string) *Merchant { return r.state.Load().serials[serial] }

// All lists the merchants in the order they were added.
func (r *registry) All() []*Merchant {
	s := r.state.Load()
	out := make([]*Merchant, 0, len(s.order))
	for _, id := range s.order {
		out = append(out, s.merchants[id])
	}
	return out
}

// known is what a signature is explained by.
func (r *registry) known() (out []explain.Keys) {
	for _, m := range r.All() {
		out = append(out, m.known())
	}
	return out
}

func (m *Merchant) known() explain.Keys {
	return explain.Keys{MchID: m.MchID, Serial: m.Serial, Public: m.RSA, APIv3: m.APIv3Key.Reveal(),
		APIv2: m.APIv2Key.Reveal()}
}

// First is the merchant that was added first, nil when there is none.
func (r *registry) First() *Merchant {
	if all := r.All(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// Person finds who is behind an openid. An openid nobody registered is a person
// of its own.
func (r *registry) Person(openid string) person {
	if p, ok := r.state.Load().people[openid]; ok {
		return p
	}
	return person{ID: openid}
}

// OpenID is the person's openid under appid. Of somebody nobody registered no other is known.
func (p person) OpenID(appid, other string) string {
	return cmp.Or(p.openIDs[appid], p.made[appid], other)
}

// change replaces the state by what f makes of a copy, of what is not saved or was before.
func (r *registry) change(f func(*registered) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.state.Load().clone()
	if err := f(next); err != nil {
		return err
	}
	r.publish(next)
	return nil
}

func (r *registry) publish(next *registered) {
	next.secrets = next.gather()
	r.state.Store(next)
}

// register changes who is known and saves it, both or neither. f may run again.
func (e *Engine) register(f func(*registered, *Step) error) error {
	next := e.Registry.state.Load()
	alone := func(ctx context.Context, act func(*Step) error) error {
		e.Registry.mu.Lock()
		defer e.Registry.mu.Unlock()
		if err := e.update(ctx, act); err != nil {
			return err
		}
		e.Registry.publish(next)
		return nil
	}
	return e.stepBy(context.Background(), alone, func(s *Step) error {
		next = e.Registry.state.Load().clone()
		return f(next, s)
	})
}

func (s *registered) clone() *registered {
	return &registered{
		kinds: s.kinds, merchants: maps.Clone(s.merchants), serials: maps.Clone(s.serials),
		order: slices.Clone(s.order), appids: slices.Clone(s.appids),
		people: maps.Clone(s.people), retired: maps.Clone(s.retired), former: maps.Clone(s.former),
	}
}

// retired says whose former certificate a serial number is, "" for nobody's.
func (r *registry) retired(serial string) string { return r.state.Load().retired[serial] }

// Secrets are the merchants' keys that are strings, and those that were replaced meanwhile: a call
// that came before is written down after.
func (r *registry) Secrets() secretTexts { return r.state.Load().secrets }

// putMerchant adds a merchant or replaces the one of the same id.
func (r *registry) putMerchant(m *Merchant) error {
	return r.change(func(s *registered) error { return s.put(m) })
}

func (s *registered) put(m *Merchant) error {
	if other := s.serials[m.Serial]; other != nil && other.MchID != m.MchID {
		return fmt.Errorf("sandbox: merchant %s has the API certificate of merchant %s", m.MchID, other.MchID)
	}
	if old := s.merchants[m.MchID]; old != nil {
		if s.serials[old.Serial] == old { // and nobody else's by now
			delete(s.serials, old.Serial)
		}
		s.replace(old, m)
	} else {
		s.order = append(s.order, m.MchID)
	}
	s.merchants[m.MchID], s.serials[m.Serial] = m, m
	s.meet(m.AppIDs)
	return nil
}

// keptKeys is how many of the keys that were replaced are known, of each merchant: the newest.
const keptKeys = 100

// replace remembers the keys of a merchant that are not those of the next.
func (s *registered) replace(old, next *Merchant) {
	former := slices.Clone(s.former[old.MchID])
	for _, key := range old.keys() {
		if !slices.Contains(next.keys(), key) && !slices.Contains(former, key) {
			former = append(former, key)
		}
	}
	s.former[old.MchID] = former[max(0, len(former)-keptKeys):]
}

// putPlan gives a plan to a merchant, or changes the one it has.
func (s *registered) putPlan(mchid string, p ledger.Plan) error {
	old := s.merchants[mchid]
	if old == nil {
		return fmt.Errorf("sandbox: there is no merchant %s to give plan %s to", Shown(mchid), Shown(p.ID))
	}
	m := old.Merchant
	m.Plans = slices.DeleteFunc(slices.Clone(m.Plans), func(q ledger.Plan) bool {
		return q.ID == p.ID && q.Product == p.Product
	})
	m.Plans = append(m.Plans, p)
	next, err := s.kinds.Parse(m)
	if err != nil {
		return err
	}
	return s.put(next)
}

// gather makes registered.secrets.
func (s *registered) gather() (out secretTexts) {
	for _, keys := range s.former {
		for _, key := range keys {
			out.add(key)
		}
	}
	for _, m := range s.merchants {
		for _, key := range m.keys() {
			out.add(key)
		}
	}
	return out
}
