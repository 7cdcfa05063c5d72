package main

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	mchID      = "1900000109"
	serial     = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
	platformID = "PUB_KEY_ID_0119000001092024112500000000000001"
	apiV3Key   = "0123456789abcdef0123456789abcdef"
	orderPath  = "/v3/pay/transactions/jsapi"
	fresh      = 2 * time.Minute // how long a prepared signature is used; five minutes are allowed
)

// order is the body of every call: a request for a prepay_id.
type order struct {
	AppID       string `json:"appid"`
	MchID       string `json:"mchid"`
	Description string `json:"description"`
	OutTradeNo  string `json:"out_trade_no"`
	NotifyURL   string `json:"notify_url"`
	Amount      struct {
		Total    int64  `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`
	Payer struct {
		OpenID string `json:"openid"`
	} `json:"payer"`
}

func newOrder() *order {
	o := &order{
		AppID: "wx8888888888888888", MchID: mchID, Description: "A month of lessons",
		OutTradeNo: "20261128000000000001", NotifyURL: "https://yourapp.com/notify",
	}
	o.Amount.Total, o.Amount.Currency, o.Payer.OpenID = 4500, "CNY", "oUpF8uMuAJOM2pxb1Q"
	return o
}

// prepaid is the answer.
type prepaid struct {
	PrepayID string `json:"prepay_id"`
}

var answer = []byte(`{"prepay_id":"wx201410272009395522657a690389285100"}`)

// paid is what a notification tells.
type paid struct {
	MchID         string `json:"mchid"`
	AppID         string `json:"appid"`
	OutTradeNo    string `json:"out_trade_no"`
	TransactionID string `json:"transaction_id"`
	TradeType     string `json:"trade_type"`
	TradeState    string `json:"trade_state"`
	BankType      string `json:"bank_type"`
	SuccessTime   string `json:"success_time"`
	Payer         struct {
		OpenID string `json:"openid"`
	} `json:"payer"`
	Amount struct {
		Total         int64  `json:"total"`
		PayerTotal    int64  `json:"payer_total"`
		Currency      string `json:"currency"`
		PayerCurrency string `json:"payer_currency"`
	} `json:"amount"`
}

// EventType makes it an event of package notify.
func (*paid) EventType() string { return "TRANSACTION.SUCCESS" }

const paidPlaintext = `{"mchid":"1900000109","appid":"wx8888888888888888","out_trade_no":"20261128000000000001",` +
	`"transaction_id":"4200000000202611280000000001","trade_type":"JSAPI","trade_state":"SUCCESS",` +
	`"trade_state_desc":"支付成功","bank_type":"CMC","attach":"","success_time":"2026-11-28T15:00:00+08:00",` +
	`"payer":{"openid":"oUpF8uMuAJOM2pxb1Q"},"amount":{"total":4500,"payer_total":4500,"currency":"CNY",` +
	`"payer_currency":"CNY"}}`

// world is what all of them work on: the keys, a notification and an answer.
type world struct {
	merchant, platform       *rsa.PrivateKey
	merchantPEM, platformPEM []byte // as gopay wants them
	signedAt                 time.Time
	replyHeader              http.Header // over answer
	note                     http.Header // over noteBody
	noteBody                 []byte
}

func newWorld() *world {
	w := &world{merchant: newKey(), platform: newKey()}
	der, err := x509.MarshalPKCS8PrivateKey(w.merchant)
	must(err)
	w.merchantPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	der, err = x509.MarshalPKIXPublicKey(&w.platform.PublicKey)
	must(err)
	w.platformPEM = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	block, err := aes.NewCipher([]byte(apiV3Key))
	must(err)
	gcm, err := cipher.NewGCM(block)
	must(err)
	sealed := gcm.Seal(nil, []byte("fdasflkja484"), []byte(paidPlaintext), []byte("transaction"))
	w.noteBody = fmt.Appendf(nil, `{"id":"0d3e8a3e-5c5b-5a5b-8f6e-3c1c5c1f0d6a","create_time":`+
		`"2026-11-28T15:00:01+08:00","resource_type":"encrypt-resource","event_type":"TRANSACTION.SUCCESS",`+
		`"summary":"支付成功","resource":{"original_type":"transaction","algorithm":"AEAD_AES_256_GCM",`+
		`"ciphertext":"%s","associated_data":"transaction","nonce":"fdasflkja484"}}`,
		base64.StdEncoding.EncodeToString(sealed))
	w.sign()
	return w
}

// newKey is parsed from its PKCS #8 form, as every merchant's is: that is what precomputes.
func newKey() *rsa.PrivateKey {
	made, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	der, err := x509.MarshalPKCS8PrivateKey(made)
	must(err)
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	must(err)
	return parsed.(*rsa.PrivateKey)
}

// sign dates the answer and the notification anew.
func (w *world) sign() {
	w.signedAt = time.Now()
	w.replyHeader, w.note = w.headers(answer), w.headers(w.noteBody)
}

func (w *world) headers(body []byte) http.Header {
	timestamp := strconv.FormatInt(w.signedAt.Unix(), 10)
	const nonce = "593BEC0C930BF1AFEB40B4A08C8FB242"
	sum := sha256.Sum256([]byte(timestamp + "\n" + nonce + "\n" + string(body) + "\n"))
	signature, err := rsa.SignPKCS1v15(nil, w.platform, crypto.SHA256, sum[:])
	must(err)
	return http.Header{
		"Content-Type":        {"application/json; charset=utf-8"},
		"Request-Id":          {"08F78BB9AF0610D302186420D6F5014A"},
		"Wechatpay-Nonce":     {nonce},
		"Wechatpay-Serial":    {platformID},
		"Wechatpay-Signature": {base64.StdEncoding.EncodeToString(signature)},
		"Wechatpay-Timestamp": {timestamp},
	}
}

// server answers every call with the one prepared reply. It is written on sockets, so that what
// the process allocates is the client's: a loop of it allocates nothing.
type server struct {
	listener net.Listener
	reply    atomic.Pointer[[]byte]
}

func listen(w *world) *server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	s := &server{listener: l}
	s.prepare(w)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *server) url() string { return "http://" + s.listener.Addr().String() }

func (s *server) prepare(w *world) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n", len(answer))
	must(w.replyHeader.Write(&b))
	b.WriteString("\r\n")
	b.Write(answer)
	reply := b.Bytes()
	s.reply.Store(&reply)
}

var (
	headersEnd = []byte("\r\n\r\n")
	lengthName = []byte("Content-Length: ")
)

// serve reads whole requests and answers them, until the client hangs up.
func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	buffer := make([]byte, 16<<10)
	have := 0
	for {
		n, err := conn.Read(buffer[have:])
		if err != nil || n == 0 && have == len(buffer) {
			return
		}
		have += n
		end := bytes.Index(buffer[:have], headersEnd)
		if end < 0 {
			continue
		}
		whole := end + len(headersEnd)
		if at := bytes.Index(buffer[:end], lengthName); at >= 0 {
			length := 0
			for _, c := range buffer[at+len(lengthName) : end] {
				if c < '0' || c > '9' {
					break
				}
				length = 10*length + int(c-'0')
			}
			whole += length
		}
		if have < whole {
			continue
		}
		have = copy(buffer, buffer[whole:have])
		if _, err := conn.Write(*s.reply.Load()); err != nil {
			return
		}
	}
}

// canned is a transport that answers without a network.
type canned struct{ w *world }

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	return &http.Response{
		Status: "200 OK", StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: c.w.replyHeader,
		Body: io.NopCloser(bytes.NewReader(answer)), ContentLength: int64(len(answer)), Request: r,
	}, nil
}

// draw is a number below n.
func draw(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	must(err)
	return int(i.Int64())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
