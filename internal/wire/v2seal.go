package wire

import (
	"bytes"
	"crypto/aes"
	"crypto/md5" //nolint:gosec // the key derivation WeChat Pay documents
	"encoding/base64"
	"encoding/hex"
	"errors"
)

// ErrReqInfo is why an APIv2 req_info does not open.
var ErrReqInfo = errors.New("req_info does not open under this APIv2 key")

// SealReqInfo encrypts the inner XML of an APIv2 refund notification:
// AES-256-ECB with PKCS#7 padding under the 32 lower-case hexadecimal digits
// of the key's MD5, in standard base64.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_16&index=10
func SealReqInfo(apiV2Key string, plain []byte) string {
	block, err := aes.NewCipher(reqInfoKey(apiV2Key))
	if err != nil {
		panic(err) // the digits of an MD5 are always 32
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	out := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	for i := 0; i < len(out); i += aes.BlockSize {
		block.Encrypt(out[i:], out[i:])
	}
	return base64.StdEncoding.EncodeToString(out)
}

// OpenReqInfo decrypts what SealReqInfo encrypted. The mode has no tag: that
// the padding and then the XML come out whole is all that tells the right key
// from a wrong one, and nothing tells blocks that were moved about.
func OpenReqInfo(apiV2Key, sealed string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) == 0 || len(raw)%aes.BlockSize != 0 {
		return nil, ErrReqInfo
	}
	block, err := aes.NewCipher(reqInfoKey(apiV2Key))
	if err != nil {
		panic(err) // the digits of an MD5 are always 32
	}
	for i := 0; i < len(raw); i += aes.BlockSize {
		block.Decrypt(raw[i:], raw[i:])
	}
	pad := int(raw[len(raw)-1])
	if pad == 0 || pad > aes.BlockSize || !bytes.Equal(raw[len(raw)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, ErrReqInfo
	}
	return raw[:len(raw)-pad], nil
}

func reqInfoKey(apiV2Key string) []byte {
	sum := md5.Sum([]byte(apiV2Key))
	return []byte(hex.EncodeToString(sum[:]))
}
