package wxpay_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// The figures these benchmarks gave stand in docs/performance.md. Each has the
// bare work beside it, so that one run shows what the SDK adds.

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

// floor is a client that does what a call must and nothing more.
type floor struct {
	url      string
	merchant *rsa.PrivateKey
	platform *rsa.PublicKey
	http     *http.Client
}

func newFloor(b *testing.B) *floor {
	merchant, platform := testKey()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return &floor{benchServer(b).URL + "/v3/edu-papay/contracts/presign", merchant, &platform.PublicKey,
		&http.Client{Transport: transport}}
}

func (f *floor) call() error {
	body, err := json.Marshal(&benchIn)
	if err != nil {
		return err
	}
	nonce := rand.Text()
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	sum := sha256.Sum256([]byte("POST\n/v3/edu-papay/contracts/presign\n" + timestamp + "\n" + nonce +
		"\n" + string(body) + "\n"))
	signature, err := rsa.SignPKCS1v15(nil, f.merchant, crypto.SHA256, sum[:])
	if err != nil {
		return err
	}
	request, err := http.NewRequest("POST", f.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "floor")
	request.Header.Set("Wechatpay-Serial", testPlatformID)
	request.Header.Set("Authorization", `WECHATPAY2-SHA256-RSA2048 mchid="1900000109",nonce_str="`+nonce+
		`",timestamp="`+timestamp+
		`",serial_no="5555555555555555555555555555555555555555",signature="`+
		base64.StdEncoding.EncodeToString(signature)+`"`)
	response, err := f.http.Do(request)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return err
	}
	got, err := base64.StdEncoding.DecodeString(response.Header.Get(wire.HeaderSignature))
	if err != nil {
		return err
	}
	sum = sha256.Sum256([]byte(response.Header.Get(wire.HeaderTimestamp) +
		"\n" + response.Header.Get(wire.HeaderNonce) + "\n" + string(raw) + "\n"))
	if err := rsa.VerifyPKCS1v15(f.platform, crypto.SHA256, sum[:], got); err != nil {
		return err
	}
	var out benchReply
	return json.Unmarshal(raw, &out)
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

func BenchmarkCallFloor(b *testing.B) { benchSerial(b, newFloor(b).call) }

// BenchmarkCall is the whole of a typed call over loopback.
func BenchmarkCall(b *testing.B) { benchSerial(b, benchCaller(b)) }

func BenchmarkCall64Floor(b *testing.B) { bench64(b, newFloor(b).call) }

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
