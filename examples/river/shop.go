// Command river shows slow work behind a notification: the contract, the fact that its notification
// was handled and a job of River (https://riverqueue.com) are committed in one transaction, and the
// job runs afterwards, as often as it takes.
//
// It needs PostgreSQL, and is a module of its own for it needs River. It knows packages inbox and
// notify. Start reading at shop.go; main.go serves it.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// Welcome is the job: it says to whom by the merchant's own number, so that the queue holds no
// openid.
type Welcome struct {
	Code string `json:"code"`
}

// Kind is the job's name in the queue.
func (Welcome) Kind() string { return "welcome" }

// shop books contracts.
type shop struct {
	db    *sql.DB
	box   *inbox.Box
	queue *river.Client[*sql.Tx]
}

// newShop makes the tables and the queue. welcome is the slow work.
func newShop(ctx context.Context, db *sql.DB, welcome func(context.Context, Welcome) error) (*shop, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[Welcome]) error {
		return welcome(ctx, job.Args)
	}))
	driver := riverdatabasesql.New(db)
	queue, err := river.NewClient(driver, &river.Config{
		Workers: workers,
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	box, err := inbox.New(db, inbox.Config{Dialect: inbox.Postgres})
	if err != nil {
		return nil, err
	}
	s := &shop{db: db, box: box, queue: queue}
	inbox.On(box, s.signed)
	inbox.On(box, s.ended)
	return s, s.migrate(ctx, driver)
}

// migrate is for the example: leave it to the tool that migrates yours.
func (s *shop) migrate(ctx context.Context, driver *riverdatabasesql.Driver) error {
	m, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("river's tables: %w", err)
	}
	if err := s.box.Migrate(ctx); err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS subscription (code TEXT PRIMARY KEY, active BOOLEAN "+
		"NOT NULL)")
	return err
}

// signed runs in the transaction that says the notification was handled. InsertTx puts the job into
// it too: there is no contract without its job, and no job of a contract that was undone.
func (s *shop) signed(ctx context.Context, d *inbox.Delivery, e *event.EntrustSign) error {
	if err := s.set(ctx, d, e.OutContractCode); err != nil {
		return err
	}
	_, err := s.queue.InsertTx(ctx, d.Tx, Welcome{Code: e.OutContractCode}, nil)
	return err
}

func (s *shop) ended(ctx context.Context, d *inbox.Delivery, e *event.EntrustTerminate) error {
	return s.set(ctx, d, e.OutContractCode)
}

// set writes what is known of the contract by now, whichever order its notifications came in.
func (s *shop) set(ctx context.Context, d *inbox.Delivery, code string) error {
	_, err := d.Tx.ExecContext(ctx, "INSERT INTO subscription (code, active) VALUES ($1, $2) "+
		"ON CONFLICT (code) DO UPDATE SET active = $2", code, !d.Contract.Ended)
	return err
}

// attach has the shop handle what the receiver takes.
func (s *shop) attach(r *notify.Receiver) { s.box.Attach(r) }
