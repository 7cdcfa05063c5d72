package doctor

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/keyfile"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// How many days before its end a certificate is worth a warning: a merchant's has to be applied
// for, WeChat Pay replaces its own.
const (
	soonOfOwn      = 30
	soonOfPlatform = 5
)

// merchantOf says whether a certificate is a merchant's, and whose: the name in it is the merchant
// number. In one of a sandbox that is the last word of the name, or is not there.
func merchantOf(cert *x509.Certificate) (mchID string, is bool) {
	name := cert.Subject.CommonName
	if madeBySandbox(cert) {
		if strings.HasPrefix(name, "wxpay sandbox platform") {
			return "", false
		}
		name = name[strings.LastIndexByte(name, ' ')+1:]
	}
	if len(name) < 8 || len(name) > 10 || strings.Trim(name, "0123456789") != "" {
		return "", madeBySandbox(cert)
	}
	return name, true
}

func madeBySandbox(cert *x509.Certificate) bool {
	return slices.Contains(cert.Subject.Organization, "wxpay sandbox, not WeChat Pay")
}

// holds says what a file holds that is not what it should be. ok is false where it cannot be told.
func holds(data []byte) (what lang.Text, ok bool) {
	blocks, _ := keyfile.Blocks(data)
	if len(blocks) == 0 {
		return lang.Text{}, false
	}
	switch b := blocks[0]; b.Type {
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(b.DER)
		switch {
		case err != nil:
			return lang.Text{}, false
		case cert.IsCA:
			return lang.Textf("a root certificate"), true
		}
		if mchID, is := merchantOf(cert); is {
			return lang.Textf("the API certificate of merchant %s", mchID), true
		}
		return lang.Textf("a platform certificate of WeChat Pay"), true
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY":
		return lang.Textf("a private key"), true
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		return lang.Textf("a public key"), true
	case keyfile.PKCS12:
		return lang.Textf("a PKCS#12 file, such as apiclient_cert.p12"), true
	case keyfile.Encrypted:
		return lang.Textf("a private key with a password"), true
	}
	return lang.Text{}, false
}

// file reads a file of keys and parses it. It tells what is wrong, and then gives ok false.
func file[T any](ctx context.Context, d *Doctor, id, variable string, want lang.Text, right lang.Text,
	parse func([]byte) (T, error)) (v T, f File, ok bool) {
	if f = d.Read(ctx, d.value(variable)); f.Err != nil {
		d.fault(id, lang.Textf("%v", f.Err), lang.Textf("give its file as %s or --%s", variable, d.Get(variable).Flag))
		return v, f, false
	}
	v, err := parse(f.Data)
	if err == nil {
		return v, f, true
	}
	var wrong *wxpay.KeyError
	what, known := holds(f.Data)
	switch {
	case known && what.String() != want.String():
		d.fault(id, lang.Textf("the file holds %v, not %v", what, want), right)
	case errors.As(err, &wrong):
		d.fault(id, lang.Textf("it does not read as %v: %s", want, wrong.Problem), right)
	default:
		d.fault(id, lang.Textf("it does not read as %v: %s", want, err.Error()), right)
	}
	return v, f, false
}

func (d *Doctor) privateKey(ctx context.Context) {
	const id = "private-key"
	right := lang.Textf("use apiclient_key.pem, which was made with the API certificate")
	if d.value(PrivateKey) == "" {
		d.fault(id, lang.Textf("there is none"), lang.Textf("give its file, apiclient_key.pem, as "+
			"WXPAY_PRIVATE_KEY or --key"))
		return
	}
	key, f, ok := file(ctx, d, id, PrivateKey, lang.Textf("a private key"), right, wxpay.ParsePrivateKey)
	if !ok {
		return
	}
	d.key = key
	bits := key.Public().(*rsa.PublicKey).N.BitLen()
	if f.Mode&0o004 != 0 {
		d.warn(id, lang.Textf("RSA of %d bits; every user of this machine may read it", bits),
			lang.Textf("who has it may debit your payers: chmod 600"))
		return
	}
	d.ok(id, lang.Textf("RSA of %d bits", bits))
}

func (d *Doctor) certificate(ctx context.Context) {
	const id = "certificate"
	right := lang.Textf("use apiclient_cert.pem, downloaded with the private key")
	if d.value(Certificate) == "" {
		d.skip(id, lang.Textf("not given (WXPAY_CERTIFICATE): when it ends and whose it is cannot be checked"))
		return
	}
	cert, f, ok := file(ctx, d, id, Certificate, lang.Textf("a merchant's API certificate"), right,
		wxpay.ParseCertificate)
	if !ok {
		return
	}
	name, is := merchantOf(cert)
	mchID, made := d.value(MchID), madeBySandbox(cert)
	switch what, _ := holds(f.Data); {
	case !is:
		d.fault(id, lang.Textf("the file holds %v, not %v", what, lang.Textf("a merchant's API certificate")), right)
	case mchID != "" && name != "" && name != mchID:
		d.fault(id, lang.Textf("it is merchant %s's, and the merchant number is %s", name, mchID),
			lang.Textf("use number, certificate and key of one merchant"))
	case d.key != nil && !d.key.Public().(*rsa.PublicKey).Equal(cert.PublicKey):
		d.fault(id, lang.Textf("it does not belong to the private key"), lang.Textf("use apiclient_key.pem and "+
			"apiclient_cert.pem of one download: a renewed certificate has a key of its own"))
	case made && d.real():
		d.fault(id, lang.Textf("it was made by a sandbox, and the host is WeChat Pay"),
			lang.Textf("give the merchant's own, or the sandbox's address as WXPAY_HOST"))
	case !made && !d.real():
		d.warn(id, lang.Textf("a real merchant's, and the host is not WeChat Pay"),
			lang.Textf("leave out WXPAY_HOST to call WeChat Pay; a sandbox has keys of its own"))
	default:
		good := lang.Textf("the pair of the key, until %s (%d days)", day(cert.NotAfter), d.daysTo(cert.NotAfter))
		if name != "" {
			good = lang.Textf("merchant %s's, %v", name, good)
		}
		if d.lasting(id, cert.NotBefore, cert.NotAfter, soonOfOwn, lang.Textf("renew it in the merchant console: "+
			"API安全, 商户API证书; the new one has a new key and number"), good) {
			d.own = cert
		}
	}
}

// lasting tells whether a certificate is good now and for long enough. It is usable where it is
// good now.
func (d *Doctor) lasting(id string, from, until time.Time, soon int, do, good lang.Text) (usable bool) {
	now := d.Now()
	days := d.daysTo(until)
	switch {
	case !now.Before(until):
		d.fault(id, lang.Textf("it ended on %s", day(until)), do)
		return false
	case now.Before(from.Add(-time.Hour)):
		d.fault(id, lang.Textf("it begins on %s by this machine's clock", day(from)),
			lang.Textf("set the clock by NTP"))
		return false
	case days < soon:
		d.warn(id, lang.Textf("it ends on %s, in %d days", day(until), days), do)
		return true
	}
	d.ok(id, good)
	return true
}

func (d *Doctor) daysTo(t time.Time) int { return int(t.Sub(d.Now()).Hours() / 24) }

func day(t time.Time) string { return t.In(wire.Beijing).Format(time.DateOnly) }

func (d *Doctor) serial() {
	const id = "serial"
	serial := strings.ToUpper(d.value(SerialNo))
	console := lang.Textf("it is in the merchant console: API安全, 商户API证书; or give the certificate (--cert) instead")
	switch {
	case strings.HasPrefix(serial, wire.PublicKeyIDPrefix):
		d.fault(id, lang.Textf("it is the id of WeChat Pay's public key, not your certificate's number"), console)
	case serial == "" && d.own != nil:
		d.ok(id, lang.Textf("%s, read from the certificate", wire.SerialHex(d.own)))
	case serial == "" && d.value(Certificate) == "":
		d.fault(id, lang.Textf("there is none"), console)
	case serial == "":
		d.skip(id, lang.Textf("it is the certificate's"))
	case strings.Trim(serial, "0123456789ABCDEF") != "":
		d.fault(id, lang.Textf("it is not hexadecimal digits alone"), console)
	case len(serial) > 40:
		d.fault(id, lang.Textf("it has %d digits, and must have 40", len(serial)), console)
	case d.own != nil && !wire.SameSerial(serial, wire.SerialHex(d.own)):
		d.fault(id, lang.Textf("it is not the certificate's, which is %s", wire.SerialHex(d.own)),
			lang.Textf("leave it out, or give the certificate that it is of"))
		d.own = nil
	case d.own != nil:
		d.ok(id, lang.Textf("%s, the certificate's", serial))
	case len(serial) < 40:
		d.warn(id, lang.Textf("%s has %d digits, and 40 are usual", serial, len(serial)), console)
	default:
		d.ok(id, lang.Textf("%s", serial))
	}
}
