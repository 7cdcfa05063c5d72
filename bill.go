package wxpay

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// maxFile bounds a bill, compressed and plain alike.
const maxFile = 256 << 20

// filePaths are the only endpoints of APIv3 whose success is not signed: it is a file,
// checked against the hash of a reply that was. The second is in the sample of the
// page on sub-merchants' bills.
// https://pay.weixin.qq.com/docs/partner/apis/bill-download/download-sub-merchant-fund-bill.html
var filePaths = [...]string{"/v3/billdownload/file", "/v3/bill/downloadurl"}

// CheckHash is the check of [Client.Download]: the file is the one whose hash a
// signed reply gave.
const CheckHash Check = "hash"

// Download gets the file of a bill: downloadURL, hashType and hashValue are
// download_url, hash_type ("SHA1") and hash_value of the reply that asked for
// it, and no older than five minutes. It returns the plain file, gunzipped if
// the bill was asked for with tar_type GZIP, of at most 256 MiB.
//
// The answer carries no signature, so the file is checked against hash_value, which
// came signed; there is no way to leave that out. One that differs is a
// [*SignatureError] with Check [CheckHash]. The call goes to the client's own
// host: the address must be that one or WeChat Pay's, and of a bill. Other errors
// are those of [Chain].
//
// A sub-merchant's bill comes encrypted besides: see [SealedFile].
//
// Source:
// https://pay.weixin.qq.com/docs/partner/apis/combine-payment-identity/bill-download/download-fund-bill.html
func (c *Client) Download(ctx context.Context, downloadURL, hashType, hashValue string, opts ...Option) ([]byte,
	error) {
	u, problem := c.fileURL(downloadURL)
	path := filePaths[0]
	if problem == "" {
		path = u.Path
	}
	k := c.newCall(http.MethodGet, path, nil, opts)
	k.within(ctx)
	k.fail(problem)
	want, err := hex.DecodeString(hashValue)
	switch {
	case hashType != "SHA1":
		k.fail("hash type " + strconv.Quote(wire.Clip(hashType, 16)) +
			" is not known, want SHA1: take it from the reply that gave the address")
	case err != nil || len(want) != sha1.Size:
		k.fail("the hash is not 40 hexadecimal digits: take it from the reply that gave the address")
	case len(k.query) > 0:
		k.fail("a download takes no query but that of its address")
	case len(k.vars) > 0:
		k.fail("a wxpay.Path(name, value) names no variable: the address of a download has none")
	case len(k.encrypt)+len(k.decrypt) > 0:
		k.fail("wxpay.Encrypt and wxpay.Decrypt are for fields of JSON, which a download has not: leave them out")
	}
	open := func(ctx context.Context) ([]byte, error) { return k.download(ctx, u, want) }
	if k.watched() {
		return observed(ctx, k, open)
	}
	return open(ctx)
}

// download gets the file and checks it.
func (c *call) download(ctx context.Context, u *url.URL, want []byte) ([]byte, error) {
	if err := c.unsent(); err != nil {
		return nil, err
	}
	raw, id, err := c.file(ctx, u)
	if err != nil {
		return nil, err
	}
	refused := func(problem string) error {
		return &SignatureError{
			Operation: c.operation(), Check: CheckHash, RequestID: c.without(id), Problem: problem,
			Hint: "ask for the bill again and do not use this one",
		}
	}
	if c.sealed != nil {
		if raw, err = c.sealed.open(c.own.key(), raw); err != nil {
			return nil, err
		}
	}
	plain, err := gunzip(raw)
	if err != nil {
		return nil, refused("the file does not unpack: " + err.Error())
	}
	if sum := sha1.Sum(plain); !bytes.Equal(sum[:], want) {
		return nil, refused("the file is not the one WeChat Pay gave the hash of: it was cut short or changed on the " +
			"way, or the hash is another bill's")
	}
	return plain, nil
}

// fileURL checks an address to download from.
func (c *Client) fileURL(address string) (u *url.URL, problem string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || !isPlain(address) {
		return nil, "the address is not a download_url"
	}
	known := c != nil && (u.Host == c.host.name || u.Host == c.global.name || c.pair.has(u.Host))
	for _, host := range []string{DefaultHost, BackupHost, DefaultGlobalHost} {
		known = known || u.Scheme+"://"+u.Host == host
	}
	switch {
	case !known:
		return nil, "the address is neither at the client's host nor at WeChat Pay's: a signed call goes nowhere else"
	case u.EscapedPath() != filePaths[0] && u.EscapedPath() != filePaths[1]:
		return nil, "the address is not of a bill: only " + strings.Join(filePaths[:], " and ") +
			" are, and every other reply is verified by its signature"
	case u.RawQuery == "":
		return nil, "the address has no token: give download_url as it came"
	}
	return u, ""
}

// file makes the call and reads the file. What is not the file is read as the
// reply of any call.
func (c *call) file(ctx context.Context, u *url.URL) (raw []byte, requestID string, err error) {
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	r, err := c.attempts(ctx, func(ctx context.Context) (*Result, error) {
		response, err := c.send(ctx, u.EscapedPath(), u.RawQuery)
		if err != nil {
			return nil, err
		}
		if response.StatusCode != http.StatusOK {
			_, err := c.read(response)
			if err == nil { // genuine, and no file
				err = c.cutShort(errNoFile)
			}
			return nil, err
		}
		raw, err := readWhole(response)
		if err != nil {
			return nil, c.cutShort(err)
		}
		return &Result{Status: response.StatusCode, Header: response.Header, Body: raw}, nil
	})
	if err != nil {
		return nil, "", err
	}
	return r.Body, r.RequestID(), nil
}

// readWhole is readBody for a file.
func readWhole(response *http.Response) ([]byte, error) {
	defer response.Body.Close()
	if response.ContentLength > maxFile {
		return nil, errFileTooLarge
	}
	return readFile(response.Body)
}

var (
	errFileTooLarge = errors.New("the file is larger than " + strconv.Itoa(maxFile>>20) + " MiB")
	errNoFile       = errors.New("the answer has no file")
)

func readFile(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(raw) > maxFile {
		err = errFileTooLarge
	}
	return raw, err
}

// gunzip unpacks what is packed. A bill is text, which never begins so.
func gunzip(raw []byte) ([]byte, error) {
	if !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		return raw, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return readFile(r)
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
