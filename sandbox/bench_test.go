package sandbox_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
)

// BenchmarkRequest is one presign through the whole sandbox but the network;
// BenchmarkCryptoFloor beside it is the RSA of the same work and nothing else.
func BenchmarkRequest(b *testing.B) {
	sb := sandbox.New(b, sandbox.At(start))
	request, body := signedPresign(b, sb)
	handler := sb.Handler()
	w := &sink{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		r := request.Clone(context.Background())
		r.Body = &reader{bytes.NewReader(body)}
		handler.ServeHTTP(w, r)
		if w.status != http.StatusOK {
			b.Fatalf("answered %d", w.status)
		}
	}
}

func BenchmarkCryptoFloor(b *testing.B) {
	sb := sandbox.New(b, sandbox.At(start))
	floor := rsaFloor(b, sb)
	b.ReportAllocs()
	for b.Loop() {
		floor()
	}
}

// BenchmarkNew is what a test pays for its own WeChat Pay.
func BenchmarkNew(b *testing.B) {
	c := sandbox.Config{Keys: pinnedKeys(b), Merchants: sandbox.New(b).Merchants()}
	b.ReportAllocs()
	for b.Loop() {
		s, err := sandbox.Start(c)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkExplain is what a wrong signature costs.
func BenchmarkExplain(b *testing.B) {
	sb := sandbox.New(b, sandbox.At(start))
	request, _ := signedPresign(b, sb)
	handler := sb.Handler()
	b.ReportAllocs()
	for b.Loop() {
		r := request.Clone(context.Background())
		r.Body = &reader{bytes.NewReader([]byte(`{"another":"body"}`))}
		w := &sink{header: http.Header{}}
		handler.ServeHTTP(w, r)
		if w.status != http.StatusUnauthorized {
			b.Fatalf("answered %d", w.status)
		}
	}
}

// BenchmarkAdvance lives through a day of retries of one notification.
func BenchmarkAdvance(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sb := sandbox.New(b, sandbox.At(start))
		if err := sb.Receive("https://yourapp.com", http.NotFoundHandler()); err != nil {
			b.Fatal(err)
		}
		result, err := sb.Client().Chain(presignEdu).Post(context.Background(), eduBody())
		if err != nil {
			b.Fatal(err)
		}
		var reply struct {
			Token string `json:"presign_token"`
		}
		if err := result.Decode(&reply); err != nil {
			b.Fatal(err)
		}
		if _, err := sb.Payer(eduOpenID).Agree(reply.Token); err != nil {
			b.Fatal(err)
		}
		if err := sb.Advance(25 * time.Hour); err != nil {
			b.Fatal(err)
		}
	}
}

const nonce32 = "593BEC0C930BF1AFEB40B4A08C8FB242"

func signedPresign(b testing.TB, sb *sandbox.Sandbox) (*http.Request, []byte) {
	b.Helper()
	return signedPresignOf(b, sb, code)
}

type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }

type reader struct{ *bytes.Reader }

func (reader) Close() error { return nil }

// BenchmarkYear is a subscription of twelve months: 26 calls, thirteen debits
// and fifteen notifications, received and verified.
func BenchmarkYear(b *testing.B) {
	for b.Loop() {
		if err := subscribeForAYear(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
