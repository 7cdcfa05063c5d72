package bench

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// patience is how long an answer may take.
const patience = 30 * time.Second

// line is one connection, kept alive. It writes calls that are ready and reads answers, and has no
// pool, no timers and no goroutines, for client and server share the processors.
type line struct {
	address string
	mu      sync.Mutex // of conn, which hurry looks at from elsewhere
	conn    net.Conn
	in      *bufio.Reader
}

// call sends one call and reads the answer. An error says that there is nobody to send it to; what
// goes wrong afterwards is the answer's kind.
func (l *line) call(ctx context.Context, call []byte, limit time.Time) (answer, error) {
	if l.conn == nil {
		conn, err := DialHere(ctx, "tcp", l.address)
		if err != nil {
			return answer{}, err
		}
		l.mu.Lock()
		l.conn, l.in = conn, bufio.NewReader(conn)
		l.mu.Unlock()
	}
	l.mu.Lock() // or what hurry has set would be set back
	if ctx.Err() != nil {
		limit = time.Now()
	}
	_ = l.conn.SetDeadline(limit)
	l.mu.Unlock()
	began := time.Now()
	a, err := l.exchange(call)
	a.took = time.Since(began)
	if err != nil {
		a.kind = transportKind(err)
		l.close()
	} else if a.response.Close {
		l.close()
	}
	return a, nil
}

func (l *line) exchange(call []byte) (a answer, err error) {
	if _, err := l.conn.Write(call); err != nil {
		return a, err
	}
	if a.response, err = http.ReadResponse(l.in, nil); err != nil {
		return a, err
	}
	a.body, err = io.ReadAll(a.response.Body)
	return a, err
}

// hurry ends what waits for an answer longer than that.
func (l *line) hurry(limit time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.SetDeadline(limit)
	}
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// transportKind says in what way an answer did not come.
func transportKind(err error) string {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return lang.Mark("no answer in time")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return lang.Mark("connection closed before the whole answer")
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return lang.Mark("connection reset")
	}
	return lang.Mark("no HTTP, or a broken connection")
}

// DialHere dials this machine and nothing else: load that goes elsewhere is an attack. The address
// that was reached decides, not the name.
func DialHere(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if there, ok := conn.RemoteAddr().(*net.TCPAddr); !ok || !there.IP.IsLoopback() {
		conn.Close()
		return nil, lang.Errorf("%s is not on this machine", address)
	}
	return conn, nil
}
