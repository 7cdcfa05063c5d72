package registry

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// GenerateKeys makes fresh key material.
func GenerateKeys() (*ledger.KeyMaterial, error) {
	cert, key, err := Generate("wxpay sandbox platform")
	if err != nil {
		return nil, err
	}
	_, second, err := Generate("wxpay sandbox public key")
	if err != nil {
		return nil, err
	}
	return &ledger.KeyMaterial{PlatformCertificate: cert, PlatformKey: wxpay.NewSecret(key),
		PublicKeyKey: wxpay.NewSecret(second)}, nil
}

// GenerateMerchantKeys fills in what a merchant lacks of keys.
func GenerateMerchantKeys(m *ledger.Merchant) error {
	fresh := random.New(rand.Reader)
	for _, key := range []*wxpay.Secret{&m.APIv3Key, &m.APIv2Key} {
		if key.IsZero() {
			*key = wxpay.NewSecret(fresh.Roll(random.Letters, wire.KeySize))
		}
	}
	if m.Certificate != "" {
		return nil
	}
	if !m.PrivateKey.IsZero() {
		return fmt.Errorf("sandbox: merchant %s has a private key but no certificate; give both or neither", m.MchID)
	}
	cert, key, err := Generate("wxpay sandbox merchant " + m.MchID)
	m.Certificate, m.PrivateKey = cert, wxpay.NewSecret(key)
	return err
}

// Generate makes a key and a self-signed certificate that says what it is.
func Generate(name string) (cert, key string, err error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", "", fmt.Errorf("sandbox: make a key: %w", err)
	}
	serial := make([]byte, 20)
	rand.Read(serial)                 // never fails, as documented
	serial[0] = serial[0]&0x3f | 0x10 // 40 digits, the first of them not 0
	subject := pkix.Name{CommonName: name, Organization: []string{"wxpay sandbox, not WeChat Pay"}}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: subject, KeyUsage: x509.KeyUsageDigitalSignature,
		// Valid whenever the clock is moved to; see Clock.Set.
		NotBefore: clock.ClockBegins(), NotAfter: clock.ClockEnds(),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return "", "", fmt.Errorf("sandbox: make a certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", "", fmt.Errorf("sandbox: encode a key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})), nil
}

// PlatformKeys is KeyMaterial parsed once.
type PlatformKeys struct {
	certificate    *x509.Certificate
	certificatePEM []byte
	Serial         string
	CertKey        crypto.Signer // behind the certificate
	PublicKey      crypto.Signer // behind the PUB_KEY_ID_

	Now     func() time.Time
	mu      sync.Mutex                            // held while one is added
	Rotated atomic.Pointer[[]platformCertificate] // the certificates that came after; nil for none
}

func ParsePlatformKeys(m *ledger.KeyMaterial) (*PlatformKeys, error) {
	cert, err := wxpay.ParseCertificate([]byte(m.PlatformCertificate))
	if err != nil {
		return nil, fmt.Errorf("sandbox: platform certificate: %w", err)
	}
	if err := refuseReal(cert); err != nil {
		return nil, fmt.Errorf("sandbox: platform certificate: %w", err)
	}
	out := &PlatformKeys{certificate: cert, certificatePEM: []byte(m.PlatformCertificate), Serial: wire.SerialHex(cert)}
	if out.CertKey, err = wxpay.ParsePrivateKey([]byte(m.PlatformKey.Reveal())); err != nil {
		return nil, fmt.Errorf("sandbox: platform key: %w", err)
	}
	if !cert.PublicKey.(*rsa.PublicKey).Equal(out.CertKey.Public()) {
		return nil, fmt.Errorf("sandbox: the platform key does not belong to the platform certificate")
	}
	if out.PublicKey, err = wxpay.ParsePrivateKey([]byte(m.PublicKeyKey.Reveal())); err != nil {
		return nil, fmt.Errorf("sandbox: the public key's private half: %w", err)
	}
	return out, nil
}

// SigningKey picks what a message to the merchant is signed with: the public key where
// the merchant has nothing else, or the request asked for it in Wechatpay-Serial and
// the merchant has it.
func (k *PlatformKeys) SigningKey(m *Merchant, asked string) (id string, key crypto.Signer) {
	if m.KeyMode == ledger.KeysPublic || m.KeyMode == ledger.KeysMoving && asked == m.PublicKeyID {
		return m.PublicKeyID, k.PublicKey
	}
	if k.Rotated.Load() == nil {
		return k.Serial, k.CertKey
	}
	now := k.Listed()[0]
	return now.Serial, now.Key
}

// ClientKeys are the keys a client of this merchant verifies with.
func (k *PlatformKeys) ClientKeys(m *Merchant) []wxpay.PlatformKey {
	public := wxpay.PlatformKey{ID: m.PublicKeyID, Key: k.PublicKey.Public().(*rsa.PublicKey)}
	var certs []wxpay.PlatformKey
	for _, c := range k.Listed() {
		certs = append(certs, wxpay.PlatformKey{
			ID: c.Serial, Key: c.Key.Public().(*rsa.PublicKey), NotBefore: c.Cert.NotBefore, NotAfter: c.Cert.NotAfter,
		})
	}
	switch m.KeyMode {
	case ledger.KeysPublic:
		return []wxpay.PlatformKey{public}
	case ledger.KeysCertificate:
		return certs
	}
	return append([]wxpay.PlatformKey{public}, certs...)
}

func PublicPEM(key *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(fmt.Sprintf("sandbox: a parsed key does not encode: %v", err))
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// CertificateNotice is how long a new certificate is listed before it signs.
// https://pay.weixin.qq.com/docs/merchant/development/interface-rules/wechatpay-certificates-rotation.html
const CertificateNotice = 24 * time.Hour

// SavedCertificate is a platform certificate that came after the first.
type SavedCertificate struct {
	rows.Rev
	Certificate string    `json:"certificate"`
	Key         string    `json:"key"`
	From        time.Time `json:"from"` // when it begins to sign
}

func (s *SavedCertificate) RowKind() string { return "platform-certificate" }

func (s *SavedCertificate) Row() store.Row { return store.Row{ID: s.serial()} }

// platformCertificate is one that WeChat Pay signs with, or will.
type platformCertificate struct {
	Serial string
	Cert   *x509.Certificate
	PEM    []byte
	Key    crypto.Signer
	from   time.Time
}

// Add makes a certificate known once it is saved.
func (k *PlatformKeys) Add(s *SavedCertificate, save func() error) error {
	cert, err := wxpay.ParseCertificate([]byte(s.Certificate))
	if err != nil {
		return err
	}
	key, err := wxpay.ParsePrivateKey([]byte(s.Key))
	if err != nil {
		return err
	}
	next := platformCertificate{Serial: s.serial(), Cert: cert, PEM: []byte(s.Certificate), Key: key, from: s.From}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := save(); err != nil {
		return err
	}
	var list []platformCertificate
	if old := k.Rotated.Load(); old != nil {
		list = slices.Clone(*old)
	}
	list = append(list, next)
	k.Rotated.Store(&list)
	return nil
}

// Listed are the certificates a merchant can download: first the one that signs
// now, then those that will.
func (k *PlatformKeys) Listed() []platformCertificate {
	out := []platformCertificate{{Serial: k.Serial, Cert: k.certificate, PEM: k.certificatePEM, Key: k.CertKey}}
	if rotated := k.Rotated.Load(); rotated != nil {
		now := k.Now()
		for _, c := range *rotated {
			if !now.Before(c.from) {
				out = out[:0]
			}
			out = append(out, c)
		}
	}
	return out
}

// Other is the key that WeChat Pay would sign with if the merchant were on the
// other side of its move from certificates to the public key.
func (k *PlatformKeys) Other(m *Merchant, id string) (string, crypto.Signer) {
	if id == m.PublicKeyID {
		now := k.Listed()[0]
		return now.Serial, now.Key
	}
	return m.PublicKeyID, k.PublicKey
}

// serial is "" where there is no certificate.
func (s *SavedCertificate) serial() string {
	cert, err := wxpay.ParseCertificate([]byte(s.Certificate))
	if err != nil {
		return ""
	}
	return wire.SerialHex(cert)
}

func (s *SavedCertificate) Owner() string { return "" }

func (s SavedCertificate) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sandbox.savedCertificate{serial: %q, From: %s, …}", s.serial(), s.From)
}

// refuseReal keeps key material of the real WeChat Pay out of a program that
// hands private keys to whoever asks.
func refuseReal(cert *x509.Certificate) error {
	for _, name := range []string{cert.Issuer.CommonName, strings.Join(cert.Issuer.Organization, " "),
		strings.Join(cert.Subject.Organization, " ")} {
		if lower := strings.ToLower(name); strings.Contains(lower, "tenpay") || strings.Contains(name, "财付通") {
			return fmt.Errorf("the certificate was issued by %q and looks real: never give a sandbox the keys of a "+
				"merchant; leave them out and it makes its own", name)
		}
	}
	return nil
}
