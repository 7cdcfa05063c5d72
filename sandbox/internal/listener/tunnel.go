package listener

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"time"
)

type tunnelKey struct{}

// Tunnel is the host that a request's connection is a tunnel to, by its name in small letters, ""
// where it is none.
func Tunnel(ctx context.Context) string {
	name, _ := ctx.Value(tunnelKey{}).(string)
	return name
}

func tunnelOf(c net.Conn) string {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	if ours, ok := c.(*conn); ok {
		return ours.tunnel
	}
	return ""
}

// tunnels opens those it stands for, and leaves every other request to h.
func (e *entrance) tunnels(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := ""
		if r.Method == http.MethodConnect && Tunnel(r.Context()) == "" && r.Body == http.NoBody {
			name = e.target(r.RequestURI)
		}
		if name == "" {
			h.ServeHTTP(w, r)
			return
		}
		e.open(w, name)
	})
}

// target is the host that a tunnel may be opened to, "" for none: one that the server stands in
// for, at the port of https.
func (e *entrance) target(authority string) string {
	host, port, _ := strings.Cut(authority, ":")
	if host = HostName(host); port != "443" || !e.door.Stands(host) {
		return ""
	}
	return host
}

// HostName is the one spelling of a host's name: small letters, without the full stop at its end.
func HostName(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// open tells the client that its tunnel stands, and has what comes through it served as any
// connection, within the same bounds.
func (e *entrance) open(w http.ResponseWriter, name string) {
	c, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError) // which no connection of ours comes to
		return
	}
	through := &conn{Conn: c, tunnel: name}
	if n := buffered.Reader.Buffered(); n > 0 { // a client that did not wait for the answer
		through.head = make([]byte, n)
		_, _ = buffered.Reader.Read(through.head) // as much as there is
	}
	var answer bytes.Buffer
	answer.WriteString("HTTP/1.1 200 Connection established\r\n")
	_ = e.door.Header.Write(&answer) // to memory
	answer.WriteString("\r\n")
	_ = c.SetDeadline(time.Now().Add(e.patience.header))
	_, err = c.Write(answer.Bytes())
	if err != nil || c.SetDeadline(time.Time{}) != nil {
		c.Close()
		return
	}
	e.admit(through)
}
