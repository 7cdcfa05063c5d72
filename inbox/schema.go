package inbox

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

//go:embed schema
var schema embed.FS

// Migration is one step of the schema, plain SQL for one database.
type Migration struct {
	// Version counts from 1.
	Version int
	// Name is the file's, such as "0001_inbox.sql".
	Name string
	// SQL is statements that end in a semicolon and may be run again: they create what is not
	// there, and the last one enters Version into the table that [Box.Check] reads. A comment
	// begins with two dashes.
	SQL string
}

// Schema gives the migrations for a database, the oldest first: put them into the tool that
// migrates yours. A prefix of "" is [DefaultPrefix]. A later version of this package only ever adds
// some.
func Schema(d Dialect, prefix string) ([]Migration, error) {
	if prefix == "" {
		prefix = DefaultPrefix
	}
	if err := checkPrefix(prefix); err != nil {
		return nil, fmt.Errorf("inbox.Schema: %w", err)
	}
	if !d.known() {
		return nil, errors.New("inbox.Schema: the dialect is none of inbox.Postgres, inbox.MySQL and inbox.SQLite")
	}
	folder := path.Join("schema", string(d))
	entries, err := schema.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var list []Migration
	for _, e := range entries { // sorted by name
		text, err := schema.ReadFile(path.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(e.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			return nil, err
		}
		list = append(list, Migration{version, e.Name(), strings.ReplaceAll(string(text), DefaultPrefix, prefix)})
	}
	return list, nil
}

// statements are those of a migration, without comments; no value in one has a semicolon.
func (m Migration) statements() (list []string) {
	var plain strings.Builder
	for line := range strings.Lines(m.SQL) {
		code, _, _ := strings.Cut(line, "--")
		plain.WriteString(strings.TrimRight(code, " \n") + "\n")
	}
	for statement := range strings.SplitSeq(plain.String(), ";") {
		if statement = strings.TrimSpace(statement); statement != "" {
			list = append(list, statement)
		}
	}
	return list
}

// Migrate runs the migrations that were not run yet. Nothing calls it but you: where the tables are
// the business of another tool, give that [Schema].
func (b *Box) Migrate(ctx context.Context) error {
	list, err := Schema(b.cfg.Dialect, b.cfg.Prefix)
	if err != nil {
		return err
	}
	have, err := b.version(ctx)
	if err != nil {
		have = 0 // there is no table yet; what else is wrong the first statement says
	}
	for _, m := range list {
		if m.Version <= have {
			continue
		}
		// Not in MySQL, which commits every one by itself: there a migration that broke off is run
		// again.
		err := b.within(ctx, func(tx *sql.Tx) error {
			for _, statement := range m.statements() {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("inbox: migration %s: %w", m.Name, err)
		}
	}
	return nil
}

// Check says whether the tables are those of this version of the package: run it at the start.
func (b *Box) Check(ctx context.Context) error {
	list, err := Schema(b.cfg.Dialect, b.cfg.Prefix)
	if err != nil {
		return err
	}
	want := list[len(list)-1].Version
	switch have, err := b.version(ctx); {
	case err != nil:
		return fmt.Errorf("inbox: the tables %s… are not there, or cannot be read; run the migrations of "+
			"inbox.Schema: %w",
			b.cfg.Prefix, err)
	case have < want:
		return fmt.Errorf("inbox: the tables are of version %d and this program needs %d; run the migrations of "+
			"inbox.Schema", have, want)
	case have > want:
		return fmt.Errorf("inbox: the tables are of version %d, newer than this program's %d; deploy the newer program",
			have, want)
	}
	return nil
}

func (b *Box) version(ctx context.Context) (version int, err error) {
	err = b.db.QueryRowContext(ctx, b.cfg.Dialect.in(b.cfg.Prefix, "SELECT COALESCE(MAX(version), 0) FROM {schema}")).
		Scan(&version)
	return version, err
}
