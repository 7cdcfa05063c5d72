package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// scene is one run.
type scene struct {
	options
	withInbox bool
	database  database
	db        *sql.DB
	box       *inbox.Box // the shop's; nil without the inbox
	wechat    wechat
	fleet     *fleet
	forwarder *forwarder
	attacker  *process
	shop      *shop
	lives     []life
	offset    atomic.Int64
	began     time.Time
	armed     []fault.Armed
	took      []string // how long each part took
}

// run is one run: it returns the differences between the books and the sandbox.
func run(o options, withInbox bool) (differences []difference, err error) {
	folder, err := os.MkdirTemp("", "wxpay-proof-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	s := &scene{options: o, withInbox: withInbox, began: time.Now(), lives: lives(o.contracts, o.seed)}
	prefix := "proof" + fmt.Sprint(os.Getpid()%100_000) + "_"
	if s.database, err = choose(o.database, folder, prefix); err != nil {
		return nil, err
	}
	if s.db, err = s.database.open(); err != nil {
		return nil, err
	}
	defer s.db.Close()
	s.say("%s, on %s, seed %d: %d contracts to be signed by %d payers", s.title(), o.database, o.seed, o.contracts,
		len(s.lives))
	ctx := context.Background()
	if err := s.database.create(ctx, s.db); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.database.drop(ctx, s.db)) }()
	stop, err := s.set()
	defer stop()
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name string
		play func(context.Context) error
	}{{"lives", s.play}, {"the rest of the attempts", s.drain}, {"the sweepers' last rounds", s.calm}} {
		began := time.Now()
		if err := part.play(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		s.took = append(s.took, fmt.Sprintf("%s %s", part.name, time.Since(began).Round(time.Second)))
	}
	return s.verdict(ctx)
}

// set starts everybody. stop ends them.
func (s *scene) set() (stop func(), err error) {
	var ends []func()
	stop = func() {
		for i := len(ends) - 1; i >= 0; i-- {
			ends[i]()
		}
	}
	server, err := start(role{Is: "sandbox", Seed: s.seed})
	if err != nil {
		return stop, err
	}
	ends = append(ends, server.kill)
	line, err := server.lines.ReadString('\n')
	if err != nil {
		return stop, fmt.Errorf("the sandbox does not start: %w", err)
	}
	s.wechat = wechat{strings.TrimSpace(line)}
	chances := role{Is: "receiver", Admin: s.wechat.admin, Database: s.database, Inbox: s.withInbox,
		BeforeCommit: s.selfKills, BeforeAnswer: s.selfKills, Fails: s.selfKills, Seed: s.seed}
	if s.fleet, err = newFleet(chances); err != nil {
		return stop, err
	}
	ends = append(ends, func() { _ = s.fleet.stop() })
	if err := s.fleet.start(); err != nil {
		return stop, err
	}
	if s.forwarder, err = newForwarder(s.fleet.addresses(), s.seed); err != nil {
		return stop, err
	}
	if err := s.wechat.post("forwards", object{"prefix": "https://yourapp.com", "target": s.forwarder.url()},
		nil); err != nil {
		return stop, err
	}
	if err := s.wechat.inject(faults()); err != nil {
		return stop, err
	}
	if s.attacker, err = start(role{Is: "attacker", Address: s.forwarder.url(), Seed: s.seed}); err != nil {
		return stop, err
	}
	ends = append(ends, s.attacker.kill)
	s.forwarder.listenIn(s.attacker.stdin)
	return stop, s.open()
}

// open makes the shop.
func (s *scene) open() error {
	cfg, err := s.wechat.config()
	if err != nil {
		return err
	}
	client, err := wxpay.New(cfg)
	if err != nil {
		return err
	}
	if s.withInbox {
		if s.box, err = newBox(s.database, s.db, s.now); err != nil {
			return err
		}
	}
	s.shop = &shop{client: client, wechat: s.wechat, db: s.db, database: s.database, box: s.box}
	return s.follow()
}

// now is the sandbox's time of business.
func (s *scene) now() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) }

func (s *scene) follow() error {
	now, err := s.wechat.now()
	if err == nil {
		s.offset.Store(int64(time.Until(now)))
	}
	return err
}

// play goes through all lives, while the clock goes fast and the receivers are killed.
func (s *scene) play(ctx context.Context) error {
	done := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() { s.fleet.killSome(s.kills, s.seed, done) })
	var clock error
	others.Go(func() { clock = s.hurry(done) })
	err := s.shop.live(ctx, s.lives, 24)
	close(done)
	others.Wait()
	return errors.Join(err, clock)
}

// hurry moves the clock on by a minute several times a second.
func (s *scene) hurry(done <-chan struct{}) error {
	for {
		select {
		case <-done:
			return nil
		case <-time.After(250 * time.Millisecond):
		}
		if err := s.move(time.Minute); err != nil {
			return err
		}
	}
}

func (s *scene) move(d time.Duration) error {
	if err := s.wechat.advance(d); err != nil {
		return err
	}
	return s.follow()
}

// drain goes through the longest schedule of attempts and a round of the sweepers, and the
// receivers are killed on.
func (s *scene) drain(ctx context.Context) error {
	done := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() { s.fleet.killSome(s.kills, s.seed+1, done) })
	defer func() { close(done); killer.Wait() }()
	for range 26 {
		if err := s.move(time.Hour); err != nil {
			return err
		}
	}
	return s.swept(ctx)
}

// calm ends faults and kills, and lets the sweepers ask until nothing is found any more.
func (s *scene) calm(ctx context.Context) error {
	var armed struct{ Data []fault.Armed }
	if err := s.wechat.get("faults", &armed); err != nil {
		return err
	}
	s.armed = armed.Data
	if err := s.wechat.delete("faults"); err != nil {
		return err
	}
	s.fleet.calm()
	for last, same, round := -1, 0, 0; same < 2; round++ {
		if round == 20 {
			return errors.New("after 20 rounds something new is still found")
		}
		if err := s.move(askAgain + time.Hour); err != nil {
			return err
		}
		if err := s.swept(ctx); err != nil {
			return err
		}
		var n int
		if err := s.db.QueryRowContext(ctx, s.database.in("SELECT COUNT(*) FROM {effects}")).Scan(&n); err != nil {
			return err
		}
		if n == last {
			same++
		} else {
			last, same = n, 0
		}
	}
	return nil
}

// swept waits until the sweepers have asked for all that is due. It looks into the inbox's table
// for that, and for nothing else.
func (s *scene) swept(ctx context.Context) error {
	if !s.withInbox {
		return nil
	}
	for began := time.Now(); time.Since(began) < 5*time.Minute; {
		var due int
		if err := s.db.QueryRowContext(ctx, s.database.in("SELECT COUNT(*) FROM {inbox_expected} WHERE ask_at <= ?"),
			s.now().Add(-time.Minute).UnixMicro()).Scan(&due); err != nil {
			return err
		}
		if due == 0 || s.fleet.problem() != nil {
			return s.fleet.problem()
		}
		time.Sleep(200 * time.Millisecond)
	}
	return errors.New("the sweepers do not get through what is due")
}
