package inbox

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// SQLite may end a transaction behind the back of whoever runs it: where a statement that writes is
// interrupted, as by a context of its own, where a constraint says ON CONFLICT ROLLBACK, where the
// disk is full. What comes after that is committed statement by statement, and no setting forbids
// it, as autocommit = 0 does in MySQL. So the transaction runs on a view of the connection that
// looks before every statement whether one is open, and begins another where none is. That one is
// never committed, for what claimed the notification is not in it (see [Box.stands]).

// guarded is the view of one connection, which the caller has for itself. It is also the connector
// that gives it, once.
type guarded struct {
	own  driver.Conn
	open bool // between BEGIN and its end, as far as the caller knows
	// broken is driver.ErrBadConn where the driver said so, for the pool that it goes back to.
	broken error
}

// guard runs f in a transaction on the connection, and commits it unless f fails.
func guard(ctx context.Context, conn *sql.Conn, f func(tx *sql.Tx) error) error {
	lent, over, ended := make(chan *guarded, 1), make(chan struct{}), make(chan error, 1)
	// The driver's connection may be used while this function of Raw runs. It runs beside f, so
	// that a panic of f is none of the driver's, for which database/sql would close the connection.
	go func() {
		ended <- conn.Raw(func(own any) error {
			g := &guarded{own: own.(driver.Conn)}
			lent <- g
			<-over
			return g.broken
		})
	}()
	var g *guarded
	select {
	case g = <-lent:
	case err := <-ended:
		return fmt.Errorf("inbox: the database gave no connection: %w", err)
	}
	defer func() {
		close(over)
		<-ended
	}()
	db := sql.OpenDB(g)
	defer func() { _ = db.Close() }()
	// With ctx database/sql would undo the transaction at a moment of its own, perhaps when the
	// connection is somebody else's again. The statements have ctx, and so has the commit.
	tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return fmt.Errorf("inbox: the database gave no transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // of what was not committed, also where f panics
	if err := f(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return tx.Commit()
}

// Connect and Driver are the connector's.
func (g *guarded) Connect(context.Context) (driver.Conn, error) { return g, nil }
func (g *guarded) Driver() driver.Driver                        { return nil }

// Close leaves the connection open: it goes back to whom it belongs to.
func (g *guarded) Close() error { return nil }

func (g *guarded) Begin() (driver.Tx, error) {
	return g.BeginTx(context.Background(), driver.TxOptions{})
}

func (g *guarded) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	begins, is := g.own.(driver.ConnBeginTx)
	if !is {
		return nil, errOldDriver
	}
	tx, err := begins.BeginTx(ctx, o)
	g.open = err == nil
	return &guardedTx{tx, g}, err
}

// errOldDriver says what the drivers of SQLite that database/sql is used with all have.
var errOldDriver = errors.New("inbox: the driver of SQLite takes no context with a transaction or statement; use a " +
	"newer one")

type guardedTx struct {
	own driver.Tx
	g   *guarded
}

func (t *guardedTx) Commit() error {
	t.g.open = false
	err := t.g.heard(t.own.Commit())
	validates, is := t.g.own.(driver.Validator)
	if err != nil && t.g.broken == nil && (!is || validates.IsValid()) {
		// A commit that found the database busy leaves the transaction open, and after it
		// database/sql ends none.
		_ = t.g.run("ROLLBACK")
	}
	return err
}

func (t *guardedTx) Rollback() error {
	t.g.open = false
	return t.g.heard(t.own.Rollback())
}

// heard takes note of a broken connection.
func (g *guarded) heard(err error) error {
	if errors.Is(err, driver.ErrBadConn) {
		g.broken = driver.ErrBadConn
	}
	return err
}

// keep begins a transaction where none is open any more.
func (g *guarded) keep() error {
	if !g.open {
		return nil
	}
	if err := g.run("BEGIN"); err != nil && !strings.Contains(err.Error(), "within a transaction") {
		return err
	}
	return nil
}

// run runs a statement without values, whatever becomes of the caller's context.
func (g *guarded) run(statement string) error {
	ctx := context.Background()
	if execs, is := g.own.(driver.ExecerContext); is {
		if _, err := execs.ExecContext(ctx, statement, nil); !errors.Is(err, driver.ErrSkip) {
			return err
		}
	}
	stmt, err := g.own.Prepare(statement)
	if err != nil {
		return err
	}
	_, err = (&guardedStmt{stmt, g}).exec(ctx, nil)
	return errors.Join(err, stmt.Close())
}

// ExecContext and QueryContext look whether a transaction is open before the statement and, so that
// rows which are read meanwhile write nothing either, after one that failed.
func (g *guarded) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	execs, is := g.own.(driver.ExecerContext)
	if !is {
		return nil, driver.ErrSkip // database/sql prepares it
	}
	return keeping(g, func() (driver.Result, error) { return execs.ExecContext(ctx, query, args) })
}

func (g *guarded) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	queries, is := g.own.(driver.QueryerContext)
	if !is {
		return nil, driver.ErrSkip
	}
	return keeping(g, func() (driver.Rows, error) { return queries.QueryContext(ctx, query, args) })
}

func keeping[T any](g *guarded, f func() (T, error)) (result T, err error) {
	if err := g.keep(); err != nil {
		return result, err
	}
	result, err = f()
	if g.heard(err) != nil && g.broken == nil {
		if lost := g.keep(); lost != nil {
			err = errors.Join(err, lost)
		}
	}
	return result, err
}

func (g *guarded) Prepare(query string) (driver.Stmt, error) {
	return g.PrepareContext(context.Background(), query)
}

func (g *guarded) PrepareContext(ctx context.Context, query string) (stmt driver.Stmt, err error) {
	if prepares, is := g.own.(driver.ConnPrepareContext); is {
		stmt, err = prepares.PrepareContext(ctx, query)
	} else {
		stmt, err = g.own.Prepare(query)
	}
	if err != nil {
		return nil, err
	}
	return &guardedStmt{stmt, g}, nil
}

// CheckNamedValue has the driver say which values it takes.
func (g *guarded) CheckNamedValue(v *driver.NamedValue) error {
	if checks, is := g.own.(driver.NamedValueChecker); is {
		return checks.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// guardedStmt is a statement that was prepared in the transaction.
type guardedStmt struct {
	driver.Stmt
	g *guarded
}

func (s *guardedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return keeping(s.g, func() (driver.Result, error) { return s.exec(ctx, args) })
}

func (s *guardedStmt) exec(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	execs, is := s.Stmt.(driver.StmtExecContext)
	if !is {
		return nil, errOldDriver
	}
	return execs.ExecContext(ctx, args)
}

func (s *guardedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return keeping(s.g, func() (driver.Rows, error) {
		queries, is := s.Stmt.(driver.StmtQueryContext)
		if !is {
			return nil, errOldDriver
		}
		return queries.QueryContext(ctx, args)
	})
}

func (s *guardedStmt) CheckNamedValue(v *driver.NamedValue) error {
	if checks, is := s.Stmt.(driver.NamedValueChecker); is {
		return checks.CheckNamedValue(v)
	}
	return s.g.CheckNamedValue(v)
}
