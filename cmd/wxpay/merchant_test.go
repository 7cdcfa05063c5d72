package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"

	"github.com/rogpeppe/go-internal/testscript"
)

// oddMerchant is a merchant's server at $MERCHANT that takes one notification and answers 204 with
// a body all the same.
func oddMerchant(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: odd-merchant body")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("MERCHANT", "http://"+l.Addr().String())
	left := make(chan error, 1)
	*ts.Value("left").(*chan error) = left
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		if r, err := http.ReadRequest(in); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n"+args[0])
		_, err = in.ReadByte()
		left <- err
	}()
}

// repeating is a gateway at $REPEATING in front of the sandbox that repeats the address and the
// signature of every call in a hint of its own.
func repeating(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: repeating")
	}
	to, err := url.Parse(ts.Getenv("URL"))
	ts.Check(err)
	gateway := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ModifyResponse: func(r *http.Response) error {
			r.Header.Set("X-Sandbox-Hint", "you said "+r.Request.URL.RequestURI()+" with "+
				r.Request.Header.Get("Authorization"))
			return nil
		},
	})
	ts.Defer(gateway.Close)
	ts.Setenv("REPEATING", gateway.URL)
}

// oddMerchantLeft waits until the sandbox has closed its connection to the odd merchant, as
// net/http does once it has said what it has to say about the body.
func oddMerchantLeft(ts *testscript.TestScript, neg bool, args []string) {
	left := *ts.Value("left").(*chan error)
	if neg || len(args) > 0 || left == nil {
		ts.Fatalf("usage: odd-merchant-left, after odd-merchant")
	}
	if err := <-left; err == nil {
		ts.Fatalf("the sandbox said more on the connection")
	}
}
