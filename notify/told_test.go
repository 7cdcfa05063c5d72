package notify_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// What the error function makes of an error changes no answer: neither that of the delivery that
// ran, nor that of one that waited for it, which is given at the same time.
func TestTheErrorFunctionChangesNoAnswer(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(e *notify.Error){
		"a success": func(e *notify.Error) { e.Status = http.StatusOK },
		"no status": func(e *notify.Error) { e.Status, e.Check = 0, "nothing" },
		"all of it": func(e *notify.Error) { *e = notify.Error{} },
	} {
		for _, version := range []int{2, 3} {
			t.Run(name+", APIv"+strconv.Itoa(version), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWechat(t)
					told := 0
					r := notify.New(w.keys(t), notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
						notify.OnError(func(_ context.Context, e *notify.Error) { told++; change(e) }))
					release := make(chan struct{})
					r.Otherwise(func(context.Context, *notify.Notification) error {
						<-release
						return errors.New("the database is away")
					})
					e := w.envelope("EV-1", signedType, signedPlaintext)
					first, second := w.attempt(t, e), w.attempt(t, e)
					if version == 2 {
						first = message{body: signedV2(addV2(), wire.SignMD5)}
						second = first
					}
					answers := make(chan *httptest.ResponseRecorder, 2)
					for _, m := range []message{first, second} {
						go func() { answers <- m.post(r) }()
						synctest.Wait()
					}
					close(release)
					for range 2 {
						a := <-answers
						says := a.Body.String()
						if a.Code != 500 || !strings.Contains(says, "handler check") ||
							strings.HasPrefix(says, "<xml>") != (version == 2) {
							t.Errorf("answered %d, %s", a.Code, says)
						}
					}
					if told != 1 {
						t.Errorf("told %d times", told)
					}
				})
			})
		}
	}
}

// Nor does what a function makes of its notification, or of Decode's error, then or later.
func TestAFunctionChangesNoAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, log := newWechat(t), newErrorLog()
		r := notify.New(w.keys(t), notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)), log.option())
		done := make(chan struct{})
		notify.On(r, func(_ context.Context, n *notify.Notification, _ *event.V2Contract) error {
			err := n.Decode(new(int))
			e := new(*notify.Error)
			if !errors.As(err, e) {
				t.Error(err)
			}
			go func() { <-done; (*e).Status, (*e).Check = 200, "later" }()
			*n = notify.Notification{ID: "another"}
			(*e).Status, (*e).Check = 404, "method"
			return err
		})
		r.Handle(signedType, func(_ context.Context, n *notify.Notification) error {
			*n = notify.Notification{ID: "another"}
			return nil
		})
		contract := message{body: signedV2(addV2(), wire.SignMD5)}
		a := contract.post(r)
		close(done)
		synctest.Wait()
		if a.Code != 500 || !strings.Contains(a.Body.String(), "decode check") ||
			!strings.HasPrefix(a.Body.String(), "<xml>") {
			t.Errorf("answered %d, %s", a.Code, a.Body)
		}
		if e := log.take(t); e == nil || e.ID == "another" || e.Status != 500 || e.Check != notify.CheckDecode {
			t.Errorf("told %v", e)
		}
		if a := w.attempt(t, w.envelope("EV-1", signedType, signedPlaintext)).post(r); a.Code != 204 {
			t.Errorf("answered %d", a.Code)
		}
	})
}
