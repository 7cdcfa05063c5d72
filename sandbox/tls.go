package sandbox

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/sandbox/internal/authority"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/listener"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The API speaks plain HTTP, which is all that a program needs whose host can be set. Others call
// https://api.mch.weixin.qq.com: those get here by a proxy's CONNECT, and trust the sandbox's own
// authority. APIv2 refunds are made over mutual TLS besides: the merchant's certificate is shown
// in the handshake, and a plain connection has none.

// TLSURL is where the API is over TLS: the address of URL, with https. There calls that need mutual
// TLS are refused without the merchant's certificate.
func (s *Sandbox) TLSURL() string { return s.tlsURL }

// TLSConfig is what a client of TLSURL needs: it trusts the sandbox's own
// authority and nobody else.
//
//	cfg := sb.ClientConfig()
//	cfg.Host = sb.TLSURL()
//	cfg.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: sb.TLSConfig()}}
//
// A client whose host cannot be set calls WeChat Pay's by name, and URL is its proxy. The sandbox
// is at the end of every tunnel, passes nothing on, and refuses tunnels to other hosts:
//
//	proxy, _ := url.Parse(sb.URL())
//	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: sb.TLSConfig()}}
//	client.Get("https://api.mch.weixin.qq.com/v3/certificates")
func (s *Sandbox) TLSConfig() *tls.Config { return s.authority.Trust() }

// Authority is the certificate of the sandbox's own authority, in PEM, for programs that take a
// file of those they trust (SSL_CERT_FILE, NODE_EXTRA_CA_CERTS). It can vouch for WeChat Pay's host
// names, localhost and loopback addresses alone. It is another at every start, unless Config.Keys
// has one.
func (s *Sandbox) Authority() string { return authority.PEM(s.authority.Root.Raw) }

// GenerateAuthority gives key material an authority for TLS where it has none, or one that cannot
// go on: that ends within two years, or must not vouch for a host that WeChat Pay has by now.
func GenerateAuthority(k *ledger.KeyMaterial) error {
	if k.Authority != "" || !k.AuthorityKey.IsZero() {
		a, err := authority.Parse(k.Authority, k.AuthorityKey.Reveal())
		if err != nil {
			return err
		}
		if a.Serves(time.Now(), catalogue.Hosts()) {
			return nil
		}
	}
	certificates, key, err := authority.Generate(time.Now())
	if err != nil {
		return err
	}
	k.Authority, k.AuthorityKey = certificates, wxpay.NewSecret(key)
	return nil
}

// authorityOf is that of key material, which may have none.
func authorityOf(k *ledger.KeyMaterial) (*authority.Authority, error) {
	own := *k
	if own.Authority == "" && own.AuthorityKey.IsZero() {
		if err := GenerateAuthority(&own); err != nil {
			return nil, err
		}
	}
	return authority.Parse(own.Authority, own.AuthorityKey.Reveal())
}

// door is what the API's listener is besides plain HTTP.
func (s *Sandbox) door(at net.Addr) listener.Door {
	return listener.Door{
		TLS:    s.authority.Config(catalogue.Hosts(), at.(*net.TCPAddr).IP, time.Now),
		Stands: catalogue.IsHost,
		Header: http.Header{ledger.HeaderSandbox: {engine.SandboxName}},
	}
}
