package authority

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"slices"
	"sync"
	"time"
)

// How long certificates are good for, by the machine's clock, which is that of TLS. Certificates of
// servers stay below the 825 days that Apple's systems take at most, and begin in the past, for
// programs whose clock was moved.
const (
	years   = 30                   // of an authority
	past    = 365 * 24 * time.Hour // how long before it was issued a certificate is good
	ahead   = 400 * 24 * time.Hour // how long after
	renewed = 300 * 24 * time.Hour // before its end a certificate of a server is issued anew
	ending  = 2 * ahead            // before its end an authority is made anew
)

// organization is how everything that the sandbox makes can be told.
const organization = "wxpay sandbox, not WeChat Pay"

// domains are those that an authority may vouch for, with all below them. They are wider than
// WeChat Pay's hosts, so that a host that a later version knows needs no other authority.
var domains = []string{"mch.weixin.qq.com", "payapp.weixin.qq.com", "wechatpay.cn", "localhost"}

// machine are the addresses that it may vouch for.
var machine = []*net.IPNet{
	{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
	{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
}

// Generate makes an authority: the certificates of its root and of its issuer, one after the other,
// and the issuer's key, in PEM.
func Generate(now time.Time) (certificates, key string, err error) {
	fail := func(err error) (string, string, error) {
		return "", "", fmt.Errorf("sandbox: make an authority for TLS: %w", err)
	}
	once, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // the root's, which signs the issuer
	if err != nil {
		return fail(err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	root, issuer := template(now, "wxpay sandbox authority"), template(now, "wxpay sandbox issuer")
	root.MaxPathLen, issuer.MaxPathLenZero = 1, true
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, once.Public(), once)
	if err != nil {
		return fail(err)
	}
	if root, err = x509.ParseCertificate(rootDER); err != nil { // now with what names its key
		return fail(err)
	}
	if err := excludeNames(issuer, root); err != nil {
		return fail(err)
	}
	issuerDER, err := x509.CreateCertificate(rand.Reader, issuer, root, private.Public(), once)
	if err != nil {
		return fail(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fail(err)
	}
	return PEM(rootDER) + PEM(issuerDER), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})), nil
}

func template(now time.Time, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name, Organization: []string{organization}},
		NotBefore: now.Add(-past), NotAfter: now.AddDate(years, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: servers,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: domains, PermittedIPRanges: machine,
		PermittedEmailAddresses: nobody, PermittedURIDomains: nobody,
	}
}

// An authority vouches for servers, and not for who signs mail or code, or calls; and for verifiers
// that do not look there, for no mail address and no URI but those of a name that nobody can have.
var (
	servers = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	nobody  = []string{"invalid"}
)

// nameConstraints is the extension: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10
var nameConstraints = asn1.ObjectIdentifier{2, 5, 29, 30}

// anySubject is the part of it that excludes every subject but an empty one. Clients that look for
// the host in a subject's common name do not hold all that is written there, such as *.example.com,
// against the names that are permitted.
var anySubject = []byte{0xa1, 6, 0x30, 4, 0xa4, 2, 0x30, 0}

// excludeNames gives an issuer the constraints of its root, and has it vouch for no subject's name
// besides. They are not critical there, for Go refuses critical ones of subjects; the root's are.
func excludeNames(issuer, root *x509.Certificate) error {
	i := slices.IndexFunc(root.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(nameConstraints) })
	if i < 0 {
		return errors.New("the root has no name constraints")
	}
	var own asn1.RawValue
	if _, err := asn1.Unmarshal(root.Extensions[i].Value, &own); err != nil {
		return err
	}
	value, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true,
		Bytes: slices.Concat(own.Bytes, anySubject)})
	issuer.ExtraExtensions = []pkix.Extension{{Id: nameConstraints, Value: value}}
	return err
}

// isBounded says whether an authority's certificate is as template makes them.
func isBounded(c *x509.Certificate) bool {
	return slices.Equal(c.ExtKeyUsage, servers) && slices.Equal(c.PermittedEmailAddresses, nobody) &&
		slices.Equal(c.PermittedURIDomains, nobody)
}

// namesNobody says whether an issuer's certificate excludes subjects' names.
func namesNobody(issuer *x509.Certificate) bool {
	return slices.ContainsFunc(issuer.Extensions, func(e pkix.Extension) bool {
		return e.Id.Equal(nameConstraints) && bytes.HasSuffix(e.Value, anySubject)
	})
}

// PEM writes a certificate down.
func PEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func serial() *big.Int {
	n := make([]byte, 16)
	rand.Read(n)          // never fails, as documented
	n[0] = n[0]&0x3f | 64 // of one length, and positive
	return new(big.Int).SetBytes(n)
}

// Authority issues certificates for servers. It is safe for concurrent use.
type Authority struct {
	Root   *x509.Certificate // what clients trust
	issuer *x509.Certificate
	key    crypto.Signer // the issuer's
}

// Parse reads an authority, which must be one that [Generate] made.
func Parse(certificates, key string) (*Authority, error) {
	fail := func(problem string) (*Authority, error) {
		return nil, errors.New("sandbox: the authority for TLS: " + problem +
			"; leave both out, and one is made, or fill them in with GenerateAuthority")
	}
	rootBlock, rest := pem.Decode([]byte(certificates))
	issuerBlock, _ := pem.Decode(rest)
	keyBlock, _ := pem.Decode([]byte(key))
	if rootBlock == nil || issuerBlock == nil || keyBlock == nil {
		return fail("it is two certificates and a key, all in PEM")
	}
	root, err := x509.ParseCertificate(rootBlock.Bytes)
	issuer, err2 := x509.ParseCertificate(issuerBlock.Bytes)
	if err != nil || err2 != nil {
		return fail("its certificates cannot be read")
	}
	parsed, _ := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	signer, _ := parsed.(*ecdsa.PrivateKey)
	if signer == nil {
		return fail("its key is no ECDSA key in PKCS #8")
	}
	switch public, _ := issuer.PublicKey.(*ecdsa.PublicKey); {
	case public == nil || !public.Equal(signer.Public()):
		return fail("its key is not that of its second certificate")
	case issuer.CheckSignatureFrom(root) != nil:
		return fail("its second certificate is not of the first")
	case !slices.Equal(root.Subject.Organization, []string{organization}):
		return fail("it was not made by a sandbox")
	}
	return &Authority{Root: root, issuer: issuer, key: signer}, nil
}

// Serves says whether the authority can go on at a moment: it is not about to end, and may vouch
// for all these hosts and for nothing else.
func (a *Authority) Serves(now time.Time, hosts []string) bool {
	if !isBounded(a.Root) || !isBounded(a.issuer) || !namesNobody(a.issuer) || now.Before(a.Root.NotBefore) ||
		now.Add(ending).After(a.Root.NotAfter) {
		return false
	}
	leaf, err := a.issue(now, hosts, nil)
	if err != nil {
		return false
	}
	issuers := x509.NewCertPool()
	issuers.AddCert(a.issuer)
	_, err = leaf.Leaf.Verify(x509.VerifyOptions{Roots: a.Trust().RootCAs, Intermediates: issuers, CurrentTime: now})
	return err == nil
}

// issue makes a certificate for hosts, for this machine and, where it is one of this machine's, for
// an address.
func (a *Authority) issue(now time.Time, hosts []string, ip net.IP) (*tls.Certificate, error) {
	fail := func(err error) (*tls.Certificate, error) {
		return nil, fmt.Errorf("sandbox: make a certificate for TLS: %w", err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial(), // without a subject: the issuer vouches for none
		NotBefore:    now.Add(-past), NotAfter: now.Add(ahead),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              append([]string{"localhost"}, hosts...),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if ip.IsLoopback() {
		template.IPAddresses = append(template.IPAddresses, ip)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.issuer, private.Public(), a.key)
	if err != nil {
		return fail(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return fail(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.issuer.Raw}, PrivateKey: private, Leaf: leaf}, nil
}

// Config is that of a server for hosts that listens at an address. It asks for a client certificate
// and takes any: which one a call needs is known only when the call has been read. One certificate
// is for all the hosts; it is issued when the first handshake wants it, and anew long before it
// ends.
func (a *Authority) Config(hosts []string, ip net.IP, now func() time.Time) *tls.Config {
	var mu sync.Mutex
	var current *tls.Certificate
	return &tls.Config{
		MinVersion: tls.VersionTLS12, ClientAuth: tls.RequestClientCert, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			mu.Lock()
			defer mu.Unlock()
			if at := now(); current == nil || at.Add(renewed).After(current.Leaf.NotAfter) {
				next, err := a.issue(at, hosts, ip)
				if err != nil {
					return nil, err
				}
				current = next
			}
			return current, nil
		},
	}
}

// Trust is what a client needs that trusts this authority and nobody else.
func (a *Authority) Trust() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.Root)
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
}
