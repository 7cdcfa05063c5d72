package registry

import (
	"crypto"
	"crypto/rsa"
	"slices"

	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// What a signature is explained by.

// keptCertificates is how many of the API certificates that were replaced are known, of each
// merchant: the newest.
const keptCertificates = 10

// RememberCertificate keeps what signatures of a former API certificate are told by.
func (s *State) RememberCertificate(mchid, serial string, key *rsa.PublicKey) {
	former := slices.DeleteFunc(slices.Clone(s.replaced[mchid]), func(c explain.Certificate) bool {
		return c.Serial == serial
	})
	former = append(former, explain.Certificate{Serial: serial, Public: key})
	s.replaced[mchid] = former[max(0, len(former)-keptCertificates):]
}

// Known is everything that signatures are explained by: every merchant, and WeChat Pay's keys as
// this one, nil for nobody, knows them.
func (r *Registry) Known(keys *PlatformKeys, to *Merchant) (out explain.Known) {
	s := r.State.Load()
	for _, id := range s.order {
		out.Merchants = append(out.Merchants, s.known(s.Merchants[id]))
	}
	for _, c := range keys.Listed() {
		out.Platform = append(out.Platform, explain.Platform{ID: c.Serial, Key: publicOf(c.Key),
			NotAfter: c.Cert.NotAfter})
	}
	public := explain.Platform{ID: wire.PublicKeyIDPrefix + "…", Key: publicOf(keys.PublicKey)}
	if to != nil {
		public.ID = to.PublicKeyID
	}
	out.Platform = append(out.Platform, public)
	return out
}

// KnownOf is what is known of one merchant.
func (r *Registry) KnownOf(m *Merchant) explain.Keys { return r.State.Load().known(m) }

func (s *State) known(m *Merchant) explain.Keys {
	out := explain.Keys{MchID: m.MchID, Serial: m.Serial, Public: m.RSA, APIv3: m.APIv3Key.Reveal(),
		APIv2: m.APIv2Key.Reveal(), FormerSecrets: s.Former[m.MchID]}
	for _, c := range s.replaced[m.MchID] {
		if c.Serial != m.Serial {
			out.Former = append(out.Former, c)
		}
	}
	for _, sub := range m.SubMerchants {
		out.SubMerchants = append(out.SubMerchants, sub.MchID)
	}
	return out
}

func publicOf(key crypto.Signer) *rsa.PublicKey { return key.Public().(*rsa.PublicKey) }
