package recipes

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/rest"

	"github.com/wxpay-go/wxpay/notify"
)

// What the database fails on is answered 500, and go-zero's own log would write out the request.
// This test has the process's log for itself: it does not run beside others.
func TestGoZeroLogsNoNotification(t *testing.T) {
	logged := func(server func(w *world, r *notify.Receiver) *rest.Server) string {
		var log bytes.Buffer
		logx.SetWriter(logx.NewWriter(&log))
		defer logx.SetWriter(logx.NewWriter(io.Discard))
		w := newWorld(t)
		r := notify.New(w.sandbox.Keys(), notify.OnError(func(context.Context, *notify.Error) {}))
		r.Otherwise(func(context.Context, *notify.Notification) error { return errors.New("no database") })
		running, err := rest.NewServerless(server(w, r))
		if err != nil {
			t.Fatal(err)
		}
		w.serve(http.HandlerFunc(running.Serve))
		w.sign("K1")
		if w.came[0].status != http.StatusInternalServerError {
			t.Fatalf("answered %d", w.came[0].status)
		}
		return log.String()
	}
	const signature = "Wechatpay-Signature"
	if log := logged(func(w *world, r *notify.Receiver) *rest.Server {
		s, err := GoZero("127.0.0.1", 0, r)
		if err != nil {
			w.Fatal(err)
		}
		return s
	}); strings.Contains(log, signature) {
		t.Errorf("the log has\n%s", log)
	}
	// With go-zero's defaults it would be there.
	if log := logged(func(w *world, r *notify.Receiver) *rest.Server {
		var c rest.RestConf
		if err := conf.FillDefault(&c); err != nil {
			w.Fatal(err)
		}
		c.Name, c.DevServer.Enabled = "defaults", false
		s, err := rest.NewServer(c)
		if err != nil {
			w.Fatal(err)
		}
		s.AddRoute(rest.Route{Method: http.MethodPost, Path: "/notify", Handler: r.ServeHTTP})
		return s
	}); !strings.Contains(log, signature) {
		t.Errorf("go-zero has changed what it logs:\n%s", log)
	}
}
