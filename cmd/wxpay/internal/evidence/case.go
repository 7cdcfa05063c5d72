// Package evidence judges a stored message of WeChat Pay and writes down what others need to judge
// it too, without anything that is secret or says who the payer is.
//
// case.go asks package explain and says what the answer means, mask.go replaces values by others of
// the same form, bundle.go puts the files together.
//
// It knows the forms of package stored, the findings of internal/explain and the sentences of
// package lang. Start reading at [Judge] and [Case.Write].
package evidence

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/stored"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// Standing is what a message is worth.
type Standing string

// The standings.
const (
	Genuine  Standing = "genuine"     // WeChat Pay signed these bytes, and they came in time
	Altered  Standing = "altered"     // WeChat Pay signed it, and it was changed since, or is out of time
	Unproven Standing = "unproven"    // what is needed to tell is not there
	Forged   Standing = "not genuine" // it is not what WeChat Pay signed, or not as it signed it
)

// Case is a message and what was found out about it.
type Case struct {
	*stored.Message
	Verdict  explain.Verdict
	Standing Standing
	At       time.Time // when it came; zero for not known
	Known    explain.Known
	V2       bool
	// Signed is the string that the signature has to be of. Of APIv2 it ends with the key, which
	// is left out here. It is nil where nothing was signed, as of a refund of APIv2.
	Signed []byte
}

// Judge explains a message.
func Judge(m *stored.Message, reply bool, at time.Time, known explain.Known) *Case {
	c := &Case{Message: m, At: at, Known: known, V2: isXML(m.Body)}
	ask := func(body []byte) explain.Verdict {
		return explain.Message{Header: m.Header, Body: body, At: at, Reply: reply || m.Reply}.Explain(known)
	}
	c.Verdict = ask(m.Body)
	// An editor puts a line end behind the last line of a file, which nobody sent.
	for _, end := range []string{"\n", "\r\n"} {
		shorter, cut := bytes.CutSuffix(m.Body, []byte(end))
		if !cut || c.Verdict.Findings[0].ID != "message-body-padded" {
			continue
		}
		if v := ask(shorter); v.Genuine && v.Findings[0].ID != "message-body-padded" {
			c.Verdict, m.Body, m.Cut = v, shorter, append([]byte(end), m.Cut...)
		}
	}
	c.Standing = standing(c.Verdict)
	c.Signed = c.signed()
	return c
}

func isXML(body []byte) bool {
	start := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n")
	return len(start) > 0 && start[0] == '<'
}

// unknowing are the findings that something was missing to tell: a key, or what was not stored.
var unknowing = []string{"platform-none", "message-public-key-unknown", "message-certificate-unknown", "header-missing",
	"unknown/no-key", "v2-mchid-unknown"}

func standing(v explain.Verdict) Standing {
	inside := func(f explain.Finding) bool { // what is sealed in it, and whether it opens
		return f.ID == explain.Genuine || f.ID == explain.Unknown && (f.Case == "resource" || f.Case == "sealed") ||
			strings.HasPrefix(f.ID, "resource-") || strings.HasPrefix(f.ID, "sealed-") ||
			strings.HasPrefix(f.ID, "envelope-")
	}
	outside := slices.DeleteFunc(slices.Clone(v.Findings), inside)
	switch {
	case v.Genuine && len(outside) == 0:
		return Genuine
	case v.Genuine:
		return Altered
	case slices.ContainsFunc(outside, func(f explain.Finding) bool {
		return slices.Contains(unknowing, f.ID) || slices.Contains(unknowing, f.ID+"/"+f.Case)
	}):
		return Unproven
	}
	return Forged
}

// header gives one of the signed headers, however its name is written.
func (c *Case) header(name string) string {
	values := wire.Canonical(c.Header)[http.CanonicalHeaderKey(name)]
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// Timestamp is Wechatpay-Timestamp.
func (c *Case) Timestamp() string { return c.header(wire.HeaderTimestamp) }

// Nonce is Wechatpay-Nonce.
func (c *Case) Nonce() string { return c.header(wire.HeaderNonce) }

// Serial is Wechatpay-Serial.
func (c *Case) Serial() string { return c.header(wire.HeaderSerial) }

// signed is what the signature has to be of.
func (c *Case) signed() []byte {
	if !c.V2 {
		return wire.AppendReplyMessage(nil, c.Timestamp(), c.Nonce(), c.Body)
	}
	f := c.fields()
	if f == nil || f["req_info"] != "" {
		return nil
	}
	return joined(f, func(name, value string) string { return name + "=" + value })
}

// fields are those of a message of APIv2, nil where it does not read as one.
func (c *Case) fields() wire.Fields {
	f, err := wire.ParseXML(bytes.TrimPrefix(c.Body, []byte("\ufeff")))
	if err != nil {
		return nil
	}
	return f
}

// joined is what APIv2 signs, without the key at its end.
func joined(f wire.Fields, pair func(name, value string) string) []byte {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if name != "sign" && f[name] != "" {
			pairs = append(pairs, pair(name, f[name]))
		}
	}
	return []byte(strings.Join(pairs, "&") + "&key=")
}
