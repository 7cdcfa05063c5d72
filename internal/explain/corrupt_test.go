package explain_test

import (
	"crypto/rsa"
	"encoding/base64"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// What is corrupted at random is answered with unknown, or with something that is true of it word
// for word: these tests know what was done, and judge without the package's own guesses.

// corrupted changes a few bytes of a string, somewhere.
func corrupted(r *rand.Rand, s string, alphabet string) string {
	pick := func() byte {
		if alphabet == "" {
			return byte(r.IntN(256))
		}
		return alphabet[r.IntN(len(alphabet))]
	}
	b := []byte(s)
	for range 1 + r.IntN(3) {
		if len(b) == 0 {
			return string(b)
		}
		i := r.IntN(len(b))
		switch r.IntN(6) {
		case 0, 1:
			b[i] = pick()
		case 2:
			b = slices.Insert(b, i, pick())
		case 3:
			b = slices.Delete(b, i, i+1)
		case 4:
			j := r.IntN(len(b))
			b[i], b[j] = b[j], b[i]
		default:
			b = b[:max(1, len(b)-r.IntN(4))]
		}
	}
	return string(b)
}

const printable = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// truth is what must hold where a finding has an ID; an ID that is missing may not be found.
type truth map[string]func(f explain.Finding) bool

// judge checks a finding, and what else it says.
func (tr truth) judge(t *testing.T, what string, f explain.Finding) {
	t.Helper()
	for _, one := range append([]explain.Finding{f}, f.And...) {
		if one.ID == explain.Unknown {
			continue
		}
		holds, known := tr[one.ID]
		if !known || !holds(one) {
			t.Errorf("a wrong guess, %s: %q\n%q", one.ID, one, what)
		}
	}
	if text := f.String() + f.In("zh"); strings.ContainsAny(text, "\n\r\x1b") || len(text) > 4000 {
		t.Errorf("not fit for a line: %q", text)
	}
}

// ofString are the truths about a signed string, of the one that should have been signed.
func ofString(right, signed string) truth {
	want, got := strings.SplitN(right, "\n", 5), strings.SplitN(signed, "\n", 5)
	only := func(part int) func(explain.Finding) bool {
		return func(explain.Finding) bool {
			if len(got) != 5 {
				return false
			}
			for i := range want {
				if i != part && got[i] != want[i] {
					return false
				}
			}
			return got[part] != want[part]
		}
	}
	is := func(s string) func(explain.Finding) bool { return func(explain.Finding) bool { return signed == s } }
	out := truth{
		"line-feed-missing":  is(strings.TrimSuffix(right, "\n")),
		"line-of-empty-body": is(strings.TrimSuffix(right, "\n\n")),
		"line-feed-in-front": is("\n" + right), "line-feed-doubled": is(right + "\n"),
	}
	for _, m := range explain.Mistakes() {
		for prefix, part := range map[string]int{"method-": 0, "path-": 1, "query-": 1, "timestamp-": 2, "nonce-": 3,
			"body-": 4} {
			if strings.HasPrefix(m.ID, prefix) && m.ID != "timestamp-nonce-swapped" {
				out[m.ID] = only(part)
			}
		}
	}
	return out
}

func TestCorruptedStrings(t *testing.T) {
	t.Parallel()
	r, k, key := offline(t)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 240 {
		q := r
		if i%2 == 0 {
			q.Method, q.URI, q.Body = "GET", queryURI, nil
		}
		right := stringOf(q)
		signed := corrupted(random, right, []string{"", printable, "\n\r ", "0123456789"}[i%4])
		q.Signature = signatureOf(t, key, signed)
		f := explain.Signature(q, k.Merchants[0], k)
		if !f.Found() != (signed == right) {
			t.Fatalf("found %q of %q", f, signed)
		}
		if f.Found() {
			ofString(right, signed).judge(t, signed, f)
		}
	}
}

// ofSignature are the truths about a signature that was changed, of the one that was made.
func ofSignature(made, sent string, size int) truth {
	std := base64.StdEncoding
	raw, _ := std.DecodeString(made)
	same := func(undo func(string) string) func(explain.Finding) bool {
		return func(explain.Finding) bool {
			got, err := std.DecodeString(undo(sent))
			return err == nil && slices.Equal(got, raw)
		}
	}
	alphabet := func(s string) string { return strings.NewReplacer("-", "+", "_", "/").Replace(s) }
	padded := func(s string) string {
		return strings.TrimRight(alphabet(s), "=") + strings.Repeat("=", (3-len(raw)%3)%3)
	}
	return truth{
		"signature-not-base64": func(explain.Finding) bool {
			_, err := std.Strict().DecodeString(sent)
			return err != nil
		},
		"signature-length": func(explain.Finding) bool {
			got, err := std.DecodeString(sent)
			return err != nil || len(got) != size
		},
		"signature-bits":     same(func(s string) string { return s }),
		"signature-unpadded": same(padded), "signature-url-safe": same(padded),
		"signature-wrapped": same(strings.NewReplacer(" ", "", "\n", "", "\r", "").Replace),
		"signature-spaces":  same(func(s string) string { return strings.ReplaceAll(s, " ", "+") }),
		"signature-quoted":  same(func(s string) string { return strings.Trim(s, `"'`) }),
	}
}

func TestCorruptedSignatures(t *testing.T) {
	t.Parallel()
	r, k, key := offline(t)
	random := rand.New(rand.NewPCG(3, 4))
	made := r.Signature
	const base = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_"
	for i := range 4000 {
		r.Signature = corrupted(random, made, []string{base, printable, ""}[i%3])
		if r.Signature == made {
			continue
		}
		f := explain.Signature(r, k.Merchants[0], k)
		if !f.Found() {
			t.Fatalf("nothing was found of %q", r.Signature)
		}
		ofSignature(made, r.Signature, key.Size()).judge(t, r.Signature, f)
	}
	// Bytes of the signature, not of its text.
	raw, _ := base64.StdEncoding.DecodeString(made)
	for range 2000 {
		r.Signature = std([]byte(corrupted(random, string(raw), "")))
		if r.Signature != made {
			ofSignature(made, r.Signature, key.Size()).judge(t, r.Signature, explain.Signature(r, k.Merchants[0], k))
		}
	}
	for i := range 2000 { // of nobody's key
		b := make([]byte, 256)
		for i := range b {
			b[i] = byte(random.IntN(256))
		}
		if i < 3 { // which every key opens
			b = append(make([]byte, 255), byte(i))
		}
		r.Signature = std(b)
		if f := explain.Signature(r, k.Merchants[0], k); f.ID != explain.Unknown || f.Case != "key" {
			t.Fatalf("random bytes: %s", f)
		}
	}
}

// ofHeader are the truths about an Authorization header.
func ofHeader(header string, r explain.Request, own explain.Keys, key *rsa.PrivateKey) truth {
	matches := func(pattern string) func(explain.Finding) bool {
		re := regexp.MustCompile(pattern)
		return func(explain.Finding) bool { return re.MatchString(header) }
	}
	a, err := wire.ParseAuthorization(header)
	refused := func(explain.Finding) bool { return err != nil }
	differs := func(value, of string) func(explain.Finding) bool {
		return func(explain.Finding) bool { return err != nil || value != of }
	}
	out := truth{
		"auth-scheme-missing": matches(`^[{" ]*(mchid|nonce_str|timestamp|serial_no|signature)["'=:]`),
		"auth-scheme-other":   func(explain.Finding) bool { return !strings.HasPrefix(header, wire.Scheme) },
		"auth-scheme-case":    matches(`(?i)^` + wire.Scheme),
		"auth-scheme-space":   matches(`^` + wire.Scheme + `($|[^ ])`),
		"auth-escaped-quotes": matches(`\\"`), "auth-single-quotes": matches(`=\s*'`),
		"auth-unquoted": matches(`=\s*([^"']|$)`), "auth-unclosed": func(explain.Finding) bool {
			return strings.Count(header, `"`)%2 == 1 || strings.Contains(header, `='`)
		},
		"auth-colon": matches(`:\s*["']`), "auth-json": matches(`{`), "auth-not-pairs": refused,
		"auth-spaces": matches(`\s=|=\s|\s,`), "auth-separator": matches(`["'][^,]`),
		"auth-comma-at-end":  matches(`,\s*$`),
		"auth-field-unknown": refused, "auth-field-twice": refused, "auth-field-empty": matches(`=\s*(""|'')`),
		"auth-field-characters": matches(`[^!-~]`), "auth-malformed": refused,
		"auth-field-misspelt": func(f explain.Finding) bool { return strings.Contains(header, f.Values[0]) },
		"auth-field-missing": func(f explain.Finding) bool {
			return !regexp.MustCompile(`[, {"]` + f.Values[0] + `["']?\s*[=:]\s*"[^"]+"`).MatchString(header)
		},
		"timestamp-ahead":  differs(a.Timestamp, r.Timestamp),
		"timestamp-behind": differs(a.Timestamp, r.Timestamp), "timestamp-not-number": matches(`timestamp`),
		"timestamp-eight-hours": differs(a.Timestamp, r.Timestamp), "timestamp-fraction": matches(`timestamp`),
		"mchid-and-serial-unknown": func(explain.Finding) bool {
			return err != nil || a.MchID != own.MchID && !strings.EqualFold(a.Serial, own.Serial)
		},
		"mchid-unknown": differs(a.MchID, own.MchID), "serial-unknown": differs(a.Serial, own.Serial),
		"serial-dressed": differs(a.Serial, own.Serial), "serial-zeros": differs(a.Serial, own.Serial),
		"nonce-case": differs(a.Nonce, r.Nonce), "nonce-dashes": differs(a.Nonce, r.Nonce),
		"timestamp-other": differs(a.Timestamp, r.Timestamp),
	}
	for id, holds := range ofSignature(r.Signature, a.Signature, key.Size()) {
		out[id] = holds
		if err != nil {
			out[id] = refused
		}
	}
	return out
}

func TestCorruptedHeaders(t *testing.T) {
	t.Parallel()
	r, k, key := offline(t)
	random := rand.New(rand.NewPCG(5, 6))
	right := r.Authorization.String()
	for i := range 4000 {
		header := corrupted(random, right, []string{printable, `"=,: '{}\`, ""}[i%3])
		_, wrong := explain.Authorization([]string{header})
		if _, err := wire.ParseAuthorization(header); (err != nil) != wrong.Found() {
			t.Fatalf("%q: %v, found %q", header, err, wrong)
		}
		if f := explain.Call(r, []string{header}, k, start); f.Found() {
			ofHeader(header, r, k.Merchants[0], key).judge(t, header, f)
		}
	}
}
