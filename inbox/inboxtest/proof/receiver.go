package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// program is a receiver's process.
type program struct {
	role
	database database
	db       *sql.DB
	box      *inbox.Box // nil without it
	receiver *notify.Receiver
	client   *wxpay.Client
	wechat   wechat

	mu     sync.Mutex
	drawn  *rand.Rand
	offset atomic.Int64 // of the sandbox's clock from the machine's
}

// The times of the inbox, by the sandbox's clock, which goes much faster.
const (
	askAfter = time.Hour      // for what was expected
	askAgain = 12 * time.Hour // for the end of a contract
)

func playReceiver(r role) error {
	endWithDriver()
	p := &program{role: r, database: r.Database, wechat: wechat{r.Admin},
		drawn: rand.New(rand.NewPCG(r.Seed, uint64(os.Getpid())))}
	cfg, err := p.wechat.config()
	if err != nil {
		return err
	}
	if p.client, err = wxpay.New(cfg); err != nil {
		return err
	}
	if p.db, err = r.Database.open(); err != nil {
		return err
	}
	p.receiver = notify.New(p.client.Keys(), notify.APIv2Key(cfg.MchID, cfg.APIv2Key), notify.OnError(p.report))
	if r.Inbox {
		if p.box, err = newBox(r.Database, p.db, p.now); err != nil {
			return err
		}
	}
	p.functions()
	if err := p.follow(); err != nil {
		return err
	}
	if p.box != nil {
		if err := p.box.Check(context.Background()); err != nil {
			return err
		}
		p.box.Attach(p.receiver)
		go p.sweep()
	}
	listener, err := net.Listen("tcp", r.Address)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return http.Serve(listener, http.HandlerFunc(p.serve))
}

// newBox is the receivers' and the shop's.
func newBox(d database, db *sql.DB, now func() time.Time) (*inbox.Box, error) {
	return d.box(db, inbox.Config{Recheck: askAgain, KeepEvents: 500, Now: now, Wait: wait,
		OnDead: func(context.Context, inbox.Dead) { fmt.Println("buried") }})
}

func wait(ctx context.Context, d time.Duration) error {
	if d == inbox.Pace { // the sandbox does not mind, and this machine does little else
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve hands on headers and bytes, so that it can die between the commit and the answer.
func (p *program) serve(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, notify.MaxBody+1))
	if err != nil {
		http.Error(w, "the body broke off", http.StatusBadRequest)
		return
	}
	answer := p.receiver.Receive(req.Context(), req.Header, body)
	if answer.Status/100 == 2 {
		p.mayDie(p.BeforeAnswer, beforeAnswer)
	}
	if answer.ContentType != "" {
		w.Header().Set("Content-Type", answer.ContentType)
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// report says what is not a stranger's doing, and not on purpose.
func (p *program) report(_ context.Context, e *notify.Error) {
	if e.Check == notify.CheckHandler && !errors.Is(e, errOnPurpose) {
		fmt.Println("failed", e)
	}
}

func (p *program) happens(chance float64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return chance > 0 && p.drawn.Float64() < chance
}

// mayDie kills this process, with SIGKILL, at a chance. Nothing runs after it, in no goroutine.
func (p *program) mayDie(chance float64, when string) {
	if !p.happens(chance) {
		return
	}
	fmt.Println("killed itself", when)
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {}
}

// now is the sandbox's time of business, by which the inbox keeps and asks.
func (p *program) now() time.Time { return time.Now().Add(time.Duration(p.offset.Load())) }

// follow asks the sandbox what time it is.
func (p *program) follow() error {
	now, err := p.wechat.now()
	if err == nil {
		p.offset.Store(int64(time.Until(now)))
	}
	return err
}

// sweep is the process's housekeeping: every second instead of every minute, as the clock goes.
func (p *program) sweep() {
	ctx := context.Background()
	for round := 0; ; round++ {
		_ = p.follow()
		swept, err := p.box.Sweep(ctx, p.client)
		if swept.Asked > 0 {
			fmt.Println("swept", swept.Asked, swept.Found, swept.GivenUp, swept.Failed)
		}
		var known *wxpay.TransportError
		if err != nil && swept.Failed == 0 && !errors.As(err, &known) {
			fmt.Println("failed", err)
		}
		if _, err := p.box.Work(ctx); err != nil {
			fmt.Println("failed", err)
		}
		if round%10 == 9 {
			if _, err := p.box.Prune(ctx); err != nil {
				fmt.Println("failed", err)
			}
		}
		if swept.Asked < inbox.MaxAsked/4 {
			time.Sleep(time.Second)
		}
	}
}
