package wxpay

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// maxFile bounds a bill, compressed and plain alike.
const maxFile = 256 << 20

// CheckHash is the check of [Client.Download]: the file is the one whose hash a
// signed reply gave.
const CheckHash Check = "hash"

// Download gets a file, such as a bill or a receipt: downloadURL, hashType and hashValue are
// download_url, hash_type ("SHA1", "SHA256" or "SM3") and hash_value of the reply that asked for
// it. The address of a bill lives five minutes. It returns the plain file, gunzipped if a bill was
// asked for with tar_type GZIP, of at most 256 MiB. [Client.DownloadTo] and [Client.DownloadFile]
// take in larger ones bit by bit.
//
// The answer carries no signature, so the file is checked against hash_value, which
// came signed; there is no way to leave that out where the catalogue says that there is one. A file
// that differs is a [*SignatureError] with Check [CheckHash]. Of a file without a hash, such as a
// picture of a complaint or an invoice, both are "", and only TLS says who gave it. The call goes to
// the client's own host: the address must be that one or WeChat Pay's, and of a file. Other errors
// are those of [Chain].
//
// A sub-merchant's bill comes encrypted besides: see [SealedFile].
//
// Source:
// https://pay.weixin.qq.com/docs/partner/apis/combine-payment-identity/bill-download/download-fund-bill.html
func (c *Client) Download(ctx context.Context, downloadURL, hashType, hashValue string, opts ...Option) ([]byte,
	error) {
	var file bytes.Buffer
	if _, err := c.download(ctx, &file, maxFile, downloadURL, hashType, hashValue, opts); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// gunzip unpacks what is packed. A bill is text, which never begins so.
func gunzip(raw []byte) ([]byte, error) {
	r, err := unpacked(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return readFile(r)
}

// readWhole is readBody for a file.
func readWhole(response *http.Response) ([]byte, error) {
	defer response.Body.Close()
	if response.ContentLength > maxFile {
		return nil, tooLarge(maxFile)
	}
	return readFile(response.Body)
}

var errNoFile = errors.New("the answer has no file")

func tooLarge(limit int64) error {
	return errors.New("the file is larger than " + strconv.FormatInt(limit>>20, 10) + " MiB")
}

func readFile(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(raw) > maxFile {
		err = tooLarge(maxFile)
	}
	return raw, err
}

// sealedFile is how a file is encrypted.
type sealedFile struct{ key, nonce string }

// SealedFile has [Client.Download] decrypt the file: encryptKey and nonce are
// encrypt_key and nonce of an element of download_bill_list, in the reply that
// asked for a sub-merchant's bill with algorithm AEAD_AES_256_GCM. The key is
// encrypted to the merchant's certificate, so [Config.PrivateKey] must be able to
// decrypt (a [crypto.Decrypter]). A file that does not open is a [*DecryptError].
func SealedFile(encryptKey, nonce string) Option {
	return func(c *call) { c.sealed = &sealedFile{encryptKey, nonce} }
}

const asItCame = "give encrypt_key and nonce of the bill's own element of download_bill_list"

func (s *sealedFile) open(key crypto.Signer, raw []byte) ([]byte, error) {
	opener, ok := key.(crypto.Decrypter)
	if !ok {
		return nil, &DecryptError{Problem: "the file's key is encrypted and Config.PrivateKey is not a " +
			"crypto.Decrypter", Hint: "give a PrivateKey that can decrypt"}
	}
	secret, err := wire.DecryptOAEP(opener, s.key)
	if err != nil {
		return nil, &DecryptError{
			Problem: "the file's encrypt_key was encrypted to another certificate: " + err.Error(),
			Hint:    "give the PrivateKey of the certificate that asked for the bill",
		}
	}
	block, err := aes.NewCipher([]byte(secret))
	if err != nil || len(secret) != 32 {
		return nil, &DecryptError{Problem: "the file's encrypt_key is not a key of 32 bytes", Hint: asItCame}
	}
	if s.nonce == "" {
		return nil, &DecryptError{Problem: "the file's nonce is missing", Hint: asItCame}
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(s.nonce))
	if err != nil {
		return nil, &DecryptError{Problem: err.Error(), Hint: asItCame}
	}
	plain, err := aead.Open(nil, []byte(s.nonce), raw, nil)
	if err != nil {
		return nil, &DecryptError{
			Problem: "the file does not open: it was changed on the way, or encrypt_key and nonce are another file's",
			Hint:    "ask for the bill again",
		}
	}
	return plain, nil
}
