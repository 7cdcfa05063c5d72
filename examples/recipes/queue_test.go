package recipes

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/inbox"
)

// A queue that was full at first, then delivers everything twice, to two workers.
func TestTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "shop.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	worker := func() func(context.Context, []byte) error {
		box, err := inbox.New(db, inbox.Config{Dialect: inbox.SQLite})
		if err != nil {
			t.Fatal(err)
		}
		if err := box.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		inbox.On(box, func(ctx context.Context, d *inbox.Delivery, e *event.EcommerceEntrustSign) error {
			_, err := d.Tx.ExecContext(ctx, "INSERT INTO booked (what) VALUES (?)", "signed "+e.OutContractCode)
			return err
		})
		return Worker(box)
	}
	if _, err := db.Exec("CREATE TABLE booked (what TEXT NOT NULL)"); err != nil {
		t.Fatal(err)
	}

	var queue [][]byte
	full := true
	w.serve(Front(w.sandbox.Keys(), func(_ context.Context, message []byte) error {
		if full {
			return errors.New("the queue is full")
		}
		queue = append(queue, message)
		return nil
	}))
	w.sign("K1")
	if len(queue) != 0 {
		t.Fatalf("%d messages are queued", len(queue))
	}
	full = false
	if err := w.sandbox.Advance(25 * time.Hour); err != nil {
		t.Fatal(err)
	}
	w.refusesStrangers()
	if len(queue) != 1 {
		t.Fatalf("%d messages are queued", len(queue))
	}
	first, second := worker(), worker()
	for _, work := range []func(context.Context, []byte) error{first, second, first} {
		if err := work(t.Context(), queue[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := first(t.Context(), []byte("{")); err == nil {
		t.Error("half a message was taken")
	}
	var n int
	if err := db.QueryRow("SELECT COUNT(*) FROM booked WHERE what = 'signed K1'").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d effects, %v", n, err)
	}
}
