package notify_test

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// The two benchmarks do the same work on the same message: verify, open,
// decode. Compare them within one run; see docs/performance.md.

func BenchmarkParse(b *testing.B) {
	w := newWechat(b)
	r := notify.New(w.keys(b))
	m := w.attempt(b, w.envelope("EV-2030010108000500001", signedType, signedPlaintext))
	b.ReportAllocs()
	for b.Loop() {
		n, err := r.Parse(m.header, m.body)
		if err != nil {
			b.Fatal(err)
		}
		var e signed
		if err := n.Decode(&e); err != nil || e.PlanID != 12535 {
			b.Fatal(err)
		}
	}
}

func BenchmarkFloor(b *testing.B) {
	w := newWechat(b)
	m := w.attempt(b, w.envelope("EV-2030010108000500001", signedType, signedPlaintext))
	public := w.key.Public().(*rsa.PublicKey)
	block, err := aes.NewCipher([]byte(apiV3Key))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		e, err := floor(public, gcm, w.now, m.header, m.body)
		if err != nil || e.PlanID != 12535 {
			b.Fatal(err)
		}
	}
}

// floor is what a careful program without this package would write.
func floor(public *rsa.PublicKey, gcm cipher.AEAD, now time.Time, header http.Header, body []byte) (*signed, error) {
	timestamp := header.Get("Wechatpay-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return nil, err
	}
	if off := now.Sub(time.Unix(seconds, 0)).Abs(); off >= 5*time.Minute {
		return nil, errors.New("stale")
	}
	if header.Get("Wechatpay-Serial") != platform {
		return nil, errors.New("serial")
	}
	signature, err := base64.StdEncoding.DecodeString(header.Get("Wechatpay-Signature"))
	if err != nil {
		return nil, err
	}
	var message bytes.Buffer
	message.WriteString(timestamp + "\n" + header.Get("Wechatpay-Nonce") + "\n")
	message.Write(body)
	message.WriteByte('\n')
	sum := sha256.Sum256(message.Bytes())
	if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature); err != nil {
		return nil, err
	}
	var envelope wire.Envelope
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, err
	}
	if _, err := time.Parse(time.RFC3339, envelope.CreateTime); err != nil {
		return nil, err
	}
	sealed, err := base64.StdEncoding.DecodeString(envelope.Resource.Ciphertext)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, []byte(envelope.Resource.Nonce), sealed, []byte(envelope.Resource.AssociatedData))
	if err != nil {
		return nil, err
	}
	e := new(signed)
	return e, json.Unmarshal(plain, e)
}
