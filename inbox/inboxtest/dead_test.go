package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/inbox"
)

const payer = "oUpF8uMuAJOM2pxb1Q"

// An event that nobody can handle is answered with a failure until it has failed often enough, then
// stored and answered with a success; a repeat changes nothing; and it is replayed once it can be
// handled.
func TestADeadLetterIsStoredAndReplayed(t *testing.T) {
	onEach(t, func(w *world) {
		var told []inbox.Dead
		broken := true
		b := w.box(inbox.Config{Attempts: 3, OnDead: func(_ context.Context, d inbox.Dead) { told = append(told, d) }})
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			if broken {
				return fmt.Errorf("no customer has openid %s\n(of 1 table)", payer)
			}
			return w.write(ctx, d, fmt.Sprintf("%s %d %s", d.ID, d.Attempt, d.Plaintext))
		})
		n := paid("n1", "T1", "4200")
		for attempt := 1; attempt <= 4; attempt++ {
			if err := b.Take(w.Context(), n); (err == nil) != (attempt >= 3) {
				w.Fatalf("attempt %d: %v", attempt, err)
			}
		}
		letters, err := b.Dead(w.Context(), 10)
		if err != nil || len(letters) != 1 || len(told) != 1 {
			w.Fatalf("dead letters %v, told %v, %v", letters, told, err)
		}
		if l := letters[0]; l.MchID != mchID || l.ID != "n1" || l.EventType != "TRANSACTION.SUCCESS" ||
			l.Attempts != 3 ||
			l.Reason != "no customer has openid …·(of 1 table)" || told[0].Reason != l.Reason {
			w.Errorf("dead letter %+v", l)
		}
		if err := b.Replay(w.Context(), mchID, "n1"); err == nil || !strings.Contains(err.Error(), "no customer") {
			w.Errorf("replayed while it cannot be handled: %v", err)
		}
		broken = false
		if err := b.Replay(w.Context(), mchID, "n1"); err != nil {
			w.Fatal(err)
		}
		if err := b.Replay(w.Context(), mchID, "n1"); !errors.Is(err, inbox.ErrNotStored) {
			w.Errorf("replayed twice: %v", err)
		}
		if err := b.Take(w.Context(), n); err != nil {
			w.Error(err)
		}
		if got := w.effect(); !slices.Equal(got, []string{"n1 5 " + string(n.Plaintext)}) {
			w.Errorf("effects: %q", got)
		}
	})
}

// The command that asks for a replay has no functions; the process that has them does it.
func TestWhatIsRequeuedIsHandledByWork(t *testing.T) {
	onEach(t, func(w *world) {
		without := w.box(inbox.Config{Attempts: 1, OnDead: func(context.Context, inbox.Dead) {}})
		for i := range 3 {
			if err := without.Take(w.Context(), paid(fmt.Sprint("n", i), fmt.Sprint("T", i), fmt.Sprint("42",
				i))); err != nil {
				w.Fatal(err)
			}
		}
		letters, err := without.Dead(w.Context(), 10)
		if err != nil || len(letters) != 3 || !strings.Contains(letters[0].Reason, "no function") {
			w.Fatalf("%v, %v", letters, err)
		}
		if n, err := without.Requeue(w.Context(), mchID, "n0"); err != nil || n != 1 {
			w.Fatalf("requeued %d, %v", n, err)
		}
		if err := without.Discard(w.Context(), mchID, "n1"); err != nil {
			w.Fatal(err)
		}
		if err := without.Discard(w.Context(), mchID, "n1"); !errors.Is(err, inbox.ErrNotStored) {
			w.Errorf("discarded twice: %v", err)
		}
		if n, err := without.Requeue(w.Context(), "", ""); err != nil || n != 1 {
			w.Fatalf("requeued %d, %v", n, err)
		}
		with := w.writes(inbox.Config{})
		if n, err := with.Work(w.Context()); err != nil || n != 2 {
			w.Fatalf("worked off %d, %v", n, err)
		}
		if got := w.effect(); !slices.Equal(got, []string{"TRANSACTION.SUCCESS n0", "TRANSACTION.SUCCESS n2"}) {
			w.Errorf("effects: %q", got)
		}
		if n, err := without.Work(w.Context()); err != nil || n != 0 {
			w.Errorf("worked off %d, %v", n, err)
		}
	})
}

// What still fails when WeChat Pay sends it no more is a dead letter too, and not lost.
func TestWhatIsSentNoMoreIsADeadLetter(t *testing.T) {
	onEach(t, func(w *world) {
		told := 0
		b := w.box(inbox.Config{OnDead: func(context.Context, inbox.Dead) { told++ }})
		if err := b.Take(w.Context(), paid("n1", "T1", "4200")); !errors.Is(err, inbox.ErrNoFunction) {
			w.Fatal(err)
		}
		w.clock.advance(24 * time.Hour)
		if _, err := b.Work(w.Context()); err != nil {
			w.Fatal(err)
		}
		if letters, err := b.Dead(w.Context(), 10); err != nil || letters != nil && len(letters) != 0 {
			w.Fatalf("it may come again, and is dead: %v, %v", letters, err)
		}
		w.clock.advance(2 * time.Hour)
		if _, err := b.Work(w.Context()); err != nil {
			w.Fatal(err)
		}
		if letters, err := b.Dead(w.Context(), 10); err != nil || len(letters) != 1 || told != 1 {
			w.Fatalf("%v, told %d times, %v", letters, told, err)
		}
	})
}

// A typed function counts what does not decode as a failure, and tells no value of it.
func TestWhatDoesNotDecodeIsADeadLetter(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{Attempts: 2, OnDead: func(context.Context, inbox.Dead) {}})
		inbox.On(b, func(context.Context, *inbox.Delivery, *event.EntrustSign) error {
			w.Error("the function ran on what does not decode")
			return nil
		})
		n := notified("n1", "ENTRUST.SIGN", map[string]any{"contract_id": "C1", "openid": []any{payer}})
		if err := b.Take(w.Context(), n); err == nil {
			w.Fatal("a failure was answered with a success")
		}
		if err := b.Take(w.Context(), n); err != nil {
			w.Fatal(err)
		}
		letters, err := b.Dead(w.Context(), 10)
		if err != nil || len(letters) != 1 || strings.Contains(letters[0].Reason, payer) ||
			!strings.Contains(letters[0].Reason, "openid") {
			w.Errorf("%+v, %v", letters, err)
		}
		if n := w.count("SELECT COUNT(*) FROM ~contracts"); n != 0 {
			w.Error("the contract was entered, and its event not handled")
		}
	})
}

// A panic is the receiver's to report, and counts; the last one is stored as well.
func TestAPanicIsUndoneAndCounts(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{Attempts: 2, OnDead: func(context.Context, inbox.Dead) {}})
		goexit := false
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			if err := w.write(ctx, d, d.ID); err != nil {
				return err
			}
			if goexit {
				runtime.Goexit()
			}
			panic(payer)
		})
		taken := func(id string) (err error, with any) {
			defer func() { with = recover() }()
			return b.Take(w.Context(), paid(id, id, "42"+id)), nil
		}
		if _, with := taken("n1"); with != payer {
			w.Errorf("the panic did not go on: %v", with)
		}
		if err, with := taken("n1"); err != nil || with != nil {
			w.Errorf("the last attempt: %v, panicked with %v", err, with)
		}
		goexit = true
		over := make(chan struct{})
		go func() {
			defer close(over)
			_, _ = taken("n2")
		}()
		<-over
		if n := w.count("SELECT COUNT(*) FROM ~events WHERE state = 'failed' AND attempts = 1"); n != 1 {
			w.Error("that the goroutine ended was not counted")
		}
		letters, err := b.Dead(w.Context(), 10)
		if err != nil || len(letters) != 1 || letters[0].Reason != "the function panicked" {
			w.Errorf("%+v, %v", letters, err)
		}
		if w.effect() != nil {
			w.Errorf("effects: %q", w.effect())
		}
	})
}

// A function that ends the transaction itself, or hides that a statement failed, has not handled
// anything.
func TestAFunctionThatEndsTheTransactionFails(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{})
		hides := false
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			if !hides {
				return d.Tx.Rollback()
			}
			_, _ = d.Tx.ExecContext(ctx, "INSERT INTO nowhere VALUES (1)")
			return nil
		})
		if err := b.Take(w.Context(), paid("n1", "T1", "4200")); err == nil {
			w.Error("rolled back, and answered with a success")
		}
		hides = true
		if err := b.Take(w.Context(), paid("n2", "T2", "4201")); (err == nil) == (w.dialect == inbox.Postgres) {
			// The others undo the statement alone; PostgreSQL can commit nothing after it.
			w.Errorf("a failed statement was hidden: %v", err)
		}
	})
}
