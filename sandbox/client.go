package sandbox

import (
	"crypto"
	"fmt"
	"io"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
)

// ClientConfig is the setup of a client of the first merchant: its keys, the
// sandbox's address, and the clock of signatures (see [Clock]). It panics where
// there is no merchant, as there is none under an empty Config.Merchants.
//
// Such a client sends a call once, so that a test sees the fault that it injected. To see what
// repeats make of it, set Attempts to [wxpay.DefaultAttempts], and Wait to a function that does not
// wait.
func (s *Sandbox) ClientConfig() wxpay.Config {
	m := s.engine.Registry.First()
	if m == nil {
		panic("sandbox: there is no merchant whose client it could be: AddMerchant registers one")
	}
	return s.clientConfig(m)
}

// ClientConfigFor is the setup of a client of another merchant.
func (s *Sandbox) ClientConfigFor(mchid string) (wxpay.Config, error) {
	m := s.engine.Registry.Merchant(mchid)
	if m == nil {
		return wxpay.Config{}, fmt.Errorf("sandbox: there is no merchant %s", mchid)
	}
	if m.Private == nil {
		return wxpay.Config{}, keyless{m}.problem()
	}
	return s.clientConfig(m), nil
}

func (s *Sandbox) clientConfig(m *registry.Merchant) wxpay.Config {
	private := m.Private
	if private == nil {
		private = keyless{m}
	}
	return wxpay.Config{
		MchID: m.MchID, SerialNo: m.Serial, PrivateKey: private, Certificate: m.Cert,
		PlatformKeys: s.engine.Keys.ClientKeys(m), APIv3Key: m.APIv3Key, APIv2Key: m.APIv2Key,
		Host: s.url, Now: s.engine.WireNow, Attempts: 1,
	}
}

// keyless stands for the private key of a merchant that came without it.
type keyless struct{ *registry.Merchant }

func (k keyless) Public() crypto.PublicKey { return k.RSA }

func (k keyless) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, k.problem() }

func (k keyless) problem() error {
	return fmt.Errorf("sandbox: merchant %s came without its private key", k.MchID)
}

// Client is a client of the first merchant, ready to call. Where that one came without its private
// key, by AddMerchant or out of the store, every call is an error that says so.
func (s *Sandbox) Client() *wxpay.Client {
	c, err := wxpay.New(s.ClientConfig())
	if err != nil {
		panic(fmt.Sprintf("sandbox: its own client: %v", err))
	}
	return c
}

// Keys verifies and opens what the sandbox sends to the first merchant.
func (s *Sandbox) Keys() *wxpay.Keys { return s.Client().Keys() }
