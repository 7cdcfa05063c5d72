package wxpay_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// The merchant's own certificate verifies nothing of WeChat Pay's. Its subject is the merchant, so
// it is refused where it is loaded, also in a process that only receives and has no other to
// compare it with.
func TestTheMerchantsCertificateIsNotAPlatformCertificate(t *testing.T) {
	t.Parallel()
	key, _ := testKey()
	named := func(name string) []byte {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(),
			NotAfter: time.Now().Add(time.Hour),
			Subject:  pkix.Name{CommonName: name, Organization: []string{"微信商户系统"}}}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	_, err := wxpay.ParsePlatformCertificate(named("1900000109"))
	var e *wxpay.KeyError
	if !errors.As(err, &e) || !strings.Contains(e.Problem, "merchant 1900000109") ||
		!strings.Contains(e.Hint, "v3/certificates") {
		t.Errorf("got %v", err)
	}
	if _, err := wxpay.ParseCertificate(named("1900000109")); err != nil {
		t.Errorf("as what it is it is refused: %v", err)
	}
	for _, name := range []string{"Tenpay.com sign", "", "19", "1900000109 x"} {
		if _, err := wxpay.ParsePlatformCertificate(named(name)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// An answer that does not verify says whether the bytes are others or the key is another one.
func TestASignatureErrorSaysWhetherBytesOrKeyAreWrong(t *testing.T) {
	t.Parallel()
	stranger, _ := testKey()
	const bytesAre, keyIs = "of other bytes", "not made with the key"
	for name, c := range map[string]struct {
		edit func(*http.Response)
		says string
	}{
		"another body": {func(r *http.Response) { r.Body, r.ContentLength = reply(200, nil, "{ }").Body, 3 }, bytesAre},
		"another nonce": {func(r *http.Response) {
			r.Header.Set(wire.HeaderNonce, "other")
		}, bytesAre},
		"another key": {func(r *http.Response) {
			signature, err := wire.Sign(rand.Reader, stranger,
				wire.AppendReplyMessage(nil, r.Header.Get(wire.HeaderTimestamp), "nonce", []byte("{}")))
			if err != nil {
				t.Error(err)
			}
			r.Header.Set(wire.HeaderSignature, signature)
		}, keyIs},
		"no signature of anybody": {func(r *http.Response) {
			r.Header.Set(wire.HeaderSignature, strings.Repeat("AAAA", 20))
		}, keyIs},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := clientOver(t, edited(200, "{}", c.edit)).Chain("v3/x").Get(bg)
			var e *wxpay.SignatureError
			if !errors.As(err, &e) || e.Check != wxpay.CheckSignature || !strings.Contains(e.Problem, c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
