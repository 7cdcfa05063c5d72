package wxpay

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Config is what a merchant is to WeChat Pay. The fields down to APIv3Key are
// required, except that Certificate may stand for SerialNo, and that a [Client]
// can do without PlatformKeys.
type Config struct {
	// MchID is the merchant number, digits. A service provider gives its own,
	// never a sub-merchant's.
	MchID string
	// SerialNo is the serial number of the merchant's API certificate, 40
	// hexadecimal digits. Console: API security, API certificate.
	SerialNo string
	// Certificate is the API certificate itself. It is optional: with it,
	// SerialNo may be empty and New checks that it belongs to PrivateKey and
	// has not expired.
	Certificate *x509.Certificate
	// PrivateKey signs calls: RSA, of at least 2048 bits. See [LoadPrivateKey];
	// any crypto.Signer will do, so the key may stay in an HSM.
	PrivateKey crypto.Signer
	// PlatformKeys verify what WeChat Pay says: its public key, its platform
	// certificates, or both while the merchant moves from one to the other.
	//
	// A merchant with a public key gives it here ([ParsePublicKey]): it cannot be
	// downloaded. One with certificates may leave the field empty: a Client
	// downloads them with GET v3/certificates before its first call, opened with the
	// APIv3 key and verified; anew, in a call, where they are more than 12 hours
	// old; and once where a message names one that it does not know, also beside a
	// public key. All of this happens in the goroutine of who needs it, and one
	// download serves all who wait. [Client.Start] does it ahead of time.
	PlatformKeys []PlatformKey
	// APIv3Key opens sealed resources, 32 bytes: NewSecret(os.Getenv("…")).
	// Console: API security, APIv3 key.
	APIv3Key Secret

	// OtherAPIv3Keys open what APIv3Key does not: the former key or the next
	// one, while one replaces the other. Empty at any other time.
	OtherAPIv3Keys []Secret
	// APIv2Key signs APIv2 calls, the paths that begin with v2/. It may stay
	// empty where none is made. Console: API security, APIv2 key.
	APIv2Key Secret

	// Host is where calls go, scheme and host. Default: [DefaultHost].
	// A sandbox has its own. The few endpoints that WeChat Pay has at hosts of their own, such as
	// fraud.mch.weixin.qq.com, are called there, and at Host where that is not WeChat Pay's.
	Host string
	// BackupHost is where a call for Host goes that could not be sent there, and, where it
	// changes nothing, one that got no answer: signed afresh, the same bytes. A host that could not
	// be reached is left alone for 30 seconds by Now, and then tried by one call. Default: the
	// twin of WeChat Pay's own hosts (api and api2, of mch.weixin.qq.com and of wechatpay.cn),
	// none for any other.
	BackupHost string
	// GlobalHost is where the cross-border families go, such as those under v3/global and hk/v3.
	// Default: [DefaultGlobalHost], and Host where that is not WeChat Pay's.
	GlobalHost string
	// PlainHTTP lets Host and GlobalHost begin with http:// where they are not of this machine:
	// for a sandbox that has a name of its own, such as a service of Docker Compose. Whoever is on
	// the way reads and changes what is sent; WeChat Pay's own hosts are never called so.
	PlainHTTP bool
	// HTTPClient lends its Transport, which sends, and its Timeout, which
	// bounds a call whose context has no deadline: 0 is one minute, which is what
	// the longest calls need, and a negative one is no bound at all. Its redirect
	// policy and cookies are not used: a signature is for one path. Default
	// transport: one shared by all clients, HTTP/1.1 with keep-alive and 64 idle
	// connections a host. A Transport of your own that speaks HTTP/2 repeats calls
	// of any method that the server turned away; see the package's promises.
	HTTPClient *http.Client
	// UserAgent is put before the SDK's own: printable characters.
	UserAgent string
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Rand draws nonces, and spreads the pauses between attempts. Default: crypto/rand.Reader.
	Rand io.Reader
	// Attempts is how often a call goes out at most, where the package's promises let it go out
	// again: 1 turns repeats and BackupHost off. The option [Attempts] sets it for one call.
	// Default: [DefaultAttempts].
	Attempts int
	// Wait is how a call waits before it goes out again: for d, or until ctx ends, which it then
	// says with an error. Default: a timer of package time.
	Wait func(ctx context.Context, d time.Duration) error
	// Hook is called around every call: see [Hook] for what it is told. [LogTo] is one.
	Hook Hook
}

// WeChat Pay's own hosts.
const (
	DefaultHost       = "https://api.mch.weixin.qq.com"
	BackupHost        = "https://api2.mch.weixin.qq.com"
	DefaultGlobalHost = "https://" + globalHostName
)

const globalHostName = "apihk.mch.weixin.qq.com"

// userAgent is what every call says of itself. WeChat Pay lists User-Agent as
// required.
const userAgent = "wxpay-go/0.1"

// checkMerchant checks the merchant's own identity and fills SerialNo from the
// certificate where there is one.
func checkMerchant(cfg *Config) error {
	fail := func(field, problem, hint string) error {
		return &ConfigError{Field: field, Problem: problem, Hint: hint}
	}
	if err := checkMchID(cfg.MchID); err != nil {
		return err
	}
	if cfg.PrivateKey == nil || isNilPointer(cfg.PrivateKey) {
		return fail("PrivateKey", "it is missing", "load apiclient_key.pem with LoadPrivateKey")
	}
	var half crypto.PublicKey
	if guard(func() { half = cfg.PrivateKey.Public() }) != nil {
		return fail("PrivateKey", fmt.Sprintf("the Public method of a %T panics, as one of a nil does", cfg.PrivateKey),
			"load apiclient_key.pem with LoadPrivateKey")
	}
	public, ok := half.(*rsa.PublicKey)
	if !ok || public == nil {
		return fail("PrivateKey", fmt.Sprintf("its public half is a %T, not RSA", half),
			"use the key of the API certificate, apiclient_key.pem")
	}
	if err := checkBits(public, "a merchant private key"); err != nil {
		return fail("PrivateKey", err.Error(), "use the key of the API certificate, apiclient_key.pem")
	}
	if cert := cfg.Certificate; cert != nil {
		serial := wire.SerialHex(cert)
		switch {
		case cfg.SerialNo != "" && !wire.SameSerial(cfg.SerialNo, serial):
			return fail("SerialNo", "it is not the serial number of Certificate, which is "+serial,
				"leave SerialNo empty, or load the certificate it belongs to")
		case !public.Equal(cert.PublicKey):
			return fail("PrivateKey", "it does not belong to Certificate "+serial, "use apiclient_key.pem and "+
				"apiclient_cert.pem of the same download; a renewed certificate has a key of its own")
		case !cfg.Now().Before(cert.NotAfter):
			return fail("Certificate", "it expired at "+wire.FormatTime(cert.NotAfter),
				"renew the API certificate in the merchant console and load the new key and certificate")
		}
		cfg.SerialNo = serial
	}
	// The console shows the number in upper case and so does WeChat Pay.
	cfg.SerialNo = strings.ToUpper(cfg.SerialNo)
	if cfg.SerialNo == "" || strings.Trim(cfg.SerialNo, "0123456789ABCDEF") != "" || len(cfg.SerialNo) > 40 {
		hint := "it is the 40 hexadecimal digits in the merchant console under API security, API certificate; or set " +
			"Certificate"
		if strings.HasPrefix(cfg.SerialNo, wire.PublicKeyIDPrefix) {
			return fail("SerialNo", "it is the id of WeChat Pay's public key, not of your certificate", hint)
		}
		switch problem := "it is not a certificate serial number"; {
		case cfg.SerialNo == "":
			return fail("SerialNo", "it is missing", hint)
		case strings.TrimSpace(cfg.SerialNo) != cfg.SerialNo:
			return fail("SerialNo", padded, hint)
		case strings.ContainsAny(cfg.SerialNo, ":= ") || strings.HasPrefix(cfg.SerialNo, "0X"):
			return fail("SerialNo", problem+": give the digits alone, without colons, blanks or 0x", hint)
		case len(cfg.SerialNo) > 40:
			return fail("SerialNo", problem+": it has more than 40 digits", hint)
		default:
			return fail("SerialNo", problem, hint)
		}
	}
	return nil
}

func checkMchID(mchID string) error {
	const hint = "it is the digits in the top corner of the merchant console, such as 1900000109"
	switch {
	case mchID == "":
		return &ConfigError{Field: "MchID", Problem: "it is missing", Hint: hint}
	case strings.TrimSpace(mchID) != mchID:
		return &ConfigError{Field: "MchID", Problem: padded, Hint: hint}
	case strings.Trim(mchID, "0123456789") != "" || len(mchID) > 32:
		return &ConfigError{Field: "MchID", Problem: "it is not a merchant number", Hint: hint}
	}
	return nil
}

// checkNotOwnKey catches the most frequent mix-up: the merchant's certificate
// given where WeChat Pay's belongs. Every reply would fail to verify. An id has
// to fit into the header that declares it.
func checkNotOwnKey(cfg *Config) error {
	public := cfg.PrivateKey.Public().(*rsa.PublicKey)
	for _, k := range cfg.PlatformKeys {
		if !validHeader("Wechatpay-Serial", k.ID) || strings.TrimSpace(k.ID) != k.ID {
			return &ConfigError{
				Field: "PlatformKeys",
				Problem: "the id " + strconv.Quote(wire.Clip(k.ID, 64)) +
					" has white space around it, a line end or another control character",
				Hint: "copy the id without what stands around it",
			}
		}
		if wire.SameSerial(k.ID, cfg.SerialNo) || (k.Key != nil && k.Key.N != nil && public.Equal(k.Key)) {
			return &ConfigError{
				Field:   "PlatformKeys",
				Problem: wire.Clip(k.ID, 64) + " is the merchant's own certificate or key, not WeChat Pay's",
				Hint: "apiclient_cert.pem signs your calls; WeChat Pay's public key (pub_key.pem) is under API " +
					"security in the merchant console, its certificates a Client downloads by itself",
			}
		}
	}
	return nil
}

// isWeChatPay tells the hosts of WeChat Pay's company, in any spelling of ASCII that reaches them.
func isWeChatPay(host string) bool {
	host = strings.ToLower(strings.TrimRight(host, "."))
	for _, domain := range []string{"qq.com", "wechatpay.cn", "wechatpay.com", "tenpay.com"} {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

func splitHost(field, host string, plain bool) (endpointHost, error) {
	u, err := url.Parse(host)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil ||
		(u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return endpointHost{}, &ConfigError{Field: field, Problem: "it is not a scheme and a host",
			Hint: "leave it empty for WeChat Pay's own, or write it like " + DefaultHost + ", without a path"}
	}
	name := u.Hostname()
	if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		// net/http would make another of it.
		return endpointHost{}, &ConfigError{Field: field, Hint: "write it in ASCII",
			Problem: "its host holds a character that is not ASCII, such as the full stop of a Chinese keyboard"}
	}
	switch {
	case u.Scheme == "https" || isLoopback(name):
	case isWeChatPay(name):
		return endpointHost{}, &ConfigError{Field: field, Problem: "WeChat Pay is not called by plain http",
			Hint: "write https://"}
	case !plain:
		return endpointHost{}, &ConfigError{Field: field, Problem: "plain http is for a sandbox on this machine only",
			Hint: "write https://, or set PlainHTTP for a sandbox that has a name of its own"}
	}
	return endpointHost{u.Scheme, u.Host}, nil
}
