package sqlstore

import (
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks a database as ours ("WXPY"), so that another program's
// file is refused instead of being filled with our tables.
const applicationID = 0x57585059

// migrate brings the tables up to date: each file of migrations is run once, in
// the order of their names, in a transaction of its own. PRAGMA user_version
// counts those that have run.
func migrate(db *sql.DB) error {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	var version, application, tables int
	if err := errors.Join(
		db.QueryRow("PRAGMA user_version").Scan(&version),
		db.QueryRow("PRAGMA application_id").Scan(&application),
		db.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables),
	); err != nil {
		return err
	}
	switch {
	case application != applicationID && tables > 0:
		return errOthers
	case version > len(files):
		return lang.Errorf("a newer wxpay wrote it (schema %d, this one knows %d)", version, len(files))
	}
	for i, name := range files[version:] {
		script, err := fs.ReadFile(migrations, name)
		if err != nil {
			return err
		}
		if err := apply(db, string(script), version+i+1); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func apply(db *sql.DB, script string, version int) error {
	t, err := db.Begin()
	if err != nil {
		return err
	}
	defer t.Rollback()
	// Pragmas take no parameters.
	for _, statement := range []string{script, fmt.Sprintf("PRAGMA application_id=%d", applicationID),
		fmt.Sprintf("PRAGMA user_version=%d", version)} {
		if _, err := t.Exec(statement); err != nil {
			return err
		}
	}
	return t.Commit()
}

// reason says in a few words what the database or the system complained of.
func reason(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff { // the low byte is the error, the rest its detail
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return lang.Errorf("it is locked by another process")
		case sqlite3.SQLITE_FULL:
			return lang.Errorf("the disk is full")
		case sqlite3.SQLITE_READONLY:
			return lang.Errorf("it may not be written to")
		case sqlite3.SQLITE_NOTADB:
			return lang.Errorf("it is not a database")
		case sqlite3.SQLITE_CORRUPT:
			return lang.Errorf("it is damaged")
		case sqlite3.SQLITE_IOERR:
			return lang.Errorf("the disk reports an error")
		}
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	if text, cut := strings.CutPrefix(err.Error(), "sqlite: "); cut {
		return errors.New(text)
	}
	return err
}
