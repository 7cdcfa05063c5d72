package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Whatever comes in, the answer is in WeChat Pay's shape, says that it is a
// sandbox's, and only a genuine call gets a signature.
func FuzzRequest(f *testing.F) {
	sb := sandbox.New(f, sandbox.At(start))
	handler := sb.Handler()
	f.Add("POST", "/"+presignCombine, "", []byte(`{}`))
	f.Add("GET", "/v3/certificates?a=%zz", wire.Scheme+
		` mchid="1900000109",nonce_str="n",timestamp="1599703200",serial_no="`+sb.ClientConfig().SerialNo+
		`",signature="QUJD"`, []byte{})
	f.Add("DELETE", "/v3/edu-papay/contracts/%2f", wire.Scheme+
		` mchid="1",nonce_str="n",timestamp="1",serial_no="s",signature="x"`, []byte("\x00"))
	f.Add("PUT", "/../..//", "Bearer x", []byte(strings.Repeat("[", 2000)))
	f.Fuzz(func(t *testing.T, method, uri, authorization string, body []byte) {
		r, err := http.NewRequestWithContext(context.Background(), method, "http://127.0.0.1"+uri,
			bytes.NewReader(body))
		if err != nil || r.Host != "127.0.0.1" {
			return // never gets past net/http
		}
		r.RequestURI = uri
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Accept", "application/json")
		r.Header.Set("User-Agent", "fuzz")
		w := &page{header: http.Header{}}
		handler.ServeHTTP(w, r)
		if w.header.Get(ledger.HeaderSandbox) == "" || w.header.Get("X-Sandbox-Hint") == "" &&
			w.header.Get(ledger.HeaderUnsupported) == "" {
			t.Errorf("%d without an explanation", w.status)
		}
		if w.header.Get(wire.HeaderSignature) != "" {
			t.Error("a stranger got a signature")
		}
		var e wire.ErrorBody
		none := w.body.Len() == 0 && (w.status == http.StatusNotFound || w.status == http.StatusMethodNotAllowed)
		if method != http.MethodHead && !none && (json.Unmarshal(w.body.Bytes(), &e) != nil || e.Code == "" ||
			e.Message == "") || w.status < 400 {
			t.Errorf("%d %s", w.status, w.body.Bytes())
		}
	})
}

// The same of APIv2: 200, XML, and no sign for strangers.
func FuzzXMLRequest(f *testing.F) {
	sb := sandbox.New(f, sandbox.At(start))
	handler, key := sb.Handler(), sb.ClientConfig().APIv2Key.Reveal()
	message := wire.Fields(with2(entryXML(), "mch_id", sandbox.DefaultMchID))
	message["sign"] = message.Digest(key, wire.SignMD5)
	f.Add("POST", "/papay/preentrustweb", message.XML())
	f.Add("GET", "/papay/entrustweb?mch_id=1900000109&sign=0", []byte{})
	f.Add("POST", "/secapi/pay/refund",
		[]byte("<xml><mch_id>1900000109</mch_id><sign>A</sign><sign_type>HMAC-SHA256</sign_type></xml>"))
	f.Add("PUT", "/pay/../pay/pappayapply", []byte("<xml>"))
	f.Fuzz(func(t *testing.T, method, uri string, body []byte) {
		r, err := http.NewRequestWithContext(context.Background(), method, "http://127.0.0.1"+uri,
			bytes.NewReader(body))
		if err != nil || r.Host != "127.0.0.1" || !strings.HasPrefix(r.URL.Path, "/papay/") &&
			!strings.HasPrefix(r.URL.Path, "/pay/") && !strings.HasPrefix(r.URL.Path, "/secapi/") {
			return
		}
		r.RequestURI = uri
		w := &page{header: http.Header{}}
		handler.ServeHTTP(w, r)
		if method == http.MethodHead {
			return
		}
		answer, err := wire.ParseXML(w.body.Bytes())
		if err != nil || w.status != 200 || answer["return_code"] == "" || w.header.Get(ledger.HeaderSandbox) == "" {
			t.Fatalf("%d %s, %v", w.status, w.body.Bytes(), err)
		}
		asked, _ := wire.ParseXML(body)
		if len(asked) == 0 {
			asked = wire.Fields{}
			for name, values := range r.URL.Query() {
				asked[name] = values[0]
			}
		}
		if genuine := asked["sign"] != "" && asked.Verify(key); answer["sign"] != "" && !genuine {
			t.Error("a stranger got a sign")
		}
	})
}

type page struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (p *page) Header() http.Header         { return p.header }
func (p *page) Write(b []byte) (int, error) { return p.body.Write(b) }
func (p *page) WriteHeader(status int)      { p.status = status }

// A body that ends early, and headers that never end.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct{ request, want string }{
		"a body cut off": {"POST /" + presignCombine + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"appid\"",
			"400"},
		"a huge header": {"GET /v3/certificates HTTP/1.1\r\nHost: x\r\nAuthorization: " +
			strings.Repeat("x", 100<<10) + "\r\n\r\n", "431"},
		"a huge length": {"POST /" + presignCombine + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
			"413"},
		"not HTTP at all": {"hello\r\n\r\n", "400"},
	} {
		conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(w.URL(), "http://"))
		w.ok(err)
		w.ok(conn.SetDeadline(time.Now().Add(10 * time.Second)))
		_, _ = io.WriteString(conn, c.request) // the server may hang up in the middle
		w.ok(conn.(*net.TCPConn).CloseWrite())
		answer, _ := io.ReadAll(conn)
		if !strings.HasPrefix(string(answer), "HTTP/1.1 "+c.want) {
			t.Errorf("%s: got %.60q, want %s", name, answer, c.want)
		}
		conn.Close()
	}
	w.must("POST", presignCombine, combineBody()) // it is still there
}

// An upload is a form, which anybody can send in any shape.
func FuzzUpload(f *testing.F) {
	sb := sandbox.New(f, sandbox.At(start))
	handler := sb.Handler()
	body, kind := uploadForm(metaOf("a.png", "pixels"), "a.png", "pixels", "more", "x")
	f.Add(pictureUpload, kind, body)
	f.Add("/secapi/mch/uploadmedia", kind, body)
	f.Add(pictureUpload, "multipart/form-data; boundary=x", []byte("--x\r\n\r\n--x--"))
	f.Add(pictureUpload, "multipart/form-data; boundary=", []byte("--"))
	f.Fuzz(func(t *testing.T, path, kind string, body []byte) {
		if path != pictureUpload {
			path = "/secapi/mch/uploadmedia"
		}
		r, err := http.NewRequestWithContext(context.Background(), "POST", "http://127.0.0.1"+path,
			bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.RequestURI = path
		r.Header.Set("Accept", "application/json")
		r.Header.Set("User-Agent", "fuzz")
		r.Header.Set("Content-Type", kind)
		w := &page{header: http.Header{}}
		handler.ServeHTTP(w, r)
		if w.header.Get(wire.HeaderSignature) != "" || w.header.Get("X-Sandbox-Hint") == "" ||
			bytes.Contains(w.body.Bytes(), []byte("SUCCESS")) {
			t.Errorf("%d %s", w.status, w.body.Bytes())
		}
	})
}
