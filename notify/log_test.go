package notify_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// logged is what the default logger, which belongs to the whole process, writes during a test.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&out, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &out
}

// What a function panics with may be the event: its type is reported, and not the payer.
func TestAPanicWithTheEventIsNotPrinted(t *testing.T) {
	t.Parallel()
	w, log := newWechat(t), newErrorLog()
	r := notify.New(w.keys(t), log.option())
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *signed) error { panic(e) })
	if a := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext)).post(r); a.Code != 500 {
		t.Errorf("answered %d", a.Code)
	}
	if e := log.take(t); e == nil || !strings.Contains(e.Error(), "panicked: with a *") ||
		strings.Contains(e.Error(), openid) {
		t.Errorf("reported %v", e)
	}
}

// Nor does it keep anybody from reading what went wrong. Not parallel: see
// [TestErrorsAreLoggedByDefault].
func TestAPanickingErrorFunctionDoesNotBreakTheAnswer(t *testing.T) {
	out := logged(t)
	w := newWechat(t)
	for what, says := range map[any]string{"full disk": "full disk", (*wxpay.Error)(nil): "nil", 7: "with a int"} {
		out.Reset()
		r := notify.New(w.keys(t), notify.OnError(func(context.Context, *notify.Error) { panic(what) }))
		if a := (message{http.Header{}, []byte("{}")}).post(r); a.Code != 401 {
			t.Errorf("answered %d", a.Code)
		}
		for _, want := range []string{`"check":"headers"`, "notify.OnError panicked", says, "log_test.go"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("want %s in %s", want, out.String())
			}
		}
	}
}

// Without an error function nothing is lost silently, and nothing private is
// written. Not parallel: the default logger belongs to the whole process.
func TestErrorsAreLoggedByDefault(t *testing.T) {
	out := logged(t)
	w := newWechat(t)
	r := notify.New(w.keys(t))
	notify.On(r, func(context.Context, *notify.Notification, *signed) error { panic("the ledger is closed") })
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	m.post(r)
	failed := out.String()
	out.Reset()
	m.header.Set(wire.HeaderRequestID, strings.Repeat("x", 4096)+"\n")
	message{m.header, m.body[1:]}.post(r)
	refused := out.String()
	for _, c := range []struct{ line, says string }{
		{failed, `"level":"ERROR"`}, {failed, `"id":"EV-1"`}, {failed, "the ledger is closed"},
		{failed, "log_test.go"},
		{refused, `"level":"WARN"`}, {refused, `"check":"signature"`},
	} {
		if !strings.Contains(c.line, c.says) {
			t.Errorf("want %s in %s", c.says, c.line)
		}
	}
	for _, secret := range []string{"openid", "o-MYE", "ciphertext", m.header.Get(wire.HeaderSignature)} {
		if strings.Contains(failed+refused, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if len(refused) > 1500 {
		t.Errorf("a stranger can write %d bytes into the log", len(refused))
	}
}
