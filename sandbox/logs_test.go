package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// gated is a store whose disk is slow: the journal waits for the gate.
type gated struct {
	store.Store
	gate chan struct{}
}

func (g gated) Update(ctx context.Context, f func(store.Tx) error) error {
	return g.Store.Update(ctx, func(tx store.Tx) error { return f(gatedTx{tx, g.gate}) })
}

type gatedTx struct {
	store.Tx
	gate chan struct{}
}

func (t gatedTx) Append(log string, data []byte) (int64, error) {
	<-t.gate
	return t.Tx.Append(log, data)
}

// The log of what the journal lacks may be heard by somebody who looks at the journal.
func TestTheLogOfTheJournalMayLookAtIt(t *testing.T) {
	t.Parallel()
	const calls = 200 // more than may wait for a slow disk
	var w *world
	looked := make(chan error, 10)
	slow := gated{store.NewMemory(), make(chan struct{})}
	w = newWorld(t, sandbox.WithStore(slow), func(c *sandbox.Config) {
		c.Logf = func(string, ...any) {
			_, err := w.Journal(0, 1)
			looked <- err
		}
	})
	for range calls {
		w.send(raw{body: bytes.Repeat([]byte("."), 140<<10)}) // is refused
	}
	close(slow.gate)
	w.ok(await(t, looked, "somebody who looks at the journal"))
	closed := make(chan error, 1)
	go func() { closed <- w.Close() }()
	w.ok(await(t, closed, "the end"))
}

// looking is a test that looks at its sandbox when something is logged.
type looking struct {
	*testing.T
	sb     *sandbox.Sandbox
	looked chan int
}

func (l *looking) Logf(string, ...any) {
	pushes, _ := l.sb.Pushes()
	l.looked <- len(pushes)
}

// What a merchant should know is said when nothing is held, too.
func TestAWarningMayBeHeardByWhoeverLooks(t *testing.T) {
	t.Parallel()
	l := &looking{T: t, looked: make(chan int, 10)}
	plan := ledger.Plan{ID: "3", Product: ledger.Papay} // tells nobody
	l.sb = sandbox.New(l, sandbox.At(start), sandbox.WithPlan(plan))
	signed := make(chan error, 1)
	go func() {
		_, err := l.sb.Payer(openID).SignElsewhere(plan.Product, plan.ID)
		signed <- err
	}()
	if n := await(t, l.looked, "somebody who looks at the pushes"); n == 0 {
		t.Error("there are no pushes")
	}
	if err := await(t, signed, "the signing"); err != nil {
		t.Error(err)
	}
}

// gone is a store whose disk is gone once it says so.
type gone struct {
	store.Store
	now *atomic.Bool
}

func (g gone) Update(ctx context.Context, f func(store.Tx) error) error {
	if g.now.Load() {
		return errors.New("the disk is gone")
	}
	return g.Store.Update(ctx, f)
}

func (g gone) View(ctx context.Context, f func(store.Tx) error) error {
	if g.now.Load() {
		return errors.New("the disk is gone")
	}
	return g.Store.View(ctx, f)
}

// A call that fails inside is logged by its endpoint: its path may have an openid in it.
func TestAFailureInsideIsLoggedWithoutTheCall(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var lines []string
	disk := gone{store.NewMemory(), new(atomic.Bool)}
	w := newWorld(t, sandbox.WithStore(disk), func(c *sandbox.Config) {
		c.Logf = func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, fmt.Sprintf(format, args...))
		}
	})
	disk.now.Store(true)
	w.refused(500, "SYSTEM_ERROR", "GET", "v3/edu-papay/user/"+eduOpenID+"/contracts?appid="+sandbox.DefaultEduAppID+
		"&plan_id="+sandbox.DefaultEduPlanID, nil)
	disk.now.Store(false)
	mu.Lock()
	defer mu.Unlock()
	if text := strings.Join(lines, "\n"); !strings.Contains(text, "GET /v3/edu-papay/user/{openid}/contracts failed") ||
		strings.Contains(text, eduOpenID) {
		t.Errorf("it logs %s", text)
	}
}
