package wire

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// headersRead are the headers that a message is verified and named by.
var headersRead = [...]string{HeaderSignature, HeaderTimestamp, HeaderNonce, HeaderSerial, "Request-Id"}

// Canonical puts right the names that fasthttp, gRPC metadata, CGI and gateways hand over in
// another spelling: in other letters, with _ for -, or with HTTP_ before them. A map of
// net/http would not find them. A name that is right as it stands is heeded before any other.
func Canonical(header http.Header) http.Header {
	if !slices.ContainsFunc(headersRead[:], func(name string) bool { return len(header[name]) == 0 }) {
		return header
	}
	c := maps.Clone(header)
	for _, name := range slices.Sorted(maps.Keys(header)) { // of several, the same one every time
		plain := strings.ReplaceAll(name, "_", "-")
		if len(plain) > 5 && strings.EqualFold(plain[:5], "http-") {
			plain = plain[5:]
		}
		if plain = http.CanonicalHeaderKey(plain); len(c[plain]) == 0 {
			c[plain] = header[name]
		}
	}
	return c
}
