package wire

import (
	"net/http"
	"slices"
	"strings"
)

// headersRead are the headers that a message is verified and named by.
var headersRead = [...]string{HeaderSignature, HeaderTimestamp, HeaderNonce, HeaderSerial, "Request-Id"}

// Canonical finds the headers of headersRead under the names that fasthttp, gRPC metadata, CGI and
// gateways hand over in another spelling: in other letters, with _ for -, or with HTTP_ before
// them. A map of net/http would not find them. A name that is right as it stands is heeded before
// any other. What a stranger sends beside them is looked at once, and left out.
func Canonical(header http.Header) http.Header {
	if !slices.ContainsFunc(headersRead[:], func(name string) bool { return len(header[name]) == 0 }) {
		return header
	}
	found, under := make(http.Header, len(headersRead)), map[string]string{}
	for name, values := range header {
		read := readAs(name)
		if read == "" || len(values) == 0 {
			continue
		}
		if before, there := under[read]; there && before != name && (before == read || name != read && before < name) {
			continue // of several, the same one every time
		}
		found[read], under[read] = values, name
	}
	return found
}

// readAs is the name of headersRead that another spelling stands for, "" for none.
func readAs(name string) string {
	const cgi = "http-"
	for _, read := range headersRead {
		if n := len(name) - len(read); n == 0 && sameName(name, read) ||
			n == len(cgi) && sameName(name[:n], cgi) && sameName(name[n:], read) {
			return read
		}
	}
	return ""
}

// sameName compares names of headers by their letters, where _ is - as well.
func sameName(name, read string) bool {
	return strings.EqualFold(strings.ReplaceAll(name, "_", "-"), read)
}
