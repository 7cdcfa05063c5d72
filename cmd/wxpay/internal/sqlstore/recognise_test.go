package sqlstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
)

func TestRecogniseAsksWhatIsInTheFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		prepare      func(path string) error
		ours, others bool
	}{
		{"no file", func(string) error { return nil }, false, false},
		{"an empty file", func(path string) error { return os.WriteFile(path, nil, 0o600) }, false, false},
		{"a short file", func(path string) error { return os.WriteFile(path, []byte("SQLite format 3\x00"), 0o600) },
			false, true},
		{"another program's", execute("CREATE TABLE shopping (item)"), false, true},
		{"another program's, empty", execute("PRAGMA application_id=7"), false, true},
		{"ours", func(path string) error {
			s, err := sqlstore.Open(path)
			return errors.Join(err, s.Close())
		}, true, false},
		{"ours, cut off", func(path string) error { return cutOff(t, path) }, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "sandbox.db")
			if err := c.prepare(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadDir(filepath.Dir(path))
			ours, err := sqlstore.Recognise(path)
			var open *sqlstore.OpenError
			if ours != c.ours || errors.As(err, &open) != c.others {
				t.Errorf("got %v, %v", ours, err)
			}
			if after, _ := os.ReadDir(filepath.Dir(path)); len(after) != len(before) {
				t.Errorf("it made files: %v, before %v", after, before)
			}
		})
	}
}

// What others could read of a database before it was opened they can read no more.
func TestOpenTakesAwayWhatOthersMayRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes")
	}
	path := filepath.Join(t.TempDir(), "sandbox.db")
	if err := cutOff(t, path); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 3 {
		t.Fatalf("got %v, %v", files, err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
}

// cutOff leaves at path, for everybody to read, what a process leaves that was killed.
func cutOff(t *testing.T, path string) error {
	running := filepath.Join(t.TempDir(), "running.db")
	open(t, running)
	for _, part := range []string{"", "-wal", "-shm"} {
		data, err := os.ReadFile(running + part)
		if err != nil {
			return err
		}
		if err := errors.Join(os.WriteFile(path+part, data, 0o600), os.Chmod(path+part, 0o644)); err != nil {
			return err
		}
	}
	return nil
}
