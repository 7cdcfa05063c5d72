//go:build cgo

// Package openssl signs with the OpenSSL of this machine, in about a third of the time that Go's
// crypto/rsa takes. It shows what wxpay.Config.PrivateKey takes besides an *rsa.PrivateKey: any
// crypto.Signer. Copy it, or write the like for an HSM.
//
// Start reading at [New]. Building needs cgo and OpenSSL's headers: apt-get install gcc libssl-dev.
package openssl

/*
#cgo LDFLAGS: -lcrypto
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static EVP_PKEY *parse(const unsigned char *der, long size) { return d2i_AutoPrivateKey(NULL, &der, size); }

// sign gives the length of the signature, 0 for none. The signature has room for one of this key.
static size_t sign(EVP_PKEY *key, const unsigned char *digest, unsigned char *signature, size_t room) {
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	size_t size = room;
	if (c == NULL || EVP_PKEY_sign_init(c) <= 0 || EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) <= 0 ||
		EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) <= 0 || EVP_PKEY_sign(c, signature, &size, digest, 32) <= 0)
		size = 0;
	if (size == 0) ERR_clear_error(); // it would wait for whoever comes to this thread next
	EVP_PKEY_CTX_free(c);
	return size;
}
*/
import "C"

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// Signer is an RSA key that OpenSSL signs with. It may be used by any number of goroutines, and
// is freed when nobody has it any more. It is no crypto.Decrypter: replies with encrypted fields
// (wxpay.Decrypt) need crypto/rsa.
type Signer struct {
	key    *C.EVP_PKEY
	public *rsa.PublicKey
}

// New gives the private key in the text of an apiclient_key.pem to OpenSSL. It is parsed twice, for
// wxpay.LoadPrivateKey does not give the key out that it loaded.
func New(pemText []byte) (*Signer, error) {
	block, _ := pem.Decode(pemText)
	if block == nil {
		return nil, errors.New("openssl: it is no PEM")
	}
	defer clear(block.Bytes)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := key.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, errors.New("openssl: it is no RSA key in PKCS #8, as apiclient_key.pem is")
	}
	der := block.Bytes
	parsed := C.parse((*C.uchar)(&der[0]), C.long(len(der)))
	if parsed == nil {
		return nil, errors.New("openssl: it does not take the key")
	}
	s := &Signer{parsed, &private.PublicKey}
	runtime.AddCleanup(s, func(key *C.EVP_PKEY) { C.EVP_PKEY_free(key) }, parsed)
	return s, nil
}

// Public is the public half.
func (s *Signer) Public() crypto.PublicKey { return s.public }

// Sign makes a signature of PKCS #1 v1.5 over a SHA-256 digest, as every call of APIv3 has one. It
// needs no randomness.
func (s *Signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, pss := opts.(*rsa.PSSOptions); pss || opts.HashFunc() != crypto.SHA256 || len(digest) != sha256.Size {
		return nil, errors.New("openssl: this signer makes PKCS #1 v1.5 signatures over SHA-256 digests and no others")
	}
	signature := make([]byte, s.public.Size())
	size := C.sign(s.key, (*C.uchar)(&digest[0]), (*C.uchar)(&signature[0]), C.size_t(len(signature)))
	runtime.KeepAlive(s)
	if size == 0 {
		return nil, errors.New("openssl: it did not sign")
	}
	return signature[:size], nil
}

// Format prints no key.
func (*Signer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "openssl.Signer") }
