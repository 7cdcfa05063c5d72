package doctor_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/doctor"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox"
)

// patient is a set-up that is right, with files in memory. Tests spoil it.
type patient struct {
	*doctor.Doctor
	settings, files map[string]string
	checks          []doctor.Check
}

func newPatient(t *testing.T) *patient {
	t.Helper()
	s := sandbox.New(t)
	m := s.Merchants()[0]
	cfg, err := s.ClientConfigFor(m.MchID)
	if err != nil {
		t.Fatal(err)
	}
	p := &patient{settings: map[string]string{
		doctor.Host: s.URL(), doctor.MchID: m.MchID, doctor.SerialNo: cfg.SerialNo, doctor.PrivateKey: "key",
		doctor.Certificate: "cert", doctor.APIv3Key: m.APIv3Key.Reveal(), doctor.APIv2Key: m.APIv2Key.Reveal(),
		doctor.Admin: s.AdminURL(),
	}, files: map[string]string{"key": m.PrivateKey.Reveal(), "cert": m.Certificate}}
	for _, k := range cfg.PlatformKeys {
		if !k.NotAfter.IsZero() {
			p.settings[doctor.PlatformCertificate], p.files["platform"] = "platform", s.PlatformCertificates()[k.ID]
			continue
		}
		der, err := x509.MarshalPKIXPublicKey(k.Key)
		if err != nil {
			t.Fatal(err)
		}
		p.settings[doctor.PublicKeyID], p.settings[doctor.PublicKey] = k.ID, "public"
		p.files["public"] = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	p.Doctor = &doctor.Doctor{
		Variables: []string{doctor.Host, doctor.MchID},
		Get: func(variable string) doctor.Setting {
			return doctor.Setting{Value: p.settings[variable], Source: lang.Textf("from the test")}
		},
		Read: func(_ context.Context, name string) doctor.File {
			return doctor.File{Data: []byte(p.files[name]), Mode: 0o600}
		},
		Transport: func() http.RoundTripper { return &http.Transport{DisableKeepAlives: true} },
		Proxy:     func(*http.Request) (*url.URL, error) { return nil, nil },
		Quiet:     func(_ *wxpay.Error, hint string) string { return hint },
		Now:       time.Now,
		Tell:      func(c doctor.Check) { p.checks = append(p.checks, c) },
	}
	return p
}

// says wants a check with a state and words in what it found or in what to do.
func (p *patient) says(t *testing.T, id string, state doctor.State, words string) {
	t.Helper()
	for _, c := range p.checks {
		if c.ID == id && c.State == state && strings.Contains(c.Found.String()+" → "+c.Do.String(), words) {
			return
		}
	}
	t.Errorf("no check %s is %s and says %q:", id, state, words)
	for _, c := range p.checks {
		t.Logf("%s: %s: %s → %s", c.ID, c.State, c.Found, c.Do)
	}
}

func TestTheClock(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]doctor.State{
		0: doctor.OK, 20 * time.Second: doctor.OK, 2 * time.Minute: doctor.Warning, -3 * time.Minute: doctor.Warning,
		6 * time.Minute: doctor.Wrong, -time.Hour: doctor.Wrong,
	} {
		p := newPatient(t)
		p.Now = func() time.Time { return time.Now().Add(ahead) }
		p.Run(t.Context())
		words := "seconds of the host's"
		switch {
		case want == doctor.OK:
		case ahead > 0:
			words = "seconds ahead of the host's"
		default:
			words = "seconds behind the host's"
		}
		p.says(t, "clock", want, words)
	}
}

func TestCertificatesEnd(t *testing.T) {
	t.Parallel()
	end := time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC) // of every certificate of a sandbox
	for at, want := range map[time.Time]doctor.State{
		end.AddDate(0, 0, -40): doctor.OK, end.AddDate(0, 0, -20): doctor.Warning, end: doctor.Wrong,
		time.Date(1970, 6, 1, 0, 0, 0, 0, time.UTC): doctor.Wrong,
	} {
		p := newPatient(t)
		p.Offline, p.Now = true, func() time.Time { return at }
		wrong := p.Run(t.Context())
		p.says(t, "certificate", want, map[doctor.State]string{doctor.OK: "40 days", doctor.Warning: "in 20 days",
			doctor.Wrong: "it "}[want])
		if wrong > 0 != (want == doctor.Wrong) {
			t.Errorf("%s: %d wrong", at, wrong)
		}
	}
}

// Each thing that is wrong is named, and what depends on it is left out.
func TestWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		spoil  func(*patient)
		id     string
		state  doctor.State
		says   string
		called bool
	}{
		{"nothing", func(*patient) {}, "signed-call", doctor.OK, "verified both ways", true},
		{"padded", func(p *patient) { p.settings[doctor.MchID] += " " }, "settings", doctor.Warning, "white space",
			true},
		{"no number", func(p *patient) { p.settings[doctor.MchID] = "" }, "merchant", doctor.Wrong, "there is none",
			false},
		{"no key", func(p *patient) { p.settings[doctor.PrivateKey] = "" }, "private-key", doctor.Wrong,
			"there is none",
			false},
		{"an open file", func(p *patient) {
			p.Read = func(_ context.Context, name string) doctor.File {
				return doctor.File{Data: []byte(p.files[name]), Mode: 0o644}
			}
		}, "private-key", doctor.Warning, "chmod 600", true},
		{"PKCS#12", func(p *patient) {
			p.files["key"] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
		}, "private-key", doctor.Wrong, "a private key with a password", false},
		{"cut off", func(p *patient) { p.files["key"] = p.files["key"][:400] }, "private-key", doctor.Wrong, "cut off",
			false},
		{"no serial", func(p *patient) { p.settings[doctor.SerialNo] = "" }, "serial", doctor.OK,
			"read from the certificate",
			true},
		{"nor certificate", func(p *patient) { p.settings[doctor.SerialNo], p.settings[doctor.Certificate] = "", "" },
			"serial", doctor.Wrong, "there is none", false},
		{"a short serial", func(p *patient) {
			p.settings[doctor.SerialNo], p.settings[doctor.Certificate] = "5157F0",
				""
		},
			"serial", doctor.Warning, "40 are usual", false},
		{"a long serial", func(p *patient) { p.settings[doctor.SerialNo] = strings.Repeat("A", 41) }, "serial",
			doctor.Wrong, "41 digits", false},
		{"another serial", func(p *patient) { p.settings[doctor.SerialNo] = strings.Repeat("A", 40) }, "serial",
			doctor.Wrong, "it is not the certificate's", false},
		{"no id", func(p *patient) { p.settings[doctor.PublicKeyID] = "" }, "public-key", doctor.Wrong, "its id is not",
			false},
		{"no file", func(p *patient) { p.settings[doctor.PublicKey] = "" }, "public-key", doctor.Wrong,
			"its file is not",
			false},
		{"the platform's number", func(p *patient) {
			cert, _ := wxpay.ParsePlatformCertificate([]byte(p.files["platform"]))
			p.settings[doctor.SerialNo], p.settings[doctor.Certificate] = cert.ID, ""
		}, "platform-certificate", doctor.Wrong, "WXPAY_SERIAL_NO is the number of apiclient_cert.pem", false},
		{"APIv3 key padded", func(p *patient) { p.settings[doctor.APIv3Key] += "\n" }, "apiv3-key", doctor.Wrong,
			"white space around it", false},
		{"no APIv3 key", func(p *patient) { p.settings[doctor.APIv3Key] = "" }, "apiv3-key", doctor.Wrong,
			"no notification can be opened", false},
		{"one key for both", func(p *patient) { p.settings[doctor.APIv2Key] = p.settings[doctor.APIv3Key] },
			"apiv3-key",
			doctor.Warning, "it is the APIv2 key as well", true},
		{"APIv2 key", func(p *patient) { p.settings[doctor.APIv2Key] = "short" }, "apiv2-key", doctor.Wrong, "5 bytes",
			true},
		{"no APIv2 key", func(p *patient) { p.settings[doctor.APIv2Key] = "" }, "apiv2-key", doctor.Unchecked,
			"paths that begin with v2/", true},
		{"plain http", func(p *patient) { p.settings[doctor.Host] = "http://sandbox:8080" }, "host", doctor.Wrong,
			"WXPAY_PLAIN_HTTP", false},
		{"a path", func(p *patient) { p.settings[doctor.Host] += "/v3" }, "host", doctor.Wrong, "more in it", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			c.spoil(p)
			p.Run(t.Context())
			p.says(t, c.id, c.state, c.says)
			for _, one := range p.checks {
				if one.ID == "signed-call" && one.State == doctor.OK {
					c.called = !c.called
				}
			}
			if c.called {
				t.Error("the signed call was made where it should not have been, or the reverse")
			}
		})
	}
}

// failing is a network that fails in one way.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestWhyNobodyIsReached(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Err: err} }
	for _, c := range []struct {
		err  error
		says string
	}{
		{&net.DNSError{IsNotFound: true}, "DNS does not know this name"},
		{&net.DNSError{}, "DNS does not answer"},
		{dial(errors.New("connection refused")), "no connection: connection refused"},
		{context.DeadlineExceeded, "no answer came in time"},
		{x509.UnknownAuthorityError{}, "SSL_CERT_FILE"},
		{x509.HostnameError{Certificate: new(x509.Certificate)}, "for another name"},
		{x509.CertificateInvalidError{Reason: x509.Expired}, "out of date by this machine's clock"},
		{tls.RecordHeaderError{}, "does not speak TLS"},
		{&net.OpError{Op: "proxyconnect", Err: errors.New("refused")}, "the proxy is not reached"},
		{errors.New("EOF"), "broken off: EOF"},
	} {
		p := newPatient(t)
		p.settings[doctor.Host] = ""
		p.settings[doctor.Certificate], p.settings[doctor.PlatformCertificate] = "", ""
		p.Transport = func() http.RoundTripper { return failing{c.err} }
		p.Run(t.Context())
		p.says(t, "reach", doctor.Wrong, c.says)
		p.says(t, "reach", doctor.Wrong, "api2.mch.weixin.qq.com") // the second host is tried as well
		p.says(t, "signed-call", doctor.Unchecked, "not reached")
	}
	p := newPatient(t)
	p.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("bad") }
	p.Run(t.Context())
	p.says(t, "reach", doctor.Wrong, "HTTPS_PROXY")
}

// No check prints a key, whatever was given in its place.
func TestNoKeyIsPrinted(t *testing.T) {
	t.Parallel()
	const key = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkk32"
	for _, variable := range []string{doctor.APIv3Key, doctor.APIv2Key, doctor.SerialNo, doctor.MchID,
		doctor.PublicKeyID} {
		p := newPatient(t)
		p.settings[variable] = key
		p.Run(t.Context())
		for _, c := range p.checks {
			if strings.Contains(c.Found.String()+c.Do.String(), key[:16]) {
				t.Errorf("given as %s, %s says %s → %s", variable, c.ID, c.Found, c.Do)
			}
		}
	}
}
