package wxpay_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// witness is one file of testdata/vectors, which openssl made: see the README
// there. Each kind of vector fills its own fields.
type witness struct {
	Method, URI, Timestamp, Nonce, Body string
	Serial, Signature                   string
	AppID                               string
	PrepayID                            string `json:"prepay_id"`
	Message                             string // name of the file with the signed bytes
	APIv3Key                            string `json:"apiv3_key"`
	AssociatedData                      string `json:"associated_data"`
	Plain                               string // name of the file with the plaintext
	Ciphertext                          string
}

func vectorFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "vectors", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readWitness(t *testing.T, name string) (w witness) {
	t.Helper()
	if err := json.Unmarshal(vectorFile(t, name), &w); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return w
}

// header is what WeChat Pay would have sent with the witness's body.
func (w witness) header() http.Header {
	h := http.Header{}
	h.Set("Wechatpay-Timestamp", w.Timestamp)
	h.Set("Wechatpay-Nonce", w.Nonce)
	h.Set("Wechatpay-Serial", w.Serial)
	h.Set("Wechatpay-Signature", w.Signature)
	return h
}

// clock stands at the witness's timestamp.
func (w witness) clock(t *testing.T) func() time.Time {
	t.Helper()
	seconds, err := strconv.ParseInt(w.Timestamp, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return func() time.Time { return time.Unix(seconds, 0) }
}

func witnessKeys(t *testing.T) []wxpay.PlatformKey {
	t.Helper()
	certificate, err := wxpay.ParsePlatformCertificate(vectorFile(t, "keys/platform-certificate.pem"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := wxpay.ParsePublicKey(readWitness(t, "reply-204.json").Serial,
		vectorFile(t, "keys/platform-public.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return []wxpay.PlatformKey{certificate, public}
}

// witnessClient is the merchant of the vectors. Its private key is read from
// PKCS#1; the vectors were signed with the same key from PKCS#8.
func witnessClient(t *testing.T, now func() time.Time, network http.RoundTripper) *wxpay.Client {
	t.Helper()
	key, err := wxpay.ParsePrivateKey(vectorFile(t, "keys/merchant-pkcs1.pem"))
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := wxpay.ParseCertificate(vectorFile(t, "keys/merchant-certificate.pem"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := wxpay.New(wxpay.Config{
		MchID: "1900000109", PrivateKey: key, Certificate: certificate, PlatformKeys: witnessKeys(t),
		APIv3Key:   wxpay.NewSecret(readWitness(t, "gcm-resource.json").APIv3Key),
		HTTPClient: &http.Client{Transport: network}, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// checkSigned verifies a merchant signature over openssl's message, with our
// nonce in the place of openssl's, by the standard library alone.
func checkSigned(t *testing.T, w witness, nonce, signature string) {
	t.Helper()
	message := bytes.Replace(vectorFile(t, w.Message), []byte(w.Nonce), []byte(nonce), 1)
	block, _ := pem.Decode(vectorFile(t, "keys/merchant-public.pem"))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(message)
	if err := rsa.VerifyPKCS1v15(public.(*rsa.PublicKey), crypto.SHA256, sum[:], raw); err != nil {
		t.Errorf("the signature is not of\n%q", message)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A call is made through the public door, its request checked against openssl's
// and answered with a reply that openssl signed.
func TestCallsHoldAgainstOpenSSL(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, *wxpay.Client, witness) (*wxpay.Result, error){
		"request-post": func(ctx context.Context, c *wxpay.Client, w witness) (*wxpay.Result, error) {
			return c.Chain("v3/ecommerce/combine-papay/contracts/pre-entrust-sign").Post(ctx, json.RawMessage(w.Body))
		},
		"request-get": func(ctx context.Context, c *wxpay.Client, _ witness) (*wxpay.Result, error) {
			return c.Chain("v3/edu-papay/user/{openid}/contracts").Get(ctx, wxpay.Path("openid", "oUpF8uMuAJOM2pxb1Q"),
				wxpay.Query("appid", "wx8888888888888888"), wxpay.Query("plan_id", "101164396123311331"),
				wxpay.Query("contract_status", "ADD"), wxpay.Query("note", "微 +"))
		},
		"request-delete": func(ctx context.Context, c *wxpay.Client, _ witness) (*wxpay.Result, error) {
			return c.Chain("v3/edu-papay/contracts").Chain("{contract_id}").Path("contract_id", "202611210000000001").
				Delete(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, reply := readWitness(t, name+".json"), readWitness(t, "reply-200.json")
			status := http.StatusOK
			if w.Method == http.MethodDelete {
				reply, status = readWitness(t, "reply-204.json"), http.StatusNoContent
			}
			client := witnessClient(t, w.clock(t), roundTrip(func(r *http.Request) (*http.Response, error) {
				var body []byte
				if r.Body != nil {
					body, _ = io.ReadAll(r.Body)
				}
				if r.Method != w.Method || r.URL.RequestURI() != w.URI || string(body) != w.Body {
					t.Errorf("sent %s %s %s", r.Method, r.URL.RequestURI(), body)
				}
				pairs := map[string]string{}
				for _, m := range regexp.MustCompile(`(\w+)="([^"]*)"`).
					FindAllStringSubmatch(r.Header.Get("Authorization"), -1) {
					pairs[m[1]] = m[2]
				}
				if pairs["timestamp"] != w.Timestamp || pairs["serial_no"] != readWitness(t, "key-merchant.json").
					Serial {
					t.Errorf("timestamp %s, serial %s", pairs["timestamp"], pairs["serial_no"])
				}
				checkSigned(t, w, pairs["nonce_str"], pairs["signature"])
				return &http.Response{
					StatusCode: status, Header: reply.header(), Request: r,
					Body: io.NopCloser(strings.NewReader(reply.Body)), ContentLength: int64(len(reply.Body)),
				}, nil
			}))
			result, err := call(t.Context(), client, w)
			if err != nil || string(result.Body) != reply.Body {
				t.Fatalf("got %+v, %v", result, err)
			}
		})
	}
}

func TestKeysVerifyWhatOpenSSLSigned(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"reply-200", "reply-204", "notification"} {
		w := readWitness(t, name+".json")
		keys, err := wxpay.NewKeys(wxpay.Config{
			MchID: "1900000109", APIv3Key: wxpay.NewSecret(readWitness(t, "gcm-resource.json").APIv3Key),
			PlatformKeys: witnessKeys(t), Now: w.clock(t),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.Verify(w.header(), []byte(w.Body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var e *wxpay.SignatureError
		if err := keys.Verify(w.header(), []byte(w.Body+" ")); !errors.As(err, &e) || e.Check != wxpay.CheckSignature {
			t.Errorf("%s with a blank more: %v", name, err)
		}
	}
}

func TestKeysOpenWhatOpenSSLSealed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"gcm-resource", "gcm-certificate", "gcm-no-associated-data"} {
		w := readWitness(t, name+".json")
		keys, err := wxpay.NewKeys(wxpay.Config{MchID: "1900000109", APIv3Key: wxpay.NewSecret(w.APIv3Key),
			PlatformKeys: witnessKeys(t)})
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := keys.Open(w.Nonce, w.AssociatedData, w.Ciphertext); err != nil ||
			!bytes.Equal(plain, vectorFile(t, w.Plain)) {
			t.Errorf("%s: opened %q, %v", name, plain, err)
		}
		var e *wxpay.DecryptError
		if _, err := keys.Open(w.Nonce, "other", w.Ciphertext); !errors.As(err, &e) {
			t.Errorf("%s under other associated data: %v", name, err)
		}
	}
}

// The four forms of one key are one key.
func TestKeyFormsAgree(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"merchant", "platform"} {
		pkcs1, err := wxpay.ParsePrivateKey(vectorFile(t, "keys/"+who+"-pkcs1.pem"))
		if err != nil {
			t.Fatal(err)
		}
		pkcs8, err := wxpay.ParsePrivateKey(vectorFile(t, "keys/"+who+"-pkcs8.pem"))
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := wxpay.ParseCertificate(vectorFile(t, "keys/"+who+"-certificate.pem"))
		if err != nil {
			t.Fatal(err)
		}
		public, err := wxpay.ParsePublicKey("PUB_KEY_ID_1", vectorFile(t, "keys/"+who+"-public.pem"))
		if err != nil {
			t.Fatal(err)
		}
		if !public.Key.Equal(pkcs1.Public()) || !public.Key.Equal(pkcs8.Public()) ||
			!public.Key.Equal(certificate.PublicKey) {
			t.Errorf("%s: the files hold different keys", who)
		}
		serial, want := wire.SerialHex(certificate), readWitness(t, "key-"+who+".json").Serial
		if serial != want {
			t.Errorf("%s: serial %s, openssl prints %s", who, serial, want)
		}
		platform, err := wxpay.ParsePlatformCertificate(vectorFile(t, "keys/"+who+"-certificate.pem"))
		if merchants := who == "merchant"; merchants != (err != nil) || !merchants && platform.ID != want {
			t.Errorf("%s: as a platform certificate it is %s, %v", who, platform.ID, err)
		}
	}
}

// Both pay calls sign openssl's four lines, with the nonce they return.
func TestPayParametersHoldAgainstOpenSSL(t *testing.T) {
	t.Parallel()
	w := readWitness(t, "pay-jsapi.json")
	client := witnessClient(t, w.clock(t), nil)
	jsapi, err := client.JSAPIPay(w.AppID, w.PrepayID)
	if err != nil || jsapi.TimeStamp != w.Timestamp || jsapi.Package != "prepay_id="+w.PrepayID ||
		jsapi.SignType != "RSA" {
		t.Fatalf("got %+v, %v", jsapi, err)
	}
	checkSigned(t, w, jsapi.NonceStr, jsapi.PaySign)

	w = readWitness(t, "pay-app.json")
	app, err := client.AppPay(w.AppID, w.PrepayID)
	if err != nil || app.TimeStamp != w.Timestamp || app.PartnerID != "1900000109" || app.Package != "Sign=WXPay" {
		t.Fatalf("got %+v, %v", app, err)
	}
	checkSigned(t, w, app.NonceStr, app.Sign)
}
