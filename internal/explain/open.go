package explain

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // to recognise a signature made with it
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // to recognise a signature made with it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"math/big"
	"slices"
)

// made is what a signature tells of how it was made, once a key has opened it.
type made struct {
	wrongly Finding           // zero where it was made as it should be
	of      func([]byte) bool // whether it is of this message
	key     bool              // it is proved that the key made it, of whatever message
	loose   bool              // wrongly is proved only by a message that it is of
}

// perKey is what one more key costs to try, in bytes that could have been hashed meanwhile.
const perKey = 16 << 10

// digests are the hashes that people sign, and the prefix that PKCS#1 v1.5 puts before each.
var digests = [...]struct {
	name   string
	new    func() hash.Hash
	prefix []byte
}{
	{"SHA-256", sha256.New, []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
		0x01, 0x05, 0x00, 0x04, 0x20}},
	{"SHA-1", sha1.New, []byte{0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14}},
	{"SHA-512", sha512.New, []byte{0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
		0x03, 0x05, 0x00, 0x04, 0x40}},
	{"SHA-384", sha512.New384, []byte{0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
		0x02, 0x05, 0x00, 0x04, 0x30}},
	{"SHA-224", sha256.New224, []byte{0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
		0x04, 0x05, 0x00, 0x04, 0x1c}},
	{"MD5", md5.New, []byte{0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05,
		0x00, 0x04, 0x10}},
}

func sum(h func() hash.Hash, message []byte) []byte {
	d := h()
	d.Write(message)
	return d.Sum(nil)
}

// opened undoes the RSA of a signature. It is nil where this key cannot be shown to have made
// it. This only explains; what decides is Verify.
func opened(key *rsa.PublicKey, raw []byte, left *budget) *made {
	if key == nil || len(raw) != key.Size() || key.E < 2 || !left.spend(perKey) {
		return nil
	}
	s := new(big.Int).SetBytes(raw)
	if s.Cmp(key.N) >= 0 {
		return nil
	}
	block := s.Exp(s, big.NewInt(int64(key.E)), key.N).FillBytes(make([]byte, len(raw)))
	if m := openedPKCS1(block); m != nil {
		return m
	}
	if m := openedPSS(block, key.N.BitLen()); m != nil {
		return m
	}
	return openedBare(block)
}

// leastPadding is how many 0xff PKCS#1 v1.5 has at least. Of no other key's signature they come
// out by chance.
const leastPadding = 8

func openedPKCS1(block []byte) *made {
	rest, ok := bytes.CutPrefix(block, []byte{0, 1})
	inside := bytes.TrimLeft(rest, "\xff")
	if !ok || len(rest)-len(inside) < leastPadding || len(inside) == 0 || inside[0] != 0 {
		return nil
	}
	inside = inside[1:]
	for _, d := range digests {
		of, ok := bytes.CutPrefix(inside, d.prefix)
		switch {
		case !ok || len(of) != d.new().Size():
		case d.name == "SHA-256":
			return &made{key: true, of: func(message []byte) bool {
				h := sha256.Sum256(message)
				return bytes.Equal(h[:], of)
			}}
		default:
			return &made{wrongly: found("hash-other", d.name), key: true, of: func(message []byte) bool {
				return bytes.Equal(sum(d.new, message), of)
			}}
		}
	}
	return &made{wrongly: found("hash-unwrapped"), key: true, loose: true, of: func(message []byte) bool {
		return bare(inside, message)
	}}
}

// bare reports whether what was signed is the message or its SHA-256 in some spelling, without the
// frame of PKCS#1.
func bare(inside, message []byte) bool {
	return slices.ContainsFunc(bareForms(message), func(form []byte) bool { return bytes.Equal(inside, form) })
}

func bareForms(message []byte) [][]byte {
	h := sum(sha256.New, message)
	digits := []byte(hex.EncodeToString(h))
	return [][]byte{message, h, digits, bytes.ToUpper(digits), []byte(base64.StdEncoding.EncodeToString(h))}
}

// openedBare is for RSA without any padding: zeros, then what was signed. A signature of 1 opens so
// under every key, so that the message has to prove the key.
func openedBare(block []byte) *made {
	if len(bytes.TrimLeft(block, "\x00")) > len(block)-leastPadding {
		return nil
	}
	return &made{wrongly: found("padding-none"), loose: true, of: func(message []byte) bool {
		return slices.ContainsFunc(bareForms(message), func(form []byte) bool {
			front, ok := bytes.CutSuffix(block, form)
			return ok && len(form) > 0 && len(bytes.TrimLeft(front, "\x00")) == 0
		})
	}}
}

// openedPSS undoes the encoding of RSASSA-PSS (RFC 8017, 9.1.2).
func openedPSS(block []byte, bits int) *made {
	size := (bits - 1 + 7) / 8 // one byte less than the block where the modulus begins with a byte of one bit
	for _, b := range block[:len(block)-size] {
		if b != 0 {
			return nil
		}
	}
	block = block[len(block)-size:]
	if block[size-1] != 0xbc {
		return nil
	}
	var ways []made
	for _, d := range digests[:3] {
		n := d.new().Size()
		if size < n+leastPadding {
			continue
		}
		db, h := bytes.Clone(block[:size-n-1]), block[size-n-1:size-1]
		unmask(db, h, d.new)
		db[0] &= 0xff >> (8*size - (bits - 1))
		salted := bytes.TrimLeft(db, "\x00")
		if len(salted) == 0 || salted[0] != 1 {
			continue
		}
		salt := salted[1:]
		short := len(db)-len(salted) < leastPadding // such a db comes out of another key's by chance
		ways = append(ways, made{wrongly: found("pss"), key: !short, loose: short,
			of: func(message []byte) bool {
				again := d.new()
				again.Write(make([]byte, 8))
				again.Write(sum(d.new, message))
				again.Write(salt)
				return bytes.Equal(again.Sum(nil), h)
			}})
	}
	if len(ways) == 0 {
		return nil
	}
	if i := slices.IndexFunc(ways, func(m made) bool { return m.key }); i >= 0 {
		return &ways[i]
	}
	// A salt as long as it can be leaves little to tell them by.
	return &made{wrongly: found("pss"), loose: true, of: func(message []byte) bool {
		return slices.ContainsFunc(ways, func(m made) bool { return m.of(message) })
	}}
}

// unmask takes MGF1 of a seed off.
func unmask(db, seed []byte, h func() hash.Hash) {
	for i, counter := 0, byte(0); i < len(db); counter++ {
		for _, b := range sum(h, append(bytes.Clone(seed), 0, 0, 0, counter)) {
			if i == len(db) {
				return
			}
			db[i] ^= b
			i++
		}
	}
}

// unkeyed are the ways to make what has no RSA in it: a MAC under one of the merchant's keys, or a
// hash of the message alone.
func unkeyed(raw []byte, own Keys) (ways []made) {
	if len(raw) != sha256.Size {
		return nil
	}
	for _, k := range []struct{ name, key string }{{"APIv3", own.APIv3}, {"APIv2", own.APIv2}} {
		if k.key == "" {
			continue
		}
		ways = append(ways, made{wrongly: found("hmac", k.name), loose: true, of: func(message []byte) bool {
			mac := hmac.New(sha256.New, []byte(k.key))
			mac.Write(message)
			return hmac.Equal(mac.Sum(nil), raw)
		}})
	}
	return append(ways, made{wrongly: found("hash-only"), loose: true, of: func(message []byte) bool {
		return bytes.Equal(sum(sha256.New, message), raw)
	}})
}
