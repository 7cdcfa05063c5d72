package engine

import (
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What happens to keys while merchants run. Each has a REST twin.

// ChangeKeys changes what is kept of a merchant's keys, and the merchant.
func (e *Engine) ChangeKeys(mchid string, f func(*SavedKeys, *registry.Merchant) error) error {
	return e.register(func(r *registry.State, s *Step) error {
		m := r.Merchants[mchid]
		if m == nil {
			return fmt.Errorf("sandbox: there is no merchant %s", mchid)
		}
		k, err := rows.Get[SavedKeys](s.Tx, mchid)
		if errors.Is(err, store.ErrNotFound) {
			k, err = &SavedKeys{MchID: mchid}, nil
		}
		if err != nil {
			return err
		}
		if err := f(k, m); err != nil {
			return err
		}
		if err := k.apply(r); err != nil {
			return err
		}
		if err := saveFormer(r, s.Tx, mchid); err != nil {
			return err
		}
		return rows.Put(s.Tx, k)
	})
}

// mostFormer is how many former certificates are saved, of each merchant.
const mostFormer = 10

// Retire remembers the certificate that a merchant has until now.
func (s *SavedKeys) Retire(m *registry.Merchant) {
	s.Retired = append(s.Retired, m.Serial)
	s.Former = append(s.Former, m.Certificate)
	s.Former = s.Former[max(0, len(s.Former)-mostFormer):]
}

// apply puts the replaced keys into the registry.
func (s *SavedKeys) apply(r *registry.State) error {
	old := r.Merchants[s.MchID]
	if old == nil {
		return nil // of a merchant that this start is without
	}
	next, err := registry.Parse(r.Kinds, s.replaced(old.Merchant))
	if err != nil {
		return err
	}
	for _, serial := range s.Retired {
		r.Retired[serial] = s.MchID
	}
	for _, pem := range s.Former {
		cert, err := wxpay.ParseCertificate([]byte(pem))
		if err != nil {
			return err
		}
		r.RememberCertificate(s.MchID, wire.SerialHex(cert), cert.PublicKey.(*rsa.PublicKey))
	}
	return r.Put(next)
}

// replaced is the merchant with the keys that were replaced.
func (s *SavedKeys) replaced(m ledger.Merchant) ledger.Merchant {
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
