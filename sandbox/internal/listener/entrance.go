package listener

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// Door says what else than plain HTTP an API is served as.
type Door struct {
	TLS *tls.Config // of connections that begin with a handshake
	// Stands says whether the server stands in for a host, whose name has small letters. For those
	// it opens tunnels, which end in the server itself.
	Stands func(host string) bool
	Header http.Header // of the answer that opens a tunnel
}

// ServeAPI serves h on one address in three ways, which the first byte of a connection tells apart:
// over TLS, as plain HTTP, and through the tunnel that a client of a proxy asks for with CONNECT,
// in which both are possible again. It connects to nobody. Every other CONNECT goes to h,
// and so does one inside a tunnel: [Tunnel] tells them.
func ServeAPI(l net.Listener, h http.Handler, d Door, logf func(format string, args ...any)) *http.Server {
	p := usually()
	e := &entrance{
		Listener: l, door: d, patience: p, ready: make(chan net.Conn), failed: make(chan error),
		closed: make(chan struct{}), silent: map[net.Conn]struct{}{},
	}
	s := p.server(e.tunnels(h), logf)
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if name := tunnelOf(c); name != "" {
			return context.WithValue(ctx, tunnelKey{}, name)
		}
		return ctx
	}
	go e.acceptAll()
	go func() { _ = s.Serve(e) }() // ends with Close
	return s
}

// entrance is a listener whose connections have said with their first byte what they are.
type entrance struct {
	net.Listener
	door     Door
	patience patience
	ready    chan net.Conn
	failed   chan error

	closed chan struct{}
	close  sync.Once
	mu     sync.Mutex
	silent map[net.Conn]struct{} // those that have said nothing yet; nil once it is closed
}

// Accept gives the next connection that has said something, a [*tls.Conn] where that is the
// beginning of a handshake.
func (e *entrance) Accept() (net.Conn, error) {
	select {
	case c := <-e.ready:
		return c, nil
	case err := <-e.failed:
		return nil, err
	case <-e.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener and the connections that have said nothing.
func (e *entrance) Close() error {
	err := net.ErrClosed
	e.close.Do(func() {
		close(e.closed)
		err = e.Listener.Close()
		e.mu.Lock()
		defer e.mu.Unlock()
		for c := range e.silent {
			c.Close()
		}
		e.silent = nil
	})
	return err
}

// acceptAll takes connections. How long it rests after an error is for who calls Accept.
func (e *entrance) acceptAll() {
	for {
		c, err := e.Listener.Accept()
		if err == nil {
			go e.admit(&conn{Conn: c})
			continue
		}
		select {
		case e.failed <- err:
		case <-e.closed:
			return
		}
	}
}

// handshake is the first byte of a connection that speaks TLS (RFC 8446, section 5.1). No request
// of HTTP begins with it.
const handshake = 22

// admit waits for the first byte of a connection, for as long as for a request line, and hands the
// connection on as what it is.
func (e *entrance) admit(c *conn) {
	if !e.listen(c) {
		c.Close()
		return
	}
	var next net.Conn = c
	if c.head[0] == handshake {
		next = tls.Server(c, e.door.TLS)
	}
	select {
	case e.ready <- next:
	case <-e.closed:
		c.Close()
	}
}

// listen has at least one byte of a connection in its head, and says whether one came.
func (e *entrance) listen(c *conn) bool {
	if len(c.head) > 0 {
		return true
	}
	e.mu.Lock()
	if e.silent == nil {
		e.mu.Unlock()
		return false
	}
	e.silent[c] = struct{}{}
	e.mu.Unlock()
	first := make([]byte, 1)
	_ = c.SetReadDeadline(time.Now().Add(e.patience.header))
	n, err := c.Conn.Read(first)
	e.mu.Lock()
	delete(e.silent, c)
	e.mu.Unlock()
	if n == 0 || err != nil {
		return false
	}
	c.head = first
	return c.SetReadDeadline(time.Time{}) == nil
}

// conn is a connection of which something was read already.
type conn struct {
	net.Conn
	head   []byte // what was read, and is yet to be given
	tunnel string // the host that it was opened to, "" for none
}

func (c *conn) Read(p []byte) (int, error) {
	if len(c.head) > 0 {
		n := copy(p, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// CloseWrite lets net/http end an answer without cutting off what the other side still sends.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
