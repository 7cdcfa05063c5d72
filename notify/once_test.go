package notify_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay/notify"
)

// A counter is a function that counts its runs and fails as told.
type counter struct {
	runs atomic.Int64
	fail error
}

func (c *counter) handle(context.Context, *notify.Notification, *signed) error {
	c.runs.Add(1)
	return c.fail
}

func newCounted(t *testing.T, options ...notify.Option) (*wechat, *notify.Receiver, *counter, errorLog) {
	w, c, log := newWechat(t), &counter{}, newErrorLog()
	r := notify.New(w.keys(t), append(options, log.option())...)
	notify.On(r, c.handle)
	return w, r, c, log
}

func TestANewAttemptOfAHandledNotificationIsASuccess(t *testing.T) {
	t.Parallel()
	w, r, c, log := newCounted(t)
	e := w.envelope("EV-1", signedType, signedPlaintext)
	for i := range 3 {
		if a := w.attempt(t, e).post(r); a.Code != 204 {
			t.Errorf("attempt %d: answered %d", i, a.Code)
		}
		w.now = w.now.Add(15 * time.Second)
	}
	if n := c.runs.Load(); n != 1 {
		t.Errorf("ran %d times", n)
	}
	if e := log.take(t); e != nil {
		t.Errorf("reported %v", e)
	}
}

func TestAReplayIsRefused(t *testing.T) {
	t.Parallel()
	w, r, c, log := newCounted(t)
	e := w.envelope("EV-1", signedType, signedPlaintext)
	first, second := w.attempt(t, e), w.attempt(t, e)
	for _, m := range []message{first, second} {
		if a := m.post(r); a.Code != 204 {
			t.Fatalf("answered %d", a.Code)
		}
	}
	for _, m := range []message{first, second, first} {
		a := m.post(r)
		checkRefusal(t, a.Code, a.Header(), a.Body.Bytes())
		if err := log.take(t); a.Code != 409 || err == nil || err.Check != notify.CheckReplay || err.ID != "EV-1" {
			t.Errorf("answered %d, reported %v", a.Code, err)
		}
	}
	w.now = w.now.Add(5 * time.Minute)
	if a := first.post(r); a.Code != 401 || log.take(t) == nil {
		t.Errorf("an old replay is answered %d", a.Code)
	}
	if n := c.runs.Load(); n != 1 {
		t.Errorf("ran %d times", n)
	}
}

func TestAFailedNotificationRunsAgain(t *testing.T) {
	t.Parallel()
	w, r, c, log := newCounted(t)
	e := w.envelope("EV-1", signedType, signedPlaintext)
	c.fail = errors.New("the database is away")
	first := w.attempt(t, e)
	for range 2 { // the very same bytes again: a proxy's retry must not be lost
		if a := first.post(r); a.Code != 500 || log.take(t) == nil {
			t.Fatalf("answered %d", a.Code)
		}
	}
	c.fail = nil
	if a := w.attempt(t, e).post(r); a.Code != 204 {
		t.Errorf("answered %d", a.Code)
	}
	if n := c.runs.Load(); n != 3 {
		t.Errorf("ran %d times", n)
	}
}

// Two deliveries at once, since the first takes longer than WeChat Pay waits.
func TestDeliveriesThatOverlapShareOneRun(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]error{"success": nil, "failure": errors.New("no")} {
		for _, same := range []bool{false, true} {
			t.Run(name+", same bytes "+strconv.FormatBool(same), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w, log := newWechat(t), newErrorLog()
					r := notify.New(w.keys(t), log.option())
					var runs atomic.Int64
					release := make(chan struct{})
					notify.On(r, func(context.Context, *notify.Notification, *signed) error {
						runs.Add(1)
						<-release
						return fail
					})
					e := w.envelope("EV-1", signedType, signedPlaintext)
					first := w.attempt(t, e)
					second := first
					if !same {
						second = w.attempt(t, e)
					}
					answers := make(chan *httptest.ResponseRecorder, 2)
					go func() { answers <- first.post(r) }()
					synctest.Wait() // the first runs
					go func() { answers <- second.post(r) }()
					synctest.Wait() // the second waits
					if len(answers) != 0 {
						t.Fatal("someone was answered before the function ended")
					}
					close(release)
					a, b := <-answers, <-answers
					want := 204
					if fail != nil {
						want = 500
						checkRefusal(t, b.Code, b.Header(), b.Body.Bytes())
					}
					if a.Code != want || b.Code != want || runs.Load() != 1 {
						t.Errorf("answered %d and %d after %d runs", a.Code, b.Code, runs.Load())
					}
					// A shared failure is one failure.
					if err := log.take(t); (err != nil) != (fail != nil) {
						t.Errorf("reported %v", err)
					}
					if fail == nil {
						if a := second.post(r); a.Code != 409 {
							t.Errorf("the second attempt replayed is answered %d", a.Code)
						}
					}
				})
			})
		}
	}
}

// Who waits for another delivery holds nothing that may not be dropped.
func TestAWaitingDeliveryMayLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, log := newWechat(t), newErrorLog()
		r := notify.New(w.keys(t), log.option())
		release := make(chan struct{})
		notify.On(r, func(context.Context, *notify.Notification, *signed) error {
			<-release
			return nil
		})
		e := w.envelope("EV-1", signedType, signedPlaintext)
		first := make(chan int, 1)
		go func() { first <- w.attempt(t, e).post(r).Code }()
		synctest.Wait()

		ctx, hangUp := context.WithTimeout(t.Context(), 5*time.Second)
		defer hangUp()
		start := time.Now()
		if a := w.attempt(t, e).postContext(ctx, r); a.Code != 503 || time.Since(start) != 5*time.Second {
			t.Errorf("answered %d after %v", a.Code, time.Since(start))
		}
		if err := log.take(t); err == nil || err.Check != notify.CheckWait {
			t.Errorf("reported %v", err)
		}
		start = time.Now()
		if a := w.attempt(t, e).post(r); a.Code != 503 || time.Since(start) != notify.DefaultDeadline {
			t.Errorf("answered %d after %v", a.Code, time.Since(start))
		}
		close(release)
		if code := <-first; code != 204 {
			t.Errorf("the first is answered %d", code)
		}
	})
}

// A panic, or a test's FailNow within the function, leaves nobody waiting.
func TestAFunctionThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(){"panic": func() { panic("x") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, log := newWechat(t), newErrorLog()
			r := notify.New(w.keys(t), log.option())
			var runs int
			notify.On(r, func(context.Context, *notify.Notification, *signed) error {
				if runs++; runs == 1 {
					end()
				}
				return nil
			})
			e := w.envelope("EV-1", signedType, signedPlaintext)
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				w.attempt(t, e).post(r)
			}()
			<-gone
			if err := log.take(t); err == nil || err.Check != notify.CheckHandler {
				t.Errorf("reported %v", err)
			}
			if a := w.attempt(t, e).post(r); a.Code != 204 || runs != 2 {
				t.Errorf("answered %d after %d runs", a.Code, runs)
			}
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const notifications, attempts = 8, 8
	w, r, c, log := newCounted(t)
	var group sync.WaitGroup
	for i := range notifications {
		e := w.envelope("EV-"+strconv.Itoa(i), signedType, signedPlaintext)
		for range attempts {
			m := w.attempt(t, e)
			group.Go(func() {
				if a := m.post(r); a.Code != 204 {
					t.Errorf("answered %d", a.Code)
				}
			})
		}
	}
	group.Wait()
	if n := c.runs.Load(); n != notifications {
		t.Errorf("ran %d times for %d notifications", n, notifications)
	}
	if err := log.take(t); err != nil {
		t.Error(err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	w, r, c, _ := newCounted(t, notify.Remember(2))
	handle := func(id string, runs int64) {
		t.Helper()
		c.runs.Store(0)
		if a := w.attempt(t, w.envelope(id, signedType, signedPlaintext)).post(r); a.Code != 204 ||
			c.runs.Load() != runs {
			t.Errorf("%s: answered %d after %d runs, want %d", id, a.Code, c.runs.Load(), runs)
		}
	}
	handle("A", 1)
	handle("B", 1)
	handle("A", 0)
	handle("C", 1) // the one handled first goes
	handle("B", 0)
	handle("C", 0)
	handle("A", 1)

	w.now = w.now.Add(24*time.Hour + 4*time.Minute) // the last attempt of the longest schedule
	handle("A", 0)
	w.now = w.now.Add(time.Hour)
	handle("A", 1)
}

func TestRememberNothing(t *testing.T) {
	t.Parallel()
	w, r, c, _ := newCounted(t, notify.Remember(0))
	m := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext))
	for range 2 {
		if a := m.post(r); a.Code != 204 {
			t.Errorf("answered %d", a.Code)
		}
	}
	if n := c.runs.Load(); n != 2 {
		t.Errorf("ran %d times", n)
	}
}
