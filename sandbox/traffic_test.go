package sandbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Config.OnExchange and OnAttempt hear of everything that goes over the line.
func TestTrafficIsHeardOf(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var calls []ledger.Exchange
	var attempts []string
	called := make(chan struct{}, 100)
	w := newWorld(t, func(c *sandbox.Config) {
		c.OnExchange = func(x ledger.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			calls = append(calls, x)
			called <- struct{}{}
		}
		c.OnAttempt = func(p ledger.Push, a ledger.Attempt) {
			mu.Lock()
			defer mu.Unlock()
			attempts = append(attempts, p.Event+" "+string(p.State)+" "+a.Error)
		}
	})
	statuses := []int{500, 204}
	w.inbox.answer = func() int {
		status := statuses[0]
		statuses = statuses[1:]
		return status
	}
	token := w.must("POST", presignEdu, eduBody())["presign_token"].(string)
	w.refused(400, "PARAM_ERROR", "POST", presignEdu, with(eduBody(), "openid", nil))
	if _, err := w.Payer(eduOpenID).Agree(token); err != nil {
		t.Fatal(err)
	}
	w.ok(w.Advance(time.Minute))
	<-called // they may be told just after the answer is out
	<-called

	mu.Lock()
	defer mu.Unlock()
	if len(calls) != 2 || calls[0].Status+calls[1].Status != 600 {
		t.Fatalf("heard of %+v", calls)
	}
	for _, x := range calls {
		if x.Operation != "POST /"+presignEdu || (x.Code == "PARAM_ERROR") != (x.Status == 400) ||
			strings.Contains(x.Header.Get("Authorization"), `signature="A`) {
			t.Errorf("heard of %+v", x)
		}
	}
	if len(attempts) != 2 || attempts[0] != "ENTRUST.SIGNING PENDING answered 500, want 200 or 204" ||
		attempts[1] != "ENTRUST.SIGNING DELIVERED " {
		t.Errorf("heard of %q", attempts)
	}
}

// A key that somebody put into a notify_url by mistake is told to nobody.
func TestTrafficTellsNoKeyOfANotifyURL(t *testing.T) {
	t.Parallel()
	told := make(chan string, 10)
	w := newWorld(t, func(c *sandbox.Config) {
		c.OnAttempt = func(p ledger.Push, a ledger.Attempt) { told <- p.URL + " " + p.Problem + " " + a.Error }
		c.Forward = nil
	})
	key := w.Merchants()[0].APIv3Key.Reveal()
	token := w.must("POST", presignCombine, with(combineBody(), "notify_url", "https://elsewhere.example/"+
		key))["pre_entrustweb_id"].(string)
	_, err := w.Payer(openID).Agree(token)
	w.ok(err)
	w.ok(w.Settle())
	if text := await(t, told, "the attempt"); strings.Contains(text, key) || !strings.Contains(text,
		"https://elsewhere.example/…") {
		t.Errorf("told of %s", text)
	}
}

// What the payer sees is told in whole seconds of Beijing, whatever the clock's.
func TestPageTellsTheTimeAsWeChatPayDoes(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t, sandbox.At(start.Add(123456789*time.Nanosecond)))
	r, err := sb.Client().Chain(presignEdu).Post(t.Context(), eduBody())
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Map()
	if err != nil {
		t.Fatal(err)
	}
	page, err := sb.Payer(eduOpenID).Open(m["presign_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(page)
	if err != nil || !strings.Contains(string(text), `"expires_at":"2020-09-10T12:00:00+08:00"`) {
		t.Errorf("got %s, %v", text, err)
	}
}

// closing is a store that tells when it is closed.
type closing struct {
	store.Store
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return c.Store.Close()
}

// A store belongs to whoever opened it until there is a sandbox to own it.
func TestStartThatFailsLeavesTheStoreOpen(t *testing.T) {
	t.Parallel()
	nonsense := pinnedKeys(t)
	nonsense.Authority = "nonsense"
	for _, c := range []sandbox.Config{
		{Addr: "192.0.2.1:1"},
		{AdminAddr: "nonsense"},
		{Keys: nonsense},
		{Forward: map[string]string{"x": "y"}},
	} {
		kept := &closing{Store: store.NewMemory()}
		base := sandbox.New(t).Merchants() // with keys, which take long to make
		c.Store, c.Merchants = kept, base
		if s, err := sandbox.Start(c); err == nil {
			err = errors.Join(errors.New("it started"), s.Close())
			t.Errorf("%+v: %v", c, err)
		} else if kept.closed {
			t.Errorf("%v: the store was closed", err)
		}
	}
}

// No call waits for who hears of it, and calls are heard of in their order.
func TestNoCallWaitsForWhoHearsOfIt(t *testing.T) {
	t.Parallel()
	release, heard := make(chan struct{}), make(chan string, 100)
	w := newWorld(t, func(c *sandbox.Config) {
		c.OnExchange = func(x ledger.Exchange) {
			<-release
			heard <- x.URI
		}
	})
	var want []string
	for i := range 20 {
		uri := fmt.Sprintf("/v3/certificates?n=%d", i)
		w.send(raw{method: "GET", uri: uri, body: []byte{}})
		want = append(want, uri)
	}
	close(release)
	for _, uri := range want {
		if got := await(t, heard, uri); got != uri {
			t.Fatalf("heard of %s, want %s", got, uri)
		}
	}
}

// Who hears of calls slowly, or panics, costs the journal nothing, at its end neither.
func TestTheJournalWaitsForNobodyWhoHears(t *testing.T) {
	t.Parallel()
	kept, release := newSlowJournal(), make(chan struct{})
	kept.release()
	w := newWorld(t, sandbox.WithStore(kept), func(c *sandbox.Config) {
		c.OnExchange = func(ledger.Exchange) {
			<-release
			panic("not again")
		}
	})
	const calls = 20
	w.ok(w.strange(calls, ""))
	closed := make(chan error, 1)
	go func() { closed <- w.Close() }()
	await(t, kept.begins, "the journal's last batch")
	close(release)
	w.ok(await(t, closed, "the end"))
	if n := 1 + len(kept.begins); n != calls {
		t.Errorf("the journal has %d calls, want %d", n, calls)
	}
}
