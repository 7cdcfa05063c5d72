package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// hung is a sandbox under a running clock with two merchants, of whom one never answers.
type hung struct {
	*sandbox.Sandbox
	t              *testing.T
	silent, honest *wxpay.Client
	asked, heard   chan struct{}
}

func newHung(t *testing.T, patience, longest time.Duration, more ...func(*sandbox.Config)) *hung {
	t.Helper()
	second := ledger.Merchant{MchID: "1700000000", AppIDs: []string{"wx7"}}
	c := sandbox.Config{
		Keys: pinnedKeys(t), Merchants: append(sandbox.New(t).Merchants(), second), NotifyTimeout: patience,
	}
	sandbox.Longest(&c, longest)
	for _, change := range more {
		change(&c)
	}
	s, err := sandbox.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	h := &hung{Sandbox: s, t: t, asked: make(chan struct{}, 1000), heard: make(chan struct{}, 1000)}
	closed := make(chan struct{})
	t.Cleanup(func() { close(closed); s.Close() })
	for prefix, answer := range map[string]http.HandlerFunc{
		"https://silent.example": func(_ http.ResponseWriter, r *http.Request) {
			h.asked <- struct{}{}
			select {
			case <-r.Context().Done():
			case <-closed:
			}
		},
		"https://honest.example": func(http.ResponseWriter, *http.Request) {
			select {
			case h.heard <- struct{}{}:
			default: // nobody counts them
			}
		},
	} {
		if err := s.Receive(prefix, answer); err != nil {
			t.Fatal(err)
		}
	}
	for id, client := range map[string]**wxpay.Client{sandbox.DefaultMchID: &h.honest, second.MchID: &h.silent} {
		cfg, err := s.ClientConfigFor(id)
		if err != nil {
			t.Fatal(err)
		}
		if *client, err = wxpay.New(cfg); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// echo has WeChat Pay notify a merchant.
func (h *hung) echo(c *wxpay.Client, url string, n int) {
	h.t.Helper()
	if _, err := c.Chain("v3/security/echo").Post(h.t.Context(), map[string]any{
		"echo_message": fmt.Sprint("message ", n), "notify_url": url,
	}); err != nil {
		h.t.Error(err)
	}
}

// Whoever's notifications fall due while another's are waited for.
func TestAWalkKeepsNobodyWaitingForAnother(t *testing.T) {
	t.Parallel()
	const due = 20
	h := newHung(t, time.Second, 0)
	for n := range due {
		h.echo(h.silent, "https://silent.example/n", n)
	}
	for range due {
		await(t, h.asked, "an attempt to who does not answer")
	}
	walked := make(chan error, 1)
	go func() { walked <- h.Advance(16 * time.Second) }() // their second attempts are due on the way
	await(t, h.asked, "the second attempt")
	h.echo(h.honest, "https://honest.example/n", 1)
	await(t, h.heard, "the notification of another merchant")
	if err := await(t, walked, "the end of the walk"); err != nil {
		t.Error(err)
	}
}

// settlesBeside has so many callers of a merchant's notified all the time, and wants Settle to end.
func (h *hung) settlesBeside(callers int, c *wxpay.Client, url string, told <-chan struct{}) {
	h.t.Helper()
	stop := make(chan struct{})
	var calls sync.WaitGroup
	for range callers {
		calls.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					h.echo(c, url, n)
				}
			}
		})
	}
	await(h.t, told, "an attempt")
	settled := make(chan error, 1)
	go func() { settled <- h.Settle() }()
	if err := await(h.t, settled, "the end of Settle"); err != nil {
		h.t.Error(err)
	}
	close(stop)
	calls.Wait()
}

// Settle ends although more falls due than its merchant answers.
func TestSettleEndsBesideWhoDoesNotAnswer(t *testing.T) {
	t.Parallel()
	h := newHung(t, 50*time.Millisecond, 0)
	h.settlesBeside(1, h.silent, "https://silent.example/n", h.asked)
}

// A walk that takes too long ends with an error that names whom it waited for.
func TestAWalkUnderARunningClockIsBounded(t *testing.T) {
	t.Parallel()
	h := newHung(t, 20*time.Millisecond, time.Nanosecond)
	h.echo(h.silent, "https://silent.example/n", 1)
	await(t, h.asked, "the attempt in the background")
	if err := h.Advance(time.Hour); err == nil || !strings.Contains(err.Error(), "to merchant 1700000000") {
		t.Errorf("Advance returned %v", err)
	}
}

// Of a merchant that answers slowly but in time, any number may be due: no walk waits for them
// before it sees to another merchant's, also once it has taken longer than an answer may.
func TestAWalkIsNoBarrier(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]time.Duration{"at first": 0, "when it is late": time.Nanosecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walksBeside(t, late)
		})
	}
}

func walksBeside(t *testing.T, late time.Duration) {
	const first, more = 20, 3 * 64
	h := newHung(t, time.Minute, 0, func(c *sandbox.Config) { sandbox.Late(c, late) })
	var slow atomic.Bool
	failed, asked, answer := make(chan struct{}, 1000), make(chan struct{}, 1000), make(chan struct{})
	release := sync.OnceFunc(func() { close(answer) })
	t.Cleanup(release)
	if err := h.Receive("https://slow.example", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !slow.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			failed <- struct{}{}
			return
		}
		asked <- struct{}{}
		<-answer
	})); err != nil {
		t.Fatal(err)
	}
	for n := range first {
		h.echo(h.silent, "https://slow.example/n", n)
	}
	for range first {
		await(t, failed, "an attempt that fails")
	}
	if err := h.Settle(); err != nil { // which waits until that is written down
		t.Fatal(err)
	}
	slow.Store(true)
	walked := make(chan error, 1)
	go func() { walked <- h.Advance(16 * time.Second) }() // their second attempts are due on the way
	await(t, asked, "the second attempt")
	h.echo(h.honest, "https://honest.example/n", 1)
	await(t, h.heard, "the notification of another merchant")
	for n := range more {
		h.echo(h.silent, "https://slow.example/n", first+n)
	}
	h.echo(h.honest, "https://honest.example/n", 2)
	await(t, h.heard, "the notification of another merchant, behind many")
	if len(walked) > 0 {
		t.Error("the walk ended before what it waits for was answered")
	}
	release()
	if err := await(t, walked, "the end of the walk"); err != nil {
		t.Error(err)
	}
	if err := h.Settle(); err != nil { // a late walk does not wait for what fell due since it began
		t.Error(err)
	}
	pushes, err := h.Pushes()
	if err != nil || len(pushes) != first+more+2 {
		t.Fatalf("%d notifications: %v", len(pushes), err)
	}
	for _, p := range pushes {
		if p.State != ledger.PushDelivered {
			t.Errorf("after the walk %s to %s is %s", p.ID, p.URL, p.State)
		}
	}
}

// Settle ends although another merchant has something under way all the time.
func TestSettleEndsBesideOthersLoad(t *testing.T) {
	t.Parallel()
	h := newHung(t, 200*time.Millisecond, 0)
	h.settlesBeside(4, h.honest, "https://honest.example/n", h.heard)
}
