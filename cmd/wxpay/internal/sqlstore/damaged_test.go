package sqlstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// damaged is a database of the first version to which statements were done while nobody had it.
func damaged(t *testing.T, statements string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "sandbox.db")
	if err := unpack("testdata/first.db.gz", path); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := execute(statements)(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// heard is a test whose log is kept.
type heard struct {
	*testing.T
	lines []string
}

func (h *heard) Logf(format string, args ...any) {
	h.lines = append(h.lines, fmt.Sprintf(format, args...))
}

// Of a row that is not what was put there whoever needs it is told, once and by the row's own id,
// in a read and in a write.
func TestADamagedRowIsNamed(t *testing.T) {
	t.Parallel()
	for statement, says := range map[string]string{
		"SET data = '{}'": "is not what was put there: its data has the id of another row, or none. If",
		`SET data = json_set(data, '$.contract_id', 'Wx2')`: "is not what was put there: its data has the id of " +
			"another row, " +
			"or none. If",
		"SET keys = 7":         "has in its column keys something else than a list of texts in JSON. If",
		"SET keys = '[7]'":     "has in its column keys something else than a list of texts in JSON. If",
		"SET keys = x'5b5d'":   "has in its column keys something else than a list of texts in JSON. If",
		"SET due = 'tomorrow'": "has in its column due something else than an integer. If",
		"SET due = 1.5":        "has in its column due something else than an integer. If",
		"SET rev = 'first'":    "has in its column rev something else than a number from 1. If",
		"SET rev = 0":          "has in its column rev something else than a number from 1. If",
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			path := damaged(t, "UPDATE row "+statement+" WHERE kind = 'contract'")
			sb := sandbox.New(&heard{T: t}, sandbox.WithStore(open(t, path)), sandbox.At(firstDay()))
			want := "the store's contract " + firstVersion + " " + says
			_, read := sb.Contract(firstVersion)
			for what, err := range map[string]error{
				"read": read, "write": sb.Terminate(firstVersion, ledger.BySystem, ""),
			} {
				if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(),
					firstVersion) != 1 {
					t.Errorf("%s: got %v, want %s", what, err, want)
				}
			}
			if debits, err := sb.Debits(); err != nil || len(debits) != 2 {
				t.Errorf("the debits: got %d, %v", len(debits), err)
			}
		})
	}
}

// A due row that its store cannot read stays as it is, is told once, and nobody waits for it.
func TestADamagedRowThatIsDueStopsNothingElse(t *testing.T) {
	t.Parallel()
	path := damaged(t, "UPDATE row SET keys = 7 WHERE kind = 'refund'")
	h := &heard{T: t}
	sb := sandbox.New(h, sandbox.WithStore(open(t, path)), sandbox.At(firstDay()))
	for range 2 {
		if err := sb.Advance(24 * time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := sb.Contract(firstVersion); err != nil {
			t.Error(err)
		}
	}
	const says = "the store's refund 1900000109|month-09-1-half has in its column keys something else"
	if said := strings.Join(h.lines, "\n"); strings.Count(said, says) != 1 || len(h.lines) != 1 {
		t.Errorf("the log: %q", said)
	}
	if err := sb.Close(); err != nil {
		t.Fatal(err)
	}
	view(t, open(t, path), func(tx store.Tx) error {
		row, err := tx.Get("refund", "1900000109|month-09-1-half")
		if row.Damage == "" || !strings.Contains(string(row.Data), "PROCESSING") {
			t.Errorf("the refund is %+v", row)
		}
		return err
	})
}

func view(t *testing.T, s store.Store, f func(store.Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), f); err != nil {
		t.Error(err)
	}
}

// A damaged row is neither written over nor deleted, and whoever writes with it does so.
func TestADamagedRowIsNotWritten(t *testing.T) {
	t.Parallel()
	path := damaged(t, "UPDATE row SET keys = 7 WHERE kind = 'contract'")
	s := open(t, path)
	for what, write := range map[string]func(store.Tx) error{
		"Put": func(tx store.Tx) error {
			_, err := tx.Put("contract", store.Row{ID: firstVersion, Rev: 1})
			return err
		},
		"Delete": func(tx store.Tx) error { return tx.Delete("contract", firstVersion, 1) },
	} {
		if err := s.Update(context.Background(), func(tx store.Tx) error {
			if err := write(tx); err == nil || !strings.HasPrefix(err.Error(),
				"the stored contract has in its column keys") {
				t.Errorf("%s: got %v", what, err)
			}
			_, err := tx.Put("other", store.Row{ID: what})
			return err
		}); err != nil {
			t.Errorf("%s: the transaction: %v", what, err)
		}
	}
	view(t, s, func(tx store.Tx) error {
		found, err := tx.Find("contract", "", 0)
		other, _ := tx.Find("other", "", 0)
		if len(found) != 1 || len(found[0].Data) < 100 || len(other) != 2 {
			t.Errorf("found %+v and %d others", found, len(other))
		}
		return err
	})
}

// A fault of the database says what was done when it came, and why once.
func TestAFaultOfTheDatabase(t *testing.T) {
	t.Parallel()
	path := damaged(t, "DROP TABLE row_key")
	s := open(t, path)
	find := func(tx store.Tx) error {
		_, err := tx.Find("contract", "mchid:1", 0)
		return err
	}
	put := func(tx store.Tx) error {
		_, err := tx.Put("other", store.Row{ID: "1", Keys: []string{"a"}})
		return err
	}
	for _, c := range []struct {
		what string
		err  error
	}{
		{"read", s.View(context.Background(), find)}, {"read", s.Update(context.Background(), find)},
		{"write", s.Update(context.Background(), put)},
	} {
		if c.err == nil || !strings.HasPrefix(c.err.Error(), "cannot "+c.what+" the database "+path+": ") ||
			strings.Count(c.err.Error(), "no such table") != 1 {
			t.Errorf("%s: got %v", c.what, c.err)
		}
	}
}

// What stands behind a damaged row is found from there: only its place is needed.
func TestAPageGoesOnBehindADamagedRow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.db")
	s := open(t, path)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for _, id := range []string{"a", "b", "c"} {
			if _, err := tx.Put("x", store.Row{ID: id, Keys: []string{"k"}, Data: []byte("{}")}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := execute("UPDATE row SET due = 'x', keys = 7, rev = 'y' WHERE id = 'b'")(path); err != nil {
		t.Fatal(err)
	}
	err = open(t, path).View(t.Context(), func(tx store.Tx) error {
		for _, key := range []string{"", "k"} {
			rows, err := tx.Page("x", key, "b", 10)
			if err != nil || len(rows) != 1 || rows[0].ID != "c" {
				t.Errorf("key %q: got %v, %v", key, rows, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
