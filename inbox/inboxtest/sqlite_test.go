package inboxtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/wxpay-go/wxpay/inbox"
)

// SQLite undoes a whole transaction for one statement. A function that hides it has what it
// writes afterwards undone as well, however it writes, and fails in the end.
func TestSQLiteUndoesATransactionForOneStatement(t *testing.T) {
	undoing := map[string]func(ctx context.Context, w *world, tx *sql.Tx) error{
		"a statement's own timeout": func(ctx context.Context, w *world, tx *sql.Tx) error {
			short, cancel := context.WithCancel(ctx)
			defer cancel()
			timeouts.Store(w.prefix, cancel)
			_, err := tx.ExecContext(short, "INSERT INTO "+w.prefix+"stats WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL "+
				"SELECT n + 1 FROM c) SELECT times_out(?) FROM c", w.prefix)
			return err
		},
		"a conflict": func(ctx context.Context, w *world, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO "+w.prefix+"once VALUES (1)")
			return err
		},
		"a conflict of a prepared statement": func(ctx context.Context, w *world, tx *sql.Tx) error {
			stmt, err := tx.PrepareContext(ctx, "INSERT INTO "+w.prefix+"once VALUES (?)")
			if err != nil {
				return nil
			}
			_, err = stmt.ExecContext(ctx, 1)
			return err
		},
		"a conflict of what returns rows": func(ctx context.Context, w *world, tx *sql.Tx) error {
			var n int
			return tx.QueryRowContext(ctx, "INSERT INTO "+w.prefix+"once VALUES (1) RETURNING n").Scan(&n)
		},
		"a trigger": func(ctx context.Context, w *world, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO "+w.prefix+"limited VALUES (1)")
			return err
		},
	}
	for name, undo := range undoing {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(w *world) {
				if w.dialect != inbox.SQLite {
					w.Skip("the others undo nothing but the statement, or all with an error that stays")
				}
				w.undoes()
				dead := 0
				b := w.box(inbox.Config{Attempts: 2, Wait: func(context.Context, time.Duration) error { return nil },
					OnDead: func(context.Context, inbox.Dead) { dead++ }})
				b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
					if undo(ctx, w, d.Tx) == nil { // it is not worth a failure
						w.Error("nothing was undone")
					}
					if err := w.write(ctx, d, "a statement"); err != nil {
						return err
					}
					stmt, err := d.Tx.PrepareContext(ctx, "INSERT INTO "+w.effects()+" (what) VALUES (?)")
					if err != nil {
						return err
					}
					if _, err := stmt.ExecContext(ctx, "a prepared one"); err != nil {
						return err
					}
					var what string
					return d.Tx.QueryRowContext(ctx, "INSERT INTO "+w.effects()+" (what) VALUES (?) RETURNING what",
						"one that returns").Scan(&what)
				})
				for i := range 2 {
					if err := b.Take(w.Context(), paid("n1", "T1", "4200")); (err == nil) != (i == 1) {
						w.Errorf("attempt %d: %v", i+1, err)
					}
				}
				if e := w.effect(); len(e) != 0 || dead != 1 {
					w.Errorf("%d dead letters; committed by itself: %q", dead, e)
				}
			})
		})
	}
}

// timeouts are the contexts that end while a statement calls times_out with the name they have
// here.
var timeouts sync.Map

func init() {
	sqlite.MustRegisterScalarFunction("times_out", 1, func(_ *sqlite.FunctionContext,
		args []driver.Value) (driver.Value, error) {
		if cancel, is := timeouts.Load(args[0]); is {
			cancel.(context.CancelFunc)()
		}
		return int64(0), nil
	})
}

// undoes makes tables of which a statement undoes the transaction.
func (w *world) undoes() {
	w.exec("CREATE TABLE " + w.prefix + "stats (n INTEGER)")
	w.exec("CREATE TABLE " + w.prefix + "once (n INTEGER UNIQUE ON CONFLICT ROLLBACK)")
	w.exec("INSERT INTO " + w.prefix + "once VALUES (1)")
	w.exec("CREATE TABLE " + w.prefix + "limited (n INTEGER)")
	w.exec("CREATE TRIGGER " + w.prefix + "limit BEFORE INSERT ON " + w.prefix + "limited BEGIN SELECT " +
		"RAISE(ROLLBACK, 'no more'); END")
}
