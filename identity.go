package wxpay

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// identity is what a client calls as: the merchant's own keys at one moment. It never changes, and
// a call goes on with the one it began with.
type identity struct {
	serial      string
	key         func() crypto.Signer // where nothing that prints a struct finds it
	certificate *x509.Certificate
	apiV2Key    Secret
	mtls        *mutualTLS // for v2/secapi
}

// newIdentity checks the merchant's own half of a Config.
func newIdentity(cfg *Config, transport http.RoundTripper) (*identity, error) {
	if err := checkMerchant(cfg); err != nil {
		return nil, err
	}
	if err := checkNotOwnKey(cfg); err != nil {
		return nil, err
	}
	if n := len(cfg.APIv2Key.Reveal()); n != 0 && n != wire.KeySize {
		problem := fmt.Sprintf("an APIv2 key has %d characters, this one %d", wire.KeySize, n)
		return nil, &ConfigError{
			Field: "APIv2Key", Problem: problem + surrounded(cfg.APIv2Key),
			Hint: "set it in the merchant console under API security",
		}
	}
	key := cfg.PrivateKey
	return &identity{
		serial: cfg.SerialNo, key: func() crypto.Signer { return key }, certificate: cfg.Certificate,
		apiV2Key: cfg.APIv2Key, mtls: newMutualTLS(transport, cfg.Certificate, key),
	}, nil
}

// Replace gives a client that is at work what cfg has in SerialNo, Certificate, PrivateKey,
// PlatformKeys, APIv3Key, OtherAPIv3Keys and APIv2Key, in place of all it had there: when the API
// certificate was renewed, the APIv3 key was changed, or a public key came to the certificates.
// Take the Config that [New] got, change what is new and leave the rest. MchID must be the same;
// Host, HTTPClient and the other fields are not read.
//
// It is checked as by New, and what is wrong comes back as a [*ConfigError]: then nothing has
// changed. Calls under way finish with what they began with, calls that begin afterwards use what
// is new, and so does whoever shares [Client.Keys], such as a receiver of notifications; of APIv2
// notifications a receiver knows only its own keys. Certificates of WeChat Pay's that were
// downloaded stay.
//
// What was sealed before an APIv3 key was changed opens with the former one only: keep that in
// OtherAPIv3Keys for a day.
func (c *Client) Replace(cfg Config) error {
	if c == nil || c.keys == nil {
		return &ConfigError{Field: "MchID", Problem: noClient, Hint: "make one with New"}
	}
	if err := sameMerchant(cfg.MchID, c.mchID); err != nil {
		return err
	}
	cfg.Now = c.now
	next, err := newIdentity(&cfg, c.transport())
	if err != nil {
		return err
	}
	set, err := newKeySet(cfg, true)
	if err != nil {
		return err
	}
	c.keys.live.replace(set)
	c.own.Swap(next).mtls.leave()
	return nil
}

// mutualTLS is a transport that shows the merchant's certificate, made when it is first asked for.
type mutualTLS struct {
	make func() (http.RoundTripper, error)
	mu   sync.Mutex
	own  *http.Transport // that was made
	left bool
}

func newMutualTLS(base http.RoundTripper, cert *x509.Certificate, key crypto.Signer) *mutualTLS {
	m := new(mutualTLS)
	m.make = sync.OnceValues(func() (http.RoundTripper, error) {
		by, err := showing(base, cert, key)
		if own, ok := by.(*http.Transport); ok && by != base {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.own = own; m.left {
				own.DisableKeepAlives = true // of a call that is the last
			}
		}
		return by, err
	})
	return m
}

// leave lets go of the connections that show a certificate which was replaced. Those that are in
// use end with their calls.
func (m *mutualTLS) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left = true; m.own != nil {
		m.own.CloseIdleConnections()
	}
}

// inHandshake is a key that signs in a goroutine of the transport's, where a panic would end the
// process: there it is an error.
type inHandshake struct {
	crypto.Signer
	public crypto.PublicKey // the certificate's, which New compared with the key's
}

func (k inHandshake) Public() crypto.PublicKey { return k.public }

func (k inHandshake) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) (signature []byte, err error) {
	if guard(func() { signature, err = k.Signer.Sign(rand, digest, opts) }) != nil {
		return nil, errors.New("the merchant's private key panicked when it signed the TLS handshake")
	}
	return signature, err
}

// showing is a transport like base that shows the merchant's certificate.
func showing(base http.RoundTripper, cert *x509.Certificate, key crypto.Signer) (http.RoundTripper, error) {
	t, ok := base.(*http.Transport)
	var own *http.Transport
	if ok && t != nil {
		own = t.Clone() // first: it waits for net/http to set up t, which another call may do
	}
	switch {
	case cert == nil:
		return nil, errors.New("the call needs the merchant's certificate for TLS: set Config.Certificate " +
			"(LoadCertificate)")
	case !ok:
		return base, nil // the caller's own transport shows what it shows
	case dialsTLS(t):
		return nil, errors.New("the Transport of Config.HTTPClient makes TLS connections by itself " +
			"(DialTLSContext), so that the merchant's certificate cannot be shown: leave that to net/http, " +
			"or show the certificate there and put a RoundTripper of your own around the Transport")
	case hasAnother(t, "https") || hasAnother(t, "http"):
		return nil, errors.New("another transport is registered with that of Config.HTTPClient " +
			"(RegisterProtocol, TLSNextProto), and would not show the merchant's certificate: lend a Transport " +
			"without one to a Client for calls with MTLS")
	}
	if own.TLSClientConfig == nil {
		own.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c := own.TLSClientConfig
	c.Certificates = []tls.Certificate{{
		Certificate: [][]byte{cert.Raw}, PrivateKey: inHandshake{key, cert.PublicKey}, Leaf: cert,
	}}
	c.GetClientCertificate = nil // it would be asked in their place
	if c.ClientSessionCache != nil {
		// Whoever resumes a session is who began it, and the cache is shared with other
		// merchants and with calls that show no certificate.
		c.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	// Nor has HTTP/2 that was configured for the original connections of its own. Clone leaves
	// the offer of it behind, also where it is not spoken any more; net/http adds it where it
	// is.
	if len(own.TLSNextProto) > 0 {
		own.TLSNextProto = nil
	}
	c.NextProtos = slices.DeleteFunc(slices.Clone(c.NextProtos), func(name string) bool { return name == "h2" })
	return own, nil
}
