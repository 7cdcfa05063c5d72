package wxpay

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// maxCertificates bounds a list: WeChat Pay's has one certificate, or two while one replaces the
// other, and each costs a few parsed numbers before anybody has proved anything.
const maxCertificates = 20

// maxList bounds its bytes: a certificate has some 2,500 there.
const maxList = 256 << 10

// listing is the answer of GET v3/certificates: who has signed it may be known by what is in it.
type listing struct {
	keys         *Keys
	opened       []PlatformKey
	certificates []*x509.Certificate
}

// sealedList is its body.
//
// Source: https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter7_1_3.shtml
type sealedList struct {
	Data []struct {
		ExpireTime string        `json:"expire_time"`
		Sealed     wire.Resource `json:"encrypt_certificate"`
	} `json:"data"`
}

// verify opens what is sealed with the APIv3 key, and then verifies the answer with a certificate
// that it named, or with a key that was known. Only then does anything of it count.
func (l *listing) verify(known *keySet, header http.Header, body []byte) error {
	var list sealedList
	switch {
	case len(body) > maxList:
		return listError("the list has more than "+strconv.Itoa(maxList>>10)+" KiB", notTheirs, nil)
	case json.Unmarshal(body, &list) != nil:
		return listError("the answer is not the JSON of a list", notTheirs, nil)
	case len(list.Data) > maxCertificates:
		return listError("the list has more than "+strconv.Itoa(maxCertificates)+" certificates", notTheirs, nil)
	}
	now := l.keys.now()
	var opened []PlatformKey
	var certificates []*x509.Certificate
	expired := 0
	for i, entry := range list.Data {
		if entry.Sealed.Algorithm != wire.Algorithm { // such as SM4's, of merchants who have both
			continue
		}
		certificate, err := l.open(entry.Sealed)
		if err != nil {
			return listError(fmt.Sprintf("entry %d of the list: %s", i+1,
				strings.TrimPrefix(printed(err), "wxpay: ")), "", err)
		}
		key := PlatformKey{
			ID: wire.SerialHex(certificate), Key: certificate.PublicKey.(*rsa.PublicKey),
			NotBefore: certificate.NotBefore, NotAfter: certificate.NotAfter,
		}
		// Before it is replaced a certificate is given an earlier end here.
		if end, err := time.Parse(time.RFC3339, entry.ExpireTime); err == nil && end.Before(key.NotAfter) {
			key.NotAfter = end
		}
		switch {
		case !now.Before(key.NotAfter):
			expired++
		case findKey(opened, key.ID) == nil:
			opened, certificates = append(opened, key), append(certificates, certificate)
		}
	}
	switch {
	case len(list.Data) == 0:
		return listError("WeChat Pay's list is empty: there is none for this merchant", itsPublicKey, nil)
	case len(opened) == 0 && expired > 0:
		return listError("every certificate in WeChat Pay's list has expired by this machine's clock",
			"check the clock (NTP)", nil)
	case len(opened) == 0:
		return listError("none in the list is sealed with "+wire.Algorithm, itsPublicKey, nil)
	}
	if err := l.keys.verify(known.with(opened, now), header, body); err != nil {
		var e *SignatureError
		if errors.As(err, &e) && e.Check == CheckSerial {
			e.Problem = "the list is signed with a key that is neither in it nor known"
			e.Hint = notTheirs
		}
		return err
	}
	l.opened, l.certificates = opened, certificates
	return nil
}

// open opens one certificate. A notification is sealed with the same key, and payers write into
// those; none begins as PEM does.
func (l *listing) open(sealed wire.Resource) (*x509.Certificate, error) {
	text, err := l.keys.Open(sealed.Nonce, sealed.AssociatedData, sealed.Ciphertext)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil || !bytes.HasPrefix(text, []byte("-----BEGIN CERTIFICATE-----")) {
		return nil, &KeyError{Want: "a platform certificate", Problem: "what was sealed is not one in PEM",
			Hint: notTheirs}
	}
	return parseCertificate(text, "a platform certificate", notTheirs)
}

// itsPublicKey is what to do where there are no certificates.
const itsPublicKey = "this merchant has WeChat Pay's public key instead: download pub_key.pem in the merchant " +
	"console, API security (pay.weixin.qq.com), where its id stands too, and give it in PlatformKeys " +
	"(ParsePublicKey)"

// listError is why there are no certificates.
func listError(problem, hint string, cause error) error {
	return &KeyError{Want: "WeChat Pay's platform certificates", Problem: problem, Hint: hint, err: wire.Hide(cause)}
}

// unlisted says what the end of a download means.
func unlisted(err error) error {
	var (
		done    *KeyError
		refused *Error
	)
	switch {
	case errors.As(err, &done):
		return err
	case errors.As(err, &refused) && refused.Code != "" && (refused.Status == http.StatusNotFound ||
		refused.Code == "NOT_ENOUGH"): // of those that have expired for good
		return listError(fmt.Sprintf("WeChat Pay has none for this merchant (HTTP %d %s)", refused.Status,
			refused.clipped(refused.Code, 64)), itsPublicKey, err)
	case errors.Is(err, context.DeadlineExceeded):
		return listError("the download took too long: "+printed(err), "", err)
	}
	return listError("the download failed: "+printed(err), "", err)
}
