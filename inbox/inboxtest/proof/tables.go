package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/inbox"
)

// database is where one run keeps its tables. Runs are told apart by the prefix.
type database struct {
	Driver, Address string
	Dialect         inbox.Dialect
	Prefix          string
}

// choose finds the database of a name.
func choose(name, folder, prefix string) (database, error) {
	address := func(variable string) (string, error) {
		if a := os.Getenv(variable); a != "" {
			return a, nil
		}
		return "", fmt.Errorf("%s is not set: script/databases starts a server and sets it", variable)
	}
	switch name {
	case "postgres":
		a, err := address("WXPAY_TEST_POSTGRES")
		return database{"pgx", a, inbox.Postgres, prefix}, err
	case "mariadb":
		a, err := address("WXPAY_TEST_MARIADB")
		return database{"mysql", a, inbox.MySQL, prefix}, err
	case "sqlite":
		return database{"sqlite", "file:" + filepath.Join(folder, prefix+"shop.db") +
			"?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)", inbox.SQLite,
			prefix}, nil
	}
	return database{}, fmt.Errorf("-database is postgres, mariadb or sqlite, not %q", name)
}

func (d database) open() (*sql.DB, error) {
	db, err := sql.Open(d.Driver, d.Address)
	if err == nil {
		db.SetMaxOpenConns(16)
		db.SetMaxIdleConns(16)
	}
	return db, err
}

// box is the inbox on it.
func (d database) box(db *sql.DB, cfg inbox.Config) (*inbox.Box, error) {
	cfg.Dialect, cfg.Prefix = d.Dialect, d.Prefix+"inbox_"
	return inbox.New(db, cfg)
}

// The user's tables. Nothing in them keeps an effect from being booked twice.
var tables = map[string]string{
	// A row an effect.
	"effects": "what VARCHAR(16) NOT NULL, code VARCHAR(64) NOT NULL, order_no VARCHAR(64) NOT NULL, " +
		"amount BIGINT NOT NULL, transaction_id VARCHAR(64) NOT NULL",
	// A row a contract, entered before it is pre-signed.
	"contracts": "code VARCHAR(64) NOT NULL PRIMARY KEY, openid VARCHAR(64) NOT NULL, " +
		"contract_id VARCHAR(64) NOT NULL, state VARCHAR(16) NOT NULL, signs INTEGER NOT NULL, " +
		"ends INTEGER NOT NULL, paid BIGINT NOT NULL, payments INTEGER NOT NULL, failures INTEGER NOT NULL",
	// A row a payer, with the contract that counts.
	"payers": "openid VARCHAR(64) NOT NULL PRIMARY KEY, code VARCHAR(64) NOT NULL, state VARCHAR(16) NOT NULL",
}

// create makes the tables, the inbox's included, which the run without it leaves empty.
func (d database) create(ctx context.Context, db *sql.DB) error {
	if err := d.drop(ctx, db); err != nil {
		return err
	}
	for name, columns := range tables {
		if _, err := db.ExecContext(ctx, "CREATE TABLE "+d.Prefix+name+" ("+columns+")"); err != nil {
			return err
		}
	}
	box, err := d.box(db, inbox.Config{})
	if err != nil {
		return err
	}
	return box.Migrate(ctx)
}

func (d database) drop(ctx context.Context, db *sql.DB) error {
	names := []string{"effects", "contracts", "payers"}
	for _, name := range []string{"events", "proofs", "facts", "contracts", "groups", "expected", "schema"} {
		names = append(names, "inbox_"+name)
	}
	for _, name := range names {
		if _, err := db.ExecContext(ctx, "DROP TABLE IF EXISTS "+d.Prefix+name); err != nil {
			return err
		}
	}
	return nil
}

// in writes a statement for the database: {name} is a table of the user's, ? a value.
func (d database) in(statement string) string {
	statement = strings.NewReplacer("{", d.Prefix, "}", "").Replace(statement)
	if d.Dialect != inbox.Postgres {
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
