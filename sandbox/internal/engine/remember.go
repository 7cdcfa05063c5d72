package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What was registered while the sandbox ran is kept in its store, beside what the
// registered bring about, and is there again when it starts on the same store.
// Merchants and plans in the store come after those of Config and win; forwards of
// Config win, for they are how this start was asked to run. People of Config come
// after those in the store, and are kept.

type savedMerchant struct {
	rows.Rev
	Merchant ledger.Merchant `json:"merchant"`
}

// MarshalJSON writes the keys, which [Merchant] does not.
func (s *savedMerchant) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"merchant": WithKeys(s.Merchant)})
}

func (s *savedMerchant) RowKind() string { return "merchant" }
func (s *savedMerchant) Row() store.Row  { return store.Row{ID: s.Merchant.MchID} }

type savedPlan struct {
	rows.Rev
	MchID string      `json:"mchid"`
	Plan  ledger.Plan `json:"plan"`
}

func (s *savedPlan) RowKind() string { return "plan" }
func (s *savedPlan) Row() store.Row {
	return store.Row{ID: rows.Joined(s.MchID, string(s.Plan.Product), s.Plan.ID), Keys: []string{"mchid:" + s.MchID}}
}

// SavedKeys are what was replaced of a merchant's keys since it was registered.
type SavedKeys struct {
	rows.Rev
	MchID       string          `json:"mchid"`
	APIv3Key    string          `json:"api_v3_key,omitempty"`
	Certificate string          `json:"certificate,omitempty"`
	PrivateKey  string          `json:"private_key,omitempty"`
	KeyMode     *ledger.KeyMode `json:"key_mode,omitempty"`
	Retired     []string        `json:"retired,omitempty"` // serial numbers of former certificates
	Former      []string        `json:"former,omitempty"`  // the newest of those certificates, in PEM
}

func (s *SavedKeys) RowKind() string { return "merchant-keys" }
func (s *SavedKeys) Row() store.Row  { return store.Row{ID: s.MchID} }

// savedFormer are the keys a merchant had, oldest first: the journal blanks them after a restart
// too.
type savedFormer struct {
	rows.Rev
	MchID string   `json:"mchid"`
	Keys  []string `json:"keys"`
}

func (s *savedFormer) RowKind() string { return "former-keys" }
func (s *savedFormer) Row() store.Row  { return store.Row{ID: s.MchID} }

// saveFormer saves the keys that a merchant has given up.
func saveFormer(s *registry.State, tx store.Tx, mchid string) error {
	if len(s.Former[mchid]) == 0 {
		return nil
	}
	return save(tx, &savedFormer{MchID: mchid, Keys: s.Former[mchid]})
}

// savedClock is how far a running clock was moved from the machine's.
type savedClock struct {
	rows.Rev
	Offset time.Duration `json:"offset"`
}

func (s *savedClock) RowKind() string { return "clock" }
func (s *savedClock) Row() store.Row  { return store.Row{ID: "clock"} }

// keepTime is [Clock].keep of a clock that runs.
func (e *Engine) keepTime(t time.Time) error { return e.Save(&savedClock{Offset: time.Until(t)}) }

// recallTime sets the clock to where it was when the store was last used.
func (e *Engine) recallTime() error {
	return e.View(context.Background(), func(s *Step) error {
		saved, err := rows.Get[savedClock](s.Tx, (&savedClock{}).Row().ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		e.Clock.Show(time.Now().Add(saved.Offset))
		return nil
	})
}

// save writes an entity whatever was there under its id.
func save(tx store.Tx, e rows.Entity) error {
	old, err := tx.Get(e.RowKind(), e.Row().ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := rows.Readable(e.RowKind(), old); err != nil {
		return err
	}
	*e.Revision() = old.Rev
	return rows.Put(tx, e)
}

func (e *Engine) Save(what rows.Entity) error {
	return e.Step(context.Background(), func(s *Step) error { return save(s.Tx, what) })
}

// Unsaved stands for save where what is registered is not kept, or is already.
// Whatever is kept is saved before it counts, so that a save that fails changes
// nothing.
func Unsaved() error { return nil }

// AddMerchant replaces all that is known of the merchant.
func (e *Engine) AddMerchant(m *registry.Merchant) error {
	return e.register(func(r *registry.State, s *Step) error { return s.AddMerchant(r, m) })
}

// AddMerchant is the same in a step that registers.
func (s *Step) AddMerchant(r *registry.State, m *registry.Merchant) error {
	if err := r.Put(m); err != nil {
		return err
	}
	if err := r.Meet(m.AppIDs, s.owns); err != nil {
		return err
	}
	if err := s.forgetPlans(m.MchID); err != nil {
		return err
	}
	keys, err := rows.Get[SavedKeys](s.Tx, m.MchID)
	if err == nil {
		err = s.Delete(keys.RowKind(), keys.MchID, *keys.Revision())
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := errors.Join(saveFormer(r, s.Tx, m.MchID), saveAppIDs(r, s.Tx), s.SavePeople(r)); err != nil {
		return err
	}
	return save(s.Tx, &savedMerchant{Merchant: m.Merchant})
}

// forgetPlans drops the plans that a merchant was given.
func (s *Step) forgetPlans(mchid string) error {
	plans, err := rows.Find[savedPlan](s.Tx, "mchid:"+mchid, 0)
	for i := 0; err == nil && i < len(plans); i++ {
		err = s.Delete(plans[i].RowKind(), plans[i].Row().ID, *plans[i].Revision())
	}
	return err
}

// ChangeMerchant changes what a merchant has but for its keys.
func (s *Step) ChangeMerchant(r *registry.State, m *registry.Merchant) error {
	if err := errors.Join(r.Put(m), r.Meet(m.AppIDs, s.owns), s.forgetPlans(m.MchID), saveAppIDs(r, s.Tx),
		s.SavePeople(r)); err != nil {
		return err
	}
	return save(s.Tx, &savedMerchant{Merchant: m.Merchant})
}

// AddPlan gives a plan to a merchant, or changes the one it has.
func (e *Engine) AddPlan(mchid string, p ledger.Plan) error {
	return e.register(func(r *registry.State, s *Step) error { return s.AddPlan(r, mchid, p) })
}

// AddPlan is the same in a step that registers.
func (s *Step) AddPlan(r *registry.State, mchid string, p ledger.Plan) error {
	if err := r.PutPlan(mchid, p); err != nil {
		return err
	}
	return save(s.Tx, &savedPlan{MchID: mchid, Plan: p})
}

// recall registers what the store remembers, but for people.
func (e *Engine) recall() error {
	return e.View(context.Background(), func(s *Step) error {
		if err := e.Registry.Change(func(r *registry.State) error { return recallMerchants(s.Tx, r) }); err != nil {
			return err
		}
		if err := Each(s.Tx, func(p *savedPlan) error {
			if e.Registry.Merchant(p.MchID) == nil {
				return nil // of a merchant that this start is without
			}
			if _, err := e.ProductOf(p, p.Plan.Product); err != nil {
				return err
			}
			return e.Registry.Change(func(r *registry.State) error { return r.PutPlan(p.MchID, p.Plan) })
		}); err != nil {
			return err
		}
		return Each(s.Tx, func(c *registry.SavedCertificate) error { return e.Keys.Add(c, Unsaved) })
	})
}

// recallMerchants registers the merchants in the store, and the keys that were replaced of
// whomever. A certificate that one of them gave up may be another's by now, so all give up theirs
// first.
func recallMerchants(tx store.Tx, r *registry.State) error {
	if err := Each(tx, func(f *savedFormer) error {
		r.Former[f.MchID] = f.Keys
		return nil
	}); err != nil {
		return err
	}
	keys := map[string]*SavedKeys{}
	if err := Each(tx, func(k *SavedKeys) error {
		keys[k.MchID] = k
		if old := r.Merchants[k.MchID]; old != nil {
			delete(r.Serials, old.Serial)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := Each(tx, func(m *savedMerchant) error {
		if old := r.Merchants[m.Merchant.MchID]; old != nil {
			delete(r.Serials, old.Serial)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := Each(tx, func(m *savedMerchant) error {
		if k := keys[m.Merchant.MchID]; k != nil {
			m.Merchant = k.replaced(m.Merchant)
		}
		parsed, err := registry.Parse(r.Kinds, m.Merchant)
		if err != nil {
			return err
		}
		return r.Put(parsed)
	}); err != nil {
		return err
	}
	return Each(tx, func(k *SavedKeys) error { return k.apply(r) })
}

func Each[E any, P interface {
	*E
	rows.Entity
}](tx store.Tx, f func(P) error) error {
	list, err := rows.Find[E, P](tx, "", 0)
	if err != nil {
		return err
	}
	for _, one := range list {
		if err := f(one); err != nil {
			if rows.IsMisread(err) {
				return err
			}
			return fmt.Errorf("the store's %s %s: %w", one.RowKind(), shown.Value(one.Row().ID), err)
		}
	}
	return nil
}

func (s *savedMerchant) Owner() string { return s.Merchant.MchID }

func (s *savedPlan) Owner() string { return s.MchID }

func (s *SavedKeys) Owner() string { return s.MchID }

func (s *savedFormer) Owner() string { return s.MchID }

func (p *savedPerson) Owner() string { return "" }

func (s *savedAppIDs) Owner() string { return "" }

func (s *savedClock) Owner() string { return "" }

// Register changes who is known and what is there, both or neither. f may run again; what it does
// in the name of who is known by then it does in [Step.Knowing].
func (e *Engine) Register(f func(*registry.State, *Step) error) error { return e.register(f) }

// Knowing has the rest of a step know who is in r.
func (s *Step) Knowing(r *registry.State) {
	known := *s.Known
	known.Registry = registry.Of(r)
	s.Known = &known
}

// register changes who is known and saves it, both or neither. f may run again.
func (e *Engine) register(f func(*registry.State, *Step) error) error {
	alone, step := e.alone(f)
	return e.stepBy(context.Background(), alone, step)
}

// alone is the step that register makes of f, and the kind of transaction that it is made in.
func (e *Engine) alone(f func(*registry.State, *Step) error) (transact func(context.Context,
	func(*Step) error) error, step func(*Step) error) {
	var next *registry.State
	transact = func(ctx context.Context, act func(*Step) error) error {
		return e.update(ctx, &e.Registry.Mu, func(s *Step) error {
			next = nil // what falls due first may keep f from running
			return act(s)
		}, func() {
			if next != nil {
				e.Registry.Publish(next)
			}
		})
	}
	return transact, func(s *Step) error {
		next = e.Registry.State.Load().Clone()
		return f(next, s)
	}
}
