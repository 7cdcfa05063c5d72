package inboxtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A deadlock undoes a transaction, and a function hides it: what it wrote before is not lost, and
// what it writes afterwards is not committed by itself.
func TestADeadlockThatAFunctionHides(t *testing.T) {
	for name, before := range map[string]bool{"written before": true, "written after": false} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(w *world) {
				if w.dialect == inbox.SQLite {
					w.Skip("SQLite has one writer, and so no deadlock")
				}
				w.hideADeadlock(before, func() {})
			})
		})
	}
}

// hideADeadlock has a function hide one, and do something before it writes on.
func (w *world) hideADeadlock(before bool, meanwhile func()) {
	table := w.prefix + "counter"
	w.exec("CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)")
	w.Cleanup(func() { _, _ = w.db.Exec("DROP TABLE " + table) })
	w.exec("INSERT INTO " + table + " VALUES (1, 0), (2, 0)")
	b := w.box(inbox.Config{})
	locked, other, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	first := true
	b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
		if before {
			if err := w.write(ctx, d, d.ID); err != nil {
				return err
			}
		}
		if _, err := d.Tx.ExecContext(ctx, "UPDATE "+table+" SET n = n + 1 WHERE id = 1"); err != nil {
			return err
		}
		if first {
			first = false
			close(locked)
			<-other
		}
		_, hidden := d.Tx.ExecContext(ctx, "UPDATE "+table+" SET n = n + 1 WHERE id = 2")
		if hidden != nil {
			w.Logf("hidden: %v", hidden)
			meanwhile()
		}
		if !before {
			return w.write(ctx, d, d.ID)
		}
		return nil
	})
	go func() {
		defer close(over)
		<-locked
		tx, err := w.db.BeginTx(context.Background(), nil)
		if err != nil {
			close(other)
			return
		}
		for i := range 200 { // with more to undo, so that the database chooses the notification's
			_, _ = tx.Exec(w.marks("INSERT INTO "+table+" VALUES (?, 0)"), 1000+i)
		}
		_, _ = tx.Exec("UPDATE " + table + " SET n = n + 1 WHERE id = 2")
		close(other)
		_, _ = tx.Exec("UPDATE " + table + " SET n = n + 1 WHERE id = 1")
		_ = tx.Commit()
	}()
	err := b.Take(w.Context(), paid("n1", "T1", "4200"))
	<-over
	if effects := w.effect(); err == nil && len(effects) != 1 {
		w.Errorf("lost: it was answered with a success, and the effects are %q", effects)
	}
	if again := b.Take(w.Context(), paid("n1", "T1", "4200")); again != nil {
		w.Errorf("the next attempt: %v, after %v", again, err)
	}
	if effects := w.effect(); len(effects) != 1 {
		w.Errorf("the effects are %q", effects)
	}
}

// Another process handles the notification after the database undid the transaction and before the
// function that hides it ends: it is handled once, by the other one.
func TestAnotherProcessHandlesWhatWasUndone(t *testing.T) {
	onEach(t, func(w *world) {
		other := w.box(inbox.Config{})
		other.Otherwise(func(ctx context.Context, d *inbox.Delivery) error { return w.write(ctx, d, "the other") })
		take := func() {
			if err := other.Take(w.Context(), paid("n1", "T1", "4200")); err != nil {
				w.Error(err)
			}
		}
		switch w.dialect {
		case inbox.Postgres:
			w.Skip("PostgreSQL keeps the notification's row until the transaction is rolled back")
		case inbox.MySQL:
			w.hideADeadlock(false, take)
		case inbox.SQLite:
			w.undoes()
			b, runs := w.box(inbox.Config{}), 0
			b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
				runs++
				_, _ = d.Tx.ExecContext(ctx, "INSERT INTO "+w.prefix+"once VALUES (1)")
				take()
				return w.write(ctx, d, "this one")
			})
			if err := b.Take(w.Context(), paid("n1", "T1", "4200")); err != nil || runs != 1 {
				w.Errorf("%d runs, %v", runs, err)
			}
		}
		if e := w.effect(); len(e) != 1 {
			w.Errorf("the effects of one notification are %q", e)
		}
	})
}

// However a function ends, the connection it had is as it was: of a pool that has one, and of a
// database that lives in it.
func TestTheConnectionIsAsItWas(t *testing.T) {
	onEach(t, func(w *world) {
		if w.dialect == inbox.SQLite {
			db, err := sql.Open("sqlite", ":memory:")
			if err != nil {
				w.Fatal(err)
			}
			ours := w.db
			w.db = db
			defer func() { w.db = ours }()
			defer db.Close()
		}
		w.db.SetMaxOpenConns(1)
		if w.dialect == inbox.SQLite {
			if err := w.box(inbox.Config{}).Migrate(w.Context()); err != nil {
				w.Fatal(err)
			}
			w.exec("CREATE TABLE " + w.effects() + " (what VARCHAR(200) NOT NULL)")
		}
		for name, end := range map[string]func(ctx context.Context, d *inbox.Delivery) error{
			"fails":      func(context.Context, *inbox.Delivery) error { return errors.New("x") },
			"panics":     func(context.Context, *inbox.Delivery) error { panic("x") },
			"Goexit":     func(context.Context, *inbox.Delivery) error { runtime.Goexit(); return nil },
			"rolls back": func(_ context.Context, d *inbox.Delivery) error { return d.Tx.Rollback() },
			"rows open": func(ctx context.Context, d *inbox.Delivery) error {
				_, err := d.Tx.QueryContext(ctx, "SELECT what FROM "+w.effects()) // left open
				return errors.Join(err, errors.New("x"))
			},
		} {
			b := w.box(inbox.Config{})
			b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
				if err := w.write(ctx, d, name); err != nil {
					return err
				}
				return end(ctx, d)
			})
			over := make(chan struct{})
			go func() {
				defer close(over)
				defer func() { _ = recover() }()
				if b.Take(w.Context(), paid("n"+name, "T"+name, "42"+name)) == nil {
					w.Errorf("%s: it was answered with a success", name)
				}
			}()
			<-over
			if w.dialect == inbox.MySQL && w.count("SELECT @@autocommit") != 1 {
				w.Errorf("%s: autocommit is off", name)
			}
			if e := w.effect(); len(e) != 0 {
				w.Errorf("%s: effects %q", name, e)
			}
			if n := w.count("SELECT COUNT(*) FROM ~events WHERE state = 'failed' AND attempts = 1"); n != 1 {
				w.Errorf("%s: %d failures are stored", name, n)
			}
			w.exec("DELETE FROM " + w.prefix + "events")
		}
	})
}

type codeError int

func (e codeError) Error() string { return fmt.Sprintf("crm: no such customer (%d)", int(e)) }
func (e codeError) Code() int     { return int(e) }

// undone is an error as of a database that undid a transaction for the sake of another one.
type undone struct{}

func (undone) Error() string    { return "could not serialize access" }
func (undone) SQLState() string { return "40001" }

// Whatever a function fails with is stored in the end: also what looks like the database's trouble
// every time, which is tried eight times in each attempt.
func TestEveryFailureIsStored(t *testing.T) {
	onEach(t, func(w *world) {
		for id, failing := range map[string]error{
			"plain": errors.New("x"), "code1030": codeError(1030), "code5": codeError(5),
			"canceled": fmt.Errorf("a pool of workers: %w", context.Canceled),
			"undone":   fmt.Errorf("the ledger's database: %w", undone{}),
		} {
			runs, want := 0, 10
			if id == "undone" {
				want *= 8
			}
			b := w.box(inbox.Config{Wait: func(context.Context, time.Duration) error { return nil }})
			b.Otherwise(func(context.Context, *inbox.Delivery) error { runs++; return failing })
			for range 15 {
				_ = b.Take(w.Context(), paid(id, "T"+id, "42"+id))
			}
			n := w.count("SELECT COUNT(*) FROM ~events WHERE id = ? AND state = 'dead'", id)
			if n != 1 || runs != want {
				w.Errorf("%s: %d dead letters after %d runs", id, n, runs)
			}
		}
	})
}

// A debit's failure that a query told while the function failed, and a notification afterwards, is
// handled once, also where the letter of the former is replayed.
func TestASweptLetterWhoseNotificationCame(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{OnDead: func(context.Context, inbox.Dead) {}}, fault.Late)
		contract := contracts["papay"].sign(m)
		if err := m.s.Payer(payer).FailNext(ledger.NotEnough); err != nil {
			w.Fatal(err)
		}
		m.expect(inbox.Expected{Kind: inbox.Debit, Number: "T1"})
		m.debit("T1", contract)
		m.err = errors.New("the shop's database is away")
		if err := m.s.Advance(11 * time.Minute); err != nil {
			w.Fatal(err)
		}
		if _, err := m.box.Sweep(w.Context(), m.c); err == nil {
			w.Fatal("the function did not fail")
		}
		m.err = nil
		for _, d := range []time.Duration{5 * time.Hour, 27 * time.Hour} { // the notifications come, and then none
			if err := m.s.Advance(d); err != nil {
				w.Fatal(err)
			}
			if _, err := m.box.Work(w.Context()); err != nil {
				w.Fatal(err)
			}
		}
		if n, err := m.box.Requeue(w.Context(), "", ""); err != nil || n != 1 {
			w.Fatalf("%d letters, %v", n, err)
		}
		if _, err := m.box.Work(w.Context()); err != nil {
			w.Fatal(err)
		}
		m.wantEffects("ENTRUST.SIGN", "TRANSACTION.FAIL")
	})
}

// However long the first wait is, the next ones are six hours.
func TestLongWaits(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		m.expect(inbox.Expected{Kind: inbox.Debit, Number: "T1", After: 3 * time.Hour})
		asked := 0
		for range 240 {
			asked += m.sweep(time.Hour).Asked
		}
		if asked > 240/6+2 {
			w.Errorf("it was asked %d times in ten days", asked)
		}
	})
}

// One letter that cannot be handled keeps no other from it.
func TestALetterThatDoesNotMove(t *testing.T) {
	onEach(t, func(w *world) {
		fails := true
		b := w.box(inbox.Config{Attempts: 1, OnDead: func(context.Context, inbox.Dead) {}})
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			if fails || d.ID == "n1" {
				return context.Canceled
			}
			return w.write(ctx, d, d.ID)
		})
		for _, id := range []string{"n1", "n2", "n3"} {
			if err := b.Take(w.Context(), paid(id, "T"+id, "42"+id)); err != nil {
				w.Fatal(err)
			}
		}
		fails = false
		if _, err := b.Requeue(w.Context(), "", ""); err != nil {
			w.Fatal(err)
		}
		if n, err := b.Work(w.Context()); err != nil || n != 2 || len(w.effect()) != 2 {
			w.Errorf("%d were handled, %v, effects %q", n, err, w.effect())
		}
	})
}
