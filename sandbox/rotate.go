package sandbox

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What happens to keys while merchants run. Each has a REST twin.

// ResetAPIv3Key does what the merchant console's "set APIv3 key" does: from now on
// notifications and certificates are sealed with a new key, which is returned.
func (s *Sandbox) ResetAPIv3Key(mchid string) (wxpay.Secret, error) {
	key := s.engine.random.roll(letters, wire.KeySize)
	if err := s.engine.changeKeys(mchid, func(k *savedKeys, _ *merchant) error {
		k.APIv3Key = key
		return nil
	}); err != nil {
		return wxpay.Secret{}, err
	}
	return wxpay.NewSecret(key), nil
}

// ReplaceCertificate gives the merchant a new API certificate with a new private
// key, as when it applies for another in the console. Calls signed for the former
// one get 401. The new one is in what is returned.
func (s *Sandbox) ReplaceCertificate(mchid string) (Merchant, error) {
	cert, key, err := generate("wxpay sandbox merchant " + mchid)
	if err != nil {
		return Merchant{}, err
	}
	if err := s.engine.changeKeys(mchid, func(k *savedKeys, m *merchant) error {
		k.Certificate, k.PrivateKey = cert, key
		k.Retired = append(k.Retired, m.serial)
		return nil
	}); err != nil {
		return Merchant{}, err
	}
	return s.engine.registry.merchant(mchid).Merchant, nil
}

// SetKeyMode moves a merchant between platform certificates and the public key.
func (s *Sandbox) SetKeyMode(mchid string, mode KeyMode) error {
	return s.engine.changeKeys(mchid, func(k *savedKeys, _ *merchant) error {
		k.KeyMode = &mode
		return nil
	})
}

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
	next, err := parseMerchant(s.replaced(old.Merchant))
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

// RotatePlatformCertificate gives WeChat Pay a new platform certificate. GET
// /v3/certificates lists it at once beside the former one. After 24 hours on the
// sandbox's clock it is the one that signs, and the former one is listed no more:
// a merchant who does not download certificates in between cannot verify
// anything. Merchants of the public key notice nothing.
func (s *Sandbox) RotatePlatformCertificate() error {
	cert, key, err := generate("wxpay sandbox platform")
	if err != nil {
		return err
	}
	next := &savedCertificate{Certificate: cert, Key: key, From: s.engine.clock.Now().Add(certificateNotice)}
	return s.engine.keys.add(next, func() error { return s.engine.save(next) })
}

// PlatformCertificates are those that merchants can download now, in PEM by serial
// number.
func (s *Sandbox) PlatformCertificates() map[string]string {
	out := map[string]string{}
	for _, c := range s.engine.keys.listed() {
		out[c.serial] = string(c.pem)
	}
	return out
}

// certificateNotice is how long a new certificate is listed before it signs.
// https://pay.weixin.qq.com/docs/merchant/development/interface-rules/wechatpay-certificates-rotation.html
const certificateNotice = 24 * time.Hour

// savedCertificate is a platform certificate that came after the first.
type savedCertificate struct {
	rev
	Certificate string    `json:"certificate"`
	Key         string    `json:"key"`
	From        time.Time `json:"from"` // when it begins to sign
}

func (s *savedCertificate) kind() string   { return "platform-certificate" }
func (s *savedCertificate) row() store.Row { return store.Row{ID: s.serial()} }

// serial is "" where there is no certificate.
func (s *savedCertificate) serial() string {
	cert, err := wxpay.ParseCertificate([]byte(s.Certificate))
	if err != nil {
		return ""
	}
	return wire.SerialHex(cert)
}

// platformCertificate is one that WeChat Pay signs with, or will.
type platformCertificate struct {
	serial string
	cert   *x509.Certificate
	pem    []byte
	key    crypto.Signer
	from   time.Time
}

// add makes a certificate known once it is saved.
func (k *platformKeys) add(s *savedCertificate, save func() error) error {
	cert, err := wxpay.ParseCertificate([]byte(s.Certificate))
	if err != nil {
		return err
	}
	key, err := wxpay.ParsePrivateKey([]byte(s.Key))
	if err != nil {
		return err
	}
	next := platformCertificate{serial: s.serial(), cert: cert, pem: []byte(s.Certificate), key: key, from: s.From}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := save(); err != nil {
		return err
	}
	var list []platformCertificate
	if old := k.rotated.Load(); old != nil {
		list = slices.Clone(*old)
	}
	list = append(list, next)
	k.rotated.Store(&list)
	return nil
}

// listed are the certificates a merchant can download: first the one that signs
// now, then those that will.
func (k *platformKeys) listed() []platformCertificate {
	out := []platformCertificate{{serial: k.serial, cert: k.certificate, pem: k.certificatePEM, key: k.certKey}}
	if rotated := k.rotated.Load(); rotated != nil {
		now := k.now()
		for _, c := range *rotated {
			if !now.Before(c.from) {
				out = out[:0]
			}
			out = append(out, c)
		}
	}
	return out
}

// known says whether a serial number is that of any platform certificate.
func (k *platformKeys) known(serial string) bool {
	if serial == k.serial {
		return true
	}
	rotated := k.rotated.Load()
	return rotated != nil && slices.ContainsFunc(*rotated,
		func(c platformCertificate) bool { return c.serial == serial })
}

// other is the key that WeChat Pay would sign with if the merchant were on the
// other side of its move from certificates to the public key.
func (k *platformKeys) other(m *merchant, id string) (string, crypto.Signer) {
	if id == m.publicKeyID {
		now := k.listed()[0]
		return now.serial, now.key
	}
	return m.publicKeyID, k.publicKey
}
