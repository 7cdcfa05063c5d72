package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// SignType is how an APIv2 message is signed.
type SignType string

// The sign types of APIv2. MD5 is the default nearly everywhere.
const (
	SignMD5  SignType = "MD5"
	SignHMAC SignType = "HMAC-SHA256"
)

// Known tells the sign types there are, and none, which leaves it to the endpoint.
func (t SignType) Known() bool { return t == "" || t == SignMD5 || t == SignHMAC }

// Fields is an APIv2 message: flat, every value a string.
type Fields map[string]string

// Digest signs the fields with the APIv2 key: those that are not empty,
// without "sign", sorted, joined, the key at the end. It reads sign_type from
// nowhere; the caller decides.
func (f Fields) Digest(apiV2Key string, by SignType) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if value := f[name]; value != "" && name != "sign" {
			b.WriteString(name)
			b.WriteByte('=')
			b.WriteString(value)
			b.WriteByte('&')
		}
	}
	b.WriteString("key=")
	b.WriteString(apiV2Key)
	var sum []byte
	if by == SignHMAC {
		mac := hmac.New(sha256.New, []byte(apiV2Key))
		mac.Write([]byte(b.String()))
		sum = mac.Sum(nil)
	} else {
		digest := md5.Sum([]byte(b.String()))
		sum = digest[:]
	}
	return strings.ToUpper(hex.EncodeToString(sum))
}

// Verify checks "sign".
func (f Fields) Verify(apiV2Key string) bool {
	want := f.Digest(apiV2Key, f.SignType())
	return hmac.Equal([]byte(want), []byte(strings.ToUpper(f["sign"])))
}

// SignType is how a message was signed, told as its reader has to: by "sign_type" or,
// without one, by the length of "sign".
func (f Fields) SignType() SignType {
	switch by := f["sign_type"]; {
	case by != "":
		return SignType(by)
	case len(f["sign"]) == sha256.Size*2:
		return SignHMAC
	}
	return SignMD5
}

// HoldsMember says that a value has the look of another member in it, "&name=".
// APIv2 signs name=value&name=value without escaping, so whoever chose such a
// value can cut the signed string into other members.
func HoldsMember(value string) bool {
	for {
		_, after, found := strings.Cut(value, "&")
		if !found {
			return false
		}
		end := strings.IndexAny(after, "&=")
		if end > 0 && after[end] == '=' {
			return true
		}
		value = after
	}
}

// ErrXML is wrapped by every error of ParseXML.
var ErrXML = errors.New("not an APIv2 message")

// withoutLayout is a value without the line ends and indents around it. Blanks alone are its own:
// WeChat Pay signs them, and writes what it tells of a contract without CDATA.
func withoutLayout(value string) string {
	const blanks = " \t\r\n"
	if front := strings.TrimLeft(value, blanks); strings.ContainsAny(value[:len(value)-len(front)], "\r\n") {
		value = front
	}
	if end := strings.TrimRight(value, blanks); strings.ContainsAny(value[len(end):], "\r\n") {
		value = end
	}
	return value
}

// hasAttribute tells whether the start tag that text begins with has an attribute, none of which
// is without "=". The decoder gathers a tag's before anybody can look at them, in a dozen times the
// bytes they came in.
func hasAttribute(text []byte) bool {
	if len(text) < 2 || text[0] != '<' || bytes.IndexByte([]byte("!?/"), text[1]) >= 0 {
		return false
	}
	tag, _, _ := bytes.Cut(text, []byte(">"))
	return bytes.IndexByte(tag, '=') >= 0
}

// maxFields bounds a message; the largest real ones have below a hundred.
const maxFields = 1000

// ParseXML reads a flat <xml> document. Line ends and indents around a value are not part of it;
// other white space is, as all of a CDATA's. An element twice, one inside another or with
// attributes, an instruction, a doctype or anything behind the document is an error.
func ParseXML(body []byte) (Fields, error) {
	fail := func(format string, args ...any) (Fields, error) {
		return nil, fmt.Errorf("%w: %s", ErrXML, fmt.Sprintf(format, args...))
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	fields := Fields{}
	depth, name, declared := 0, "", false
	var plain, marked strings.Builder
	hasCDATA, hasText := false, false // of the element; looked up once, for a stranger's may have many sections
	for {
		at := d.InputOffset()
		if hasAttribute(body[at:]) {
			return fail("an element has an attribute")
		}
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fail("the XML is malformed or cut short")
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch depth {
			case 0:
				if t.Name.Local != "xml" || name != "" {
					return fail("the document is not one <xml> element")
				}
			case 1:
				name = t.Name.Local
				if _, twice := fields[name]; twice {
					return fail("an element stands twice")
				}
				if len(fields) == maxFields {
					return fail("more than %d elements", maxFields)
				}
				plain.Reset()
				marked.Reset()
				hasCDATA, hasText = false, false
			default:
				return fail("an element stands inside another")
			}
			depth++
		case xml.EndElement:
			if depth--; depth == 1 {
				if hasCDATA {
					fields[name] = marked.String()
				} else {
					fields[name] = withoutLayout(plain.String())
				}
			} else if depth == 0 {
				name = "xml" // anything after is too much
			}
		case xml.CharData:
			switch {
			case depth == 2 && bytes.HasPrefix(body[at:], []byte("<![CDATA[")):
				if hasText {
					return fail("text stands in front of a CDATA section") // others would read it with the rest
				}
				hasCDATA = true
				marked.Write(t)
			case depth == 2:
				switch {
				case !hasCDATA:
					plain.Write(t)
					hasText = hasText || len(bytes.TrimSpace(t)) > 0
				case bytes.IndexByte(body[at:d.InputOffset()], '&') >= 0: // a reference is no layout
					marked.Write(t)
				default:
					marked.Write(bytes.TrimSpace(t))
				}
			case len(bytes.TrimSpace(bytes.TrimPrefix(t, []byte("\ufeff")))) > 0:
				return fail("text stands between the elements")
			}
		case xml.ProcInst:
			if t.Target != "xml" || depth > 0 || declared || name != "" {
				return fail("it has an instruction") // the declaration alone is none
			}
			declared = true
		case xml.Directive:
			return fail("it has a doctype")
		}
	}
	if name != "xml" || depth != 0 {
		return fail("the document is not one <xml> element")
	}
	return fields, nil
}
