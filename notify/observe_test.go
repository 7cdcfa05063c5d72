package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// steps is a hook that writes down what it is told.
type steps struct {
	mu   sync.Mutex
	list []wxpay.Step
}

func (s *steps) hook(ctx context.Context, step wxpay.Step) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, step)
	return context.WithValue(ctx, observed{}, "seen")
}

type observed struct{}

// take gives the ends since the last time; each has a beginning.
func (s *steps) take(t *testing.T) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	begun := 0
	for _, x := range s.list {
		if x.Stage == wxpay.NotificationBegins {
			begun++
			continue
		}
		begun--
		fmt.Fprintf(&b, "%s %d %s %s %v\n", x.Operation, x.Status, x.Check, x.Outcome, x.Repeated)
	}
	if s.list = nil; begun != 0 {
		t.Errorf("%d beginnings too many", begun)
	}
	return b.String()
}

// A hook is told of what was handled, repeated, refused and failed.
func TestAHookIsToldOfNotifications(t *testing.T) {
	t.Parallel()
	var told steps
	w, r, c, log := newCounted(t, notify.Observe(told.hook))
	e := w.envelope("EV-1", signedType, signedPlaintext)
	for name, row := range map[string]struct {
		send func()
		want string
	}{
		"handled, and once more": {func() {
			w.attempt(t, e).post(r)
			w.attempt(t, e).post(r)
		}, signedType + " 204  succeeded false\n" + signedType + " 204  succeeded true\n"},
		"a stranger's": {func() {
			r.Receive(t.Context(), http.Header{"Request-Id": {"oSECRET"}}, []byte(`{"id":"1"}`))
		}, " 401 headers refused false\n"},
		"a GET": {func() {
			r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		}, " 405 method refused false\n"},
		"no function": {func() {
			w.attempt(t, w.envelope("EV-2", "NEW.EVENT", signedPlaintext)).post(r)
		}, "NEW.EVENT 501 event refused false\n"},
		"a failure": {func() {
			c.fail = errors.New("the database of oSECRET is down")
			w.attempt(t, w.envelope("EV-3", signedType, signedPlaintext)).post(r)
			c.fail = nil
		}, signedType + " 500 handler refused false\n"},
	} {
		row.send()
		if got := told.take(t); got != row.want {
			t.Errorf("%s: told\n%swant\n%s", name, got, row.want)
		}
		log.take(t)
	}
}

// The context of the beginning reaches the functions, and one that ends its goroutine is told of.
func TestTheContextOfAHookReachesFunctions(t *testing.T) {
	t.Parallel()
	var told steps
	w := newWechat(t)
	r := notify.New(w.keys(t), notify.Observe(told.hook), newErrorLog().option())
	var seen any
	leave := false
	r.Otherwise(func(ctx context.Context, _ *notify.Notification) error {
		if seen = ctx.Value(observed{}); leave {
			runtime.Goexit()
		}
		return nil
	})
	w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext)).post(r)
	if got := told.take(t); seen != "seen" || got != signedType+" 204  succeeded false\n" {
		t.Errorf("seen %v, told %s", seen, got)
	}
	leave = true
	m := w.attempt(t, w.envelope("EV-2", signedType, signedPlaintext))
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.post(r)
	}()
	<-done
	if got := told.take(t); got != " 500 handler refused false\n" {
		t.Errorf("told %s", got)
	}
}

// What a sandbox delivers, with its faults, is logged without a name, a key or a sealed part.
func TestWhatIsLoggedOfNotificationsNamesNobody(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
	var log bytes.Buffer
	r := notify.New(s.Keys(), notify.Observe(wxpay.LogTo(slog.New(slog.NewJSONHandler(&log, nil)))),
		newErrorLog().option())
	fail := true
	r.Otherwise(func(context.Context, *notify.Notification) error {
		if fail = !fail; !fail {
			return errors.New("no place for " + openid)
		}
		return nil
	})
	serve(t, s, r)
	for _, name := range []fault.Name{fault.Probe, fault.Stale, fault.Duplicated} {
		if err := s.Inject(fault.Fault{Name: name, Event: "*"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Payer(openid).Agree(presign(t, s)); err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	secrets := []string{openid, "wxwtdk20200910100000", s.ClientConfig().APIv3Key.Reveal()}
	pushes, err := s.Pushes()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pushes {
		secrets = append(secrets, p.ID)
	}
	for _, secret := range secrets {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q: %s", secret, log.String())
		}
	}
	for _, want := range []string{`"event_type":"ECOMMERCE_ENTRUST.SIGN"`, `"check":"signature"`, `"check":"handler"`,
		`"level":"ERROR"`, `"level":"WARN"`, `"level":"INFO"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %s: %s", want, log.String())
		}
	}
}

// One hook sees both sides.
func ExampleObserve() {
	s, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	hook := func(ctx context.Context, step wxpay.Step) context.Context {
		if step.Stage == wxpay.NotificationEnds {
			fmt.Println(step.Operation, step.Status, step.Outcome)
		}
		return ctx
	}
	r := notify.New(s.Client().Keys(), notify.Observe(hook))
	r.Otherwise(func(context.Context, *notify.Notification) error { return nil })
	if err := s.Receive("https://yourapp.com", r); err != nil {
		fmt.Println(err)
		return
	}
	if err := agree(s); err != nil {
		fmt.Println(err)
	}
	// Output: ECOMMERCE_ENTRUST.SIGN 204 succeeded
}
