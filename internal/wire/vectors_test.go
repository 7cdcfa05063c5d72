package wire_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// vector is one file of testdata/vectors: the result of an openssl command
// with what went into it. Each kind of vector fills its own fields.
type vector struct {
	Key     string
	Message string // name of the file with the signed bytes

	Method, URI, Timestamp, Nonce, Body string
	AppID                               string
	PrepayID                            string `json:"prepay_id"`
	Signature                           string

	APIv3Key       string `json:"apiv3_key"`
	APIv2Key       string `json:"apiv2_key"`
	SignType       string `json:"sign_type"`
	Fields         wire.Fields
	AssociatedData string `json:"associated_data"`
	Plain          string // name of the file with the plaintext
	Ciphertext     string

	Serial, PKCS1, PKCS8, Public, Certificate, Modulus string
}

const vectors = "../../testdata/vectors"

func readVector(t *testing.T, name string) vector {
	t.Helper()
	var v vector
	if err := json.Unmarshal(readVectorFile(t, name), &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

func readVectorFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectors, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readDER(t *testing.T, name string) []byte {
	t.Helper()
	block, _ := pem.Decode(readVectorFile(t, name))
	if block == nil {
		t.Fatalf("%s holds no PEM", name)
	}
	return block.Bytes
}

// readKey reads the private key a vector names.
func readKey(t *testing.T, name string) *rsa.PrivateKey {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(readDER(t, readVector(t, name).PKCS8))
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

// The bytes we sign must be openssl's bytes, and so must the signature: with
// PKCS#1 v1.5 there is only one.
func TestSignaturesAreOpenSSLs(t *testing.T) {
	t.Parallel()
	request := func(v vector) []byte {
		return wire.AppendRequestMessage(nil, v.Method, v.URI, v.Timestamp, v.Nonce, []byte(v.Body))
	}
	reply := func(v vector) []byte {
		return wire.AppendReplyMessage(nil, v.Timestamp, v.Nonce, []byte(v.Body))
	}
	for name, message := range map[string]func(vector) []byte{
		"request-post": request, "request-get": request, "request-delete": request,
		"reply-200": reply, "reply-204": reply, "notification": reply,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := readVector(t, name+".json")
			got := message(v)
			if want := readVectorFile(t, v.Message); !bytes.Equal(got, want) {
				t.Fatalf("we would sign\n%q\nopenssl signed\n%q", got, want)
			}
			key := readKey(t, v.Key)
			if signature, err := wire.Sign(nil, key, got); err != nil || signature != v.Signature {
				t.Fatalf("signed %q, %v; openssl signed %q", signature, err, v.Signature)
			}
			if err := wire.Verify(&key.PublicKey, got, v.Signature); err != nil {
				t.Fatalf("openssl's signature: %v", err)
			}
			if err := wire.Verify(&key.PublicKey, append(got, '\n'), v.Signature); err == nil {
				t.Fatal("a message with one more line feed verified")
			}
		})
	}
}

func TestSealedByOpenSSL(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"gcm-resource", "gcm-certificate", "gcm-no-associated-data"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := readVector(t, name+".json")
			plain := readVectorFile(t, v.Plain)
			aead, err := wire.NewAEAD(v.APIv3Key)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := aead.Open(v.Nonce, v.AssociatedData, v.Ciphertext); err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("opened %q, %v; OpenSSL sealed %q", got, err, plain)
			}
			if got := aead.Seal(v.Nonce, v.AssociatedData, plain); got != v.Ciphertext {
				t.Fatalf("sealed %q, OpenSSL %q", got, v.Ciphertext)
			}
			if _, err := aead.Open(v.Nonce, v.AssociatedData+"x", v.Ciphertext); err == nil {
				t.Fatal("opened under other associated data")
			}
		})
	}
}

func TestNotificationFromOpenSSL(t *testing.T) {
	t.Parallel()
	e, err := wire.ParseEnvelope([]byte(readVector(t, "notification.json").Body))
	if err != nil {
		t.Fatal(err)
	}
	v := readVector(t, "gcm-resource.json")
	aead, err := wire.NewAEAD(v.APIv3Key)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := aead.Open(e.Resource.Nonce, e.Resource.AssociatedData, e.Resource.Ciphertext)
	if err != nil || !bytes.Equal(plain, readVectorFile(t, v.Plain)) {
		t.Fatalf("opened %q, %v", plain, err)
	}
}

func TestFieldEncryptedByOpenSSL(t *testing.T) {
	t.Parallel()
	v := readVector(t, "oaep-field.json")
	got, err := wire.DecryptOAEP(readKey(t, v.Key), v.Ciphertext)
	if want := string(readVectorFile(t, v.Plain)); err != nil || got != want {
		t.Fatalf("decrypted %q, %v; openssl encrypted %q", got, err, want)
	}
}

// The platform's serial starts with a zero, which big.Int.Text drops.
func TestSerialsAsOpenSSLPrintsThem(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"key-merchant.json", "key-platform.json"} {
		v := readVector(t, name)
		cert, err := x509.ParseCertificate(readDER(t, v.Certificate))
		if err != nil {
			t.Fatal(err)
		}
		if got := wire.SerialHex(cert); got != v.Serial {
			t.Errorf("%s: serial %s, openssl prints %s", name, got, v.Serial)
		}
		modulus, _ := new(big.Int).SetString(v.Modulus, 16)
		if cert.PublicKey.(*rsa.PublicKey).N.Cmp(modulus) != 0 {
			t.Errorf("%s: the certificate holds another key", name)
		}
	}
}

func TestAPIv2DigestsAreOpenSSLs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"v2-md5", "v2-hmac"} {
		v := readVector(t, name+".json")
		if got := v.Fields.Digest(v.APIv2Key, wire.SignType(v.SignType)); got != v.Signature {
			t.Errorf("%s: digest %s, openssl %s", name, got, v.Signature)
		}
		v.Fields["sign"] = v.Signature
		if !v.Fields.Verify(v.APIv2Key) || v.Fields.Verify(v.APIv2Key[1:]+"x") {
			t.Errorf("%s: verified %v, under another key %v", name, v.Fields.Verify(v.APIv2Key),
				v.Fields.Verify(v.APIv2Key[1:]+"x"))
		}
	}
}

func TestReqInfoFromOpenSSL(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"v2-req-info", "v2-req-info-block"} {
		v := readVector(t, name+".json")
		plain := readVectorFile(t, v.Plain)
		if got := wire.SealReqInfo(v.APIv2Key, plain); got != v.Ciphertext {
			t.Errorf("%s: sealed %q, openssl %q", name, got, v.Ciphertext)
		}
		if got, err := wire.OpenReqInfo(v.APIv2Key, v.Ciphertext); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: opened %q, %v", name, got, err)
		}
	}
}
