package wxpay

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/keyfile"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// minKeyBits is the size of every key WeChat Pay issues. A smaller one is a
// mistake or an attack.
const minKeyBits = 2048

// ParsePrivateKey reads a merchant's API private key (apiclient_key.pem) from
// PEM, PKCS#8 or PKCS#1. As all parsers of keys here it also reads what became of PEM in a
// configuration (line ends that are the two characters \n, blanks or nothing, quotes, indented
// lines), DER and its Base64, and takes the one key out of a file that has a certificate too.
// The key signs and decrypts (a [crypto.Decrypter]) and
// prints nothing of itself, inside whatever it is printed. Any other
// [crypto.Signer] over an RSA key, such as one in an HSM, may be put into
// [Config] directly; an *rsa.PrivateKey of your own prints as it always does.
func ParsePrivateKey(data []byte) (crypto.Signer, error) {
	const want, where = "a merchant private key", "use apiclient_key.pem, downloaded with the API certificate"
	block, err := blockOf(data, want, where, "PRIVATE KEY", "RSA PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	private, err := rsaKey(block, want, where, "a private key", x509.ParsePKCS8PrivateKey, x509.ParsePKCS1PrivateKey)
	if err != nil {
		return nil, err
	}
	if err := checkBits(&private.PublicKey, want); err != nil {
		return nil, err
	}
	return newPrivateKey(private), nil
}

// LoadPrivateKey is [ParsePrivateKey] on a file of at most 1 MiB.
func LoadPrivateKey(path string) (crypto.Signer, error) {
	return load("a merchant private key", "ParsePrivateKey", path, ParsePrivateKey)
}

// ParseCertificate reads the merchant's API certificate (apiclient_cert.pem)
// from PEM. Put into [Config.Certificate] it supplies the serial number and
// lets [New] check that certificate and private key belong together.
func ParseCertificate(data []byte) (*x509.Certificate, error) {
	return parseCertificate(data, "a merchant API certificate",
		"use apiclient_cert.pem, downloaded with the private key")
}

// LoadCertificate is [ParseCertificate] on a file of at most 1 MiB.
func LoadCertificate(path string) (*x509.Certificate, error) {
	return load("a merchant API certificate", "ParseCertificate", path, ParseCertificate)
}

// ParsePublicKey reads a WeChat Pay public key (pub_key.pem) from PEM. The id
// is the one the merchant console shows beside it: "PUB_KEY_ID_" and digits.
func ParsePublicKey(id string, data []byte) (PlatformKey, error) {
	const want, where = aPublicKey, wherePublicKeysAre
	if err := checkPublicKeyID(id); err != nil {
		return PlatformKey{}, err
	}
	block, err := blockOf(data, want, where, "PUBLIC KEY", "RSA PUBLIC KEY")
	if err != nil {
		return PlatformKey{}, err
	}
	public, err := rsaKey(block, want, where, "a public key", x509.ParsePKIXPublicKey, x509.ParsePKCS1PublicKey)
	if err != nil {
		return PlatformKey{}, err
	}
	if err := checkBits(public, want); err != nil {
		return PlatformKey{}, err
	}
	return PlatformKey{ID: id, Key: public}, nil
}

const (
	aPublicKey         = "a WeChat Pay public key"
	wherePublicKeysAre = "download pub_key.pem from the merchant console, API security; its id stands beside it"
)

func checkPublicKeyID(id string) error {
	problem := ""
	digits, ok := strings.CutPrefix(id, wire.PublicKeyIDPrefix)
	switch {
	case !ok || digits == "":
		problem = "its id, the first argument, does not start with " + wire.PublicKeyIDPrefix
	case strings.ContainsFunc(digits, func(r rune) bool { return r >= 0x80 || r == '~' || !unreserved(byte(r)) }):
		problem = "its id, the first argument, has more in it than letters and digits, such as a line end"
	default:
		return nil
	}
	return &KeyError{Want: aPublicKey, Problem: problem, Hint: wherePublicKeysAre}
}

// LoadPublicKey is [ParsePublicKey] on a file of at most 1 MiB.
func LoadPublicKey(id, path string) (PlatformKey, error) {
	if err := checkPublicKeyID(id); err != nil { // before the file: they may have changed places
		return PlatformKey{}, err
	}
	parse := func(data []byte) (PlatformKey, error) { return ParsePublicKey(id, data) }
	return load(aPublicKey, "ParsePublicKey", path, parse)
}

// ParsePlatformCertificate reads a WeChat Pay platform certificate from PEM:
// one that GET v3/certificates returned, decrypted, or a downloader saved as
// wechatpay_….pem. Its id is its serial number. A merchant's API certificate is refused.
func ParsePlatformCertificate(data []byte) (PlatformKey, error) {
	const want = "a WeChat Pay platform certificate"
	const where = "download it with GET v3/certificates; apiclient_cert.pem is your own, not WeChat Pay's"
	cert, err := parseCertificate(data, want, where)
	if err != nil {
		return PlatformKey{}, err
	}
	if isMerchant(cert.Subject.CommonName) {
		return PlatformKey{}, &KeyError{Want: want, Problem: "it is the API certificate of merchant " +
			cert.Subject.CommonName, Hint: where}
	}
	return PlatformKey{
		ID: wire.SerialHex(cert), Key: cert.PublicKey.(*rsa.PublicKey),
		NotBefore: cert.NotBefore, NotAfter: cert.NotAfter,
	}, nil
}

// isMerchant tells a merchant number: it is the subject's name of the certificate that a merchant
// signs calls with.
func isMerchant(name string) bool {
	return len(name) >= 8 && len(name) <= 10 && strings.Trim(name, "0123456789") == ""
}

// LoadPlatformCertificate is [ParsePlatformCertificate] on a file of at most 1 MiB.
func LoadPlatformCertificate(path string) (PlatformKey, error) {
	return load("a WeChat Pay platform certificate", "ParsePlatformCertificate", path, ParsePlatformCertificate)
}

func parseCertificate(data []byte, want, where string) (*x509.Certificate, error) {
	block, err := blockOf(data, want, where, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(block.DER)
	if err != nil {
		return nil, &KeyError{Want: want, Problem: "the PEM block does not hold a certificate: " + err.Error(),
			Hint: where}
	}
	public, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, &KeyError{Want: want, Problem: fmt.Sprintf("its key is a %T, not RSA", cert.PublicKey), Hint: where}
	}
	if err := checkBits(public, want); err != nil {
		return nil, err
	}
	return cert, nil
}

// blockOf takes the one block that is of one of the types, whatever stands beside it, and
// says what it found where there is none, or several.
func blockOf(data []byte, want, where string, types ...string) (keyfile.Block, error) {
	fail := func(problem, hint string) (keyfile.Block, error) {
		return keyfile.Block{}, &KeyError{Want: want, Problem: problem, Hint: hint}
	}
	blocks, problem := keyfile.Blocks(data)
	switch {
	case problem == keyfile.IsAName:
		return fail(problem, "the Load functions read files, the Parse functions what is in them")
	case problem != "":
		return fail(problem, where)
	}
	fitting := slices.DeleteFunc(slices.Clone(blocks), func(b keyfile.Block) bool {
		return !slices.Contains(types, b.Type)
	})
	if n := len(fitting); n > 1 {
		// The certificate of who issued it may stand beside it.
		own := slices.DeleteFunc(slices.Clone(fitting), func(b keyfile.Block) bool {
			cert, err := x509.ParseCertificate(b.DER)
			return err == nil && cert.IsCA
		})
		if len(own) == 1 {
			return own[0], nil
		}
		return fail(fmt.Sprintf("it has %d PEM blocks %q, and which one is meant is open", n, fitting[0].Type),
			"give one alone")
	}
	if len(fitting) == 1 {
		return fitting[0], nil
	}
	found := blocks[0].Type
	switch {
	case found == keyfile.PKCS12:
		return fail("it is a PKCS#12 file, such as apiclient_cert.p12", where+", in the same folder")
	case found == keyfile.Encrypted && types[0] == "PRIVATE KEY":
		return fail("the key is encrypted with a password", "decrypt it first: openssl pkcs8 -in FILE -out "+
			"apiclient_key.pem, or openssl rsa for older ones; or "+where)
	case found == "CERTIFICATE" && types[0] == "PUBLIC KEY":
		where += "; a certificate of WeChat Pay's is for ParsePlatformCertificate"
	}
	return fail(fmt.Sprintf("it is a PEM block %q, not %q", wire.Clip(found, 64), types[0]), where)
}

// rsaKey takes the key out of a block, in the form of any kind of key or in PKCS #1, that of RSA.
func rsaKey[K any](block keyfile.Block, want, where, half string, anyKind func([]byte) (any, error),
	pkcs1 func([]byte) (K, error)) (key K, err error) {
	read, err := anyKind(block.DER)
	if err != nil {
		if older, e := pkcs1(block.DER); e == nil {
			return older, nil
		}
		// x509's own words may quote the key's structure, never its numbers.
		return key, &KeyError{Want: want, Problem: "the PEM block does not hold " + half + ": " + err.Error(),
			Hint: where}
	}
	key, ok := read.(K)
	if !ok {
		return key, &KeyError{Want: want, Problem: fmt.Sprintf("it is a %T, not RSA", read), Hint: where}
	}
	return key, nil
}

func checkBits(key *rsa.PublicKey, want string) error {
	if key.N == nil {
		return &KeyError{Want: want, Problem: "it is empty", Hint: "read one from PEM"}
	}
	if n := key.N.BitLen(); n < minKeyBits {
		return &KeyError{Want: want, Problem: fmt.Sprintf("its key has %d bits", n),
			Hint: fmt.Sprintf("WeChat Pay issues keys of %d bits", minKeyBits)}
	}
	return nil
}

// load reads a file and parses it. What was given as its name may be the key
// itself, which no error repeats.
func load[T any](want, parser, path string, parse func([]byte) (T, error)) (T, error) {
	var none T
	data, err := keyfile.Read(path, keyfile.Limit)
	if e := (*keyfile.NotAName)(nil); errors.As(err, &e) {
		hint := "give the name of a file here, and the text of one to " + parser
		return none, &KeyError{Want: want, Problem: e.Problem, Hint: hint, err: wire.Hide[error](e)}
	}
	if e := (*keyfile.TooLarge)(nil); errors.As(err, &e) {
		large := &KeyError{Want: want, Problem: e.Error(), Hint: "give the PEM file alone, which has a few KB"}
		return none, fmt.Errorf("%s: %w", wire.Clip(path, maxPath), large)
	}
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return none, &fs.PathError{Op: e.Op, Path: wire.Clip(e.Path, maxPath), Err: e.Err}
	}
	if err != nil {
		return none, err
	}
	v, err := parse(data)
	if err != nil {
		return v, fmt.Errorf("%s: %w", wire.Clip(path, maxPath), err)
	}
	return v, nil
}
