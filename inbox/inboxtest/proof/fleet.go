package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"
)

// fleet are the receivers: each is started again when it has died, until all are stopped.
type fleet struct {
	slots []*slot
	ended sync.WaitGroup

	mu      sync.Mutex
	stopped bool
	role    role
	died    map[string]int // how often, by what the process said of itself, or atRandom
	asked   int            // questions of the sweepers
	found   int            // what they found that no notification had told
	buried  int            // dead letters, which the sweepers may try again
	odd     []string       // what a receiver reports that nothing here explains
	broken  error          // a receiver that does not start
}

type slot struct {
	address string
	mu      sync.Mutex
	running *process // nil while it is not
}

// When a receiver was killed.
const (
	atRandom     = "at random"
	beforeCommit = "before the commit"
	beforeAnswer = "before the answer"
)

// size is how many receivers there are.
const size = 3

func newFleet(r role) (*fleet, error) {
	f := &fleet{role: r, died: map[string]int{}}
	for range size {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		f.slots = append(f.slots, &slot{address: l.Addr().String()})
		l.Close()
	}
	return f, nil
}

func (f *fleet) addresses() (all []string) {
	for _, s := range f.slots {
		all = append(all, s.address)
	}
	return all
}

// start starts them, and returns when each takes messages.
func (f *fleet) start() error {
	ready := make(chan struct{}, size)
	for _, s := range f.slots {
		f.ended.Go(func() { f.keep(s, ready) })
	}
	for range size {
		<-ready
	}
	return f.problem()
}

// keep has one run, again and again.
func (f *fleet) keep(s *slot, ready chan<- struct{}) {
	for first := true; ; first = false {
		f.mu.Lock()
		r, stopped := f.role, f.stopped
		f.mu.Unlock()
		if stopped {
			return
		}
		r.Address = s.address
		p, err := start(r)
		if err == nil {
			s.set(p)
			if f.isPast(r) { // since it was decided to start it
				p.kill()
			}
			err = f.listen(p, func() {
				if first {
					ready <- struct{}{}
				}
			})
			s.set(nil)
		}
		if err != nil {
			f.mu.Lock()
			f.broken, f.stopped = err, true
			f.mu.Unlock()
			if first {
				ready <- struct{}{}
			}
			return
		}
	}
}

// isPast says whether a receiver is not to run, or not as it was told.
func (f *fleet) isPast(r role) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	r.Address = f.role.Address
	return f.stopped || r != f.role
}

// listen hears what a process says until it ends.
func (f *fleet) listen(p *process, ready func()) error {
	was, why := false, atRandom
	for {
		line, err := p.lines.ReadString('\n')
		line = strings.TrimSpace(line)
		switch {
		case line == "ready":
			was = true
			ready()
		case strings.HasPrefix(line, "killed itself "):
			why = strings.TrimPrefix(line, "killed itself ")
		case strings.HasPrefix(line, "swept "):
			var asked, found int
			_, _ = fmt.Sscanf(line, "swept %d %d", &asked, &found)
			f.mu.Lock()
			f.asked, f.found = f.asked+asked, f.found+found
			f.mu.Unlock()
		case line == "buried":
			f.mu.Lock()
			f.buried++
			f.mu.Unlock()
		case line != "":
			f.mu.Lock()
			f.odd = append(f.odd, line)
			f.mu.Unlock()
		}
		if err != nil {
			break
		}
	}
	ended := p.cmd.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !was && why == atRandom && p.cmd.ProcessState.Exited() {
		return fmt.Errorf("a receiver does not start: %w", ended)
	}
	if !f.stopped {
		f.died[why]++
	}
	return nil
}

func (s *slot) set(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = p
}

func (s *slot) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		s.running.kill()
	}
}

// killSome kills one after the other at random, the first one soon, until done is closed.
func (f *fleet) killSome(mean time.Duration, seed uint64, done <-chan struct{}) {
	drawn := rand.New(rand.NewPCG(seed, 2))
	for wait := mean / 4; ; wait = time.Duration(drawn.ExpFloat64() * float64(mean)) {
		select {
		case <-done:
			return
		case <-time.After(wait):
			f.slots[drawn.IntN(len(f.slots))].kill()
		}
	}
}

// calm has none of them kill itself or fail any longer: all are killed, and start so.
func (f *fleet) calm() {
	f.mu.Lock()
	f.role.BeforeCommit, f.role.BeforeAnswer, f.role.Fails = 0, 0, 0
	f.mu.Unlock()
	for _, s := range f.slots {
		s.kill()
	}
}

// problem is why there are no receivers any more.
func (f *fleet) problem() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken
}

func (f *fleet) stop() error {
	f.mu.Lock()
	f.stopped = true
	f.mu.Unlock()
	for _, s := range f.slots {
		s.kill()
	}
	f.ended.Wait()
	return f.problem()
}
