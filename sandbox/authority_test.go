package sandbox_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The certificate is for WeChat Pay's hosts and this machine.
func TestTheCertificateIsOfEveryHost(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t)
	shown := certificatesOf(t, sb)
	leaf := shown[0]
	for _, name := range append(catalogue.Hosts(), "localhost", "127.0.0.1", "::1") {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if leaf.NotAfter.Sub(leaf.NotBefore) > 825*24*time.Hour {
		t.Error("it is good for longer than Apple's systems take")
	}
	roots, issuers := x509.NewCertPool(), x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(sb.Authority())) {
		t.Fatal("Authority is no certificate")
	}
	issuers.AddCert(shown[1])
	for _, from := range []time.Duration{-300 * 24 * time.Hour, 0, 300 * 24 * time.Hour} { // of a moved clock
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: issuers,
			DNSName: "api.mch.weixin.qq.com", CurrentTime: time.Now().Add(from)}); err != nil {
			t.Errorf("%s from now: %v", from, err)
		}
	}
	other, err := tls.Dial("tcp", strings.TrimPrefix(sb.TLSURL(), "https://"), sandbox.New(t).TLSConfig())
	if err == nil {
		other.Close()
		t.Error("it is taken by who trusts another sandbox's authority")
	}
}

// certificatesOf are what a sandbox shows in a handshake: its own, and its issuer's.
func certificatesOf(t *testing.T, sb *sandbox.Sandbox) []*x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(sb.TLSURL(), "https://"), sb.TLSConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates
}

// stolen is an authority with its key, as whoever gets hold of a data folder has it.
type stolen struct {
	root, issuer   *x509.Certificate
	roots, issuers *x509.CertPool
	key            any
}

func openAuthority(t *testing.T) (a stolen) {
	t.Helper()
	var kept ledger.KeyMaterial
	if err := sandbox.GenerateAuthority(&kept); err != nil {
		t.Fatal(err)
	}
	_, rest := pem.Decode([]byte(kept.Authority))
	a.root, a.issuer = parsed(t, kept.Authority), parsed(t, string(rest))
	block, _ := pem.Decode([]byte(kept.AuthorityKey.Reveal()))
	var err error
	if a.key, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		t.Fatal(err)
	}
	a.roots, a.issuers = x509.NewCertPool(), x509.NewCertPool()
	a.roots.AddCert(a.root)
	a.issuers.AddCert(a.issuer)
	return a
}

// leaf is a certificate that somebody makes with it.
func (a stolen) leaf(t *testing.T, template *x509.Certificate) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.issuer, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// Whoever gets hold of the authority's key can vouch for no other site with it: who trusts the
// authority does not take that.
func TestTheAuthorityVouchesForNoOtherSite(t *testing.T) {
	t.Parallel()
	a := openAuthority(t)
	issuerAlone := x509.NewCertPool() // as Java takes it, which does not look at what the root says
	issuerAlone.AddCert(a.issuer)
	if !a.issuer.MaxPathLenZero || !a.root.PermittedDNSDomainsCritical {
		t.Error("the certificates do not bind those they are of")
	}
	for name, taken := range map[string]bool{
		"api.mch.weixin.qq.com": true, "api9.mch.weixin.qq.com": true, "pay.wechatpay.cn": true, "localhost": true,
		"127.0.0.1": true, "127.8.8.8": true, "::1": true, "example.com": false, "weixin.qq.com": false,
		"pay.weixin.qq.com": false, "xwechatpay.cn": false, "qq.com": false, "192.168.0.1": false, "8.8.8.8": false,
	} {
		template := &x509.Certificate{SerialNumber: big.NewInt(7), NotAfter: time.Now().Add(time.Hour),
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = []net.IP{ip}
		} else {
			template.DNSNames = []string{name}
		}
		leaf := a.leaf(t, template)
		for _, o := range []x509.VerifyOptions{{Roots: a.roots, Intermediates: a.issuers}, {Roots: issuerAlone}} {
			o.DNSName = name
			if _, err := leaf.Verify(o); (err == nil) != taken {
				t.Errorf("%s: taken: %t, want %t: %v", name, err == nil, taken, err)
			}
		}
	}
}

// Programs that look for the host in a subject's common name take *.example.com there for any host,
// whatever names are permitted; OpenSSL does, and so do Node and Python. So the issuer excludes
// every subject but an empty one, and the sandbox's own certificate has that.
func TestTheAuthorityVouchesForNoSubject(t *testing.T) {
	t.Parallel()
	shown := certificatesOf(t, sandbox.New(t))
	var constraints []byte
	for _, e := range shown[1].Extensions {
		if e.Id.String() == "2.5.29.30" {
			constraints = e.Value
		}
	}
	var parts struct {
		Permitted asn1.RawValue `asn1:"tag:0"`
		Excluded  []struct {
			Directory pkix.RDNSequence `asn1:"explicit,tag:4"`
		} `asn1:"tag:1"`
	}
	if rest, err := asn1.Unmarshal(constraints, &parts); err != nil || len(rest) > 0 {
		t.Fatalf("the constraints are %x: %v", constraints, err)
	}
	if len(parts.Excluded) != 1 || len(parts.Excluded[0].Directory) != 0 || len(parts.Permitted.Bytes) == 0 {
		t.Errorf("the constraints are %+v", parts)
	}
	if subject := shown[0].Subject.String(); subject != "" {
		t.Errorf("the sandbox's certificate is %s's", subject)
	}
}

// Nor can they vouch with it for who signs mail or code, or calls a server; and a mail address or a
// URI is refused where nobody asks what for.
func TestTheAuthorityVouchesForServersAlone(t *testing.T) {
	t.Parallel()
	a := openAuthority(t)
	verified := func(template *x509.Certificate, usage x509.ExtKeyUsage) error {
		template.SerialNumber, template.NotAfter = big.NewInt(7), time.Now().Add(time.Hour)
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
		_, err := a.leaf(t, template).Verify(x509.VerifyOptions{Roots: a.roots, Intermediates: a.issuers,
			KeyUsages: []x509.ExtKeyUsage{usage}})
		return err
	}
	local := func() *x509.Certificate { return &x509.Certificate{DNSNames: []string{"localhost"}} }
	if err := verified(local(), x509.ExtKeyUsageServerAuth); err != nil {
		t.Errorf("a server: %v", err)
	}
	for name, usage := range map[string]x509.ExtKeyUsage{"mail": x509.ExtKeyUsageEmailProtection,
		"code": x509.ExtKeyUsageCodeSigning, "a client": x509.ExtKeyUsageClientAuth} {
		if err := verified(local(), usage); err == nil {
			t.Errorf("it vouches for %s", name)
		}
	}
	uri, err := url.Parse("spiffe://example.com/shop")
	if err != nil {
		t.Fatal(err)
	}
	for name, template := range map[string]*x509.Certificate{"a mail address": {EmailAddresses: []string{"a@qq.com"}},
		"a URI": {URIs: []*url.URL{uri}}} {
		if err := verified(template, x509.ExtKeyUsageServerAuth); err == nil {
			t.Errorf("it vouches for %s", name)
		}
	}
}

// Key material that is kept has the same authority at every start, also where it comes without one
// and is completed, and one that is not a sandbox's is refused.
func TestTheAuthorityIsKept(t *testing.T) {
	t.Parallel()
	kept := pinnedKeys(t) // as an earlier version made it: without
	begin := func() *sandbox.Sandbox {
		return sandbox.New(t, func(c *sandbox.Config) { c.Keys = kept })
	}
	if one, other := begin().Authority(), begin().Authority(); one == other {
		t.Error("two sandboxes that were given none have the same")
	}
	if err := sandbox.GenerateAuthority(kept); err != nil {
		t.Fatal(err)
	}
	first := kept.Authority
	_, rest := pem.Decode([]byte(first))
	issuer := string(rest)
	if err := sandbox.GenerateAuthority(kept); err != nil || kept.Authority != first {
		t.Errorf("one that is good is made anew: %v", err)
	}
	a, b := begin(), begin()
	if a.Authority() != b.Authority() || a.Authority()+issuer != kept.Authority {
		t.Error("a sandbox has another authority than it was given")
	}
	if certificatesOf(t, a)[1].CheckSignatureFrom(parsed(t, b.Authority())) != nil {
		t.Error("the issuer of one is not of the other's authority")
	}
	for _, wrong := range []ledger.KeyMaterial{
		{Authority: "nonsense", AuthorityKey: kept.AuthorityKey}, {Authority: kept.Authority},
		{AuthorityKey: kept.AuthorityKey}, {Authority: kept.Authority, AuthorityKey: wxpay.NewSecret("nonsense")},
		{Authority: kept.PlatformCertificate, AuthorityKey: kept.PlatformKey},
		{Authority: kept.Authority, AuthorityKey: kept.PlatformKey},
		{Authority: sandbox.New(t).Authority(), AuthorityKey: kept.AuthorityKey},
		{Authority: sandbox.New(t).Authority() + issuer, AuthorityKey: kept.AuthorityKey},
	} {
		err := sandbox.GenerateAuthority(&wrong)
		if err == nil || strings.Contains(err.Error(), "nonsense") || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("taken, or told: %v", err)
		}
	}
}

func parsed(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// An authority that is about to end is made anew, and so is a server's certificate, long before.
func TestCertificatesAreMadeAnewInTime(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t, sandbox.At(start))
	synctest.Test(t, func(t *testing.T) {
		const year = 365 * 24 * time.Hour
		var kept ledger.KeyMaterial
		authorities := map[string]bool{}
		for range 40 {
			if err := sandbox.GenerateAuthority(&kept); err != nil {
				t.Fatal(err)
			}
			authorities[kept.Authority] = true
			if left := time.Until(parsed(t, kept.Authority).NotAfter); left < 2*year {
				t.Errorf("an authority with %s left is used", left)
			}
			time.Sleep(year) // of the bubble's time
		}
		if len(authorities) != 2 {
			t.Errorf("%d authorities in 40 years, want 2", len(authorities))
		}

		l := &pipes{make(chan net.Conn)}
		server := sb.ServeAPI(l, nil)
		defer server.Close()
		leaves := map[string]bool{}
		for range 30 {
			ours, theirs := net.Pipe()
			l.conns <- theirs
			conn := tls.Client(ours, &tls.Config{InsecureSkipVerify: true}) // its dates are looked at here
			if err := conn.HandshakeContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			leaf := conn.ConnectionState().PeerCertificates[0]
			leaves[leaf.SerialNumber.String()] = true
			if left := time.Until(leaf.NotAfter); left < 200*24*time.Hour {
				t.Errorf("a certificate with %s left is shown", left)
			}
			ours.Close()
			time.Sleep(10 * 24 * time.Hour) // of the bubble's time
		}
		if len(leaves) < 2 || len(leaves) > 4 {
			t.Errorf("%d certificates in 300 days", len(leaves))
		}
	})
}
