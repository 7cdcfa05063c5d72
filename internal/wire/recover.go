package wire

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
)

// digestInfo stands before a SHA-256 digest in what RSA signs (RFC 8017, 9.2).
var digestInfo = []byte{
	0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
}

// digestSize is how long the digest behind it is.
const digestSize = 32

// MadeBy tells whether a base64 PKCS#1 v1.5 SHA-256 signature was made with the private half of
// key, of whatever message. It proves nothing about any: it is for an error that says whether the
// message or the key is another one.
func MadeBy(key *rsa.PublicKey, signature string) bool {
	raw, err := base64.StdEncoding.DecodeString(signature)
	size := key.Size()
	s := new(big.Int).SetBytes(raw)
	if err != nil || len(raw) != size || s.Cmp(key.N) >= 0 || key.E < 2 || size < len(digestInfo)+digestSize+11 {
		return false
	}
	signed := s.Exp(s, big.NewInt(int64(key.E)), key.N).FillBytes(make([]byte, size))
	front := signed[:size-len(digestInfo)-digestSize]
	padding := bytes.Repeat([]byte{0xff}, len(front))
	padding[0], padding[1], padding[len(padding)-1] = 0, 1, 0
	return bytes.Equal(front, padding) && bytes.HasPrefix(signed[len(front):], digestInfo)
}
