package wxpay_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/wxpay-go/wxpay"
)

// A call that went out over HTTP/2, was read whole and reset, goes out again, and where the second
// time the server speaks HTTP/1.1 the answer's version tells nothing of the first.
func TestHTTP2ThenHTTP1IsUnknown(t *testing.T) {
	t.Parallel()
	const protocolError, refusedStream = 1, 7
	for _, code := range []uint32{protocolError, refusedStream} {
		var read [3]atomic.Int32 // by version
		address := resetting(t, code, &read)
		own := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
		_, err := clientAt(t, "https://"+address, own).Chain("v3/x").Post(bg, `{"out_trade_no":"T1"}`)
		own.CloseIdleConnections()
		if e := (*wxpay.Error)(nil); !errors.As(err, &e) || e.Status != 429 || read[2].Load() != 1 ||
			read[1].Load() != 1 {
			t.Fatalf("code %d: over HTTP/2 %d, over HTTP/1.1 %d, got %v", code, read[2].Load(), read[1].Load(), err)
		}
		if !wxpay.OutcomeUnknown(err) {
			t.Errorf("code %d: it was read twice, and the refusal of the second counts for the first", code)
		}
	}
}

// resetting speaks HTTP/2 to the first that connects, reads its call whole and resets it with code;
// to all others it speaks HTTP/1.1 and answers a signed 429.
func resetting(t *testing.T, code uint32, read *[3]atomic.Int32) (address string) {
	t.Helper()
	lent := httptest.NewUnstartedServer(nil)
	lent.StartTLS()
	certificates := lent.TLS.Certificates
	lent.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for speaks := "h2"; ; speaks = "http/1.1" {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				secured := tls.Server(c, &tls.Config{Certificates: certificates, NextProtos: []string{speaks}})
				if secured.Handshake() != nil {
					return
				}
				if speaks == "h2" {
					resetStreams(secured, code, &read[2])
					return
				}
				request, err := http.ReadRequest(bufio.NewReader(secured))
				if err != nil {
					return
				}
				if _, err := io.Copy(io.Discard, request.Body); err != nil {
					return
				}
				read[1].Add(1)
				reply := signedReply(429, tooMany)
				reply.ProtoMajor, reply.ProtoMinor = 1, 1
				_ = reply.Write(secured)
				_, _ = io.Copy(io.Discard, secured) // until the client closes
			}()
		}
	}()
	return l.Addr().String()
}

// resetStreams is as much of HTTP/2 as it takes: what has ended is counted and reset, and GOAWAY
// keeps the client from the connection.
func resetStreams(c net.Conn, code uint32, read *atomic.Int32) {
	const data, settings, resetStream, goAway, flag = 0, 4, 3, 7, 1 // END_STREAM, and ACK
	frame := func(kind, flags byte, stream uint32, payload ...uint32) {
		b := []byte{0, 0, byte(4 * len(payload)), kind, flags}
		for _, n := range append([]uint32{stream}, payload...) {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		_, _ = c.Write(b)
	}
	if _, err := io.ReadFull(c, make([]byte, 24)); err != nil { // the client's preface
		return
	}
	frame(settings, 0, 0)
	for head := make([]byte, 9); ; {
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		size := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
		if _, err := io.ReadFull(c, make([]byte, size)); err != nil {
			return
		}
		stream := binary.BigEndian.Uint32(head[5:])
		switch ended := head[4]&flag != 0; {
		case head[3] == settings && !ended:
			frame(settings, flag, 0)
		case head[3] == data && ended:
			read.Add(1)
			frame(goAway, 0, 0, stream, 0)
			frame(resetStream, 0, stream, code)
		}
	}
}

// So it is of what a transport repeats that is registered with net/http's.
func TestWhatARegisteredTransportRepeatsIsUnknown(t *testing.T) {
	t.Parallel()
	var served atomic.Int32
	server := httptest.NewTLSServer(refusing(&served))
	defer server.Close()
	own := &http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}} // no HTTP/2
	own.RegisterProtocol("https", transport(func(r *http.Request) (*http.Response, error) {
		first, err := server.Client().Transport.RoundTrip(r)
		if err != nil {
			return nil, fmt.Errorf("attempt: %w", err)
		}
		_ = first.Body.Close()
		if r = r.Clone(r.Context()); r.GetBody != nil {
			r.Body, _ = r.GetBody()
		}
		return server.Client().Transport.RoundTrip(r)
	}))
	client := clientAt(t, server.URL, own)
	for name, call := range map[string]func() error{
		"a body": func() error { return second(client.Chain("v3/x").Post(bg, `{"out_trade_no":"T1"}`)) },
		"none":   func() error { return second(client.Chain("v3/x").Delete(bg)) },
	} {
		served.Store(0)
		err := call()
		if e := (*wxpay.Error)(nil); !errors.As(err, &e) || served.Load() != 2 || !wxpay.OutcomeUnknown(err) {
			t.Errorf("%s: served %d times, got %v, unknown %t", name, served.Load(), err, wxpay.OutcomeUnknown(err))
		}
	}
}
