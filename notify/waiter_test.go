package notify_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

const waitedCode = "wxwtdk20200910100000"

// contractAsked asks the sandbox for the contract, and tells asked after every question.
func contractAsked(s *sandbox.Sandbox, asked chan<- string) notify.Ask {
	contracts := combinepapay.Of(s.Client()).Contracts
	return func(ctx context.Context) (string, error) {
		c, err := contracts.PlanID.PlanID(12535).OutContractCode.OutContractCode(waitedCode).Get(ctx)
		state := "none"
		if err == nil {
			state = c.ContractState
		}
		asked <- state
		return state, err
	}
}

type waited struct {
	notify.Learnt
	err error
}

// A payer signs while somebody waits, and the notification says when to ask: at once, and not after
// the pause. Whether there is a function for it, and what that returns, is nothing to the waiter.
func TestWaitingForASignature(t *testing.T) {
	t.Parallel()
	for name, function := range map[string]func(*notify.Receiver){
		"nobody's": func(*notify.Receiver) {},
		"one that fails": func(r *notify.Receiver) {
			r.Otherwise(func(context.Context, *notify.Notification) error { return errors.New("no database") })
		},
		"one that panics": func(r *notify.Receiver) {
			r.Otherwise(func(context.Context, *notify.Notification) error { panic("no database") })
		},
		"one that writes": func(r *notify.Receiver) {
			r.Otherwise(func(_ context.Context, n *notify.Notification) error { clear(n.Plaintext); return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sandbox.New(t)
			w := notify.NewWaiter()
			r := notify.New(s.Client().Keys(), notify.Tell(w), notify.OnError(func(context.Context, *notify.Error) {}))
			function(r)
			serve(t, s, r)
			token := presign(t, s)
			asked, done := make(chan string, 10), make(chan waited)
			go func() {
				l, err := w.Signed(t.Context(), waitedCode, contractAsked(s, asked))
				done <- waited{l, err}
			}()
			if state := <-asked; state == "SIGNED" {
				t.Fatal("it is signed already")
			}
			if _, err := s.Payer(openid).Agree(token); err != nil {
				t.Fatal(err)
			}
			if err := s.Settle(); err != nil {
				t.Fatal(err)
			}
			got := <-done
			if got.err != nil || !got.Reached || got.State != "SIGNED" || got.By != notify.ByNotification ||
				got.Asked < 2 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// What was there before anybody waited, and another end than the one waited for, the first question
// finds.
func TestWaitingForWhatIsThere(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t)
	contract, err := s.Payer(openid).Agree(presign(t, s))
	if err != nil {
		t.Fatal(err)
	}
	w, asked := notify.NewWaiter(), make(chan string, 10)
	l, err := w.Signed(t.Context(), waitedCode, contractAsked(s, asked))
	if err != nil || l != (notify.Learnt{Reached: true, State: "SIGNED", By: notify.ByQuery, Asked: 1}) {
		t.Errorf("got %+v, %v", l, err)
	}
	if err := s.Payer(openid).Terminate(contract.ID); err != nil {
		t.Fatal(err)
	}
	l, err = w.Signed(t.Context(), waitedCode, contractAsked(s, asked))
	if err != nil || l.Reached || l.State != "TERMINATED" {
		t.Errorf("signed and ended: got %+v, %v", l, err)
	}
	l, err = w.Terminated(t.Context(), waitedCode, contractAsked(s, asked))
	if err != nil || !l.Reached {
		t.Errorf("got %+v, %v", l, err)
	}
}

// A notification that never comes costs seconds: the next question finds it.
func TestWaitingWhereTheNotificationIsLost(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t)
	if err := s.Inject(fault.Fault{Name: fault.Lost, Event: "*"}); err != nil {
		t.Fatal(err)
	}
	token, contracts := presign(t, s), combinepapay.Of(s.Client()).Contracts
	state := func(ctx context.Context) (string, error) {
		c, err := contracts.PlanID.PlanID(12535).OutContractCode.OutContractCode(waitedCode).Get(ctx)
		if err != nil {
			return "", err
		}
		return c.ContractState, nil
	}
	before, err := state(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Payer(openid).Agree(token); err != nil {
		t.Fatal(err)
	}
	after, err := state(t.Context())
	if err != nil || after == before {
		t.Fatalf("from %s to %s, %v", before, after, err)
	}
	synctest.Test(t, func(t *testing.T) { // in which no network is waited for
		signed := time.Now().Add(45 * time.Second)
		l, err := notify.NewWaiter().Signed(t.Context(), waitedCode, func(context.Context) (string, error) {
			if time.Now().Before(signed) {
				return before, nil
			}
			return after, nil
		})
		late := time.Since(signed)
		if err != nil || !l.Reached || l.By != notify.ByQuery || late > 38*time.Second || l.Asked > 10 {
			t.Errorf("got %+v, %v, %s after it was signed", l, err, late)
		}
	})
}

func TestHowOftenAWaiterAsks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start, w, last := time.Now(), notify.NewWaiter(), time.Duration(0)
		broken := errors.New("the network is down")
		var pauses []time.Duration
		l, err := w.Debited(ctx, "x1", func(context.Context) (string, error) {
			at := time.Since(start)
			pauses, last = append(pauses, at-last), at
			return "", broken
		})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, broken) || l.Reached ||
			l.Asked != len(pauses) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %+v, %v", l, err)
		}
		if time.Since(start) != time.Hour {
			t.Errorf("it ended after %s", time.Since(start))
		}
		for i, want := range []time.Duration{0, 1, 2, 4, 8, 16, 30, 30} {
			if got := pauses[i]; got < want*time.Second*3/4 || got > want*time.Second*5/4 {
				t.Errorf("pause %d is %s, want about %d s", i, got, want)
			}
		}
		if len(pauses) < 90 || len(pauses) > 170 {
			t.Errorf("asked %d times in an hour", len(pauses))
		}
	})
}

// A notification that names the number lets it ask at once; another does not.
func TestWhatAWaiterHears(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		says string
		want bool
	}{
		"the number":            {`{"out_trade_no":"x1"}`, true},
		"deep down":             {`{"contract_information":{"list":[{"user_id":"x1"}]}}`, true},
		"another":               {`{"out_trade_no":"x2"}`, false},
		"its beginning":         {`{"out_trade_no":"x10"}`, false},
		"no JSON":               {`x1`, false},
		"nothing":               {``, false},
		"a list without an end": {`{"a":["x1"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, start := notify.NewWaiter(), time.Now()
				w.Heard(&notify.Notification{Plaintext: []byte(row.says)}) // nobody waits yet
				go func() {
					time.Sleep(100 * time.Second)
					w.Heard(nil)
					w.Heard(&notify.Notification{Plaintext: []byte(row.says)})
				}()
				paid := start.Add(100 * time.Second)
				l, err := w.Debited(t.Context(), "x1", func(context.Context) (string, error) {
					if time.Now().Before(paid) {
						return "ACCEPTED", nil
					}
					return "SUCCESS", nil
				})
				heard := l.By == notify.ByNotification && time.Since(paid) == 0
				if err != nil || !l.Reached || heard != row.want {
					t.Errorf("got %+v, %v, %s after it was paid", l, err, time.Since(paid))
				}
			})
		})
	}
}

func TestTheWordsOfAWaiter(t *testing.T) {
	t.Parallel()
	w := notify.NewWaiter()
	type goal func(context.Context, string, notify.Ask) (notify.Learnt, error)
	for _, row := range []struct {
		name                  string
		wait                  goal
		reached, ended, open_ string
	}{
		{"signed", w.Signed, "SIGNED ADD 0 CONTRACTED", "TERMINATED DELETE SIGN_FAILED", "NOT_SIGNED 1 9 TOMORROW"},
		{"terminated", w.Terminated, "TERMINATED DELETE 1", "SIGN_FAILED", "SIGNED ADD 0 TERMINATE_PENDING"},
		{"debited", w.Debited, "SUCCESS REFUND PAY_BACK", "PAY_FAIL CLOSED REVOKED", "ACCEPTED NOTPAY PAYERROR SUCC"},
		{"refunded", w.Refunded, "SUCCESS", "CLOSED REFUNDCLOSE ABNORMAL CHANGE", "PROCESSING"},
	} {
		for what, list := range map[string]string{"reached": row.reached, "ended": row.ended, "open": row.open_} {
			for word := range strings.FieldsSeq(list) {
				ctx, cancel := context.WithCancel(t.Context())
				asked := 0
				l, err := row.wait(ctx, "x1", func(context.Context) (string, error) {
					if asked++; asked == 1 {
						w.Heard(&notify.Notification{Plaintext: []byte(`"x1"`)})
						return word, nil
					}
					cancel()
					return word, nil
				})
				cancel()
				if open := err != nil; open != (what == "open") || l.Reached != (what == "reached") ||
					open && !errors.Is(err, context.Canceled) {
					t.Errorf("%s, %s: got %+v, %v", row.name, word, l, err)
				}
			}
		}
	}
}

func TestWaitsThatEndAtOnce(t *testing.T) {
	t.Parallel()
	w := notify.NewWaiter()
	never := func(context.Context) (string, error) { t.Error("it asked"); return "", nil }
	over, cancel := context.WithCancel(t.Context())
	cancel()
	var none context.Context
	var nobody *notify.Waiter
	s := sandbox.New(t)
	if err := s.Inject(fault.Fault{Name: fault.Error, Status: 403, Code: "NO_AUTH", Endpoint: "*"}); err != nil {
		t.Fatal(err)
	}
	wrong := func(ctx context.Context) (string, error) {
		_, err := s.Client().Chain("v3/x/{y}").Get(ctx)
		return "SIGNED", err
	}
	barred := func(ctx context.Context) (string, error) {
		_, err := combinepapay.Of(s.Client()).Contracts.PlanID.PlanID(1).OutContractCode.OutContractCode("x").Get(ctx)
		return "SIGNED", err
	}
	for name, row := range map[string]struct {
		w      *notify.Waiter
		ctx    context.Context
		number string
		ask    notify.Ask
		want   any
	}{
		"the context is over":   {w, over, "x1", never, nil},
		"no context":            {w, none, "x1", never, nil},
		"no number":             {w, t.Context(), "", never, nil},
		"no question":           {w, t.Context(), "x1", nil, nil},
		"no waiter":             {nobody, t.Context(), "x1", never, nil},
		"one nobody made":       {new(notify.Waiter), t.Context(), "x1", never, nil},
		"a wrong question":      {w, t.Context(), "x1", wrong, new(*wxpay.RequestError)},
		"one that is forbidden": {w, t.Context(), "x1", barred, new(*wxpay.Error)},
	} {
		l, err := row.w.Signed(row.ctx, row.number, row.ask)
		if err == nil || l.Reached || row.want != nil && !errors.As(err, row.want) {
			t.Errorf("%s: got %+v, %v", name, l, err)
		}
	}
	nobody.Heard(&notify.Notification{})
	defer func() {
		if recover() == nil {
			t.Error("a receiver was made that tells nobody")
		}
	}()
	notify.Tell(nil)
}
