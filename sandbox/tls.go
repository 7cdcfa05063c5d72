package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// The sandbox speaks plain HTTP to this machine. APIv2 refunds, though, are
// made over mutual TLS: the merchant's certificate is shown in the handshake,
// and a plain connection has none. So there is a second listener for those who
// want that checked, with a certificate of the sandbox's own authority.

// TLSURL is where the API is over TLS, "" unless [Config.TLSAddr] is set.
func (s *Sandbox) TLSURL() string { return s.tlsURL }

// TLSConfig is what a client of TLSURL needs: it trusts the sandbox's own
// authority and nobody else. nil unless [Config.TLSAddr] is set.
//
//	cfg := sb.ClientConfig()
//	cfg.Host = sb.TLSURL()
//	cfg.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: sb.TLSConfig()}}
func (s *Sandbox) TLSConfig() *tls.Config {
	if s.authority == nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.authority)
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
}

// overTLS makes a TLS listener of a plain one. It asks for a client certificate and
// takes any: which one a call needs is known only when the call has been read.
func overTLS(plain net.Listener) (net.Listener, *x509.Certificate, error) {
	authority, leaf, err := makeAuthority(plain.Addr().(*net.TCPAddr).IP)
	if err != nil {
		return nil, nil, err
	}
	return tls.NewListener(plain, &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{leaf}, ClientAuth: tls.RequestClientCert,
	}), authority, nil
}

// makeAuthority makes an authority and a server certificate of it. They live as
// long as the process and are never written anywhere.
func makeAuthority(ip net.IP) (*x509.Certificate, tls.Certificate, error) {
	fail := func(err error) (*x509.Certificate, tls.Certificate, error) {
		return nil, tls.Certificate{}, fmt.Errorf("sandbox: make a TLS certificate: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	from, until := time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "wxpay sandbox authority",
			Organization: []string{"wxpay sandbox, not WeChat Pay"}},
		NotBefore: from, NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		return fail(err)
	}
	authority, err := x509.ParseCertificate(rootDER)
	if err != nil {
		return fail(err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "wxpay sandbox"}, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{ip, net.IPv4(127, 0, 0, 1), net.IPv6loopback}, DNSNames: []string{"localhost"},
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, authority, leafKey.Public(), key)
	if err != nil {
		return fail(err)
	}
	return authority, tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey}, nil
}
