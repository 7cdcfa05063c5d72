package notify_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

const (
	apiV3Key = "wxpay-vectors-not-a-real-secret!"
	platform = "PUB_KEY_ID_0119000001092030010100000000000001"
)

// A wechat is WeChat Pay's side of a notification: it seals and signs as
// documented, at a time the test sets.
type wechat struct {
	now    time.Time
	key    crypto.Signer
	aead   *wire.AEAD
	nonces int
}

func newWechat(tb testing.TB) *wechat {
	tb.Helper()
	pem, err := os.ReadFile("../testdata/vectors/keys/platform-pkcs8.pem")
	if err != nil {
		tb.Fatal(err)
	}
	key, err := wxpay.ParsePrivateKey(pem)
	if err != nil {
		tb.Fatal(err)
	}
	aead, err := wire.NewAEAD(apiV3Key)
	if err != nil {
		tb.Fatal(err)
	}
	return &wechat{now: time.Date(2030, 1, 1, 0, 0, 5, 0, time.UTC), key: key, aead: aead}
}

// keys are the merchant's, telling the same time.
func (w *wechat) keys(tb testing.TB) *wxpay.Keys {
	tb.Helper()
	pem, err := os.ReadFile("../testdata/vectors/keys/platform-public.pem")
	if err != nil {
		tb.Fatal(err)
	}
	public, err := wxpay.ParsePublicKey(platform, pem)
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := wxpay.NewKeys(wxpay.Config{
		MchID: "1900000109", APIv3Key: wxpay.NewSecret(apiV3Key), PlatformKeys: []wxpay.PlatformKey{public},
		Now: func() time.Time { return w.now },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

// envelope is a notification's content, before anyone signs it.
func (w *wechat) envelope(id, eventType, plaintext string) *wire.Envelope {
	const nonce, associated = "fdasflkja484", "entrust"
	return &wire.Envelope{
		ID: id, CreateTime: wire.FormatTime(w.now), ResourceType: "encrypt-resource", EventType: eventType,
		Summary: "签约",
		Resource: wire.Resource{
			OriginalType: "entrust", Algorithm: wire.Algorithm, AssociatedData: associated, Nonce: nonce,
			Ciphertext: w.aead.Seal(nonce, associated, []byte(plaintext)),
		},
	}
}

// A message is one attempt: the headers and bytes on the wire.
type message struct {
	header http.Header
	body   []byte
}

// sign makes an attempt of any body, with a nonce of its own.
func (w *wechat) sign(tb testing.TB, body []byte) message {
	tb.Helper()
	w.nonces++
	timestamp, nonce := strconv.FormatInt(w.now.Unix(), 10), "nonce-"+strconv.Itoa(w.nonces)
	signature, err := wire.Sign(rand.Reader, w.key, wire.AppendReplyMessage(nil, timestamp, nonce, body))
	if err != nil {
		tb.Fatal(err)
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set(wire.HeaderRequestID, "08F7A1-"+strconv.Itoa(w.nonces))
	h.Set(wire.HeaderTimestamp, timestamp)
	h.Set(wire.HeaderNonce, nonce)
	h.Set(wire.HeaderSerial, platform)
	h.Set(wire.HeaderSignature, signature)
	h.Set(wire.HeaderSignatureType, wire.Scheme)
	return message{h, body}
}

// attempt signs an envelope.
func (w *wechat) attempt(tb testing.TB, e *wire.Envelope) message {
	tb.Helper()
	body, err := json.Marshal(e)
	if err != nil {
		tb.Fatal(err)
	}
	return w.sign(tb, body)
}

func (m message) post(h http.Handler) *httptest.ResponseRecorder {
	return m.postContext(context.Background(), h)
}

func (m message) postContext(ctx context.Context, h http.Handler) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/notify", strings.NewReader(string(m.body)))
	req.Header = m.header.Clone()
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, req)
	return answer
}

// signed and terminated have the shape of the types in api/event.
type signed struct {
	OutContractCode string `json:"out_contract_code"`
	PlanID          int64  `json:"plan_id"`
	OpenID          string `json:"openid"`
}

func (signed) EventType() string { return "ECOMMERCE_ENTRUST.SIGN" }

type terminated struct {
	OutContractCode string `json:"out_contract_code"`
	Mode            string `json:"contract_termination_mode"`
}

func (terminated) EventType() string { return "ECOMMERCE_ENTRUST.TERMINATE" }

const (
	signedType      = "ECOMMERCE_ENTRUST.SIGN"
	signedPlaintext = `{"mchid":"1900000109","out_contract_code":"wxwtdk20200910100000","plan_id":12535,"appid":"wxd678efh567hg6787",` +
		`"openid":"o-MYE42l80oelYMDE34nYD456Xoy","operate_time":"2020-09-10T13:29:35+08:00","later":{"added":1}}`
)

// errorLog collects what the error function is told.
type errorLog struct{ ch chan *notify.Error }

func newErrorLog() errorLog { return errorLog{make(chan *notify.Error, 64)} }

func (l errorLog) option() notify.Option {
	return notify.OnError(func(_ context.Context, e *notify.Error) { l.ch <- e })
}

// take is the only error since the last call, or nil.
func (l errorLog) take(tb testing.TB) *notify.Error {
	tb.Helper()
	if len(l.ch) > 1 {
		tb.Fatalf("%d errors reported, want at most one", len(l.ch))
	}
	select {
	case e := <-l.ch:
		return e
	default:
		return nil
	}
}
