package explain

import (
	"crypto/rsa"
	"iter"
	"slices"
	"strconv"
)

// Signature says why the signature of a request does not verify, and nothing where it does. It
// opens the signature with the merchant's public key, which yields the hash of whatever was signed,
// and looks for the string with that hash among the mistakes people make. Opening also tells whose
// key it was: one that was replaced, that of another merchant, or WeChat Pay's.
func Signature(r Request, own Keys, k Known) Finding {
	left := wholeBudget
	ways := spellings(r.Signature)
	if len(ways) == 0 {
		return found("signature-not-base64")
	}
	for _, w := range ways {
		if m := opened(own.Public, w.raw, &left); m != nil {
			if f, ok := r.explained(*m, w.wrongly, &left); ok {
				return f
			}
		}
	}
	for _, w := range ways {
		for _, m := range unkeyed(w.raw, own) {
			if got := r.search(m.of, false, &left); got.found {
				return m.wrongly.and(got.as)
			}
		}
	}
	for _, w := range ways {
		for whose := range strangers(own, k) {
			if m := opened(whose.key, w.raw, &left); m != nil {
				if f, ok := r.explained(*m, w.wrongly, &left); ok {
					return whose.as.and(f.known())
				}
			}
		}
		if back := slices.Clone(w.raw); own.Public != nil {
			slices.Reverse(back)
			if m := opened(own.Public, back, &left); m != nil && m.key {
				f, _ := r.explained(*m, w.wrongly, &left)
				return found("signature-reversed").and(f.known())
			}
		}
	}
	if own.Public == nil {
		return found("unknown/no-certificate")
	}
	size := own.Public.Size()
	if !slices.ContainsFunc(ways, func(w spelt) bool { return len(w.raw) == size }) {
		return found("signature-length", strconv.Itoa(len(ways[0].raw)), strconv.Itoa(size))
	}
	return found("unknown/key")
}

// explained is what is wrong with a signature that a key has opened. ok is false where neither the
// key nor a message proves that it was made with that key.
func (r Request) explained(m made, spelling Finding, left *budget) (f Finding, ok bool) {
	got := r.search(m.of, !m.wrongly.Found(), left)
	switch {
	case got.found:
		return m.wrongly.and(spelling).and(got.as), true
	case !m.key:
		return Finding{}, false
	case m.loose:
		return found("unknown/padding").and(spelling), true
	case m.wrongly.Found() || spelling.Found():
		return m.wrongly.and(spelling), true
	case !got.all:
		return found("unknown/size"), true
	}
	return found("unknown/string"), true
}

// known is a finding but for what is unknown in it.
func (f Finding) known() Finding {
	if f.ID == Unknown {
		return Finding{}
	}
	return f
}

// stranger is a key that should not have made the signature, and what it is if it did.
type stranger struct {
	key *rsa.PublicKey
	as  Finding
}

func strangers(own Keys, k Known) iter.Seq[stranger] {
	return func(yield func(stranger) bool) {
		for _, c := range own.Former {
			if !yield(stranger{c.Public, found("key-replaced", c.Serial, own.Serial)}) {
				return
			}
		}
		for _, m := range k.Merchants {
			if m.MchID == own.MchID {
				continue
			}
			if !yield(stranger{m.Public, found("key-of-other-merchant", m.MchID, own.MchID)}) {
				return
			}
		}
		for _, p := range k.Platform {
			if !yield(stranger{p.Key, found("key-of-platform", p.ID)}) {
				return
			}
		}
	}
}
