package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// floor does what a call and a notification must have done, and nothing else: it knows one
// endpoint, one key and one host, checks no setting, and its errors say next to nothing. Its calls
// end after a minute, for nobody goes without a bound there.
type floor struct {
	merchant  *rsa.PrivateKey
	platform  *rsa.PublicKey
	gcm       cipher.AEAD
	target    *url.URL
	transport http.RoundTripper
}

func newFloor(w *world, host string, transport http.RoundTripper) *floor {
	block, err := aes.NewCipher([]byte(apiV3Key))
	must(err)
	gcm, err := cipher.NewGCM(block)
	must(err)
	target, err := url.Parse(host + orderPath)
	must(err)
	return &floor{w.merchant, &w.platform.PublicKey, gcm, target, transport}
}

// authorization is the header of one request.
func (f *floor) authorization(method, path string, body []byte) (string, error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	const digits = "0123456789ABCDEF"
	var nonce [32]byte
	for i, b := range random {
		nonce[2*i], nonce[2*i+1] = digits[b>>4], digits[b&15]
	}
	message := make([]byte, 0, len(method)+len(path)+len(body)+64)
	message = append(append(append(append(message, method...), '\n'), path...), '\n')
	from := len(message)
	message = strconv.AppendInt(message, time.Now().Unix(), 10)
	timestamp := string(message[from:])
	message = append(append(append(append(append(message, '\n'), nonce[:]...), '\n'), body...), '\n')
	sum := sha256.Sum256(message)
	signature, err := rsa.SignPKCS1v15(nil, f.merchant, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	header := make([]byte, 0, 600)
	header = append(header, `WECHATPAY2-SHA256-RSA2048 mchid="`+mchID+`",nonce_str="`...)
	header = append(append(header, nonce[:]...), `",timestamp="`...)
	header = append(append(header, timestamp...), `",serial_no="`+serial+`",signature="`...)
	return string(append(base64.StdEncoding.AppendEncode(header, signature), '"')), nil
}

func (f *floor) sign(o *order) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = f.authorization("POST", orderPath, body)
	return err
}

// verify checks a reply or notification.
func (f *floor) verify(header http.Header, body []byte) error {
	timestamp := header.Get("Wechatpay-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return err
	}
	if off := time.Now().Unix() - seconds; off >= 300 || off <= -300 {
		return errors.New("stale")
	}
	if header.Get("Wechatpay-Serial") != platformID {
		return errors.New("another key")
	}
	signature, err := base64.StdEncoding.DecodeString(header.Get("Wechatpay-Signature"))
	if err != nil {
		return err
	}
	nonce := header.Get("Wechatpay-Nonce")
	message := make([]byte, 0, len(timestamp)+len(nonce)+len(body)+3)
	message = append(append(message, timestamp...), '\n')
	message = append(append(message, nonce...), '\n')
	message = append(append(message, body...), '\n')
	sum := sha256.Sum256(message)
	return rsa.VerifyPKCS1v15(f.platform, crypto.SHA256, sum[:], signature)
}

func (f *floor) call(o *order, into *prepaid) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	authorization, err := f.authorization("POST", orderPath, body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r := (&http.Request{
		Method: "POST", URL: f.target, Host: f.target.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Accept": {"application/json"}, "Content-Type": {"application/json"}, "User-Agent": {"floor"},
			"Wechatpay-Serial": {platformID}, "Authorization": {authorization},
		},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}).WithContext(ctx)
	response, err := f.transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw := make([]byte, response.ContentLength)
	if _, err := io.ReadFull(response.Body, raw); err != nil {
		return err
	}
	if err := f.verify(response.Header, raw); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return json.Unmarshal(raw, into)
}

func (f *floor) notified(header http.Header, body []byte, into *paid) error {
	if err := f.verify(header, body); err != nil {
		return err
	}
	var envelope struct {
		ID           string `json:"id"`
		CreateTime   string `json:"create_time"`
		ResourceType string `json:"resource_type"`
		EventType    string `json:"event_type"`
		Summary      string `json:"summary"`
		Resource     struct {
			OriginalType   string `json:"original_type"`
			Algorithm      string `json:"algorithm"`
			Nonce          string `json:"nonce"`
			AssociatedData string `json:"associated_data"`
			Ciphertext     string `json:"ciphertext"`
		} `json:"resource"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return err
	}
	if _, err := time.Parse(time.RFC3339, envelope.CreateTime); err != nil {
		return err
	}
	sealed, err := base64.StdEncoding.DecodeString(envelope.Resource.Ciphertext)
	if err != nil {
		return err
	}
	plain, err := f.gcm.Open(sealed[:0], []byte(envelope.Resource.Nonce), sealed,
		[]byte(envelope.Resource.AssociatedData))
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}
