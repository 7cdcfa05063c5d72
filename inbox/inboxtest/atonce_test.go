package inboxtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// atOnce runs n functions at once, and gives their errors.
func atOnce(n int, f func(i int) error) []error {
	errs, start := make([]error, n), make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// Replicas get the same notification in the same moment, many times over; some of them fail first.
func TestReplicasAtOnce(t *testing.T) {
	onEach(t, func(w *world) { w.replicasAtOnce() })
}

func (w *world) replicasAtOnce() {
	w.Helper()
	const replicas, notifications = 6, 12
	var mu sync.Mutex
	failed := map[string]bool{}
	var boxes []*inbox.Box
	for range replicas {
		b := w.box(inbox.Config{Attempts: 1000})
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			if err := w.write(ctx, d, d.ID); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if !failed[d.ID] {
				failed[d.ID] = true
				return fmt.Errorf("the first time it fails")
			}
			return nil
		})
		boxes = append(boxes, b)
	}
	for i := range notifications {
		id := fmt.Sprintf("n%02d", i)
		fails := 0
		for _, err := range atOnce(replicas, func(i int) error {
			return boxes[i].Take(w.Context(), signed(id, "C"+id, "K", "2026-11-28T10:00:00+08:00"))
		}) {
			switch {
			case err == nil:
			case strings.Contains(err.Error(), "the first time"):
				fails++
			default:
				w.Errorf("%s: %v", id, err)
			}
		}
		if fails > 1 { // none where another had handled it by the time that the failure was to be entered
			w.Errorf("%s failed %d times, and its function once", id, fails)
		}
	}
	if got := w.effect(); len(got) != notifications {
		w.Errorf("%d effects of %d notifications: %q", len(got), notifications, got)
	}
}

// Where the server's default is SERIALIZABLE the database refuses what could have been in between,
// and the box runs it again.
func TestReplicasAtOnceSerializable(t *testing.T) {
	onEach(t, func(w *world) {
		if w.dialect != inbox.Postgres {
			w.Skip("SQLite has one writer anyway, and MariaDB's SERIALIZABLE locks as its default does")
		}
		db, err := sql.Open("pgx", os.Getenv("WXPAY_TEST_POSTGRES")+" default_transaction_isolation=serializable")
		if err != nil {
			w.Fatal(err)
		}
		defer db.Close()
		ours := w.db
		w.db = db
		defer func() { w.db = ours }()
		w.replicasAtOnce()
	})
}

// Two functions lock two rows in opposite orders: the database undoes one of them for the other's
// sake, and it runs again.
func TestADeadlockIsRunAgain(t *testing.T) {
	onEach(t, func(w *world) {
		if w.dialect == inbox.SQLite {
			w.Skip("SQLite has one writer, so none waits for another")
		}
		w.exec("INSERT INTO " + w.effects() + " (what) VALUES ('row 0')")
		w.exec("INSERT INTO " + w.effects() + " (what) VALUES ('row 1')")
		if w.dialect == inbox.MySQL { // which locks what it reads on its way
			w.exec("CREATE INDEX by_what ON " + w.effects() + " (what)")
		}
		b := w.box(inbox.Config{})
		var bothLocked sync.WaitGroup
		bothLocked.Add(2)
		var ran sync.Map
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			lock := func(row byte) error {
				_, err := d.Tx.ExecContext(ctx, w.marks("UPDATE "+w.effects()+" SET what = ? WHERE what = ?"),
					"row "+string(row), "row "+string(row))
				return err
			}
			first, second := byte('0'), byte('1')
			if d.ID == "n1" {
				first, second = second, first
			}
			if err := lock(first); err != nil {
				return err
			}
			if _, again := ran.LoadOrStore(d.ID, true); !again {
				bothLocked.Done()
				bothLocked.Wait()
			}
			if err := lock(second); err != nil {
				return err
			}
			return w.write(ctx, d, d.ID)
		})
		for i, err := range atOnce(2, func(i int) error {
			return b.Take(w.Context(), paid(fmt.Sprintf("n%d", i), fmt.Sprintf("T%d", i), fmt.Sprintf("42%d", i)))
		}) {
			if err != nil {
				w.Errorf("n%d: %v", i, err)
			}
		}
		if n := w.count("SELECT COUNT(*) FROM ~effects"); n != 4 {
			w.Errorf("%d rows, want the two and one of each notification", n)
		}
		if n := w.count("SELECT COUNT(*) FROM ~events WHERE attempts <> 1"); n != 0 {
			w.Error("a deadlock was counted as a failure")
		}
	})
}

// What failed is retried by several replicas in the same moment, and runs once: a failed debit,
// which nothing but its id keeps from running twice.
func TestReplicasAtOnceAfterAFailure(t *testing.T) {
	onEach(t, func(w *world) {
		without, with := w.box(inbox.Config{}), w.writes(inbox.Config{})
		for i := range 10 {
			n := unpaid(fmt.Sprint("n", i), fmt.Sprint("T", i))
			if err := without.Take(w.Context(), n); !errors.Is(err, inbox.ErrNoFunction) {
				w.Fatal(err)
			}
			for _, err := range atOnce(6, func(int) error { return with.Take(w.Context(), n) }) {
				if err != nil {
					w.Error(err)
				}
			}
		}
		if got := w.effect(); len(got) != 10 {
			w.Errorf("%d effects of 10 notifications: %q", len(got), got)
		}
	})
}

// The beginning, the end and the next beginning of many contracts come in the same moment, each to
// a replica of its own.
func TestAContractsEventsAtOnce(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{})
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			_, err := d.Tx.ExecContext(ctx, w.marks("DELETE FROM "+w.effects()+" WHERE what LIKE ?"), d.MchID+" %")
			if err != nil {
				return err
			}
			return w.write(ctx, d, fmt.Sprintf("%s %s %v", d.MchID, d.Current.ID, d.Current.Ended))
		})
		for i := range 10 {
			list := []*notify.Notification{signed("a", "C1", "K1", "2026-11-28T10:00:00+08:00"),
				ended("b", "C1", "K1", "2026-11-28T11:00:00+08:00"), signed("c", "C2", "K2",
					"2026-11-28T12:00:00+08:00")}
			for _, n := range list {
				n.MchID = fmt.Sprint("190000", i)
			}
			for _, err := range atOnce(len(list), func(i int) error { return b.Take(w.Context(), list[i]) }) {
				if err != nil {
					w.Error(err)
				}
			}
		}
		for _, got := range w.effect() {
			if !strings.HasSuffix(got, " C2 false") {
				w.Errorf("effect %q", got)
			}
		}
		if n := w.count("SELECT COUNT(*) FROM ~effects"); n != 10 {
			w.Errorf("%d rows of 10 payers", n)
		}
	})
}
