package registry

import (
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/redact"
)

// keptKeys is how many of the keys that were replaced are known, of each merchant: the newest.
const keptKeys = 100

// replace remembers the keys of a merchant that are not those of the next.
func (s *State) replace(old, next *Merchant) {
	former := slices.Clone(s.Former[old.MchID])
	for _, key := range old.keys() {
		if !slices.Contains(next.keys(), key) && !slices.Contains(former, key) {
			former = append(former, key)
		}
	}
	s.Former[old.MchID] = former[max(0, len(former)-keptKeys):]
	if old.Serial != next.Serial {
		s.RememberCertificate(old.MchID, old.Serial, old.RSA)
	}
}

// gather makes registered.secrets.
func (s *State) gather() (out redact.Secrets) {
	for _, keys := range s.Former {
		for _, key := range keys {
			out.Add(key)
		}
	}
	for _, m := range s.Merchants {
		for _, key := range m.keys() {
			out.Add(key)
		}
	}
	return out
}
