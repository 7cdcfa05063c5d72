package sandbox

import (
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// redaction blanks what the journal must not keep. Texts are blanked whole and
// cut afterwards: a secret that the cut went through would not be known for one.
type redaction struct {
	secrets []string // to be blanked wherever they stand
	names   []string // of the members of JSON to be blanked, in quotes
}

const blank = "…"

var (
	// member matches a member of an object whose value is no object or list, up
	// to the end of the text if that comes first.
	member = regexp.MustCompile(`("[A-Za-z0-9_]+")\s*:\s*(?:"(?:[^"\\]|\\.)*"?|[^\s",{}\[\]]+)`)
	// signElement matches the sign of an APIv2 message, signParameter that of a page.
	signElement   = regexp.MustCompile(`(<sign>(?:\s*<!\[CDATA\[)?)[^\]<]*`)
	signParameter = regexp.MustCompile(`([?&]sign=)[^&]*`)
	// privateKey matches a private key in PEM.
	privateKey = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?`)
)

// usuallySealed are the members that hold what somebody took the trouble to
// encrypt, and which in clear would be no less of a secret.
var usuallySealed = []string{
	`"ciphertext"`, `"number"`, `"id_card_number"`, `"real_name"`, `"bank_card_no"`, `"bank_card_number"`, `"bank_account"`,
	`"identification_number"`, `"identification_name"`, `"identity_id"`, `"phone"`,
}

// sealedMembers are those and what else an endpoint has travel encrypted, in
// either direction, by endpoints that have such.
func (e *engine) sealedMembers() map[*catalogue.Operation][]string {
	out := map[*catalogue.Operation][]string{}
	for _, op := range e.catalogue.Operations() {
		names := slices.Clip(usuallySealed)
		for _, pointer := range append(op.EncryptedBody(), op.EncryptedReply()...) {
			if name := `"` + path.Base(pointer) + `"`; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(names) > len(usuallySealed) {
			out[op] = names
		}
	}
	return out
}

func (e *engine) sealedNames(op *catalogue.Operation) []string {
	if names := e.sealed()[op]; names != nil {
		return names
	}
	return usuallySealed
}

// secrets are the keys of the merchants that are texts.
func (r *registry) secrets() []string {
	var out []string
	for _, m := range r.state.Load().merchants {
		out = append(out, m.APIv3Key.Reveal(), m.APIv2Key.Reveal())
	}
	return out
}

func (r redaction) text(s string) string {
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, blank)
	}
	if strings.Contains(s, "PRIVATE KEY-----") {
		s = privateKey.ReplaceAllString(s, blank)
	}
	return s
}

func (r redaction) uri(uri string) string {
	return signParameter.ReplaceAllString(r.text(uri), "${1}"+blank)
}

// header blanks the signature, with which an entry could be replayed, and
// whatever else somebody may have put into Authorization.
func (r redaction) header(h http.Header) http.Header {
	out := h.Clone()
	for _, name := range []string{"Cookie", "Proxy-Authorization"} {
		out.Del(name)
	}
	for i, v := range out["Authorization"] {
		if a, err := wire.ParseAuthorization(v); err == nil {
			a.Signature = blank
			out["Authorization"][i] = a.String()
		} else {
			out["Authorization"][i] = blank
		}
	}
	for _, values := range out {
		for i := range values {
			values[i] = r.text(values[i])
		}
	}
	return out
}

func (r redaction) body(b []byte) string {
	s := r.text(string(b))
	if strings.Contains(s, "<sign>") {
		s = signElement.ReplaceAllString(s, "${1}"+blank)
	}
	if slices.ContainsFunc(r.names, func(name string) bool { return strings.Contains(s, name) }) { // the cheap question first
		s = member.ReplaceAllStringFunc(s, func(found string) string {
			name := found[:strings.Index(found[1:], `"`)+2]
			if !slices.Contains(r.names, name) {
				return found
			}
			return name + `:"` + blank + `"`
		})
	}
	if len(s) > bodyLimit {
		s = strings.ToValidUTF8(s[:bodyLimit], "") + blank
	}
	return s
}
