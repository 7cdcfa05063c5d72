package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		prepare func(path string) error
		want    string
	}{
		{"a folder in its place", func(path string) error { return os.Mkdir(path, 0o700) }, "is a directory"},
		{"a file where its folder should be", func(path string) error {
			return errors.Join(os.Remove(filepath.Dir(path)), os.WriteFile(filepath.Dir(path), nil, 0o600))
		}, "not a directory"},
		{"no folder", func(path string) error { return os.Remove(filepath.Dir(path)) }, "no such file"},
		{"not a database", func(path string) error {
			return os.WriteFile(path, bytes.Repeat([]byte("shopping list\n"), 100), 0o600)
		}, "it is not a database; choose another folder"},
		{"another program's database", execute("CREATE TABLE shopping (item)"),
			"it belongs to another program; choose another folder"},
		{"a newer wxpay's", execute("PRAGMA application_id=0x57585059; PRAGMA user_version=99"),
			"a newer wxpay wrote it (schema 99, this one knows 1)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "data", "sandbox.db")
			if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), c.prepare(path)); err != nil {
				t.Fatal(err)
			}
			s, err := sqlstore.Open(path)
			var open *sqlstore.OpenError
			if !errors.As(err, &open) {
				t.Fatalf("got %v, %v, want an OpenError", s, err)
			}
			if got := err.Error(); !strings.Contains(got, c.want) || !strings.Contains(got, path) {
				t.Errorf("got %q, want it to name %s and say %q", got, path, c.want)
			}
		})
	}
}

func execute(statements string) func(path string) error {
	return func(path string) error {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			return err
		}
		_, err = db.Exec(statements)
		return errors.Join(err, db.Close())
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.db")
	first := open(t, path)
	if _, err := sqlstore.Open(path); err == nil || !strings.Contains(err.Error(),
		"locked by another process; another wxpay may be running") {
		t.Fatalf("opened twice: got %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestSurvivesReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "odd ? name %41 #.db")
	s := open(t, path)
	if err := insert(s, 7); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the database is not where it was asked for: %v", err)
	}
	s = open(t, path)
	err := s.View(context.Background(), func(tx store.Tx) error {
		found, err := tx.Find("contract", "code:7", 0)
		if len(found) != 1 || found[0].Rev != 1 || !bytes.Equal(found[0].Data, row) {
			t.Errorf("after reopening: got %+v", found)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// What was undone with a commit that failed is due again.
func TestWhatIsDueAfterACommitThatFailed(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "sandbox.db"))
	change := func(rev, due int64, journal []byte) error {
		return s.Update(context.Background(), func(tx store.Tx) error {
			if _, err := tx.Put("contract", store.Row{ID: "1", Rev: rev, Due: due}); err != nil {
				return err
			}
			if _, err := tx.Due("contract", "", 10, 1); err != nil {
				return err
			}
			_, err := tx.Append("journal", journal)
			return err
		})
	}
	if err := errors.Join(change(0, 5, nil), s.Fill()); err != nil {
		t.Fatal(err)
	}
	if err := change(1, 20, make([]byte, 1<<20)); err == nil {
		t.Fatal("it was written to a full disk")
	}
	if err := s.Empty(); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(context.Background(), func(tx store.Tx) error {
		rows, err := tx.Due("contract", "", 10, 1)
		if len(rows) != 1 {
			t.Errorf("%d rows are due", len(rows))
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// Whom a commit waits for may never come.
func TestACommitWaitsForNobodyForLong(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "sandbox.db"))
	s.Gather(func() int { return 1000 })
	var group sync.WaitGroup
	for n := range int64(20) {
		group.Go(func() {
			if err := insert(s, n+1); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "sandbox.db"))
	if err := errors.Join(insert(s, 1), s.Fill()); err != nil {
		t.Fatal(err)
	}
	big := make([]byte, 1<<20)
	err := s.Update(context.Background(), func(tx store.Tx) error {
		tx.Append("journal", big)                                       // a function that overlooks the error
		_, err := tx.Put("contract", store.Row{ID: "2", Data: big[:1]}) // must not get its next write in
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "cannot write the database") || !strings.Contains(err.Error(),
		"the disk is full") {
		t.Errorf("got %v, want the disk to be blamed", err)
	}
	if err := errors.Join(s.Empty(), insert(s, 3)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := s.View(context.Background(), func(tx store.Tx) error {
		found, err := tx.Find("contract", "", 0)
		if len(found) != 2 || found[0].ID != "1" || found[1].ID != "3" {
			t.Errorf("got %d rows, want those of the two updates that succeeded", len(found))
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
