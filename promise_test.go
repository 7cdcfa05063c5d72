package wxpay_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/leaf"
)

func TestPromise(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/v3/bad" {
			return signedReply(400, `{"code":"INVALID_REQUEST","message":"no"}`), nil
		}
		return signedReply(200, `{"n":1}`), nil
	})
	mark := errors.New("mine")

	var seen string
	result, err := client.Chain("v3/good").GetAsync(bg).
		Then(func(r *wxpay.Result) error { seen = string(r.Body); return nil }).
		Otherwise(func(error) (*wxpay.Result, error) { t.Error("Otherwise ran on a success"); return nil, nil }).
		Wait(bg)
	if err != nil || seen != `{"n":1}` || string(result.Body) != seen {
		t.Errorf("success: saw %q, got %v, %v", seen, result, err)
	}

	_, err = client.Chain("v3/good").GetAsync(bg).Then(func(*wxpay.Result) error { return mark }).Wait(bg)
	if !errors.Is(err, mark) {
		t.Errorf("an error of Then became %v", err)
	}

	recovered := &wxpay.Result{Status: 299}
	result, err = client.Chain("v3/bad").PostAsync(bg, nil).
		Then(func(*wxpay.Result) error { t.Error("Then ran on a failure"); return nil }).
		Otherwise(func(err error) (*wxpay.Result, error) {
			var e *wxpay.Error
			if !errors.As(err, &e) || e.Code != "INVALID_REQUEST" {
				t.Errorf("Otherwise got %v", err)
			}
			return recovered, nil
		}).Wait(bg)
	if err != nil || result != recovered {
		t.Errorf("recovery: got %v, %v", result, err)
	}
}

func TestPromiseWaitKeepsItsOwnContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	client := clientOver(t, func(*http.Request) (*http.Response, error) {
		<-release
		return signedReply(200, `{}`), nil
	})
	p := client.Chain("v3/x").GetAsync(bg)
	impatient, cancel := context.WithCancel(bg)
	cancel()
	if _, err := p.Wait(impatient); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended wait gave %v", err)
	}
	close(release)
	if _, err := p.Wait(bg); err != nil {
		t.Errorf("the call itself came to %v", err)
	}
}

// The body is read before PostAsync returns, so what the caller does to it
// afterwards is not sent.
func TestPromiseReadsTheBodyAtOnce(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	got := make(chan string, 1)
	client := clientOver(t, func(r *http.Request) (*http.Response, error) {
		<-release
		buf := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(buf)
		got <- string(buf)
		return signedReply(204, ""), nil
	})
	body := map[string]any{"a": 1}
	p := client.Chain("v3/x").PostAsync(bg, body)
	body["a"] = 2
	close(release)
	if _, err := p.Wait(bg); err != nil {
		t.Fatal(err)
	}
	if s := <-got; s != `{"a":1}` {
		t.Errorf("sent %s", s)
	}
}

// A function that ends its goroutine, as t.FailNow does, leaves no reply, so it
// must not look like a success.
func TestPromiseOfAFunctionThatNeverReturns(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) { return signedReply(200, `{}`), nil })
	result, err := client.Chain("v3/x").GetAsync(bg).
		Then(func(*wxpay.Result) error { runtime.Goexit(); return nil }).Wait(bg)
	if err == nil || result != nil {
		t.Errorf("got %v, %v", result, err)
	}
}

// panicky panics whatever it is asked to send.
func panicky(v any) transport { return func(*http.Request) (*http.Response, error) { panic(v) } }

func TestPanicsBecomeThePromisesError(t *testing.T) {
	t.Parallel()
	mark := errors.New("mine")
	answering := func(r *http.Response, err error) wxpay.Chain {
		return clientOver(t, func(*http.Request) (*http.Response, error) { return r, err }).Chain("v3/x")
	}
	fine := clientOver(t, func(*http.Request) (*http.Response, error) {
		return signedReply(200, `{}`), nil
	}).Chain("v3/x")
	passed := func(*wxpay.Result) error {
		t.Error("Then ran after a panic")
		return nil
	}
	for name, p := range map[string]*wxpay.Promise[*wxpay.Result]{
		"the call": clientOver(t, panicky(mark)).Chain("v3/x").PostAsync(bg, `{}`),
		"Then":     fine.GetAsync(bg).Then(func(*wxpay.Result) error { panic(mark) }),
		"Otherwise": answering(nil, errors.New("x")).GetAsync(bg).
			Otherwise(func(error) (*wxpay.Result, error) { panic(mark) }),
		"a later Then": fine.GetAsync(bg).Then(func(*wxpay.Result) error { panic(mark) }).Then(passed),
	} {
		_, err := p.Wait(bg)
		var e *wxpay.PanicError
		if !errors.As(err, &e) || !errors.Is(err, mark) || !strings.Contains(string(e.Stack), "promise_test.go") ||
			!strings.Contains(err.Error(), "a panic in the goroutine of a promise: mine") {
			t.Errorf("%s: got %v, %s", name, err, e)
		}
	}
	typed := leaf.NewPoster[queryIn, queryOut](leaf.Bind(clientOver(t, panicky("text"))), "v3/x")
	_, err := typed.PostAsync(bg, &queryIn{}).Wait(bg)
	if e := (*wxpay.PanicError)(nil); !errors.As(err, &e) || e.Value != "text" || e.Unwrap() != nil {
		t.Errorf("typed: got %v", err)
	}
	recovered, err := fine.GetAsync(bg).Then(func(*wxpay.Result) error { panic("x") }).
		Otherwise(func(error) (*wxpay.Result, error) { return &wxpay.Result{Status: 299}, nil }).Wait(bg)
	if err != nil || recovered.Status != 299 {
		t.Errorf("recovered: got %v, %v", recovered, err)
	}
}

// A call that is made at once leaves a panic to its caller.
func TestAPanicAtOnceStaysOne(t *testing.T) {
	t.Parallel()
	defer func() {
		if v := recover(); v != "mine" {
			t.Errorf("recovered %v", v)
		}
	}()
	_, err := clientOver(t, panicky("mine")).Chain("v3/x").Get(bg)
	t.Errorf("returned %v", err)
}

type panickyJSON struct{}

func (panickyJSON) MarshalJSON() ([]byte, error) { panic("oSECRET") }

// So does one of the body's own methods, and nothing was sent.
func TestPanicsOfABodyBecomeThePromisesError(t *testing.T) {
	t.Parallel()
	client := clientOver(t, func(*http.Request) (*http.Response, error) { return nil, errors.New("sent") })
	for name, wait := range map[string]func() error{
		"chain": func() error { return second(client.Chain("v3/x").PostAsync(bg, panickyJSON{}).Wait(bg)) },
		"APIv2": func() error {
			return second(client.Chain("v2/x").PostAsync(bg, map[string]any{"a": panickyJSON{}}).Wait(bg))
		},
		"typed": func() error {
			post := leaf.NewPoster[panickyJSON, queryOut](leaf.Bind(client), "v3/x")
			return second(post.PostAsync(bg, &panickyJSON{}).Wait(bg))
		},
		"typed PATCH": func() error {
			patch := leaf.NewPatcher[panickyJSON, queryOut](leaf.Bind(client), "v3/x")
			return second(patch.PatchAsync(bg, &panickyJSON{}).Wait(bg))
		},
	} {
		err := wait()
		var unsent *wxpay.RequestError
		var e *wxpay.PanicError
		if !errors.As(err, &unsent) || !errors.As(err, &e) || e.Value != "oSECRET" || wxpay.OutcomeUnknown(err) ||
			strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
