package inbox

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// Dialect is the database that a [Box] speaks to. The driver is the caller's.
type Dialect string

// The databases that the conformance suite runs against.
const (
	Postgres Dialect = "postgres" // PostgreSQL 12 and later
	MySQL    Dialect = "mysql"    // MySQL 8 and MariaDB 10.6 and later, InnoDB
	SQLite   Dialect = "sqlite"   // SQLite 3.35 and later
)

func (d Dialect) known() bool { return d == Postgres || d == MySQL || d == SQLite }

// in writes a statement for the database: {name} is a table, an INSERT that ends in {or nothing}
// leaves a row that is there as it is, {lock} keeps a row that is read from everybody else, and ?
// is a value.
func (d Dialect) in(prefix, statement string) string {
	orNothing, lock := "ON CONFLICT DO NOTHING", " FOR UPDATE"
	switch d {
	case MySQL:
		// INSERT IGNORE would take a shared lock, and two who want it for themselves then wait for
		// each other; it also swallows errors that are none of a key.
		orNothing = "ON DUPLICATE KEY UPDATE mch_id = mch_id"
	case SQLite:
		lock = "" // a transaction that began by writing is alone
	}
	statement = strings.NewReplacer("{or nothing}", orNothing, "{lock}", lock, "{", prefix, "}", "").Replace(statement)
	if d != Postgres {
		return statement
	}
	var numbered strings.Builder
	for i := 1; ; i++ {
		before, after, found := strings.Cut(statement, "?")
		numbered.WriteString(before)
		if !found {
			return numbered.String()
		}
		numbered.WriteString("$" + strconv.Itoa(i))
		statement = after
	}
}

// Execer runs a statement: *sql.Tx, *sql.DB and *sql.Conn do.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (b *Box) exec(ctx context.Context, on Execer, statement string, args ...any) (int64, error) {
	res, err := on.ExecContext(ctx, b.cfg.Dialect.in(b.cfg.Prefix, statement), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (b *Box) row(ctx context.Context, tx *sql.Tx, statement string, args ...any) *sql.Row {
	return tx.QueryRowContext(ctx, b.cfg.Dialect.in(b.cfg.Prefix, statement), args...)
}

// transient says whether the database undid a transaction for the sake of another one, so that it
// may run again as if it had never run: a deadlock, a serialization failure, a lock that did not
// come in time. The drivers' types are not imported, so they are told by what they have: a method
// SQLState (pgx, lib/pq), a field Number (go-sql-driver/mysql), a method or field Code (the drivers
// of SQLite).
func transient(err error) (is bool) {
	defer func() { _ = recover() }() // of an error that is a nil of its type
	switch e := err.(type) {
	case nil:
		return false
	case interface{ SQLState() string }:
		switch e.SQLState() {
		case "40001", "40P01", "55P03":
			return true
		}
	case interface{ Code() int }:
		if busy(int64(e.Code())) && ofSQLite(err) {
			return true
		}
	default:
		if number, ok := field(err, "Number"); ok {
			switch number {
			case 1020, 1205, 1213, 3572:
				return true
			}
		}
		if code, ok := field(err, "Code"); ok && busy(code) && ofSQLite(err) {
			return true
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if transient(inner) {
				return true
			}
		}
		return false
	}
	return transient(errors.Unwrap(err))
}

// ofSQLite tells a driver's error from another one that has a code.
func ofSQLite(err error) bool { return strings.Contains(reflect.TypeOf(err).String(), "sqlite") }

// busy are SQLITE_BUSY and SQLITE_LOCKED, whose extended codes have more in the upper bytes.
func busy(code int64) bool { return code&0xff == 5 || code&0xff == 6 }

func field(err error, name string) (int64, bool) {
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return 0, false
	}
	switch f := v.FieldByName(name); {
	case !f.IsValid():
		return 0, false
	case f.CanInt():
		return f.Int(), true
	case f.CanUint():
		return int64(f.Uint()), true
	}
	return 0, false
}
