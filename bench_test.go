package wxpay_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
)

// What these cost beside a floor and other SDKs measures script/bench peers.

type benchBody struct {
	AppID           string `json:"appid"`
	OpenID          string `json:"openid"`
	PlanID          string `json:"plan_id"`
	UserID          string `json:"user_id"`
	PeriodStartDate string `json:"period_start_date"`
	TradeScene      string `json:"trade_scene"`
}

type benchReply struct {
	wxpay.Reply  `json:"-"`
	PresignToken string `json:"presign_token"`
}

var (
	benchIn = benchBody{
		AppID: "wx8888888888888888", OpenID: "oUpF8uMuAJOM2pxb1Q", PlanID: "101164396123311331",
		UserID: "20200330tony", PeriodStartDate: "2020-03-19", TradeScene: "EDUCATION_PERIOD",
	}
	benchOut = []byte(`{"presign_token":"0044de6c799739c2e8534b"}`)
)

func BenchmarkSignBare(b *testing.B) {
	merchant, _ := testKey()
	sum := sha256.Sum256([]byte("message"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rsa.SignPKCS1v15(nil, merchant, crypto.SHA256, sum[:]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSign marshals a body and builds its Authorization header.
func BenchmarkSign(b *testing.B) {
	client, err := wxpay.New(testConfig())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		body, err := json.Marshal(&benchIn)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := wxpay.Authorize(client, "POST", "/v3/edu-papay/contracts/presign", body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyBare(b *testing.B) {
	_, platform := testKey()
	sum := sha256.Sum256([]byte("message"))
	signature, err := rsa.SignPKCS1v15(nil, platform, crypto.SHA256, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := rsa.VerifyPKCS1v15(&platform.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	cfg := testConfig()
	reply := signedReply(200, string(benchOut))
	signedAt := time.Now()
	cfg.Now = func() time.Time { return signedAt }
	client, err := wxpay.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := client.Keys().Verify(reply.Header, benchOut); err != nil {
			b.Fatal(err)
		}
	}
}

// benchServer answers with one prepared reply, so that only the client works.
func benchServer(b *testing.B) *httptest.Server {
	reply := signedReply(200, string(benchOut))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for name, values := range reply.Header {
			w.Header()[name] = values
		}
		_, _ = w.Write(benchOut)
	}))
	b.Cleanup(server.Close)
	return server
}

func benchCaller(b *testing.B) func() error {
	cfg := testConfig()
	signedAt := time.Now()
	cfg.Host = benchServer(b).URL
	cfg.Now = func() time.Time { return signedAt }
	client, err := wxpay.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	post := leaf.NewPoster[benchBody, benchReply](leaf.Bind(client), "v3/edu-papay/contracts/presign")
	return func() error {
		_, err := post.Post(bg, &benchIn)
		return err
	}
}

// BenchmarkCall is the whole of a typed call over loopback.
func BenchmarkCall(b *testing.B) { benchSerial(b, benchCaller(b)) }

// BenchmarkCall64 has 64 goroutines calling at once.
func BenchmarkCall64(b *testing.B) { bench64(b, benchCaller(b)) }

func benchSerial(b *testing.B, call func() error) {
	b.ReportAllocs()
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
}

func bench64(b *testing.B, call func() error) {
	b.ReportAllocs()
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := call(); err != nil {
				b.Error(err)
			}
		}
	})
}
