package registry

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/sandbox/internal/redact"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Registry is everybody the sandbox knows: merchants with their plans, and
// people with their openids. Reading is free; a change makes a new copy.
//
// A change lies between two transactions of the engine and never beside one: whoever finds out
// who somebody is and writes by it has committed before that changes, or has not begun.
type Registry struct {
	Mu    sync.RWMutex // held by writers, and for reading by every transaction
	State atomic.Pointer[State]
}

type State struct {
	Kinds     Kinds
	Merchants map[string]*Merchant
	Serials   map[string]*Merchant             // by the serial number of the API certificate
	order     []string                         // merchant ids as they came
	Appids    []string                         // every one a merchant ever had, as they came
	People    map[string]Person                // by the first openid told of them
	first     map[string]string                // that one, by each of their openids
	Touched   map[string]bool                  // who has changed since the copy was made, by it too
	Retired   map[string]string                // merchant ids by the serial numbers of former certificates
	Former    map[string][]string              // keys that were replaced, by merchant id, at most keptKeys each
	replaced  map[string][]explain.Certificate // API certificates that were, by merchant id
	secrets   redact.Secrets                   // those and the ones in use, gathered by every change
}

func New(kinds Kinds) *Registry {
	r := &Registry{}
	r.State.Store(&State{Kinds: kinds, Merchants: map[string]*Merchant{}, Serials: map[string]*Merchant{},
		People: map[string]Person{}, first: map[string]string{}, Touched: map[string]bool{},
		Retired: map[string]string{}, Former: map[string][]string{}, replaced: map[string][]explain.Certificate{}})
	return r
}

// Of is a registry of this state, for who has to know it before it is everybody's.
func Of(s *State) *Registry {
	r := &Registry{}
	r.State.Store(s)
	return r
}

func (r *Registry) Merchant(mchid string) *Merchant { return r.State.Load().Merchants[mchid] }

func (r *Registry) BySerial(serial string) *Merchant { return r.State.Load().Serials[serial] }

// All lists the merchants in the order they were added.
func (r *Registry) All() []*Merchant { return r.State.Load().All() }

// All lists them in that order.
func (s *State) All() []*Merchant {
	out := make([]*Merchant, 0, len(s.order))
	for _, id := range s.order {
		out = append(out, s.Merchants[id])
	}
	return out
}

// First is the merchant that was added first, nil when there is none.
func (r *Registry) First() *Merchant {
	if all := r.All(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// Change replaces the state by what f makes of a copy, of what is not saved or was before.
func (r *Registry) Change(f func(*State) error) error {
	r.Mu.Lock()
	defer r.Mu.Unlock()
	next := r.State.Load().Clone()
	if err := f(next); err != nil {
		return err
	}
	r.Publish(next)
	return nil
}

func (r *Registry) Publish(next *State) {
	next.secrets = next.gather()
	r.State.Store(next)
}

func (s *State) Clone() *State {
	return &State{
		Kinds: s.Kinds, Merchants: maps.Clone(s.Merchants), Serials: maps.Clone(s.Serials),
		order: slices.Clone(s.order), Appids: slices.Clone(s.Appids),
		People: maps.Clone(s.People), first: maps.Clone(s.first), Touched: map[string]bool{},
		Retired: maps.Clone(s.Retired), Former: maps.Clone(s.Former), replaced: maps.Clone(s.replaced),
	}
}

// Retired says whose former certificate a serial number is, "" for nobody's.
func (r *Registry) Retired(serial string) string { return r.State.Load().Retired[serial] }

// Secrets are the merchants' keys that are strings, and those that were replaced meanwhile: a call
// that came before is written down after.
func (r *Registry) Secrets() redact.Secrets { return r.State.Load().secrets }

// PutMerchant adds a merchant or replaces the one of the same id.
func (r *Registry) PutMerchant(m *Merchant) error {
	return r.Change(func(s *State) error { return s.Put(m) })
}

func (s *State) Put(m *Merchant) error {
	if other := s.Serials[m.Serial]; other != nil && other.MchID != m.MchID {
		return fmt.Errorf("sandbox: merchant %s has the API certificate of merchant %s", m.MchID, other.MchID)
	}
	if old := s.Merchants[m.MchID]; old != nil {
		if s.Serials[old.Serial] == old { // and nobody else's by now
			delete(s.Serials, old.Serial)
		}
		s.replace(old, m)
	} else {
		s.order = append(s.order, m.MchID)
	}
	s.Merchants[m.MchID], s.Serials[m.Serial] = m, m
	return nil
}

// PutPlan gives a plan to a merchant, or changes the one it has.
func (s *State) PutPlan(mchid string, p ledger.Plan) error {
	old := s.Merchants[mchid]
	if old == nil {
		return fmt.Errorf("sandbox: there is no merchant %s to give plan %s to", shown.Value(mchid), shown.Value(p.ID))
	}
	m := old.Merchant
	m.Plans = slices.DeleteFunc(slices.Clone(m.Plans), func(q ledger.Plan) bool {
		return q.ID == p.ID && q.Product == p.Product
	})
	m.Plans = append(m.Plans, p)
	next, err := Parse(s.Kinds, m)
	if err != nil {
		return err
	}
	return s.Put(next)
}
