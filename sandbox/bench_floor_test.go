package sandbox_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

// BenchmarkFresh is presigns with a new code each, signed beforehand, by as many callers at the
// same time, and in turns with them the same RSA and nothing else: of-RSA is the rate of the one by
// that of the other.
func BenchmarkFresh(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			sb := sandbox.New(b, sandbox.At(start))
			handler, floor, calls := sb.Handler(), rsaFloor(b, sb), presigned(b, sb, b.N)
			var asked, bare time.Duration
			const turn = 128
			b.ResetTimer()
			for from := 0; from < b.N; from += turn {
				n := min(turn, b.N-from)
				asked += together(callers, n, func(i int) {
					w := &sink{header: http.Header{}}
					if handler.ServeHTTP(w, calls[from+i]); w.status != http.StatusOK {
						b.Errorf("answered %d", w.status)
					}
				})
				b.StopTimer()
				bare += together(callers, n, func(int) { floor() })
				b.StartTimer()
			}
			b.ReportMetric(bare.Seconds()/asked.Seconds(), "of-RSA")
		})
	}
}

// together has callers do n things and says how long they took.
func together(callers, n int, do func(i int)) time.Duration {
	began := time.Now()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}

// rsaFloor is one verification and one signature of a presign's sizes.
func rsaFloor(b *testing.B, sb *sandbox.Sandbox) func() {
	cfg := sb.ClientConfig()
	public := cfg.PrivateKey.Public().(*rsa.PublicKey)
	_, body := signedPresign(b, sb)
	timestamp := strconv.FormatInt(start.Unix(), 10)
	message := wire.AppendRequestMessage(nil, "POST", "/"+presignCombine, timestamp, nonce32, body)
	signature, err := wire.Sign(rand.Reader, cfg.PrivateKey, message)
	if err != nil {
		b.Fatal(err)
	}
	reply := wire.AppendReplyMessage(nil, timestamp, nonce32, body[:150])
	return func() {
		if wire.Verify(public, message, signature) != nil {
			b.Error("does not verify")
		}
		if _, err := wire.Sign(rand.Reader, cfg.PrivateKey, reply); err != nil {
			b.Error(err)
		}
	}
}

// presigned are so many signed presigns of different codes.
func presigned(b *testing.B, sb *sandbox.Sandbox, n int) []*http.Request {
	calls := make([]*http.Request, n)
	together(8, n, func(i int) { calls[i], _ = signedPresignOf(b, sb, fmt.Sprintf("code%09d", i)) })
	return calls
}

func signedPresignOf(b testing.TB, sb *sandbox.Sandbox, contractCode string) (*http.Request, []byte) {
	body, err := json.Marshal(with(combineBody(), "out_contract_code", contractCode))
	if err != nil {
		b.Fatal(err)
	}
	cfg := sb.ClientConfig()
	timestamp := strconv.FormatInt(start.Unix(), 10)
	signature, err := wire.Sign(rand.Reader, cfg.PrivateKey, wire.AppendRequestMessage(nil, "POST", "/"+presignCombine,
		timestamp, nonce32, body))
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, sb.URL()+"/"+presignCombine,
		bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.RequestURI = "/" + presignCombine
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "bench")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", wire.Authorization{Scheme: wire.Scheme, MchID: cfg.MchID, Nonce: nonce32,
		Timestamp: timestamp, Serial: cfg.SerialNo, Signature: signature}.String())
	return r, body
}
