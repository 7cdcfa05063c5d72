package sandbox_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
)

// What a merchant's server answers and then holds the connection keeps nobody waiting for longer
// than a notification may take, and the connection is given up.
func TestNoAnswerIsReadForever(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		says   string // "" for a delivery
		status int
	}{
		"another protocol": {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
			"answered 101, after which", 101},
		"headers": {"HTTP/1.1 200 OK\r\nX-Part: 1\r\n", "no answer within", 0},
		"early":   {"HTTP/1.1 103 Early Hints\r\n\r\n", "no answer within", 0},
		"body":    {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx", "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			ended := make(chan error, 1)
			go func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				in := bufio.NewReader(conn)
				if r, err := http.ReadRequest(in); err == nil {
					_, _ = io.Copy(io.Discard, r.Body)
				}
				_, _ = io.WriteString(conn, c.answer)
				_, err = in.ReadByte() // until the sandbox hangs up
				ended <- err
				conn.Close()
			}()
			w := newWorld(t, sandbox.WithNotifyTimeout(time.Second))
			w.ok(w.Forward("https://yourapp.com", "http://"+l.Addr().String()))
			_, err = w.Payer(openID).Pay(w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"].(string))
			w.ok(err)
			settled := make(chan error, 1)
			go func() { settled <- w.Settle() }()
			w.ok(await(t, settled, "the end of Settle"))
			if err := await(t, ended, "the end of the connection"); err == nil {
				t.Error("the sandbox said more on the connection")
			}
			pushes, err := w.Pushes()
			w.ok(err)
			a := pushes[0].Attempts[0]
			if a.Status != c.status || !strings.Contains(a.Error, c.says) || (a.Error == "") != (c.says == "") {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// What a handler answers before its answer does not count, and what is no status is its mistake.
func TestAnswersBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statuses []int
		status   int
		says     string // "" for a delivery
	}{
		"early hints":      {[]int{103, 100, 204}, 204, ""},
		"nothing after":    {[]int{103}, 200, ""},
		"another protocol": {[]int{103, 101}, 101, "answered 101, after which"},
		"no status":        {[]int{99}, 0, "the handler panicked: 99 is no status"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				for _, status := range c.statuses {
					rw.WriteHeader(status)
				}
			})))
			w.signElsewhere(sandbox.DefaultPlanID, openID)
			w.ok(w.Settle())
			a := w.onlyPush().Attempts[0]
			if a.Status != c.status || !strings.Contains(a.Error, c.says) || (a.Error == "") != (c.says == "") {
				t.Errorf("got %+v", a)
			}
		})
	}
}
