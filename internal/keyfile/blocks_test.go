package keyfile_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/wxpay-go/wxpay/internal/keyfile"
)

func privateKey(t testing.TB) (der []byte, text string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err = x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func utf16Of(order binary.AppendByteOrder, s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

// Env files, YAML, JSON, k8s secrets, configuration centres and Windows editors each change the
// lines of a key, and not what it says.
func TestBlocksThatLostTheirLines(t *testing.T) {
	t.Parallel()
	der, text := privateKey(t)
	line := strings.TrimSpace(text)
	replaced := func(by string) string { return strings.ReplaceAll(line, "\n", by) }
	body := replaced("")
	body = strings.TrimSuffix(strings.TrimPrefix(body, "-----BEGIN PRIVATE KEY-----"), "-----END PRIVATE KEY-----")
	for name, data := range map[string]string{
		"as it should be": text, "CRLF": replaced("\r\n"), "CR": replaced("\r"), "blanks": replaced(" "),
		"tabs": replaced("\t"), "one line": replaced(""), `\n`: replaced(`\n`), `\\n`: replaced(`\\n`),
		`\r\n`: replaced(`\r\n`), "a backslash at the end": replaced("\\\n"), "indented": "  " + replaced("\n    "),
		"wide blanks": replaced("\u3000"), "empty lines": replaced("\n\n"), "quoted": `"` + line + `"`,
		"quoted in one line": `'` + replaced(`\n`) + `'`, "a quote each line": `"` + replaced("\"\n\"") + `"`,
		"a JSON member": `{"key":"` + replaced(`\n`) + `"}`, "YAML": "key: |\n  " + replaced("\n  "),
		"a mark": "\ufeff" + text, "text above": "Bag Attributes\n    friendlyName: x\n" + text,
		"UTF-16":                   string(utf16Of(binary.LittleEndian, "\ufeff"+text)),
		"UTF-16, without its mark": string(utf16Of(binary.LittleEndian, text)),
		"UTF-16, big":              string(utf16Of(binary.BigEndian, "\ufeff"+text)),
		"UTF-16, big, no mark":     string(utf16Of(binary.BigEndian, text)),
		"DER":                      string(der), "Base64": body, "Base64 in lines": body[:64] + "\n" + body[64:] + "\n",
	} {
		blocks, problem := keyfile.Blocks([]byte(data))
		if problem != "" || len(blocks) != 1 || blocks[0].Type != "PRIVATE KEY" || !bytes.Equal(blocks[0].DER, der) {
			t.Errorf("%s: got %d, %q", name, len(blocks), problem)
		}
	}
}

// What stands beside a key and is none keeps nobody from it.
func TestBlocksBesideOddOnes(t *testing.T) {
	t.Parallel()
	der, text := privateKey(t)
	for name, data := range map[string]string{
		"a comment": "# give the text from -----BEGIN to the end\n" + text,
		"a cut one": text + "-----BEGIN CERTIFICATE-----\nAAAA",
		"63 begins": strings.Repeat("-----BEGIN X-----\n", 63) + text,
		"another":   "-----BEGIN X-----\n****\n-----END X-----\n" + text,
	} {
		blocks, problem := keyfile.Blocks([]byte(data))
		if problem != "" || len(blocks) != 1 || !bytes.Equal(blocks[0].DER, der) {
			t.Errorf("%s: got %d, %q", name, len(blocks), problem)
		}
	}
	if _, problem := keyfile.Blocks([]byte("-----BEGIN MIIEvSECRETkey-----")); strings.Contains(problem, "SECRET") {
		t.Errorf("it is repeated: %s", problem)
	}
}

// What is none says why, with nothing of it.
func TestBlocksThatAreNone(t *testing.T) {
	t.Parallel()
	der, text := privateKey(t)
	line := strings.TrimSpace(text)
	for name, c := range map[string]struct{ data, says string }{
		"nothing":           {" \n", "it is empty"},
		"something":         {"hello", "no PEM block found"},
		"no dashes":         {strings.ReplaceAll(text, "-----", "----"), "no PEM block found"},
		"a cut end":         {line[:len(line)-40], "the end to that is missing"},
		"a cut line":        {line[:70] + line[75:], "is not Base64"},
		"a begin alone":     {"-----BEGIN PRIVATE KEY", "does not go on"},
		"another end":       {strings.Replace(text, "END PRIVATE", "END PUBLIC", 1), "the end to that is missing"},
		"stars":             {line[:200] + "****" + line[204:], "is not Base64"},
		"cut DER":           {string(der[:900]), "no PEM block found"},
		"behind 64 begins":  {strings.Repeat("-----BEGIN X-----\n", 64) + text, "only the first 64"},
		"64 begins":         {strings.Repeat("-----BEGIN X-----\n", 64), "the end to that is missing"},
		"a path":            {"/etc/wxpay/apiclient_key.pem", keyfile.IsAName},
		"a relative path":   {"./keys/apiclient_key", keyfile.IsAName},
		"a path of Windows": {`C:\keys\apiclient_key.pem`, keyfile.IsAName},
		"a URL of a file":   {"file:///etc/key", keyfile.IsAName},
		"a name":            {"商户 apiclient_key.pem\n", keyfile.IsAName},
	} {
		blocks, problem := keyfile.Blocks([]byte(c.data))
		if len(blocks) != 0 || !strings.Contains(problem, c.says) || strings.Contains(problem, line[60:70]) {
			t.Errorf("%s: got %v, %q, want it to say %q", name, blocks, problem, c.says)
		}
	}
}

// Whatever it is, it is a block of a kind or a problem, which repeats nothing of a key.
func FuzzBlocks(f *testing.F) {
	der, text := privateKey(f)
	secret := base64.StdEncoding.EncodeToString(der)
	f.Add([]byte(text))
	f.Add(der)
	f.Add([]byte(secret))
	f.Add([]byte(strings.ReplaceAll(text, "\n", `\n`)))
	f.Add(utf16Of(binary.LittleEndian, "\ufeff"+text))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n" +
		"-----END RSA PRIVATE KEY-----"))
	f.Fuzz(func(t *testing.T, data []byte) {
		blocks, problem := keyfile.Blocks(data)
		if (problem == "") == (len(blocks) == 0) {
			t.Fatalf("%d blocks and the problem %q", len(blocks), problem)
		}
		for _, b := range blocks {
			if b.Type == "" && len(b.DER) == 0 {
				t.Fatal("a block of nothing")
			}
		}
		if strings.Contains(problem, secret[40:56]) {
			t.Fatalf("the problem repeats the key: %s", problem)
		}
	})
}
