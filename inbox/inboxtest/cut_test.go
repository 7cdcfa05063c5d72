package inboxtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/wxpay-go/wxpay/inbox"
)

// cutting is a database whose connections break at the commit: before it, so that nothing is
// committed, or behind it, so that all is and nobody hears of it.
type cutting struct {
	driver driver.Driver
	name   string
	cut    atomic.Value // before, behind, or ""
	struck atomic.Int64
	asked  atomic.Value // func(query string), called before each
}

const before, behind = "before", "behind"

var errCut = errors.New("the connection is gone")

func (c *cutting) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.name)
	return &cutConn{Conn: conn, c: c}, err
}

func (c *cutting) Driver() driver.Driver { return c.driver }

type cutConn struct {
	driver.Conn
	c    *cutting
	gone bool
}

// IsValid keeps one that broke from being used again.
func (c *cutConn) IsValid() bool { return !c.gone }

// Close closes it once.
func (c *cutConn) Close() error {
	if c.gone {
		return nil
	}
	c.gone = true
	return c.Conn.Close()
}

func (c *cutConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	return &cutTx{tx, c}, err
}

func (c *cutConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *cutConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if asked, is := c.c.asked.Load().(func(string)); is {
		asked(query)
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *cutConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c *cutConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, is := c.Conn.(driver.NamedValueChecker); is {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type cutTx struct {
	driver.Tx
	conn *cutConn
}

func (t *cutTx) Commit() error {
	cut, _ := t.conn.c.cut.Swap("").(string)
	if cut == "" {
		return t.Tx.Commit()
	}
	t.conn.c.struck.Add(1)
	if cut == behind {
		if err := t.Tx.Commit(); err != nil {
			return err
		}
	}
	return errors.Join(errCut, t.conn.Close()) // without the commit the server undoes it
}

// cut has the world's connections break.
func (w *world) cut() *cutting {
	w.Helper()
	c := &cutting{driver: w.db.Driver(), name: w.address}
	c.cut.Store("")
	ours := w.db
	w.db = sql.OpenDB(c)
	w.db.SetMaxOpenConns(8)
	w.Cleanup(func() {
		_ = w.db.Close()
		w.db = ours
	})
	return c
}

// Between the write and the commit, and between the commit and its answer: the repeat runs the
// function in the first case and not in the second.
func TestTheConnectionBreaksAtTheCommit(t *testing.T) {
	onEach(t, func(w *world) {
		c := w.cut()
		b, runs := w.box(inbox.Config{}), 0
		b.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
			runs++
			return w.write(ctx, d, d.ID)
		})
		c.cut.Store(before)
		if err := b.Take(w.Context(), paid("n1", "T1", "4200")); !errors.Is(err, errCut) || w.effect() != nil {
			w.Fatalf("cut before the commit: %v, effects %q", err, w.effect())
		}
		if n := w.count("SELECT COUNT(*) FROM ~events WHERE state = 'failed'"); n != 1 {
			w.Error("the failure was not entered")
		}
		c.cut.Store(behind)
		if err := b.Take(w.Context(), paid("n1", "T1", "4200")); err != nil {
			w.Errorf("cut behind the commit, which the row shows: %v", err)
		}
		if err := b.Take(w.Context(), paid("n1", "T1", "4200")); err != nil {
			w.Error(err)
		}
		if got := w.effect(); runs != 2 || !slices.Equal(got, []string{"n1"}) || c.struck.Load() != 2 {
			w.Errorf("ran %d times, effects %q, cut %d times", runs, got, c.struck.Load())
		}
	})
}

// The request's context ends while the function works: what it wrote is undone, and it is nobody's
// failure.
func TestTheContextEnds(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.box(inbox.Config{Attempts: 1})
		ctx, cancel := context.WithCancel(w.Context())
		b.Otherwise(func(_ context.Context, d *inbox.Delivery) error {
			if err := w.write(ctx, d, d.ID); err != nil {
				return err
			}
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		if err := b.Take(ctx, paid("n1", "T1", "4200")); !errors.Is(err, context.Canceled) || w.effect() != nil {
			w.Errorf("%v, effects %q", err, w.effect())
		}
		if n := w.count("SELECT COUNT(*) FROM ~events"); n != 0 {
			w.Error("it was entered as a failure")
		}
	})
}
