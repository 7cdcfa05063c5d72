package sandbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What happens to keys while merchants run. Each has a REST twin.

// changeKeys changes what is kept of a merchant's keys, and the merchant.
func (e *engine) changeKeys(mchid string, f func(*savedKeys, *merchant) error) error {
	return e.registry.change(func(r *registered) error {
		m := r.merchants[mchid]
		if m == nil {
			return fmt.Errorf("sandbox: there is no merchant %s", mchid)
		}
		var applied *registered
		err := e.step(context.Background(), func(s *step) error {
			k, err := get[savedKeys](s.Tx, mchid)
			if errors.Is(err, store.ErrNotFound) {
				k, err = &savedKeys{MchID: mchid}, nil
			}
			if err != nil {
				return err
			}
			if err := f(k, m); err != nil {
				return err
			}
			applied = r.clone()
			if err := k.apply(applied); err != nil {
				return err
			}
			if err := applied.saveFormer(s.Tx, mchid); err != nil {
				return err
			}
			return put(s.Tx, k)
		})
		if err == nil {
			*r = *applied
		}
		return err
	})
}

// apply puts the replaced keys into the registry.
func (s *savedKeys) apply(r *registered) error {
	old := r.merchants[s.MchID]
	if old == nil {
		return nil // of a merchant that this start is without
	}
	next, err := r.kinds.parse(s.replaced(old.Merchant))
	if err != nil {
		return err
	}
	for _, serial := range s.Retired {
		r.retired[serial] = s.MchID
	}
	return r.put(next)
}

// replaced is the merchant with the keys that were replaced.
func (s *savedKeys) replaced(m Merchant) Merchant {
	if s.APIv3Key != "" {
		m.APIv3Key = wxpay.NewSecret(s.APIv3Key)
	}
	if s.Certificate != "" {
		m.Certificate, m.PrivateKey = s.Certificate, wxpay.NewSecret(s.PrivateKey)
	}
	if s.KeyMode != nil {
		m.KeyMode = *s.KeyMode
	}
	return m
}
