package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// An unsigned sandbox takes any signature and makes none, says so on every reply, and is for
// measuring: the SDK takes nothing it says.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	var told strings.Builder
	s, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Merchants: sandbox.New(t).Merchants(), Unsigned: true,
		Logf: func(format string, args ...any) { fmt.Fprintf(&told, format+"\n", args...) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if !strings.Contains(told.String(), "UNSIGNED") {
		t.Errorf("the log was told %q", told.String())
	}
	cfg := s.ClientConfig()
	post := func(path, body, authorization string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"Accept": "application/json", "User-Agent": "test",
			"Content-Type": "application/json", "Authorization": authorization} {
			r.Header.Set(name, value)
		}
		p, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Body.Close()
		answer, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get(ledger.HeaderUnsigned) == "" || p.Header.Get(wire.HeaderSignature) != "" {
			t.Errorf("%s: got the headers %v", path, p.Header)
		}
		return p, string(answer)
	}
	body, err := json.Marshal(combineBody())
	if err != nil {
		t.Fatal(err)
	}
	nobody := wire.Authorization{Scheme: wire.Scheme, MchID: cfg.MchID, Nonce: nonce32, Timestamp: "1",
		Serial: cfg.SerialNo, Signature: "bm8="}
	if p, answer := post("/"+presignCombine, string(body), nobody.String()); p.StatusCode != 200 {
		t.Errorf("an old call with a made-up signature: %d %s", p.StatusCode, answer)
	}
	if p, answer := post("/"+presignCombine, "{}", nobody.String()); p.StatusCode != 400 {
		t.Errorf("a call without members: %d %s", p.StatusCode, answer)
	}
	nobody.Serial = strings.Repeat("0", 40)
	if p, answer := post("/"+presignCombine, string(body), nobody.String()); p.StatusCode != 401 {
		t.Errorf("a call of no merchant: %d %s", p.StatusCode, answer)
	}
	_, answer := post("/papay/querycontract", string(wire.Fields{"appid": sandbox.DefaultV2AppID, "mch_id": cfg.MchID,
		"contract_id": "none", "version": "1.0", "sign": "NONE"}.XML()), "")
	if !strings.Contains(answer, "CONTRACT_NOT_EXIST") || strings.Contains(answer, "<sign>") {
		t.Errorf("APIv2: %s", answer)
	}
	_, err = s.Client().Chain(presignCombine).Post(context.Background(), combineBody())
	if !errors.As(err, new(*wxpay.SignatureError)) {
		t.Errorf("the SDK took an unsigned answer: %v", err)
	}
}

// What checks no signature is reached from this machine alone.
func TestUnsignedStaysHere(t *testing.T) {
	t.Parallel()
	_, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Unsigned: true, AllowNonLoopback: true})
	if err == nil || !strings.Contains(err.Error(), "exclude each other") {
		t.Errorf("got %v", err)
	}
}

// Where no signature says who calls, a web page is nobody: a browser sends a message of APIv2 for
// any that is open.
func TestUnsignedTakesNoCallOfAPage(t *testing.T) {
	t.Parallel()
	unsigned, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Unsigned: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unsigned.Close() })
	body := wire.Fields{"appid": sandbox.DefaultV2AppID, "mch_id": sandbox.DefaultMchID, "contract_id": "none",
		"version": "1.0", "sign": "NONE"}.XML()
	call := func(s *sandbox.Sandbox, header ...string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/papay/querycontract",
			strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "text/plain")
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
			if header[i] == "Host" {
				r.Host = header[i+1]
			}
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text) + answer.Header.Get(ledger.HeaderHint)
	}
	for _, header := range [][]string{
		{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", ""}, {"Origin", unsigned.URL()},
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-origin"},
		{"Sec-Fetch-Site", "none", "Sec-Fetch-Site", "cross-site"},
		{"Host", "evil.example"}, {"Host", "127.0.0.1.evil.example:9970"},
	} {
		if answer := call(unsigned, header...); !strings.Contains(answer, "FAIL") ||
			!strings.Contains(answer, "no call of a web page") {
			t.Errorf("%q: got %s", header, answer)
		}
	}
	for _, header := range [][]string{nil, {"Sec-Fetch-Site", "none"}, {"Host", "localhost"}} {
		if answer := call(unsigned, header...); !strings.Contains(answer, "CONTRACT_NOT_EXIST") {
			t.Errorf("%q: got %s", header, answer)
		}
	}
	const host = "api.mch.weixin.qq.com" // through a tunnel, which no page opens
	w := &world{t, unsigned, nil, nil}
	tunnel, _ := w.connect(host+":443", "HTTP/1.1")
	answer, err := io.ReadAll(ask(t, w.secure(tunnel, host), fmt.Sprintf("POST /papay/querycontract HTTP/1.1\r\n"+
		"Host: %s\r\nContent-Length: %d\r\n\r\n%s", host, len(body), body)).Body)
	if err != nil || !strings.Contains(string(answer), "CONTRACT_NOT_EXIST") {
		t.Errorf("through a tunnel: got %s, %v", answer, err)
	}
	if answer := call(sandbox.New(t), "Origin", "https://evil.example"); strings.Contains(answer, "web page") {
		t.Errorf("where signatures are checked: got %s", answer)
	}
}
