//go:build !race

package wxpay_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
)

// The race detector allocates on its own account, so these counts are taken
// without it; script/test runs them so.

func TestAllocsOfSigning(t *testing.T) {
	client, err := wxpay.New(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(50, func() {
		body, _ := json.Marshal(&benchIn)
		_, _ = wxpay.Authorize(client, "POST", "/v3/edu-papay/contracts/presign", body)
	}); n > 5 {
		t.Errorf("marshalling and signing a call takes %v allocations, at most 5 are allowed", n)
	}
}

func TestAllocsOfVerifying(t *testing.T) {
	reply, signedAt := signedReply(200, string(benchOut)), time.Now()
	cfg := testConfig()
	cfg.Now = func() time.Time { return signedAt }
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(50, func() {
		if err := client.Keys().Verify(reply.Header, benchOut); err != nil {
			t.Error(err)
		}
	}); n > 11 {
		t.Errorf("verifying a reply takes %v allocations, at most 11 are allowed", n)
	}
}

// A whole typed call, but for what the transport allocates.
func TestAllocsOfACall(t *testing.T) {
	reply := signedReply(200, string(benchOut))
	signedAt := time.Now()
	cfg := testConfig()
	cfg.Now = func() time.Time { return signedAt }
	answer := &http.Response{StatusCode: 200, Header: reply.Header, ContentLength: int64(len(benchOut))}
	body := bytes.NewReader(nil)
	closer := io.NopCloser(body)
	cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		body.Reset(benchOut)
		answer.Body = closer
		return answer, nil
	})}
	client, err := wxpay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	post := leaf.NewPoster[benchBody, benchReply](leaf.Bind(client), "v3/edu-papay/contracts/presign")
	if n := testing.AllocsPerRun(50, func() {
		if _, err := post.Post(bg, &benchIn); err != nil {
			t.Error(err)
		}
	}); n > 45 {
		t.Errorf("a call takes %v allocations beside its transport's, at most 45 are allowed", n)
	}
}

func TestHeapOfAClient(t *testing.T) {
	const clients = 1000
	cfg := testConfig()
	kept := make([]*wxpay.Client, clients)
	var before, after runtime.MemStats
	goroutines := runtime.NumGoroutine()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range kept {
		var err error
		if kept[i], err = wxpay.New(cfg); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := int64(after.HeapAlloc-before.HeapAlloc) / clients; each > 2<<10 {
		t.Errorf("a client keeps %d bytes, at most 2 KiB are allowed", each)
	}
	if n := runtime.NumGoroutine() - goroutines; n > 0 {
		t.Errorf("%d clients started %d goroutines, none is allowed", clients, n)
	}
	runtime.KeepAlive(kept)
}

// What an answer of APIv2 takes of the memory is a small multiple of its length, whoever wrote it:
// it is read before its sign can be looked at.
func TestAnAnswerTakesMemoryByItsLength(t *testing.T) {
	many := func(s string) string { return strings.Repeat(s, 1<<20/len(s)) }
	for name, answer := range map[string]string{
		"attributes":             "<xml " + many(`a=""`) + "></xml>",
		"attributes of a member": "<xml><return_code " + many(`a=""`) + ">SUCCESS</return_code></xml>",
		"instructions":           "<xml>" + many("<?a?>") + "</xml>",
		"instructions in a text": "<xml><a>" + many("<?a?>x") + "</a></xml>",
		"comments in a text":     "<xml><a>" + many("x<!---->") + "</a></xml>",
		"a long entity":          "<xml><a>&" + many("x") + ";</a></xml>",
		"a long value":           "<xml><return_code>SUCCESS</return_code><sign>1</sign><a>" + many("x") + "</a></xml>",
		"members":                "<xml>" + many("<a/>") + "</xml>",
		"nested":                 many("<xml>"),
	} {
		cfg := testConfig()
		cfg.APIv2Key = wxpay.NewSecret(testAPIv2Key)
		cfg.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			return reply(200, nil, answer), nil
		})}
		client, err := wxpay.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = client.Chain("v2/papay/querycontract").Post(bg, map[string]string{"contract_id": "Wx1"})
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: anybody's answer was taken", name)
		}
		if times := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(answer)); times > 12 {
			t.Errorf("%s: %d bytes took %.0f times as many of the memory, at most 12 are allowed", name, len(answer),
				times)
		}
	}
}
