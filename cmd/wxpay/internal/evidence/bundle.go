package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/explain"
)

// About is where a case was judged.
type About struct {
	Version, Go, System string
	Made                time.Time
}

// Entry is a file of a bundle.
type Entry struct {
	Name string
	What lang.Text
	Data []byte
}

// readme is the first thing that somebody sees who opens a bundle.
const readme = `This is evidence about a message of WeChat Pay, written by wxpay verify --bundle. It is safe
to post: keys, signatures, what is sealed, names, openids and all other values are not in it.

  case.json    what was found out, and with which versions
  message.txt  headers and body. Each value is replaced by one of the same length: A for a
               capital, a for a small letter, 0 for a digit, other signs as they are
  string.txt   the string that the signature has to be of, in the same way, with \n for line ends
  keys/        the keys of WeChat Pay that were known, which are public

这是一条微信支付消息的排查材料，由 wxpay verify --bundle 生成，可以公开发布：里面没有密钥、签名、密文、姓名、
openid 或其他任何值。

  case.json    结论和版本
  message.txt  请求头和请求体，每个值都换成了等长的占位符：大写字母为 A，小写字母为 a，数字为 0，其他符号不变
  string.txt   待验签的字符串，同样处理，换行写作 \n
  keys/        已知的微信支付密钥（只有公钥部分），本来就是公开的
`

// leastNonce is how long a nonce has to be for the hash of the string that it is in: nobody finds
// the other values by trying.
const leastNonce = 24

// caseFile is case.json.
type caseFile struct {
	WXPay       string        `json:"wxpay"`
	Go          string        `json:"go"`
	System      string        `json:"system"`
	Made        string        `json:"made"`
	Standing    Standing      `json:"standing"`
	Findings    []findingFile `json:"findings"`
	SignedBy    string        `json:"signed_by,omitempty"`
	KnownKeys   []string      `json:"known_keys"`
	HasAPIv3    bool          `json:"has_apiv3_key"`
	HasAPIv2    bool          `json:"has_apiv2_key"`
	Came        string        `json:"came,omitempty"`
	Timestamp   string        `json:"timestamp,omitempty"`
	Serial      string        `json:"serial,omitempty"`
	Event       string        `json:"event_type,omitempty"`
	Opened      bool          `json:"opened"`
	Reply       bool          `json:"reply"`
	BodyBytes   int           `json:"body_bytes"`
	CutBytes    int           `json:"cut_bytes"`
	StringBytes int           `json:"string_bytes"`
	StringHash  string        `json:"string_sha256,omitempty"`
	Notes       []string      `json:"notes,omitempty"`
}

type findingFile struct {
	ID      string `json:"id"`
	Case    string `json:"case,omitempty"`
	Certain bool   `json:"certain"`
	En      string `json:"en"`
	Zh      string `json:"zh"`
}

// undetailed is a finding without its details, which may repeat what was sent.
func undetailed(f explain.Finding) (out []findingFile) {
	for _, one := range append([]explain.Finding{f}, f.And...) {
		bare := explain.Finding{ID: one.ID, Case: one.Case, Values: []string{"…", "…", "…", "…"}}
		out = append(out, findingFile{one.ID, one.Case, one.Certain, bare.In("en"), bare.In("zh")})
	}
	return out
}

func shownIf(ok func(string) bool, s string) string {
	if s == "" || ok(s) {
		return s
	}
	return mask(s)
}

func (c *Case) file(a About) ([]byte, error) {
	f := caseFile{
		WXPay: a.Version, Go: a.Go, System: a.System, Made: a.Made.UTC().Format(time.RFC3339), Standing: c.Standing,
		SignedBy: shownIf(aSerial.MatchString, c.Verdict.SignedBy), Timestamp: shownIf(aTimestamp.MatchString,
			c.Timestamp()),
		Serial: shownIf(aSerial.MatchString, c.Serial()), Event: shownIf(shownMembers["event_type"], c.Verdict.Event),
		Opened: c.Verdict.Opened.Reveal() != nil, Reply: c.Reply, BodyBytes: len(c.Body), CutBytes: len(c.Cut),
		StringBytes: len(c.Signed), KnownKeys: []string{},
	}
	if !c.At.IsZero() {
		f.Came = c.At.UTC().Format(time.RFC3339)
	}
	for _, v := range c.Verdict.Findings {
		f.Findings = append(f.Findings, undetailed(v)...)
	}
	for _, p := range c.Known.Platform {
		f.KnownKeys = append(f.KnownKeys, shownIf(aSerial.MatchString, p.ID))
	}
	for _, m := range c.Known.Merchants {
		f.HasAPIv3, f.HasAPIv2 = f.HasAPIv3 || m.APIv3 != "", f.HasAPIv2 || m.APIv2 != ""
	}
	for _, n := range c.Notes {
		f.Notes = append(f.Notes, n.String())
	}
	if !c.V2 && len(c.Nonce()) >= leastNonce {
		sum := sha256.Sum256(c.Signed)
		f.StringHash = hex.EncodeToString(sum[:])
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(f)
	return out.Bytes(), err
}

// messageFile is the message with its values masked.
func (c *Case) messageFile() []byte {
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(c.Header)) {
		for _, value := range c.Header[name] {
			fmt.Fprintf(&out, "%s: %s\n", maskName(name), oneLine(maskHeader(name, value)))
		}
	}
	out.WriteByte('\n')
	out.Write(maskBody(c.Body))
	return out.Bytes()
}

// oneLine writes line ends out, which would make other headers of a value.
func oneLine(s string) string { return strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(s) }

// stringFile is the string to verify with its values masked.
func (c *Case) stringFile() []byte {
	if c.Signed == nil {
		return nil
	}
	if c.V2 {
		return []byte(Escaped(joined(c.fields(), func(name, value string) string {
			return maskName(name) + "=" + mask(value)
		})) + "\n")
	}
	masked := shownIf(aTimestamp.MatchString, c.Timestamp()) + "\n" + mask(c.Nonce()) + "\n" +
		string(maskBody(c.Body)) + "\n"
	return []byte(Escaped([]byte(masked)) + "\n")
}

// Entries are the files of a bundle.
func (c *Case) Entries(a About) ([]Entry, error) {
	file, err := c.file(a)
	if err != nil {
		return nil, err
	}
	out := []Entry{
		{"README.txt", lang.Textf("what the files are"), []byte(readme)},
		{"case.json", lang.Textf("finding, times, serial numbers, versions"), file},
		{"message.txt", lang.Textf("headers and body, each value replaced by one of the same length"), c.messageFile()},
	}
	if s := c.stringFile(); s != nil {
		out = append(out, Entry{"string.txt", lang.Textf("the string to verify, in the same way"), s})
	}
	for _, p := range c.Known.Platform {
		if _, own := c.Known.Owner(p); own || !aSerial.MatchString(p.ID) || p.Key == nil {
			continue
		}
		der, err := x509.MarshalPKIXPublicKey(p.Key) // and no certificate, which names somebody
		if err != nil {
			return nil, err
		}
		out = append(out, Entry{"keys/" + p.ID + ".pem", lang.Textf("a key of WeChat Pay, which is public"),
			pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})})
	}
	return out, nil
}

// Write writes a bundle as a zip archive.
func Write(w io.Writer, entries []Entry, made time.Time) error {
	z := zip.NewWriter(w)
	for _, e := range entries {
		f, err := z.CreateHeader(&zip.FileHeader{Name: e.Name, Method: zip.Deflate, Modified: made.UTC()})
		if err == nil {
			_, err = f.Write(e.Data)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}
