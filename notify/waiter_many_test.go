package notify_test

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay/notify"
)

// Many who wait ask no more often together than a few, and nothing is left behind.
func TestManyWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const many = 5000
		before := runtime.NumGoroutine()
		w, start := notify.NewWaiter(), time.Now()
		var asked, under, most atomic.Int64
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				l, err := w.Debited(t.Context(), strconv.Itoa(i), func(context.Context) (string, error) {
					asked.Add(1)
					for now := under.Add(1); ; {
						if old := most.Load(); now <= old || most.CompareAndSwap(old, now) {
							break
						}
					}
					defer under.Add(-1)
					time.Sleep(50 * time.Millisecond)
					if time.Since(start) < 20*time.Minute {
						return "ACCEPTED", nil
					}
					return "SUCCESS", nil
				})
				if err != nil || !l.Reached {
					t.Errorf("got %+v, %v", l, err)
				}
			})
		}
		time.Sleep(20 * time.Minute)
		if a := asked.Load(); a > 20*60*20*5/4 || a < 20*60*20/2 {
			t.Errorf("%d questions in 20 minutes, want about 20 a second", a)
		}
		for i := range many { // all of them are told, and none has to wait for its turn in the pauses
			w.Heard(&notify.Notification{Plaintext: []byte(strconv.Itoa(i))})
		}
		told := time.Now()
		all.Wait()
		if took := time.Since(told); took > many*50*time.Millisecond/8*5/4 {
			t.Errorf("it took %s to ask for all", took)
		}
		if m := most.Load(); m > 8 {
			t.Errorf("%d questions at a time", m)
		}
		if n := runtime.NumGoroutine() - before; n > 2 {
			t.Errorf("%d goroutines are left", n)
		}
	})
}

// Those who wait for one number take turns when it is named, also by one notification after the
// other.
func TestManyWhoWaitForOneNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const many = 400
		w, told := notify.NewWaiter(), make(chan struct{})
		var asked, prompted atomic.Int64
		var all sync.WaitGroup
		for range many {
			all.Go(func() {
				_, err := w.Debited(t.Context(), "T1", func(context.Context) (string, error) {
					asked.Add(1)
					select {
					case <-told:
						return "SUCCESS", nil
					default:
						return "ACCEPTED", nil
					}
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		named := &notify.Notification{Plaintext: []byte(`{"out_trade_no":"T1"}`)}
		time.Sleep(time.Hour)
		synctest.Wait()
		prompted.Store(asked.Load())
		w.Heard(named)
		synctest.Wait()
		if n := asked.Load() - prompted.Load(); n != 1 {
			t.Errorf("%d asked in the moment it was named", n)
		}
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			w.Heard(named)
		}
		if n := asked.Load() - prompted.Load(); n < 150 || n > 210 {
			t.Errorf("%d questions in 10 seconds, want about 20 a second", n)
		}
		close(told)
		all.Wait()
	})
}

// Those who wait, those who come and go and the notifications are at it at once.
func TestWaitersAtOnce(t *testing.T) {
	t.Parallel()
	w := notify.NewWaiter()
	var all sync.WaitGroup
	stop := make(chan struct{})
	var told sync.WaitGroup
	told.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				w.Heard(&notify.Notification{Plaintext: []byte(strconv.Itoa(i % 10))})
			}
		}
	})
	for i := range 50 {
		all.Go(func() {
			asked := 0
			l, err := w.Refunded(t.Context(), strconv.Itoa(i%10), func(context.Context) (string, error) {
				if asked++; asked < 3 {
					return "PROCESSING", nil
				}
				return "SUCCESS", nil
			})
			if err != nil || !l.Reached || l.By != notify.ByNotification || l.Asked != 3 {
				t.Errorf("got %+v, %v", l, err)
			}
		})
	}
	all.Wait()
	close(stop)
	told.Wait()
}

// Those who leave keep no turn: one who stays, and whose number is named again when it is paid,
// hears of it within the turns of those who are there.
func TestThoseWhoLeaveKeepNoTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, paid := notify.NewWaiter(), make(chan struct{})
		named := &notify.Notification{Plaintext: []byte(`{"out_trade_no":"T1"}`)}
		ask := func(context.Context) (string, error) {
			select {
			case <-paid:
				return "SUCCESS", nil
			default:
				return "ACCEPTED", nil
			}
		}
		passing, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 400 { // pages that ask for three seconds, again and again
			all.Go(func() {
				for passing.Err() == nil {
					ctx, end := context.WithTimeout(passing, 3*time.Second)
					_, _ = w.Debited(ctx, "T1", ask)
					end()
				}
			})
		}
		for range 30 { // a minute in which each of them is woken
			time.Sleep(2 * time.Second)
			w.Heard(named)
		}
		stop()
		asked, done := make(chan struct{}, 100), make(chan struct{})
		go func() {
			defer close(done)
			l, err := w.Debited(t.Context(), "T1", func(ctx context.Context) (string, error) {
				asked <- struct{}{}
				return ask(ctx)
			})
			if err != nil || !l.Reached {
				t.Errorf("got %+v, %v", l, err)
			}
		}()
		<-asked
		all.Wait()
		close(paid)
		at := time.Now()
		w.Heard(named)
		<-done
		if took := time.Since(at); took > 2*time.Second {
			t.Errorf("it took %s to hear that it was paid", took)
		}
	})
}
