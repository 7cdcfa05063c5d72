package wxpay_test

import (
	"net/http"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
)

// BenchmarkMerchants is a process with ten thousand merchants whose certificates were downloaded:
// what each keeps of the heap, and how many goroutines all of them keep.
func BenchmarkMerchants(b *testing.B) {
	const merchants = 10_000
	merchant, platform := testKey()
	now := time.Now()
	body := listOf(entry(b, testAPIv3Key, string(certificate(b, platform, 0xABC, now.Add(-time.Hour),
		now.Add(time.Hour)))))
	header := signedBy(b, platform, "ABC", body).Header
	cfg := testConfig()
	cfg.PlatformKeys, cfg.PrivateKey = nil, fastSigner{&merchant.PublicKey}
	cfg.Now = func() time.Time { return now }
	cfg.HTTPClient = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return reply(200, header, body), nil
	})}
	heap := func() (bytes uint64, goroutines int) {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	var each, goroutines float64
	for b.Loop() {
		kept := make([]*wxpay.Client, merchants)
		before, running := heap()
		for i := range kept {
			cfg.MchID = strconv.Itoa(1_900_000_000 + i)
			client, err := wxpay.New(cfg)
			if err == nil {
				_, err = client.Certificates(b.Context())
			}
			if err != nil {
				b.Fatal(err)
			}
			kept[i] = client
		}
		after, running2 := heap()
		each, goroutines = float64(after-before)/merchants, float64(running2-running)
		runtime.KeepAlive(kept)
	}
	b.ReportMetric(each, "B/merchant")
	b.ReportMetric(goroutines, "goroutines")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/merchants, "µs/merchant")
}
