package cli

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
	"github.com/wxpay-go/wxpay/internal/keyfile"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

// A real merchant's files have the names of a sandbox's, and a private key that is
// written over is lost. So a sandbox writes over a file only where what is in it
// proves that a sandbox wrote it: the name of a file beside it proves nothing.

// proof is what a sandbox is known to have written.
type proof struct {
	texts   map[string]bool // whole files
	keys    map[string]bool // public keys, in DER
	serials map[string]bool // of certificates

	merchants map[string]bool // their numbers
}

func newProof() proof {
	return proof{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
}

// add takes in a certificate with its private key, either of which may be "". It fails where they
// are not what they should be, or not of one another.
func (p proof) add(certificate, private string) error {
	p.texts[certificate], p.texts[private] = true, true
	var public [2]string
	if certificate != "" {
		cert, err := wxpay.ParseCertificate([]byte(certificate))
		if err != nil {
			return err
		}
		p.serials[wire.SerialHex(cert)] = true
		public[0] = derOf(cert.PublicKey)
	}
	if private != "" {
		key, err := wxpay.ParsePrivateKey([]byte(private))
		if err != nil {
			return err
		}
		public[1] = derOf(key.Public())
	}
	if certificate != "" && private != "" && public[0] != public[1] {
		return errorf("a key is not that of its certificate")
	}
	for _, der := range public {
		p.keys[der] = der != ""
	}
	return nil
}

func derOf(public crypto.PublicKey) string {
	if _, ok := public.(*rsa.PublicKey); !ok {
		return ""
	}
	der, _ := x509.MarshalPKIXPublicKey(public) // cannot fail for RSA
	return string(der)
}

// covers says whether a sandbox wrote this file.
func (p proof) covers(name string, data []byte) bool {
	switch {
	case p.texts[string(data)]:
		return len(data) > 0
	case name == envFileName:
		vars, _, _ := envVars(data)
		return bytes.HasPrefix(data, []byte(envBegins)) && p.serials[vars["WXPAY_SERIAL_NO"]]
	case name == p12Name:
		return p.coversP12(data)
	case name == trustStoreName:
		return isTrustStore(data)
	case name == nodeName:
		return bytes.HasPrefix(data, []byte(nodeBegins))
	case name == phpName:
		return bytes.HasPrefix(data, []byte(phpBegins))
	}
	block, rest := pem.Decode(data)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 ||
		!bytes.HasPrefix(bytes.TrimSpace(data), []byte("-----BEGIN ")) {
		return false // or there is more than it
	}
	switch block.Type {
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		return err == nil && (madeHere(cert) || p.keys[derOf(cert.PublicKey)])
	case "PUBLIC KEY":
		return p.keys[string(block.Bytes)]
	}
	key, err := wxpay.ParsePrivateKey(data)
	return err == nil && p.keys[derOf(key.Public())]
}

// madeHere says that a certificate was made by a sandbox, which every one of them says itself.
func madeHere(cert *x509.Certificate) bool {
	return slices.Contains(cert.Subject.Organization, "wxpay sandbox, not WeChat Pay") &&
		cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil
}

// check makes nothing. It refuses a folder in which a sandbox would write over somebody else's
// file.
func (f folder) check() error {
	ring, p, err := f.keyring()
	if err != nil {
		return err
	}
	known, err := sqlstore.Recognise(f.file(databaseName))
	if err != nil {
		return err
	}
	if ignored, err := f.read(ignoreName); ring == nil && !known && !errors.Is(err, fs.ErrNotExist) &&
		string(ignored) != ignoreAll {
		return f.refuse(ignoreName)
	}
	if ring != nil && known {
		return nil // the database has the keys that came after; handOut checks with them
	}
	return f.unproved(p, "apiclient_key.pem", "apiclient_cert.pem", "pub_key.pem", p12Name, authorityName,
		trustStoreName, nodeName, phpName, envFileName)
}

// unproved refuses the first of the files that is there and is not proved to be a sandbox's.
func (f folder) unproved(p proof, names ...string) error {
	// A former certificate, whose key nobody keeps, proves the key and the env file beside it.
	if former, err := f.read("apiclient_cert.pem"); err == nil && p.covers("apiclient_cert.pem", former) {
		if err := p.add(string(former), ""); err != nil {
			return f.refuse("apiclient_cert.pem")
		}
	}
	for _, name := range names {
		if _, err := os.Lstat(f.file(name)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if data, err := f.read(name); err != nil || !p.covers(name, data) {
			return f.refuse(name)
		}
	}
	return nil
}

// read reads a file. What is no file, such as a pipe, would keep the reader waiting.
func (f folder) read(name string) ([]byte, error) {
	switch info, err := os.Stat(f.file(name)); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errorf("it is not a file")
	}
	return keyfile.Read(f.file(name), aBody.limit)
}

func (f folder) refuse(name string) error {
	return &failure{code: exitFailure,
		err:  errorf("cannot use the data folder: %s is not a sandbox's and would be overwritten", f.file(name)),
		hint: text("give another folder with --data; a merchant's real keys do not belong in it")}
}

// keyring reads keys.json, nil where there is none, and what it proves. A file that is not
// a whole keyring is somebody else's: the name is a usual one.
func (f folder) keyring() (*keyring, proof, error) {
	p := newProof()
	if _, err := os.Lstat(f.file(keyringName)); errors.Is(err, fs.ErrNotExist) {
		return nil, p, nil
	}
	data, err := f.read(keyringName)
	var ring keyring
	if err != nil || json.Unmarshal(data, &ring) != nil || ring.Platform == nil || ring.prove(p) != nil {
		return nil, p, f.refuse(keyringName) // their own words may quote the file
	}
	return &ring, p, nil
}

func (r *keyring) prove(p proof) error {
	m := r.Platform
	err := errors.Join(p.add(m.PlatformCertificate, m.PlatformKey), p.add("", m.PublicKeyKey))
	whole := m.PlatformCertificate != "" && m.PlatformKey != "" && m.PublicKeyKey != ""
	for mchid, k := range r.Merchants {
		p.merchants[mchid] = true
		err = errors.Join(err, p.add(k.Certificate, k.PrivateKey))
		whole = whole && k.Certificate != "" && k.PrivateKey != "" && k.APIv3Key != ""
	}
	if !whole {
		return errors.Join(err, errorf("it is not whole"))
	}
	return err
}

// checkAgain is check for the files that are about to be written, by the keys that the
// sandbox has by now.
func (f folder) checkAgain(s *sandbox.Sandbox, names []string) error {
	_, p, err := f.keyring()
	for _, m := range s.Merchants() {
		p.merchants[m.MchID] = true
		err = errors.Join(err, p.add(m.Certificate, m.PrivateKey.Reveal()))
	}
	for _, certificate := range s.PlatformCertificates() {
		err = errors.Join(err, p.add(certificate, ""))
	}
	if err != nil {
		return err
	}
	return f.unproved(p, names...)
}
