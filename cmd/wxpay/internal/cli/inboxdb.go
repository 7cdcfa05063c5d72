package cli

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/lib/pq" // pgx does as well, and takes 12 seconds of processor longer to compile
	"github.com/spf13/cobra"
	_ "modernc.org/sqlite"

	"github.com/wxpay-go/wxpay/inbox"
)

// on runs a verb of `wxpay inbox` on the database that is named.
func (o *inboxOptions) on(sys System, f func(context.Context, *inbox.Box, []string) error) func(*cobra.Command,
	[]string) error {
	return func(cmd *cobra.Command, args []string) error {
		driver, dialect, name, err := databaseNamed(cmp.Or(o.database, sys.getenv(inboxDatabase)))
		if err != nil {
			return err
		}
		if _, set := sys.LookupEnv("PGSSLMODE"); dialect == inbox.Postgres && !set {
			name = preferringTLS(name)
		}
		db, err := sql.Open(driver, name)
		if err != nil {
			// A driver may repeat what it cannot read, with the password in it.
			return usage("the address of the database is none that its driver understands; see wxpay inbox --help")
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		b, err := inbox.New(db, inbox.Config{Dialect: dialect, Prefix: o.prefix})
		if err != nil {
			return usage("%w", err)
		}
		if err := f(cmd.Context(), b, args); err != nil {
			var own *failure
			if errors.As(err, &own) {
				return err
			}
			return &failure{code: exitFailure, err: errors.New(strings.ReplaceAll(err.Error(), name, "…"))}
		}
		return nil
	}
}

// databaseNamed reads an address by what it begins with.
func databaseNamed(address string) (driver string, dialect inbox.Dialect, name string, err error) {
	scheme, rest, found := strings.Cut(address, "://")
	switch {
	case address == "":
		err = usage("no database is named: set %s, or give --database", inboxDatabase)
	case !found:
		err = usage("the address of the database begins with postgres://, mysql:// or sqlite://")
	case (scheme == "postgres" || scheme == "postgresql") && strings.Count(rest, "@") > 1:
		// Readers differ in where a password ends, and a driver's errors name the host.
		err = usage("the address of the database has more than one @: write each that is part of the user or " +
			"password as %%40")
	case scheme == "postgres" || scheme == "postgresql":
		driver, dialect, name = "postgres", inbox.Postgres, address
	case scheme == "mysql" || scheme == "mariadb":
		driver, dialect, name = "mysql", inbox.MySQL, rest
	case scheme == "sqlite":
		driver, dialect, name = "sqlite", inbox.SQLite, "file:"+rest+"?_pragma=busy_timeout(10000)"
	default:
		err = usage("the address of the database begins with postgres://, mysql:// or sqlite://")
	}
	return driver, dialect, name, err
}

// preferringTLS asks for TLS where the server has it, as psql does, unless the address says
// something of TLS itself; the driver would insist on it.
func preferringTLS(address string) string {
	u, err := url.Parse(address)
	if err != nil || strings.Contains(u.RawQuery, "ssl") {
		return address
	}
	u.RawQuery = strings.TrimPrefix(u.RawQuery+"&sslmode=prefer", "&")
	return u.String()
}
