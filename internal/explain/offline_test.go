package explain_test

import (
	"crypto"
	"crypto/rsa"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
)

// offline is a request that somebody looks at who knows one merchant's certificate and keys.
func offline(t testing.TB) (r explain.Request, k explain.Known, key *rsa.PrivateKey) {
	t.Helper()
	sb := sandbox.New(t)
	key = (&world{t: t, Sandbox: sb}).privateKey(sandbox.DefaultMchID)
	cfg := sb.ClientConfig()
	k.Merchants = []explain.Keys{{MchID: cfg.MchID, Serial: cfg.SerialNo, Public: &key.PublicKey,
		APIv3: cfg.APIv3Key.Reveal(), APIv2: cfg.APIv2Key.Reveal()}}
	r = explain.Request{Method: "POST", URI: payPath, Host: "api.mch.weixin.qq.com", Body: []byte(shortBody)}
	r.Authorization = wire.Authorization{Scheme: wire.Scheme, MchID: cfg.MchID, Nonce: nonce,
		Timestamp: strconv.FormatInt(start.Unix(), 10), Serial: cfg.SerialNo}
	r.Signature = signatureOf(t, key, stringOf(r))
	return r, k, key
}

// stringOf is what a request should sign.
func stringOf(r explain.Request) string {
	return string(wire.AppendRequestMessage(nil, r.Method, r.URI, r.Timestamp, r.Nonce, r.Body))
}

func signatureOf(t testing.TB, key *rsa.PrivateKey, message string) string {
	t.Helper()
	return std((&world{t: t}).rsa(key, crypto.SHA256)(message))
}

// Without a sandbox: nothing is found where all is right, and what is not known is said.
func TestARequestOffline(t *testing.T) {
	t.Parallel()
	r, k, _ := offline(t)
	call := func(k explain.Known, now time.Time) explain.Finding {
		return explain.Call(r, []string{r.Authorization.String()}, k, now)
	}
	if f := call(k, start); f.Found() {
		t.Errorf("a right request: %s", f)
	}
	if f := explain.Signature(r, k.Merchants[0], k); f.Found() {
		t.Errorf("a right signature: %s", f)
	}
	if f := call(k, start.Add(time.Hour)); f.Names() != "timestamp-behind" || f.Certain {
		t.Errorf("an old one: %s", f)
	}
	k.Merchants[0].Public = nil
	if f := call(k, start); f.ID != explain.Unknown || f.Case != "no-certificate" {
		t.Errorf("without a certificate: %s", f)
	}
	if f := call(explain.Known{}, start); f.Names() != "mchid-and-serial-unknown" {
		t.Errorf("without a merchant: %s", f)
	}
}

// What a finding prints is in one line, in the language that is asked for, with and without the
// advice.
func TestWhatAFindingSays(t *testing.T) {
	t.Parallel()
	r, k, key := offline(t)
	r.Signature = signatureOf(t, key, string(wire.AppendRequestMessage(nil, "GET", r.URI, r.Timestamp, r.Nonce, nil)))
	f := explain.Signature(r, k.Merchants[0], k)
	const problem = "the body was left out of what was signed; and the method was signed as GET, the request is POST"
	if f.Names() != "body-left-out+method-other" || !f.Certain || f.Problem("en") != problem ||
		f.In("en") != f.String() ||
		fmt.Sprint(f) != "the body was left out of what was signed: sign the very bytes you send; and the method was "+
			"signed as GET, the request is POST: sign the method that is sent" {
		t.Errorf("got %s: %q", f.Names(), f.Problem("en"))
	}
	if zh := f.In("zh-CN"); zh != "签名串里漏了请求体：把发送的请求体原样放进签名串；另外，请求方法按 GET 签名，实际发送的是 POST：按实际发送的方法签名" ||
		f.Problem("zh") != "签名串里漏了请求体；另外，请求方法按 GET 签名，实际发送的是 POST" ||
		f.Advice("zh") != "把发送的请求体原样放进签名串；另外，按实际发送的方法签名" {
		t.Errorf("got %q", zh)
	}
	if none := (explain.Finding{}); none.Found() || none.In("en") != "" || none.Names() != "" {
		t.Errorf("nothing says %q", none.In("en"))
	}
	r.Method = "PO\x1b[2JST"
	if f := explain.Signature(r, k.Merchants[0], k); f.Names() != "body-left-out+method-other" ||
		f.And[0].Values[1] != "PO·[2JST" {
		t.Errorf("got %q", f)
	}
}
