package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// data is about what the row of a session holds.
var data = []byte(strings.Repeat(`{"kind":"presign","out_contract_code":"wxwtdk20200910","plan_id":12535},`, 7))

func sessionID(n int64) string { return fmt.Sprint("7094BOj1Af66pt2DaCceElSP", n) }

// presign writes what a pre-sign writes: a code and a session, once it has seen that neither is
// there. What it asks about due rows today's store knows without reading, so it is left out.
func presign(s store.Store, n int64) error {
	return s.Update(context.Background(), func(tx store.Tx) error {
		code, session := fmt.Sprint("combine-papay|1900000109|wxwtdk", n), sessionID(n)
		for _, at := range [][2]string{{"code", code}, {"session", session}} {
			if _, err := tx.Get(at[0], at[1]); !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("found %v: %v", at, err)
			}
		}
		_, err1 := tx.Put("code", store.Row{ID: code, Data: data[:162]})
		_, err2 := tx.Put("session", store.Row{ID: session, Keys: []string{"open", "mchid:1900000109"}, Data: data})
		return errors.Join(err1, err2)
	})
}

// drive has so many goroutines call f, with a number that grows, until it is over or f fails.
func drive(goroutines int, over func(n int64) bool, f func(n int64) error) (calls int64, err error) {
	var wg sync.WaitGroup
	var next, done atomic.Int64
	failed := make(chan error, goroutines)
	for range goroutines {
		wg.Go(func() {
			for n := next.Add(1); !over(n); n = next.Add(1) {
				if err := f(n); err != nil {
					failed <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	close(failed)
	return done.Load(), <-failed
}

// fill makes 2n rows.
func fill(s store.Store, n int64) error {
	_, err := drive(64, func(i int64) bool { return i > n }, func(i int64) error { return presign(s, i) })
	return err
}

// timed drives f for a moment, and gives how many calls a second came back and the microseconds of
// CPU each took.
func timed(goroutines int, f func(n int64) error) (rate, cpu float64, err error) {
	began, used := time.Now(), cpuTime()
	over := func(int64) bool { return time.Since(began) > 400*time.Millisecond }
	n, err := drive(goroutines, over, f)
	wall, used := time.Since(began), cpuTime()-used
	return float64(n) / wall.Seconds(), float64(used.Nanoseconds()) / 1e3 / float64(n), err
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func (m *measurement) updates() error {
	figures, err := m.medians(len(engines), func(i int) ([]float64, error) {
		var figures [6]float64
		err := m.withStore(i, func(_ string, s store.Store) error {
			for k, writers := range []int{1, 8, 64} {
				first := int64(k) * 1e9
				var err error
				figures[k], figures[3+k], err = timed(writers, func(n int64) error { return presign(s, first+n) })
				if err != nil {
					return err
				}
			}
			return nil
		})
		return figures[:], err
	})
	if err != nil {
		return err
	}
	printRow("durable updates a second with 1 / 8 / 64 writers", "%.0f", columns(figures, 0, 3))
	printRow("… CPU µs each", "%.0f", columns(figures, 3, 6))
	return nil
}

func (m *measurement) reads() error {
	const filled = 2000
	figures, err := m.medians(len(engines), func(i int) ([]float64, error) {
		var figures [3]float64
		err := m.withStore(i, func(_ string, s store.Store) (err error) {
			if err := fill(s, filled); err != nil {
				return err
			}
			get := func(int64) error {
				return s.View(context.Background(), func(tx store.Tx) error {
					_, err := tx.Get("session", sessionID(1+rand.Int64N(filled)))
					return err
				})
			}
			if figures[0], figures[2], err = timed(1, get); err != nil {
				return err
			}
			wrote := make(chan error)
			go func() {
				_, _, err := timed(8, func(n int64) error { return presign(s, filled+n) })
				wrote <- err
			}()
			figures[1], _, err = timed(1, get)
			return errors.Join(err, <-wrote)
		})
		return figures[:], err
	})
	if err != nil {
		return err
	}
	printRow("reads of one row a second, alone / while 8 write", "%.0f", columns(figures, 0, 2))
	printRow("… CPU µs each, alone", "%.1f", columns(figures, 2, 3))
	return nil
}
