package notify_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// Whatever takes a notification gets a whole JSON object, or does not run.
func TestAResourceThatIsCutOffReachesNoFunction(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	var checks []wxpay.Check
	r := notify.New(w.keys(t), notify.OnError(func(_ context.Context, e *notify.Error) {
		checks = append(checks, e.Check)
	}))
	runs := func(context.Context, *notify.Notification) error {
		t.Error("a function ran")
		return nil
	}
	notify.On(r, func(ctx context.Context, n *notify.Notification, _ *signed) error { return runs(ctx, n) })
	r.Handle("TRANSACTION.SUCCESS", runs)
	r.Otherwise(runs)
	for _, eventType := range []string{"ECOMMERCE_ENTRUST.SIGN", "TRANSACTION.SUCCESS", "COUPON.USE"} {
		for _, cut := range []string{`{"plan_id":12535`, `{"plan_id":12535}{}`} {
			if a := w.attempt(t, w.envelope("EV-"+eventType+cut, eventType, cut)).post(r); a.Code != 400 {
				t.Errorf("%s of %s: answered %d", eventType, cut, a.Code)
			}
		}
	}
	for _, check := range checks {
		if check != notify.CheckPlaintext {
			t.Errorf("the check is %s", check)
		}
	}
	if len(checks) != 6 {
		t.Errorf("%d errors were told", len(checks))
	}
}

func TestDispatch(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	r := notify.New(w.keys(t))
	var got []string
	notify.On(r, func(_ context.Context, n *notify.Notification, e *signed) error {
		got = append(got, "signed "+n.ID+" "+e.OutContractCode)
		return nil
	})
	notify.On(r, func(_ context.Context, n *notify.Notification, e *terminated) error {
		got = append(got, "terminated "+n.ID+" "+e.Mode)
		return nil
	})
	r.Handle("TRANSACTION.SUCCESS", func(_ context.Context, n *notify.Notification) error {
		got = append(got, "paid "+n.ID)
		return nil
	})
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		got = append(got, n.EventType+" "+string(n.Plaintext))
		return nil
	})
	for _, e := range []*wire.Envelope{
		w.envelope("EV-1", "ECOMMERCE_ENTRUST.SIGN", signedPlaintext),
		w.envelope("EV-2", "ECOMMERCE_ENTRUST.TERMINATE", `{"contract_termination_mode":"USER_TERMINATE"}`),
		w.envelope("EV-3", "TRANSACTION.SUCCESS", `{}`),
		w.envelope("EV-4", "COUPON.USE", `{"stock_id":"9"}`),
	} {
		if a := w.attempt(t, e).post(r); a.Code != 204 || a.Body.Len() != 0 {
			t.Errorf("%s: answered %d %q", e.EventType, a.Code, a.Body)
		}
	}
	want := []string{"signed EV-1 wxwtdk20200910100000", "terminated EV-2 USER_TERMINATE", "paid EV-3",
		`COUPON.USE {"stock_id":"9"}`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
}

// checkRefusal holds an answer to what WeChat Pay documents, and to the rule
// that it tells a stranger nothing.
func checkRefusal(t *testing.T, status int, header http.Header, body []byte) {
	t.Helper()
	var answer struct{ Code, Message string }
	if err := json.Unmarshal(body, &answer); err != nil || answer.Code != "FAIL" || answer.Message == "" ||
		len(answer.Message) > 64 {
		t.Errorf("answered %d %q", status, body)
	}
	if header.Get("Content-Type") != "application/json" {
		t.Errorf("Content-Type is %q", header.Get("Content-Type"))
	}
	for _, secret := range []string{"secret", "PUB_KEY", "openid", "EV-", "Wechatpay"} {
		if bytes.Contains(body, []byte(secret)) {
			t.Errorf("the answer tells %q: %s", secret, body)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	post := func(m message) *http.Request {
		req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(m.body))
		req.Header = m.header
		return req
	}
	cases := map[string]struct {
		make   func(t *testing.T, w *wechat, m message) *http.Request
		check  wxpay.Check
		status int
		says   string
	}{
		"a GET": {func(t *testing.T, _ *wechat, m message) *http.Request {
			req := post(m)
			req.Method = http.MethodGet
			return req
		}, notify.CheckMethod, 405, "POST"},
		"a body that announces more than a mebibyte": {func(t *testing.T, _ *wechat, m message) *http.Request {
			req := post(m)
			req.ContentLength = notify.MaxBody + 1
			req.Body = io.NopCloser(iotest.ErrReader(errors.New("must not be read")))
			return req
		}, notify.CheckBody, 413, "mebibyte"},
		"a body that does not end": {func(t *testing.T, _ *wechat, m message) *http.Request {
			req := post(m)
			req.ContentLength, req.Body = -1, io.NopCloser(endless{})
			return req
		}, notify.CheckBody, 413, "mebibyte"},
		"a body that breaks off": {func(t *testing.T, _ *wechat, m message) *http.Request {
			req := post(m)
			req.Body = io.NopCloser(io.MultiReader(bytes.NewReader(m.body[:10]),
				iotest.ErrReader(errors.New("secret"))))
			return req
		}, notify.CheckBody, 400, "cannot be read"},
		"a body someone has read": {func(t *testing.T, _ *wechat, m message) *http.Request {
			req := post(m)
			_, _ = io.Copy(io.Discard, req.Body)
			return req
		}, notify.CheckBody, 500, "code before the receiver has read it"},
		"no body": {func(t *testing.T, _ *wechat, m message) *http.Request {
			req := post(m)
			req.ContentLength, req.Body = 0, nil
			return req
		}, notify.CheckBody, 400, "empty"},
		"a body changed on the way": {func(t *testing.T, _ *wechat, m message) *http.Request {
			m.body = bytes.Replace(m.body, []byte("EV-1"), []byte("EV-2"), 1)
			return post(m)
		}, wxpay.CheckSignature, 401, "changed on the way"},
		"a probe": {func(t *testing.T, _ *wechat, m message) *http.Request {
			m.header.Set(wire.HeaderSignature, wire.ProbePrefix+"AAAA")
			return post(m)
		}, wxpay.CheckSignature, 401, "probe"},
		"an event nobody asked for": {func(t *testing.T, w *wechat, _ message) *http.Request {
			return post(w.attempt(t, w.envelope("EV-1", "TRANSACTION.SUCCESS", "{}")))
		}, notify.CheckEvent, 501, "no function is registered"},
		"a resource that does not fit": {func(t *testing.T, w *wechat, _ message) *http.Request {
			return post(w.attempt(t, w.envelope("EV-1", signedType, `{"plan_id":"a"}`)))
		}, notify.CheckDecode, 500, "plan_id"},
		"a function that fails": {func(t *testing.T, _ *wechat, m message) *http.Request {
			return post(m)
		}, notify.CheckHandler, 500, "secret of the database"},
		"a function that panics": {func(t *testing.T, w *wechat, _ message) *http.Request {
			return post(w.attempt(t, w.envelope("EV-1", "ECOMMERCE_ENTRUST.TERMINATE", "{}")))
		}, notify.CheckHandler, 500, "panicked: secret"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := newWechat(t), newErrorLog()
			r := notify.New(w.keys(t), log.option())
			broken := errors.New("secret of the database")
			notify.On(r, func(context.Context, *notify.Notification, *signed) error { return broken })
			notify.On(r, func(context.Context, *notify.Notification, *terminated) error { panic("secret") })
			req := c.make(t, w, w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext)))
			a := httptest.NewRecorder()
			r.ServeHTTP(a, req)
			if a.Code != c.status {
				t.Errorf("answered %d, want %d", a.Code, c.status)
			}
			checkRefusal(t, a.Code, a.Header(), a.Body.Bytes())
			e := log.take(t)
			if e == nil || e.Check != c.check || e.Status != c.status || !strings.Contains(e.Error(), c.says) {
				t.Errorf("reported %v, want check %s saying %q", e, c.check, c.says)
			}
			if e != nil && (e.Stack != nil) != strings.Contains(c.says, "panicked") {
				t.Errorf("stack: %s", e.Stack)
			}
			if e != nil && c.says == broken.Error() && !errors.Is(e, broken) {
				t.Errorf("errors.Is does not find what the function returned")
			}
			if (a.Header().Get("Allow") == "POST") != (c.status == 405) {
				t.Errorf("Allow is %q", a.Header().Get("Allow"))
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A body cut off by the network, through net/http's own server.
func TestTruncatedOnTheWire(t *testing.T) {
	t.Parallel()
	w, log := newWechat(t), newErrorLog()
	server := httptest.NewServer(notify.New(w.keys(t), log.option()))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"id\":")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if e := <-log.ch; e.Check != notify.CheckBody || resp.StatusCode != 400 || !strings.Contains(e.Error(),
		"ended before the body") {
		t.Errorf("answered %d %s, reported %v", resp.StatusCode, body, e)
	}
}

// Receive is the same door for those who have no http.Request.
func TestReceive(t *testing.T) {
	t.Parallel()
	w, log := newWechat(t), newErrorLog()
	r := notify.New(w.keys(t), log.option())
	notify.On(r, func(context.Context, *notify.Notification, *signed) error { return nil })
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	if a := r.Receive(t.Context(), m.header, m.body); a.Status != 204 || a.Body != nil {
		t.Errorf("answered %d %s", a.Status, a.Body)
	}
	a := r.Receive(t.Context(), m.header, m.body[1:])
	checkRefusal(t, a.Status, http.Header{"Content-Type": {"application/json"}}, a.Body)
	if e := log.take(t); e == nil || e.Check != wxpay.CheckSignature || a.Status != 401 {
		t.Errorf("answered %d, reported %v", a.Status, e)
	}
}

// WeChat Pay hangs up after five seconds; the booking goes on.
func TestTheFunctionOutlivesTheConnection(t *testing.T) {
	t.Parallel()
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		w, log := newWechat(t), newErrorLog()
		r := notify.New(w.keys(t), log.option(), notify.Deadline(20*time.Second))
		start := time.Now()
		notify.On(r, func(ctx context.Context, _ *notify.Notification, _ *signed) error {
			if ctx.Value(key{}) != "trace" {
				t.Error("the values of the request's context are lost")
			}
			<-ctx.Done()
			return ctx.Err()
		})
		ctx, hangUp := context.WithTimeout(context.WithValue(t.Context(), key{}, "trace"), 5*time.Second)
		defer hangUp()
		a := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext)).postContext(ctx, r)
		if d := time.Since(start); d != 20*time.Second || a.Code != 500 {
			t.Errorf("ended after %v with %d", d, a.Code)
		}
		if e := log.take(t); e == nil || !errors.Is(e, context.DeadlineExceeded) {
			t.Errorf("reported %v", e)
		}
	})
}

// yes is an error that takes itself for every other.
type yes struct{ error }

func (yes) Is(error) bool { return true }

// Whatever a function returns but nil is a failure of the function, reported once.
func TestWhateverAFunctionReturnsIsAFailure(t *testing.T) {
	t.Parallel()
	for name, returned := range map[string]error{
		"a nil of its type":        (*wxpay.TransportError)(nil),
		"one wrapped":              fmt.Errorf("query: %w", (*wxpay.RequestError)(nil)),
		"a nil of ours":            (*notify.Error)(nil),
		"one that is every other":  yes{errors.New("no database")},
		"one that looks like ours": &notify.Error{Check: notify.CheckDecode},
		"and like a success":       &notify.Error{Check: notify.CheckDecode, Status: 200},
		"a check of its own query": &wxpay.SignatureError{Operation: "GET v3/x reply", Check: wxpay.CheckSignature},
	} {
		w, r, c, log := newCounted(t)
		c.fail = returned
		if a := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext)).post(r); a.Code != 500 {
			t.Errorf("%s: answered %d", name, a.Code)
		}
		e := log.take(t)
		if e != nil && errors.As(e, new(*wxpay.DecodeError)) { // looks through what was returned
			t.Errorf("%s: it is no DecodeError", name)
		}
		if e == nil || e.Check != notify.CheckHandler || !strings.Contains(e.Error(), "EV-1: handler check failed: ") {
			t.Errorf("%s: reported %v", name, e)
		}
	}
}

// Wrong use is found at set-up, with a sentence.
func TestMisusePanics(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	nothing := func(context.Context, *notify.Notification) error { return nil }
	for name, c := range map[string]struct {
		do   func(r *notify.Receiver)
		says string
	}{
		"no keys":   {func(*notify.Receiver) { notify.New(nil) }, "client.Keys()"},
		"no hook":   {func(*notify.Receiver) { notify.OnError(nil) }, "OnError"},
		"no time":   {func(*notify.Receiver) { notify.Deadline(0) }, "Deadline"},
		"no memory": {func(*notify.Receiver) { notify.Remember(-1) }, "Remember"},
		"no event":  {func(r *notify.Receiver) { r.Handle("", nothing) }, "event type is empty"},
		"nil On": {func(r *notify.Receiver) {
			notify.On(r, (func(context.Context, *notify.Notification, *signed) error)(nil))
		}, "ECOMMERCE_ENTRUST.SIGN is nil"},
		"nil Handle":    {func(r *notify.Receiver) { r.Handle("A.B", nil) }, "A.B is nil"},
		"nil Otherwise": {func(r *notify.Receiver) { r.Otherwise(nil) }, "nil"},
		"twice": {func(r *notify.Receiver) {
			r.Handle(signedType, nothing)
			notify.On(r, func(context.Context, *notify.Notification, *signed) error { return nil })
		}, "already has a function"},
		"Otherwise twice": {func(r *notify.Receiver) {
			r.Otherwise(nothing)
			r.Otherwise(nothing)
		}, "twice"},
		"Handle while serving": {func(r *notify.Receiver) {
			message{}.post(r)
			r.Handle("A.B", nothing)
		}, "already serving"},
		"Otherwise while serving": {func(r *notify.Receiver) {
			r.Receive(context.Background(), nil, nil)
			r.Otherwise(nothing)
		}, "already serving"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if s := fmt.Sprint(recover()); !strings.HasPrefix(s, "notify.") || !strings.Contains(s, c.says) {
					t.Errorf("got %q, want a sentence with %q", s, c.says)
				}
			}()
			c.do(notify.New(w.keys(t), newErrorLog().option()))
		})
	}
}
