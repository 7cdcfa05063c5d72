package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What was registered while the sandbox ran is kept in its store, beside what the
// registered bring about, and is there again when it starts on the same store.
// Merchants, plans and people in the store come after those of Config and win;
// forwards of Config win, for they are how this start was asked to run.

type savedMerchant struct {
	rev
	Merchant Merchant `json:"merchant"`
}

// MarshalJSON writes the keys, which [Merchant] does not.
func (s *savedMerchant) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"merchant": withKeys(s.Merchant)})
}

func (s *savedMerchant) kind() string   { return "merchant" }
func (s *savedMerchant) row() store.Row { return store.Row{ID: s.Merchant.MchID} }

type savedPlan struct {
	rev
	MchID string `json:"mchid"`
	Plan  Plan   `json:"plan"`
}

func (s *savedPlan) kind() string { return "plan" }
func (s *savedPlan) row() store.Row {
	return store.Row{ID: joined(s.MchID, string(s.Plan.Product), s.Plan.ID), Keys: []string{"mchid:" + s.MchID}}
}

// savedKeys are what was replaced of a merchant's keys since it was registered.
type savedKeys struct {
	rev
	MchID       string   `json:"mchid"`
	APIv3Key    string   `json:"api_v3_key,omitempty"`
	Certificate string   `json:"certificate,omitempty"`
	PrivateKey  string   `json:"private_key,omitempty"`
	KeyMode     *KeyMode `json:"key_mode,omitempty"`
	Retired     []string `json:"retired,omitempty"` // serial numbers of former certificates
}

func (s *savedKeys) kind() string   { return "merchant-keys" }
func (s *savedKeys) row() store.Row { return store.Row{ID: s.MchID} }

// savedFormer are the keys a merchant had, oldest first: the journal blanks them after a restart
// too.
type savedFormer struct {
	rev
	MchID string   `json:"mchid"`
	Keys  []string `json:"keys"`
}

func (s *savedFormer) kind() string   { return "former-keys" }
func (s *savedFormer) row() store.Row { return store.Row{ID: s.MchID} }

// saveFormer saves the keys that a merchant has given up.
func (s *registered) saveFormer(tx store.Tx, mchid string) error {
	if len(s.former[mchid]) == 0 {
		return nil
	}
	return save(tx, &savedFormer{MchID: mchid, Keys: s.former[mchid]})
}

// savedClock is how far a running clock was moved from the machine's.
type savedClock struct {
	rev
	Offset time.Duration `json:"offset"`
}

func (s *savedClock) kind() string   { return "clock" }
func (s *savedClock) row() store.Row { return store.Row{ID: "clock"} }

// keepTime is [Clock].keep of a clock that runs.
func (e *engine) keepTime(t time.Time) error { return e.save(&savedClock{Offset: time.Until(t)}) }

// recallTime sets the clock to where it was when the store was last used.
func (e *engine) recallTime() error {
	return e.view(context.Background(), func(s *step) error {
		saved, err := get[savedClock](s.Tx, (&savedClock{}).row().ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		e.clock.set(time.Now().Add(saved.Offset))
		return nil
	})
}

type savedForward struct {
	rev
	Prefix string `json:"prefix"`
	Target string `json:"target"`
}

func (s *savedForward) kind() string   { return "forward" }
func (s *savedForward) row() store.Row { return store.Row{ID: samePrefix(s.Prefix)} }

// samePrefix is the one spelling of a prefix that is kept.
func samePrefix(prefix string) string {
	p, err := url.Parse(prefix)
	if err != nil {
		return prefix
	}
	plainPrefix(p)
	return p.String()
}

// save writes an entity whatever was there under its id.
func save(tx store.Tx, e entity) error {
	old, err := tx.Get(e.kind(), e.row().ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := readable(e.kind(), old); err != nil {
		return err
	}
	*e.revision() = old.Rev
	return put(tx, e)
}

func (e *engine) save(what entity) error {
	return e.step(context.Background(), func(s *step) error { return save(s.Tx, what) })
}

// unsaved stands for save where what is registered is not kept, or is already.
// Whatever is kept is saved before it counts, so that a save that fails changes
// nothing.
func unsaved() error { return nil }

// addMerchant replaces all that is known of the merchant.
func (e *engine) addMerchant(m *merchant) error {
	return e.registry.change(func(r *registered) error {
		if err := r.put(m); err != nil {
			return err
		}
		return e.step(context.Background(), func(s *step) error {
			plans, err := find[savedPlan](s.Tx, "mchid:"+m.MchID, 0)
			if err != nil {
				return err
			}
			for _, p := range plans {
				if err := s.Delete(p.kind(), p.row().ID, p.n); err != nil {
					return err
				}
			}
			keys, err := get[savedKeys](s.Tx, m.MchID)
			if err == nil {
				err = s.Delete(keys.kind(), keys.MchID, keys.n)
			}
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err := r.saveFormer(s.Tx, m.MchID); err != nil {
				return err
			}
			return save(s.Tx, &savedMerchant{Merchant: m.Merchant})
		})
	})
}

// recall registers what the store remembers.
func (e *engine) recall() error {
	return e.view(context.Background(), func(s *step) error {
		if err := e.registry.change(func(r *registered) error { return recallMerchants(s.Tx, r) }); err != nil {
			return err
		}
		if err := each(s.Tx, func(p *savedPlan) error {
			if e.registry.merchant(p.MchID) == nil {
				return nil // of a merchant that this start is without
			}
			if _, err := e.productOf(p, p.Plan.Product); err != nil {
				return err
			}
			return e.registry.putPlan(p.MchID, p.Plan, unsaved)
		}); err != nil {
			return err
		}
		if err := e.recallPeople(s); err != nil {
			return err
		}
		if err := each(s.Tx, func(f *savedForward) error {
			err := e.routes.add(f.Prefix, nil, f.Target, unsaved)
			if no := (*notForwarded)(nil); errors.As(err, &no) {
				e.logf("%v. It stays in the store and is left out for now", err)
				return nil
			}
			return err
		}); err != nil {
			return err
		}
		return each(s.Tx, func(c *savedCertificate) error { return e.keys.add(c, unsaved) })
	})
}

// recallMerchants registers the merchants in the store, and the keys that were replaced of
// whomever. A certificate that one of them gave up may be another's by now, so all give up theirs
// first.
func recallMerchants(tx store.Tx, r *registered) error {
	if err := each(tx, func(f *savedFormer) error {
		r.former[f.MchID] = f.Keys
		return nil
	}); err != nil {
		return err
	}
	keys := map[string]*savedKeys{}
	if err := each(tx, func(k *savedKeys) error {
		keys[k.MchID] = k
		if old := r.merchants[k.MchID]; old != nil {
			delete(r.serials, old.serial)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := each(tx, func(m *savedMerchant) error {
		if old := r.merchants[m.Merchant.MchID]; old != nil {
			delete(r.serials, old.serial)
		}
		return nil
	}); err != nil {
		return err
	}
	if err := each(tx, func(m *savedMerchant) error {
		if k := keys[m.Merchant.MchID]; k != nil {
			m.Merchant = k.replaced(m.Merchant)
		}
		parsed, err := r.kinds.parse(m.Merchant)
		if err != nil {
			return err
		}
		return r.put(parsed)
	}); err != nil {
		return err
	}
	return each(tx, func(k *savedKeys) error { return k.apply(r) })
}

func each[E any, P interface {
	*E
	entity
}](tx store.Tx, f func(P) error) error {
	list, err := find[E, P](tx, "", 0)
	if err != nil {
		return err
	}
	for _, one := range list {
		if err := f(one); err != nil {
			if errors.As(err, new(*misreadRow)) {
				return err
			}
			return fmt.Errorf("the store's %s %s: %w", one.kind(), shown(one.row().ID), err)
		}
	}
	return nil
}
