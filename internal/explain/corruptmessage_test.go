package explain_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// A call of APIv2 of which a value, the sign or the signed string was changed at random.
func TestCorruptedSigns(t *testing.T) {
	t.Parallel()
	_, k, _ := offline(t)
	own := k.Merchants[0]
	random := rand.New(rand.NewPCG(7, 8))
	names := []string{}
	fields := wire.Fields{}
	for _, f := range v2Fields {
		fields[f[0]], names = f[1], append(names, f[0])
	}
	right := md5Of(joinedAs(v2Fields, asIs) + "&key=" + own.APIv2)
	fields["sign"] = right
	if f := explain.Sign(explain.V2{Fields: fields, Order: names}, own, k); f.Found() {
		t.Fatalf("a right sign: %s", f)
	}
	for i := range 300 {
		f := wire.Fields{}
		for name, value := range fields {
			f[name] = value
		}
		switch i % 3 {
		case 0:
			f["sign"] = corrupted(random, right, []string{"0123456789ABCDEFabcdef", printable}[i/3%2])
		case 1:
			name := names[random.IntN(len(names)-1)+1]
			f[name] = corrupted(random, f[name]+"x", printable)
		default:
			joined := joinedAs(v2Fields, asIs)
			f["sign"] = md5Of(corrupted(random, joined, printable) + "&key=" + own.APIv2)
		}
		if f["sign"] = strings.ToUpper(f["sign"]); maps.Equal(f, fields) {
			continue
		}
		got := explain.Sign(explain.V2{Fields: f, Order: names}, own, k)
		truth{
			"v2-sign-shape": func(explain.Finding) bool {
				n := len(f["sign"])
				return n != 32 && n != 64 || strings.Trim(f["sign"], "0123456789ABCDEFabcdef") != ""
			},
			"v2-sign-missing": func(explain.Finding) bool { return f["sign"] == "" },
			"v2-trimmed":      func(explain.Finding) bool { return f["return_app"] != " 3 " || i%3 == 2 },
			// A field that was empty, and has a value now.
			"v2-field-late": func(e explain.Finding) bool { return fields[e.Values[0]] == "" && f[e.Values[0]] != "" },
		}.judge(t, f["sign"]+" "+f["contract_display_account"], got)
		if !got.Found() {
			t.Errorf("nothing was found of %v", f)
		}
	}
}

// ofMessage are the truths about a message, of the one that was sent.
func (s *storage) ofMessage(sent, got explain.Message) truth {
	header := func(name string) string { return got.Header.Get(name) }
	changed := func(name string) func(explain.Finding) bool {
		return func(explain.Finding) bool { return header(name) != sent.Header.Get(name) }
	}
	body := func(explain.Finding) bool { return string(sent.Body) != string(got.Body) }
	stamp, _ := strconv.ParseInt(strings.Trim(header(wire.HeaderTimestamp), ` "'`), 10, 64)
	seconds := func(n int64) func(explain.Finding) bool {
		return func(f explain.Finding) bool { return f.Values[0] == strconv.FormatInt(n, 10) }
	}
	named := func(f explain.Finding) bool { return header(f.Values[0]) != sent.Header.Get(f.Values[0]) }
	out := truth{
		"header-missing": func(f explain.Finding) bool { return header(f.Values[0]) == "" }, "header-doubled": named,
		"header-padded": named, "header-line-end": named,
		"message-timestamp":           changed(wire.HeaderTimestamp),
		"message-timestamp-formatted": changed(wire.HeaderTimestamp),
		"message-old":                 seconds(start.Unix() - stamp),
		"message-early":               seconds(stamp - start.Unix()),
		"message-nonce-case":          changed(wire.HeaderNonce), "message-eight-hours": changed(wire.HeaderTimestamp),
		"message-serial-changed":      changed(wire.HeaderSerial),
		"message-public-key-unknown":  changed(wire.HeaderSerial),
		"message-certificate-unknown": changed(wire.HeaderSerial),
		"message-body-empty":          func(explain.Finding) bool { return len(got.Body) == 0 },
		"message-body-cut":            func(explain.Finding) bool { return !json.Valid(got.Body) },
		"envelope-not-json":           func(explain.Finding) bool { return !json.Valid(got.Body) },
		"envelope-member":             body,
		"resource-nonce-size":         body, "resource-nonce-padded": body, "resource-base64": body,
		"resource-base64-changed":  body,
		"resource-associated-data": body, "resource-changed": body,
		"message-signature-length": func(explain.Finding) bool {
			raw, err := base64.StdEncoding.DecodeString(header(wire.HeaderSignature))
			return err != nil || len(raw) != 256
		},
		"genuine": func(explain.Finding) bool { return !body(explain.Finding{}) },
	}
	// A body that can be restored: what was restored is what was sent.
	for _, m := range explain.Mistakes() {
		if strings.HasPrefix(m.ID, "message-body-") && out[m.ID] == nil {
			out[m.ID] = body
		}
	}
	for id, holds := range ofSignature(sent.Header.Get(wire.HeaderSignature), header(wire.HeaderSignature), 256) {
		if id != "signature-length" {
			out[id] = holds
		}
	}
	return out
}

func TestCorruptedMessages(t *testing.T) {
	t.Parallel()
	s := newStorage(t)
	random := rand.New(rand.NewPCG(9, 10))
	names := []string{wire.HeaderTimestamp, wire.HeaderNonce, wire.HeaderSerial, wire.HeaderSignature}
	for i := range 1500 {
		sent := []explain.Message{s.payment, s.reply}[i%2]
		got := with(sent, func(m *explain.Message) {
			if i%3 == 0 {
				m.Body = []byte(corrupted(random, string(m.Body), []string{"", printable, " \n\r\t"}[i%5%3]))
			} else {
				name := names[random.IntN(len(names))]
				alphabet := []string{printable, "0123456789ABCDEF"}[i%5%2]
				m.Header.Set(name, corrupted(random, m.Header.Get(name), alphabet))
			}
		})
		v := got.Explain(s.known)
		for _, f := range v.Findings {
			s.ofMessage(sent, got).judge(t, string(got.Body)+" "+strings.Join(got.Header[wire.HeaderSignature], ""), f)
		}
		if len(v.Findings) == 0 {
			t.Fatal("nothing was found")
		}
	}
}

// A sealed resource of which anything was changed at random.
func TestCorruptedResources(t *testing.T) {
	t.Parallel()
	s := newStorage(t)
	var e wire.Envelope
	s.ok(json.Unmarshal(s.payment.Body, &e))
	random := rand.New(rand.NewPCG(11, 12))
	for i := range 3000 {
		r := e.Resource
		part := []*string{&r.Ciphertext, &r.Nonce, &r.AssociatedData}[i%3]
		*part = corrupted(random, *part, []string{printable, ""}[i%2])
		if r == e.Resource {
			continue
		}
		plain, _, f := explain.OpenResource(r, s.known)
		differ := func(a, b string) func(explain.Finding) bool { return func(explain.Finding) bool { return a != b } }
		text := differ(r.Ciphertext, e.Resource.Ciphertext)
		truth{
			"resource-nonce-size":   func(explain.Finding) bool { return len(r.Nonce) != 12 },
			"resource-nonce-padded": differ(r.Nonce, e.Resource.Nonce), "resource-base64": text,
			"resource-base64-changed":  text,
			"resource-associated-data": differ(r.AssociatedData, e.Resource.AssociatedData),
			"resource-changed":         func(explain.Finding) bool { return r.Nonce == e.Resource.Nonce },
		}.judge(t, *part, f)
		if !f.Found() && (plain == nil || r.Ciphertext == e.Resource.Ciphertext) {
			t.Errorf("nothing was found of %q", *part)
		}
	}
}
