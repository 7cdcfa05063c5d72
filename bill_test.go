package wxpay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/bill"
	"github.com/wxpay-go/wxpay/api/pay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

const (
	billText = "交易时间,商户订单号\r\n`2020-09-10 10:00:00,`20150806125346\r\n"
	billURL  = "https://api.mch.weixin.qq.com/v3/billdownload/file?token=6XIv5TUPto7p%2ByrTQ"
)

func hashOf(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func download(c *wxpay.Client, address, hash string, opts ...wxpay.Option) (string, error) {
	plain, err := c.Download(context.Background(), address, "SHA1", hash, opts...)
	return string(plain), err
}

// The call is signed over the path and query of the address as they are, and goes
// to the client's own host.
func TestDownload(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"plain": billText, "gzipped": gzipped(billText)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clientOver(t, func(r *http.Request) (*http.Response, error) {
				a, err := wire.ParseAuthorization(r.Header.Get("Authorization"))
				if err != nil {
					t.Error(err)
				}
				merchant, _ := testKey()
				message := wire.AppendRequestMessage(nil, "GET", "/v3/billdownload/file?token=6XIv5TUPto7p%2ByrTQ",
					a.Timestamp, a.Nonce, nil)
				if err := wire.Verify(&merchant.PublicKey, message, a.Signature); err != nil ||
					r.URL.Host != "127.0.0.1:1" {
					t.Errorf("the signature: %v; sent to %s", err, r.URL.Host)
				}
				return reply(200, nil, answer), nil
			})
			got, err := download(c, billURL, strings.ToUpper(hashOf(billText)))
			if err != nil || got != billText {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestDownloadRefusesAnotherFile(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"changed": billText + "x", "empty": "", "cut short": gzipped(billText)[:20],
		"packed garbage": "\x1f\x8b and so on",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clientOver(t, func(*http.Request) (*http.Response, error) {
				return reply(200, http.Header{"Request-Id": {"08F5-0"}}, answer), nil
			})
			got, err := download(c, billURL, hashOf(billText))
			var e *wxpay.SignatureError
			if !errors.As(err, &e) || e.Check != wxpay.CheckHash || got != "" {
				t.Fatalf("got %q, %v; want a failed hash check", got, err)
			}
			for _, want := range []string{"GET v3/billdownload/file: hash check failed: the file", "[08F5-0]"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error is %q, want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), "6XIv5") {
				t.Errorf("the error tells the token: %v", err)
			}
		})
	}
}

// What cannot be right is not sent.
func TestDownloadOfWhatIsNoBill(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent to %s", r.URL)
		return nil, errors.New("sent")
	})
	hash := hashOf(billText)
	for _, row := range []struct{ address, hashType, hash, want string }{
		{"", "SHA1", hash, "not a download_url"},
		{"https://elsewhere.example/v3/billdownload/file?token=x", "SHA1", hash, "goes nowhere else"},
		{"http://api.mch.weixin.qq.com/v3/billdownload/file?token=x", "SHA1", hash, "goes nowhere else"},
		{"https://a@api.mch.weixin.qq.com/v3/billdownload/file?token=x", "SHA1", hash, "not a download_url"},
		{"https://api.mch.weixin.qq.com/v3/pay/transactions/id/1?mchid=1", "SHA1", hash, "not of a file"},
		{"https://api.mch.weixin.qq.com/v3/billdownload%2ffile?token=x", "SHA1", hash, "not of a file"},
		{"https://api.mch.weixin.qq.com/v3/billdownload/file", "SHA1", hash, "no token"},
		{billURL, "MD5", hash, `"MD5" is not known`},
		{billURL, "SHA1", hash[1:], "40 hexadecimal digits"},
		{billURL, "SHA1", strings.Repeat("x", 40), "40 hexadecimal digits"},
	} {
		_, err := c.Download(context.Background(), row.address, row.hashType, row.hash)
		var e *wxpay.RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.address, err, row.want)
		}
	}
	if _, err := download(c, billURL, hash, wxpay.Query("a", "b")); !errors.As(err, new(*wxpay.RequestError)) {
		t.Errorf("another query: got %v", err)
	}
	if _, err := download(nil, billURL, hash); !errors.As(err, new(*wxpay.RequestError)) {
		t.Errorf("no client: got %v", err)
	}
}

// A refusal is verified like any other: only the file itself is exempt.
func TestDownloadRefused(t *testing.T) {
	t.Parallel()
	const body = `{"code":"INVALID_REQUEST","message":"下载链接过期，请重新请求文件下载"}`
	answer := signedReply(400, body)
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return answer, nil })
	_, err := download(c, billURL, hashOf(billText))
	var e *wxpay.Error
	if !errors.As(err, &e) || e.Code != "INVALID_REQUEST" || !e.Verified {
		t.Errorf("got %v", err)
	}
	answer = signedReply(400, body)
	answer.Body = io.NopCloser(strings.NewReader(strings.Replace(body, "INVALID", "STRANGE", 1)))
	if _, err = download(c, billURL, hashOf(billText)); !errors.As(err, new(*wxpay.SignatureError)) {
		t.Errorf("forged: got %v", err)
	}
	answer = reply(302, http.Header{"Location": {"https://elsewhere.example"}}, "")
	if _, err = download(c, billURL, hashOf(billText)); !errors.As(err, &e) || e.Status != 302 {
		t.Errorf("redirected: got %v", err)
	}
	broken := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") })
	if _, err = download(broken, billURL, hashOf(billText)); !errors.As(err, new(*wxpay.TransportError)) {
		t.Errorf("unreachable: got %v", err)
	}
}

func TestDownloadIsBounded(t *testing.T) {
	t.Parallel()
	c := clientOver(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: 256<<20 + 1,
			Body: io.NopCloser(strings.NewReader(billText))}, nil
	})
	if _, err := download(c, billURL, hashOf(billText)); !errors.As(err, new(*wxpay.TransportError)) ||
		!strings.Contains(err.Error(), "larger than 256 MiB") {
		t.Errorf("got %v", err)
	}
}

func TestDownloadOfASealedFile(t *testing.T) {
	t.Parallel()
	merchant, platform := testKey()
	secret, nonce := strings.Repeat("k", 32), "a8607ef79034c49c"
	block, err := aes.NewCipher([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(nonce))
	if err != nil {
		t.Fatal(err)
	}
	file := string(aead.Seal(nil, []byte(nonce), []byte(gzipped(billText)), nil))
	c := clientOver(t, func(*http.Request) (*http.Response, error) { return reply(200, nil, file), nil })
	seal := func(text string) string {
		sealed, err := wire.EncryptOAEP(rand.Reader, &merchant.PublicKey, text)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	if got, err := download(c, billURL, hashOf(billText), wxpay.SealedFile(seal(secret), nonce)); err != nil ||
		got != billText {
		t.Errorf("got %q, %v", got, err)
	}
	foreign, err := wire.EncryptOAEP(rand.Reader, &platform.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, option := range map[string]wxpay.Option{
		"another nonce":       wxpay.SealedFile(seal(secret), nonce[1:]),
		"no nonce":            wxpay.SealedFile(seal(secret), ""),
		"another key":         wxpay.SealedFile(seal(strings.Repeat("x", 32)), nonce),
		"a short key":         wxpay.SealedFile(seal(secret[:16]), nonce),
		"another certificate": wxpay.SealedFile(foreign, nonce),
	} {
		if got, err := download(c, billURL, hashOf(billText), option); !errors.As(err, new(*wxpay.DecryptError)) ||
			got != "" {
			t.Errorf("%s: got %q, %v; want a *DecryptError", name, got, err)
		}
	}
}

func FuzzDownloadAddress(f *testing.F) {
	f.Add(billURL)
	f.Add("http://127.0.0.1:1/v3/billdownload/file?token=%zz")
	f.Add("https://api.mch.weixin.qq.com@elsewhere.example/v3/bill/downloadurl?token=x")
	f.Fuzz(func(t *testing.T, address string) {
		c := clientOver(t, func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "127.0.0.1:1" || !strings.HasPrefix(r.URL.Path, "/v3/bill") {
				t.Errorf("%q: sent to %s", address, r.URL)
			}
			return reply(200, nil, billText), nil
		})
		if got, err := download(c, address, hashOf(billText)); err == nil && got != billText {
			t.Errorf("%q: got %q", address, got)
		}
	})
}

// Yesterday's bill: ask for it, download it, and know that it is WeChat Pay's.
func ExampleClient_Download() {
	wechat := newSandbox()
	defer wechat.Close()
	c, ctx := wechat.Client(), context.Background()
	order, err := api.V3(c).Pay.Transactions.Native.Post(ctx, &pay.NativeRequest{
		AppID: sandbox.DefaultAppID, MchID: sandbox.DefaultMchID, Description: "Tea", OutTradeNo: "order-1",
		NotifyURL: "https://yourapp.com/paid", Amount: pay.AppWithContractAmount{Total: 4500},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := wechat.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").Pay(order.CodeURL); err != nil {
		log.Fatal(err)
	}
	if err := wechat.Advance(24 * time.Hour); err != nil { // the bill of a day is made on the next
		log.Fatal(err)
	}

	file, err := api.V3(c).Bill.TradeBill.Get(ctx, &bill.TradeBillQuery{BillDate: "2026-09-01", TarType: "GZIP"})
	if err != nil {
		log.Fatal(err)
	}
	plain, err := c.Download(ctx, file.DownloadURL, file.HashType, file.HashValue)
	if err != nil {
		log.Fatal(err)
	}
	lines := strings.Split(string(plain), "\r\n")
	fmt.Println(lines[len(lines)-2])
	// Output: `1,`45.00,`0.00,`0.00,`0.00000,`45.00,`0.00
}
