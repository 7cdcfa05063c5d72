package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox"
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
				w.hideADeadlock(before)
			})
		})
	}
}

func (w *world) hideADeadlock(before bool) {
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
		if !before {
			return w.write(ctx, d, d.ID)
		}
		if hidden != nil {
			w.Logf("hidden: %v", hidden)
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

type codeError int

func (e codeError) Error() string { return fmt.Sprintf("crm: no such customer (%d)", int(e)) }
func (e codeError) Code() int     { return int(e) }

// Whatever a function fails with is stored in the end.
func TestEveryFailureIsStored(t *testing.T) {
	onEach(t, func(w *world) {
		for id, failing := range map[string]error{
			"plain": errors.New("x"), "code1030": codeError(1030), "code5": codeError(5),
			"canceled": fmt.Errorf("a pool of workers: %w", context.Canceled),
		} {
			runs := 0
			b := w.box(inbox.Config{Wait: func(context.Context, time.Duration) error { return nil }})
			b.Otherwise(func(context.Context, *inbox.Delivery) error { runs++; return failing })
			for range 15 {
				_ = b.Take(w.Context(), paid(id, "T"+id, "42"+id))
			}
			if n := w.count("SELECT COUNT(*) FROM ~events WHERE id = ? AND state = 'dead'", id); n != 1 || runs != 10 {
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
		m.post("v3/papay/pay/transactions/apply", object{
			"appid": sandbox.DefaultAppID, "out_trade_no": "T1", "contract_id": contract.ID, "description": "one month",
			"transaction_notify_url": "https://yourapp.com/debited", "amount": object{"total": 100, "currency": "CNY"},
		})
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
