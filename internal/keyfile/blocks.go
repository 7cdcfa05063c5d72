package keyfile

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Block is a key or a certificate. Type is what PEM calls it, as in
// -----BEGIN PRIVATE KEY-----; what came without that line is judged by what it holds.
type Block struct {
	Type string
	DER  []byte
}

// What PEM has no name of its own for.
const (
	PKCS12    = "PKCS#12"
	Encrypted = "ENCRYPTED PRIVATE KEY" // with a password, in either of the ways there are
)

// IsAName is a problem that [Blocks] finds.
const IsAName = "it is the name of a file, not what is in it"

// Blocks gives the keys and certificates of a text, in their order. Beside PEM as it should be
// it reads what became of it in configurations: line ends that are the two characters \n, blanks,
// CR or nothing, indented lines, quotes around it, UTF-16; and DER, or its Base64 alone. Where
// there is none, problem says what is there instead, with no part of it.
func Blocks(data []byte) (blocks []Block, problem string) {
	text := plainText(data)
	switch trimmed := strings.TrimSpace(text); {
	case trimmed == "":
		return nil, "it is empty"
	case strings.Contains(text, beginning):
		return armoured(text)
	case isFileName(trimmed):
		return nil, IsAName
	}
	for _, der := range [][]byte{bytes.TrimSpace(data), data, unspaced(text)} {
		if kind := typeOf(der); kind != "" {
			return []Block{{kind, der}}, ""
		}
	}
	return nil, "no PEM block found (it starts with -----BEGIN …-----)"
}

// plainText is the text in UTF-8, without a mark at its begin.
func plainText(data []byte) string {
	big := bytes.HasPrefix(data, []byte("\xfe\xff")) || bytes.HasPrefix(data, []byte("\x00-\x00-"))
	little := bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("-\x00-\x00"))
	if !big && !little {
		return strings.TrimPrefix(string(data), "\ufeff")
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		high, low := data[2*i], data[2*i+1]
		if little {
			high, low = low, high
		}
		units[i] = uint16(high)<<8 | uint16(low)
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
}

const beginning, ending = "-----BEGIN ", "-----END "

// armoured reads what stands between the lines of PEM, if they are lines. What is none counts
// where there is nothing else.
func armoured(text string) (blocks []Block, problem string) {
	odd := func(p string) {
		if problem == "" {
			problem = p
		}
	}
	for range maxBlocks {
		_, rest, found := strings.Cut(text, beginning)
		if !found {
			break
		}
		text = rest
		kind, rest, found := strings.Cut(rest, "-----")
		if !found || len(kind) > 64 || strings.Trim(kind, kindLetters) != "" {
			odd("what starts with -----BEGIN does not go on as PEM does")
			continue
		}
		body, rest, found := strings.Cut(rest, ending+kind+"-----")
		if !found || strings.Contains(body, beginning) {
			odd("it begins with -----BEGIN " + kind + "----- and the end to that is missing: it was cut off")
			continue
		}
		block, wrong := between(kind, body)
		if wrong != "" {
			odd(wrong)
			continue
		}
		blocks, text = append(blocks, block), rest
	}
	switch {
	case blocks != nil:
		problem = ""
	case strings.Contains(text, beginning):
		problem = "only the first " + strconv.Itoa(maxBlocks) + " of its -----BEGIN were looked at, and none of them " +
			"begins a key: leave out what stands in front of it"
	}
	return blocks, problem
}

// maxBlocks bounds how many begins are looked at, each to the end of the text.
const maxBlocks = 64

// kindLetters are what the kinds of PEM are named with.
const kindLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -#_"

// between reads what stands between BEGIN and END.
func between(kind, body string) (Block, string) {
	whole := "-----BEGIN " + kind + "-----" + body + "-----END " + kind + "-----\n"
	if b, _ := pem.Decode([]byte(whole)); b != nil && b.Headers["DEK-Info"] == "" {
		return Block{kind, b.Bytes}, ""
	}
	if strings.Contains(body, "DEK-Info:") || strings.Contains(body, "4,ENCRYPTED") {
		return Block{Encrypted, nil}, ""
	}
	der := unspaced(body)
	if der == nil {
		return Block{}, "what follows -----BEGIN " + kind + "----- is not Base64: it was cut or changed"
	}
	return Block{kind, der}, ""
}

// unspaced decodes Base64 whatever breaks its lines, nil for what is none.
func unspaced(text string) []byte {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("\"'\\", r) {
			return -1
		}
		return r
	}, withoutLineEnds(text))
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(der) == 0 {
		return nil
	}
	return der
}

// withoutLineEnds leaves out line ends that were written as two characters, such as \n, also where
// the backslash was doubled on the way.
func withoutLineEnds(text string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '\\')
		if at < 0 {
			return b.String() + text
		}
		rest := strings.TrimLeft(text[at:], `\`)
		b.WriteString(text[:at])
		if rest != "" && strings.IndexByte("nrt", rest[0]) >= 0 {
			rest = rest[1:]
		}
		text = rest
	}
}

// isFileName tells what begins or ends as paths to keys do.
func isFileName(s string) bool {
	if len(s) > 4096 || strings.ContainsAny(s, "\r\n\x00") {
		return false
	}
	s = strings.ToLower(s)
	drive := len(s) > 2 && 'a' <= s[0] && s[0] <= 'z' && s[1:3] == `:\`
	begins := func(with string) bool { return strings.HasPrefix(s, with) }
	ends := func(with string) bool { return strings.HasSuffix(s, with) }
	return drive || slices.ContainsFunc([]string{"/", "~/", "./", "../", "file:"}, begins) ||
		slices.ContainsFunc([]string{".pem", ".key", ".p12", ".pfx", ".crt", ".cer", ".der"}, ends)
}

// typeOf is what DER holds, "" for nothing of ours.
func typeOf(der []byte) string {
	if len(der) == 0 || der[0] != 0x30 {
		return ""
	}
	for _, k := range []struct {
		kind  string
		holds func([]byte) bool
	}{
		{"PRIVATE KEY", func(b []byte) bool { _, err := x509.ParsePKCS8PrivateKey(b); return err == nil }},
		{"RSA PRIVATE KEY", func(b []byte) bool { _, err := x509.ParsePKCS1PrivateKey(b); return err == nil }},
		{"EC PRIVATE KEY", func(b []byte) bool { _, err := x509.ParseECPrivateKey(b); return err == nil }},
		{"CERTIFICATE", func(b []byte) bool { _, err := x509.ParseCertificate(b); return err == nil }},
		{"PUBLIC KEY", func(b []byte) bool { _, err := x509.ParsePKIXPublicKey(b); return err == nil }},
		{"RSA PUBLIC KEY", func(b []byte) bool { _, err := x509.ParsePKCS1PublicKey(b); return err == nil }},
		{PKCS12, isPKCS12},
		{Encrypted, isEncrypted},
	} {
		if k.holds(der) {
			return k.kind
		}
	}
	return ""
}

// isPKCS12 tells a PFX of RFC 7292: version 3, and content of PKCS #7.
func isPKCS12(der []byte) bool {
	var pfx struct {
		Version int
		Safe    struct {
			Kind asn1.ObjectIdentifier
			Rest asn1.RawValue
		}
		MAC asn1.RawValue `asn1:"optional"`
	}
	_, err := asn1.Unmarshal(der, &pfx)
	return err == nil && pfx.Version == 3 && strings.HasPrefix(pfx.Safe.Kind.String(), "1.2.840.113549.1.7.")
}

// isEncrypted tells an EncryptedPrivateKeyInfo of RFC 5958.
func isEncrypted(der []byte) bool {
	var info struct {
		Algorithm struct {
			Kind asn1.ObjectIdentifier
			Rest asn1.RawValue `asn1:"optional"`
		}
		Data []byte
	}
	_, err := asn1.Unmarshal(der, &info)
	return err == nil && strings.HasPrefix(info.Algorithm.Kind.String(), "1.2.840.113549.1.")
}
