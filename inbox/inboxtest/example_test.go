package inboxtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/inbox"
)

// A subscription is booked once, by a notification that comes three times and fails the first; what
// nobody has a function for is stored, replayed once there is one, and forgotten in the end.
func Example() {
	if err := subscribe(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// attempt 1: the mail server is away
	// attempt 2: booked
	// attempt 3: booked
	// subscriptions: 1
	// ENTRUST.TERMINATE is a dead letter: inbox: no function is registered for this event; add one with On, Handle or Otherwise, and replay what was stored
	// replayed: true
	// subscriptions: 0
	// erased: 1 contracts
}

func subscribe(ctx context.Context) error {
	db, err := sql.Open("sqlite", "file:example?mode=memory&cache=shared&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE subscription (code TEXT PRIMARY KEY)"); err != nil {
		return err
	}
	box := func() *inbox.Box {
		b, err := inbox.New(db, inbox.Config{Dialect: inbox.SQLite, Attempts: 2,
			OnDead: func(context.Context, inbox.Dead) {}, Now: func() time.Time { return time.Unix(1_795_831_200, 0) }})
		if err != nil {
			panic(err)
		}
		return b
	}
	shop := box()
	if err := shop.Migrate(ctx); err != nil {
		return err
	}
	inbox.On(shop, func(ctx context.Context, d *inbox.Delivery, e *event.EntrustSign) error {
		if _, err := d.Tx.ExecContext(ctx, "INSERT INTO subscription (code) VALUES (?)",
			e.OutContractCode); err != nil {
			return err
		}
		if d.Attempt == 1 {
			return errors.New("the mail server is away") // what was inserted is undone
		}
		return nil
	})
	sign := signed("n1", "C1", "K1", "2026-11-28T10:00:00+08:00") // as notify.Receiver.Parse gives it
	for attempt := 1; attempt <= 3; attempt++ {
		said := "booked"
		if err := shop.Take(ctx, sign); err != nil {
			said = err.Error()
		}
		fmt.Printf("attempt %d: %s\n", attempt, said)
	}
	count := func() (n int) {
		if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM subscription").Scan(&n); err != nil {
			panic(err)
		}
		return n
	}
	fmt.Println("subscriptions:", count())

	end := ended("n2", "C1", "K1", "2026-11-28T11:00:00+08:00")
	_, _ = shop.Take(ctx, end), shop.Take(ctx, end) // the second is the last attempt
	letters, err := shop.Dead(ctx, 10)
	if err != nil {
		return err
	}
	for _, l := range letters {
		fmt.Printf("%s is a dead letter: %s\n", l.EventType, l.Reason)
	}
	newer := box()
	inbox.On(newer, func(ctx context.Context, d *inbox.Delivery, e *event.EntrustTerminate) error {
		_, err := d.Tx.ExecContext(ctx, "DELETE FROM subscription WHERE code = ?", e.OutContractCode)
		return err
	})
	fmt.Println("replayed:", newer.Replay(ctx, end.MchID, end.ID) == nil)
	fmt.Println("subscriptions:", count())
	f, err := newer.Forget(ctx, inbox.Person{OpenIDs: []string{payer}})
	fmt.Println("erased:", f.Contracts, "contracts")
	return err
}
