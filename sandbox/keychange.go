package sandbox

import (
	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// ResetAPIv3Key does what the merchant console's "set APIv3 key" does: from now on
// notifications and certificates are sealed with a new key, which is returned.
func (s *Sandbox) ResetAPIv3Key(mchid string) (wxpay.Secret, error) {
	key := s.engine.Random.Roll(random.Letters, wire.KeySize)
	if err := s.engine.ChangeKeys(mchid, func(k *engine.SavedKeys, _ *registry.Merchant) error {
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
func (s *Sandbox) ReplaceCertificate(mchid string) (ledger.Merchant, error) {
	cert, key, err := registry.Generate("wxpay sandbox merchant " + mchid)
	if err != nil {
		return ledger.Merchant{}, err
	}
	if err := s.engine.ChangeKeys(mchid, func(k *engine.SavedKeys, m *registry.Merchant) error {
		k.Certificate, k.PrivateKey = cert, key
		k.Retire(m)
		return nil
	}); err != nil {
		return ledger.Merchant{}, err
	}
	return s.engine.Registry.Merchant(mchid).Merchant, nil
}

// SetKeyMode moves a merchant between platform certificates and the public key.
func (s *Sandbox) SetKeyMode(mchid string, mode ledger.KeyMode) error {
	return s.engine.ChangeKeys(mchid, func(k *engine.SavedKeys, _ *registry.Merchant) error {
		k.KeyMode = &mode
		return nil
	})
}

// RotatePlatformCertificate gives WeChat Pay a new platform certificate. GET
// /v3/certificates lists it at once beside the former one. After 24 hours on the
// sandbox's clock it is the one that signs, and the former one is listed no more:
// a merchant who does not download certificates in between cannot verify
// anything. Merchants of the public key notice nothing.
func (s *Sandbox) RotatePlatformCertificate() error {
	cert, key, err := registry.Generate("wxpay sandbox platform")
	if err != nil {
		return err
	}
	next := &registry.SavedCertificate{Certificate: cert, Key: key,
		From: s.engine.Clock.Now().Add(registry.CertificateNotice)}
	return s.engine.Keys.Add(next, func() error { return s.engine.Save(next) })
}

// PlatformCertificates are those that merchants can download now, in PEM by serial
// number.
func (s *Sandbox) PlatformCertificates() map[string]string {
	out := map[string]string{}
	for _, c := range s.engine.Keys.Listed() {
		out[c.Serial] = string(c.PEM)
	}
	return out
}

// GenerateKeys makes fresh key material. It takes a moment: two of the keys are RSA
// of 2048 bits.
func GenerateKeys() (*ledger.KeyMaterial, error) {
	k, err := registry.GenerateKeys()
	if err == nil {
		err = GenerateAuthority(k)
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

// GenerateMerchantKeys fills in what m lacks of certificate, private key and
// APIv3 and APIv2 key, freshly made. A certificate without its key is left as it is.
func GenerateMerchantKeys(m *ledger.Merchant) error { return registry.GenerateMerchantKeys(m) }
