package sandbox_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// pipes is a listener without a network, so that time is the bubble's.
type pipes struct{ conns chan net.Conn }

func (p *pipes) Accept() (net.Conn, error) {
	c, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p *pipes) Close() error {
	close(p.conns)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// patient serves h in a bubble of time and hands out a connection to it.
func patient(t *testing.T, h http.Handler, talk func(t *testing.T, c net.Conn, answers *bufio.Reader)) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{make(chan net.Conn)}
		server := sandbox.Serve(l, h)
		ours, theirs := net.Pipe()
		l.conns <- theirs
		talk(t, ours, bufio.NewReader(ours))
		ours.Close()
		server.Close()
	})
}

func readAnswer(t *testing.T, from *bufio.Reader) *http.Response {
	t.Helper()
	r, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	return r
}

// closed wants the connection to end by the other side, after so much time.
func closed(t *testing.T, from io.Reader, after time.Duration, since time.Time) {
	t.Helper()
	if _, err := io.Copy(io.Discard, from); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the connection ended with %v", err)
	}
	if took := time.Since(since); took < after || took > after+time.Second {
		t.Errorf("the connection ended after %s, want %s", took, after)
	}
}

func TestABodyThatTricklesIsGivenUp(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t, sandbox.At(start))
	patient(t, sb.Handler(), func(t *testing.T, c net.Conn, answers *bufio.Reader) {
		began := time.Now()
		fmt.Fprintf(c, "POST /v3/pay/transactions/jsapi HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
		done := make(chan struct{})
		go func() {
			defer close(done)
			for { // a byte every ten seconds
				time.Sleep(10 * time.Second)
				if _, err := c.Write([]byte(" ")); err != nil {
					return
				}
			}
		}()
		r := readAnswer(t, answers)
		if hint := r.Header.Get(ledger.HeaderHint); r.StatusCode != 400 || !strings.Contains(hint, "too slowly") {
			t.Errorf("got %d, %s", r.StatusCode, hint)
		}
		closed(t, answers, 30*time.Second, began)
		c.Close()
		<-done
	})
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t, sandbox.At(start))
	patient(t, sb.Handler(), func(t *testing.T, c net.Conn, answers *bufio.Reader) {
		closed(t, answers, 10*time.Second, time.Now()) // nothing was asked
	})
	patient(t, sb.Handler(), func(t *testing.T, c net.Conn, answers *bufio.Reader) {
		fmt.Fprintf(c, "GET /v3/certificates HTTP/1.1\r\nHost: x\r\n\r\n")
		readAnswer(t, answers)
		closed(t, answers, 2*time.Minute, time.Now())
	})
}

func TestAnAnswerThatNobodyTakesIsGivenUp(t *testing.T) {
	t.Parallel()
	ended := make(chan time.Duration, 1)
	big := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		began := time.Now()
		w.WriteHeader(http.StatusOK)
		_, err := w.Write(make([]byte, 1<<20))
		if err == nil {
			t.Error("written to nobody")
		}
		ended <- time.Since(began)
	})
	patient(t, big, func(t *testing.T, c net.Conn, _ *bufio.Reader) {
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		synctest.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(ended) == 0 {
			t.Error("a minute on, the answer still waits")
		}
	})
}

// What the sandbox itself takes is not counted: a day that is lived through, an answer that a fault
// delays.
func TestTheSandboxMayTakeItsTime(t *testing.T) {
	t.Parallel()
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		time.Sleep(time.Hour)
		if err != nil || r.Context().Err() != nil {
			t.Errorf("read %q, %v; an hour on, the request is %v", body, err, r.Context().Err())
		}
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(body)
	})
	patient(t, slow, func(t *testing.T, c net.Conn, answers *bufio.Reader) {
		for _, request := range []string{
			"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
			"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		} {
			fmt.Fprint(c, request)
			if r := readAnswer(t, answers); r.StatusCode != 200 {
				t.Errorf("%q: got %d", request, r.StatusCode)
			}
			time.Sleep(110 * time.Second) // idle for longer than an answer may take
		}
		go fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
		if r := readAnswer(t, answers); r.StatusCode != http.StatusContinue {
			t.Errorf("a body is asked for with %d", r.StatusCode)
		}
		fmt.Fprint(c, "hi")
		if r := readAnswer(t, answers); r.StatusCode != 200 {
			t.Errorf("got %d", r.StatusCode)
		}
	})
}
