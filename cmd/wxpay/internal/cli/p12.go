package cli

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Files of PKCS #12, which Java, .NET and many an SDK want in the place of PEM. They are encrypted
// as everybody can read it, with 3DES: what is in them is in PEM beside them.

const (
	p12Name        = "apiclient_cert.p12"
	trustStoreName = "truststore.p12"
	authorityName  = "ca.pem"
)

// trustPassword is what Java's own trust store has for a password.
const trustPassword = pkcs12.DefaultPassword

// merchantP12 is a merchant's certificate with its key. The password is the merchant's number, as
// WeChat Pay has it: https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=4_3
func merchantP12(m ledger.Merchant) (string, error) {
	certificate, err := wxpay.ParseCertificate([]byte(m.Certificate))
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode([]byte(m.PrivateKey.Reveal()))
	if block == nil {
		return "", errorf("the merchant's private key is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return "", errorf("the merchant's private key is neither PKCS #8 nor PKCS #1") // theirs may quote it
		}
	}
	file, err := pkcs12.LegacyDES.Encode(key, certificate, nil, m.MchID)
	return string(file), err
}

// trustStore is the sandbox's authority as Java wants it.
func trustStore(authority string) (string, error) {
	block, _ := pem.Decode([]byte(authority)) // of a sandbox that runs, which has one
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	file, err := pkcs12.LegacyDES.EncodeTrustStoreEntries(
		[]pkcs12.TrustStoreEntry{{Cert: certificate, FriendlyName: "wxpay-sandbox"}}, trustPassword)
	return string(file), err
}

// coversP12 says whether a sandbox wrote this file: it opens with the number of a merchant that is
// known, and the key in it is known, or that of a certificate that a sandbox made.
func (p proof) coversP12(data []byte) bool {
	for mchid := range p.merchants {
		key, certificate, others, err := pkcs12.DecodeChain(data, mchid)
		private, ok := key.(*rsa.PrivateKey)
		if err != nil || !ok || len(others) > 0 {
			continue
		}
		return p.keys[derOf(private.Public())] ||
			madeHere(certificate) && private.PublicKey.Equal(certificate.PublicKey)
	}
	return false
}

// isTrustStore says whether a sandbox wrote this trust store.
func isTrustStore(data []byte) bool {
	certificates, err := pkcs12.DecodeTrustStore(data, trustPassword)
	return err == nil && len(certificates) == 1 && madeHere(certificates[0])
}
