package wxpay

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// liveKeys are what Keys know now. Who has loaded a set goes on with that.
type liveKeys struct {
	set    atomic.Pointer[keySet]
	source *source // of more certificates, nil where nothing is downloaded
}

// keySet is what Keys know at one moment. It never changes.
type keySet struct {
	aeads  []*wire.AEAD  // by APIv3Key and OtherAPIv3Keys
	given  []PlatformKey // in PlatformKeys
	learnt []PlatformKey // certificates that were downloaded
	all    []PlatformKey // both
	since  time.Time     // when it was made, or the certificates were downloaded
}

func newKeySet(cfg Config, downloads bool) (*keySet, error) {
	set := &keySet{given: slices.Clone(cfg.PlatformKeys), since: cfg.Now()}
	set.all = set.given
	for i, key := range append([]Secret{cfg.APIv3Key}, cfg.OtherAPIv3Keys...) {
		aead, err := wire.NewAEAD(key.Reveal())
		if err != nil {
			problem := err.Error()
			if key.IsZero() {
				problem = "it is missing"
			}
			problem += surrounded(key)
			e := &ConfigError{
				Field: "APIv3Key", Problem: problem,
				Hint: "set it in the merchant console under API security; " +
					"it is not the APIv2 key, which also has 32 characters, nor base64",
			}
			if i > 0 {
				e.Field = "OtherAPIv3Keys[" + strconv.Itoa(i-1) + "]"
			}
			return nil, e
		}
		set.aeads = append(set.aeads, aead)
	}
	if err := checkPlatformKeys(cfg.PlatformKeys, cfg.Now(), downloads); err != nil {
		return nil, err
	}
	return set, nil
}

// with is the set with certificates that were downloaded, in place of those of the last time. A key
// that was given counts before one of the same number.
func (s *keySet) with(learnt []PlatformKey, now time.Time) *keySet {
	next := &keySet{aeads: s.aeads, given: s.given, learnt: learnt, since: now}
	next.all = slices.Clone(s.given)
	for _, key := range learnt {
		if findKey(s.given, key.ID) == nil {
			next.all = append(next.all, key)
		}
	}
	return next
}

// replace puts what a Config has into use. What was downloaded stays, and is as old as it was.
func (l *liveKeys) replace(given *keySet) {
	for {
		old := l.set.Load()
		next := given.with(old.learnt, given.since)
		if old.learnt != nil {
			next.since = old.since
		}
		if l.set.CompareAndSwap(old, next) {
			break
		}
	}
	if l.source != nil {
		l.source.forget()
	}
}

// learn puts certificates that were downloaded into use.
func (l *liveKeys) learn(certificates []PlatformKey, now time.Time) {
	for {
		old := l.set.Load()
		if l.set.CompareAndSwap(old, old.with(certificates, now)) {
			return
		}
	}
}

// public tells whether there is a public key, which needs no certificate beside it.
func (s *keySet) public() bool {
	return slices.ContainsFunc(s.given, func(k PlatformKey) bool { return k.NotAfter.IsZero() })
}

// usable tells whether there is a key that has not expired.
func (s *keySet) usable(now time.Time) bool {
	return slices.ContainsFunc(s.all, func(k PlatformKey) bool {
		return k.NotAfter.IsZero() || now.Before(k.NotAfter)
	})
}

// current is the key to encrypt with, the zero one where there is none.
func (s *keySet) current(now time.Time) PlatformKey {
	var best *PlatformKey
	for i := range s.all {
		p := &s.all[i]
		switch {
		case p.NotAfter.IsZero():
			return *p
		case now.Before(p.NotBefore) || !now.Before(p.NotAfter):
			continue
		case best == nil || p.NotBefore.After(best.NotBefore):
			best = p
		}
	}
	switch {
	case best != nil:
		return *best
	case len(s.all) > 0:
		return s.all[0]
	}
	return PlatformKey{}
}

// Current is the key to encrypt sensitive fields with and to declare in
// Wechatpay-Serial: the public key where there is one, otherwise the
// certificate that took effect last. Empty Keys have none, nor has a client
// without PlatformKeys before its first call.
func (k *Keys) Current() PlatformKey {
	if k.none() {
		return PlatformKey{}
	}
	return k.live.set.Load().current(k.now())
}

// Known is the key with this ID, which a message names in Wechatpay-Serial, and whether there is
// one. It asks nobody: see [Keys.Find].
func (k *Keys) Known(id string) (PlatformKey, bool) {
	if k.none() {
		return PlatformKey{}, false
	}
	found := k.find(id)
	if found == nil {
		return PlatformKey{}, false
	}
	return *found, true
}

func (k *Keys) find(id string) *PlatformKey { return findKey(k.live.set.Load().all, id) }

func findKey(keys []PlatformKey, id string) *PlatformKey {
	for i := range keys {
		if wire.SameSerial(keys[i].ID, id) {
			return &keys[i]
		}
	}
	return nil
}

func idsOf(keys []PlatformKey) string {
	ids := make([]string, len(keys))
	for i, p := range keys {
		ids[i] = p.ID
	}
	return strings.Join(ids, ", ")
}

// Format prints whose keys they are and which platform keys there are, and no
// secret.
func (k Keys) Format(f fmt.State, _ rune) {
	ids := ""
	if !k.none() {
		ids = idsOf(k.live.set.Load().all)
	}
	_, _ = io.WriteString(f, fmt.Sprintf("wxpay.Keys{MchID: %q, PlatformKeys: [%s], …}", k.mchID, ids))
}
