package recipes

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v5"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/rest"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	logx.MustSetup(logx.LogConf{}) // once in a process: what a server sets up later changes nothing
	logx.SetWriter(logx.NewWriter(io.Discard))
	m.Run()
}

// gateway is the hop in front of [Function]: lower-case headers, the body in an envelope.
func gateway(r *notify.Receiver, inBase64 bool) http.Handler {
	function := Function(r)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		sent := Event{Headers: map[string]string{}, Body: string(body)}
		if inBase64 {
			sent.Body, sent.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
		}
		for name := range req.Header {
			sent.Headers[strings.ToLower(name)] = req.Header.Get(name)
		}
		onTheWay, _ := json.Marshal(sent)
		var e Event
		_ = json.Unmarshal(onTheWay, &e)
		reply, err := function(req.Context(), e)
		if err != nil {
			reply.StatusCode = http.StatusBadGateway
		}
		for name, value := range reply.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(reply.StatusCode)
		_, _ = io.WriteString(w, reply.Body)
	})
}

func goZero(t *testing.T, r *notify.Receiver) http.Handler {
	server, err := GoZero("127.0.0.1", 0, r)
	if err != nil {
		t.Fatal(err)
	}
	running, err := rest.NewServerless(server)
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(running.Serve)
}

// Every recipe books what is genuine once, and nothing else.
func TestTheRecipes(t *testing.T) {
	t.Parallel()
	for name, recipe := range map[string]func(t *testing.T, r *notify.Receiver) http.Handler{
		"net/http": func(_ *testing.T, r *notify.Receiver) http.Handler { return NetHTTP("", r).Handler },
		"gin":      func(_ *testing.T, r *notify.Receiver) http.Handler { return Gin(r) },
		"echo":     func(_ *testing.T, r *notify.Receiver) http.Handler { return Echo(r) },
		"go-zero":  goZero,
		"gateway":  func(_ *testing.T, r *notify.Receiver) http.Handler { return gateway(r, false) },
		"gateway, Base64": func(_ *testing.T, r *notify.Receiver) http.Handler {
			return gateway(r, true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.serve(recipe(t, w.receiver()))
			contract := w.sign("K1")
			w.holds("the notification came", "signed K1")

			pushes, err := w.sandbox.Pushes()
			if err != nil || len(pushes) != 1 {
				t.Fatal(len(pushes), err)
			}
			if err := w.sandbox.Redeliver(pushes[0].ID); err != nil {
				t.Fatal(err)
			}
			w.settle()
			w.holds("it was repeated", "signed K1")
			if n := len(w.came); n != 2 || w.came[1].status != http.StatusNoContent {
				t.Errorf("%d messages came, and the repeat was answered %d", n, w.came[n-1].status)
			}

			w.refusesStrangers()
			w.holds("strangers called", "signed K1")

			// A forged one in WeChat Pay's place, then the genuine one an attempt later.
			if err := w.sandbox.Inject(fault.Fault{Name: fault.BadSignature}); err != nil {
				t.Fatal(err)
			}
			if err := w.sandbox.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").Terminate(contract); err != nil {
				t.Fatal(err)
			}
			w.settle()
			w.holds("the end was forged", "signed K1")
			if err := w.sandbox.Advance(time.Hour); err != nil {
				t.Fatal(err)
			}
			w.holds("the end came", "signed K1", "ended K1")
		})
	}
}

// refusesStrangers sends what somebody can make of a message they have seen.
func (w *world) refusesStrangers() {
	w.Helper()
	seen := w.came[0]
	with := func(name, value string) http.Header {
		h := seen.header.Clone()
		h.Set(name, value)
		return h
	}
	for what, forged := range map[string]struct {
		header http.Header
		body   []byte
	}{
		"another body":    {seen.header, bytes.Replace(seen.body, []byte(`"id"`), []byte(`"iD"`), 1)},
		"another time":    {with("Wechatpay-Timestamp", "1600000000"), seen.body},
		"a probe":         {with("Wechatpay-Signature", "WECHATPAY/SIGNTEST/AAAA"), seen.body},
		"no signature":    {http.Header{"Content-Type": {"application/json"}}, seen.body},
		"no body":         {seen.header, nil},
		"2 MiB of spaces": {seen.header, bytes.Repeat([]byte(" "), 2*notify.MaxBody)},
	} {
		if status := w.post(forged.header, forged.body); status < 400 {
			w.Errorf("%s was answered %d", what, status)
		}
	}
}

// What comes before the receiver and gets the body wrong has it refuse the notification. So nothing
// is lost: it is sent again, and the report says what is wrong.
func TestWhatSpoilsTheBodyIsRefused(t *testing.T) {
	t.Parallel()
	// encoded decodes the body and encodes it again, as a proxy or a framework does: the same JSON,
	// and other bytes.
	encoded := func(body []byte) []byte {
		var value any
		_ = json.Unmarshal(body, &value)
		indented, _ := json.MarshalIndent(value, "", " ")
		return indented
	}
	for name, c := range map[string]struct {
		spoilt func(r *notify.Receiver) http.Handler
		check  wxpay.Check
	}{
		"gin, bound before": {func(r *notify.Receiver) http.Handler {
			engine := gin.New()
			engine.Use(func(c *gin.Context) {
				var body map[string]any
				_ = c.ShouldBindJSON(&body)
			})
			engine.POST("/notify", gin.WrapH(r))
			return engine
		}, notify.CheckBody},
		"echo, encoded again": {func(r *notify.Receiver) http.Handler {
			e := echo.New()
			e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
				return func(c *echo.Context) error {
					body, _ := io.ReadAll(c.Request().Body)
					body = encoded(body)
					c.Request().Body, c.Request().ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
					return next(c)
				}
			})
			e.POST("/notify", echo.WrapHandler(r))
			return e
		}, wxpay.CheckSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.serve(c.spoilt(w.receiver()))
			w.sign("K1")
			w.holds("the body was spoilt")
			if !slices.Equal(w.refused, []wxpay.Check{c.check}) {
				t.Errorf("refused %q, want %s", w.refused, c.check)
			}
			// Repaired, as by the next deployment.
			w.serve(NetHTTP("", w.receiver()).Handler)
			if err := w.sandbox.Advance(25 * time.Hour); err != nil {
				t.Fatal(err)
			}
			w.holds("it was repaired", "signed K1")
		})
	}
}
