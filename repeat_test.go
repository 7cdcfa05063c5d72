package wxpay_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// keepingServer answers the first request of every connection and treats the
// second as it is told. It counts the requests it read.
func keepingServer(t *testing.T, readsSecond bool) (host string, count func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan string, 64)
	first := make(chan struct{}, 1) // only the first connection is kept
	first <- struct{}{}
	serve := func(conn net.Conn) {
		defer conn.Close()
		r := bufio.NewReader(conn)
		read := func() bool {
			request, err := http.ReadRequest(r)
			if err != nil {
				return false
			}
			_, _ = io.Copy(io.Discard, request.Body)
			seen <- request.Method
			return true
		}
		if !read() {
			return
		}
		reply := signedReply(200, "{}")
		reply.ProtoMajor, reply.ProtoMinor = 1, 1
		_ = reply.Write(conn)
		select {
		case <-first:
			if readsSecond {
				read() // and no answer
			}
		default:
		}
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	t.Cleanup(func() { l.Close() })
	return "http://" + l.Addr().String(), func() int { return len(seen) }
}

// keptClient has called a keepingServer once, and keeps the connection.
func keptClient(t *testing.T, readsSecond bool) (c *wxpay.Client, count func() int) {
	t.Helper()
	host, count := keepingServer(t, readsSecond)
	by := &http.Transport{}
	t.Cleanup(by.CloseIdleConnections)
	c = clientAt(t, host, by)
	if _, err := c.Chain("v3/x").Post(bg, `{}`); err != nil {
		t.Fatal(err)
	}
	return c, count
}

// A call that can change something goes out once, whatever net/http would like to
// do on a connection that turns out dead. One that only reads may go out again.
func TestWhatGoesOutTwice(t *testing.T) {
	t.Parallel()
	post := func(c *wxpay.Client) error { return second(c.Chain("v3/x").Post(bg, `{}`)) }
	for name, c := range map[string]struct {
		call  func(*wxpay.Client) error
		again bool
	}{
		"POST":                {post, false},
		"POST without a body": {func(c *wxpay.Client) error { return second(c.Chain("v3/x").Post(bg, nil)) }, false},
		"PUT":                 {func(c *wxpay.Client) error { return second(c.Chain("v3/x").Put(bg, `{}`)) }, false},
		"PATCH":               {func(c *wxpay.Client) error { return second(c.Chain("v3/x").Patch(bg, `{}`)) }, false},
		"DELETE":              {func(c *wxpay.Client) error { return second(c.Chain("v3/x").Delete(bg)) }, false},
		"APIv2": {func(c *wxpay.Client) error {
			return second(c.Chain("v2/pay/pappayapply").Post(bg, map[string]string{"out_trade_no": "1"}))
		}, false},
		"GET": {func(c *wxpay.Client) error { return second(c.Chain("v3/x").Get(bg)) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, count := keptClient(t, true)
			err := c.call(client)
			var e *wxpay.TransportError
			switch n := count() - 1; {
			case c.again && (err != nil || n != 2):
				t.Errorf("it went out %d times: %v", n, err)
			case !c.again && (n != 1 || !errors.As(err, &e) || !e.Sent):
				t.Errorf("it went out %d times: %v", n, err)
			}
		})
	}
	t.Run("closed while idle", func(t *testing.T) {
		t.Parallel()
		client, count := keptClient(t, false)
		// net/http sees the end before it writes, or only when it has: both are right.
		err := post(client)
		if n := count() - 1; n > 1 || (err == nil) != (n == 1) {
			t.Errorf("it went out %d times: %v", n, err)
		}
	})
}

func TestHeadersThatRepeatACall(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) {
		t.Error("it was sent")
		return nil, errors.New("sent")
	})
	for _, name := range []string{"Idempotency-Key", "x-idempotency-key"} {
		_, err := client.Chain("v3/x").Post(bg, `{}`, wxpay.Header(name, "1"))
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), "would let net/http send the call twice") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
