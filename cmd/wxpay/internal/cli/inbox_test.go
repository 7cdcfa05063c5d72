package cli

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// A dead letter's way through the command, beside the program that has the functions, on a file and
// on the servers that script/databases starts.
func TestInboxReplaysDeadLetters(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "shop.db")
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		replaysDeadLetters(t, inbox.SQLite, "sqlite", "file:"+file+"?_pragma=busy_timeout(10000)", "sqlite://"+file)
	})
	if words := os.Getenv("WXPAY_TEST_POSTGRES"); words != "" {
		t.Run("PostgreSQL", func(t *testing.T) {
			t.Parallel()
			is := map[string]string{}
			for _, w := range strings.Fields(words) {
				name, value, _ := strings.Cut(w, "=")
				is[name] = value
			}
			replaysDeadLetters(t, inbox.Postgres, "postgres", words,
				"postgres://"+is["user"]+"@/"+is["dbname"]+"?host="+url.QueryEscape(is["host"]))
		})
	}
	if address := os.Getenv("WXPAY_TEST_MARIADB"); address != "" {
		t.Run("MariaDB", func(t *testing.T) {
			t.Parallel()
			replaysDeadLetters(t, inbox.MySQL, "mysql", address, "mysql://"+address)
		})
	}
}

func replaysDeadLetters(t *testing.T, dialect inbox.Dialect, driver, opened, named string) {
	prefix := "cli" + strconv.Itoa(os.Getpid()%10000) + "_"
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if !slices.Contains(args, "--prefix") {
			args = append(args, "--prefix", prefix)
		}
		code := Main(append([]string{"inbox"}, args...), System{Out: &out, Err: &errs,
			LookupEnv: func(name string) (string, bool) { return named, name == inboxDatabase }})
		if code != want {
			t.Fatalf("inbox %q ended with %d: %s%s", args, code, out.String(), errs.String())
		}
		return out.String() + errs.String()
	}
	run(exitFailure, "check")
	run(exitOK, "migrate")
	run(exitOK, "check")
	if out := run(exitOK, "dead"); out != "" {
		t.Errorf("no dead letters: %q", out)
	}

	db, err := sql.Open(driver, opened)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	defer func() {
		for _, table := range []string{"events", "proofs", "facts", "contracts", "groups", "expected", "schema"} {
			_, _ = db.Exec("DROP TABLE IF EXISTS " + prefix + table)
		}
	}()
	b, err := inbox.New(db, inbox.Config{Dialect: dialect, Prefix: prefix, Attempts: 1,
		OnDead: func(context.Context, inbox.Dead) {}})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no such customer")
	handled := 0
	b.Otherwise(func(context.Context, *inbox.Delivery) error {
		if broken == nil {
			handled++
		}
		return broken
	})
	for _, id := range []string{"n1", "n2", "n3"} {
		if err := b.Take(t.Context(), &notify.Notification{MchID: "1900000109", ID: id, EventType: "ENTRUST.SIGN",
			Plaintext: []byte(`{"contract_id":"C1","openid":"oUpF8uMuAJOM2pxb1Q"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	if out := run(exitOK, "dead"); strings.Count(out, "ENTRUST.SIGN, 1 attempts") != 3 ||
		!strings.Contains(out, "no such customer") || strings.Contains(out, "oUpF8") {
		t.Errorf("dead letters: %s", out)
	}
	if out := run(exitOK, "dead", "--json", "--limit", "1"); !strings.Contains(out, `"id":"n1"`) {
		t.Errorf("as JSON: %s", out)
	}
	run(exitUsage, "replay")
	run(exitUsage, "replay", "n1", "--all")
	run(exitFailure, "replay", "n9")
	run(exitOK, "replay", "n1")
	run(exitOK, "discard", "1900000109", "n2")
	run(exitFailure, "discard", "1900000109", "n2")
	run(exitUsage, "discard", "n2")
	if out := run(exitOK, "forget", "--openid", "oUpF8uMuAJOM2pxb1Q"); !strings.Contains(out, "2 stored") {
		t.Errorf("forgotten: %s", out)
	}
	broken = nil
	if _, err := b.Work(t.Context()); err != nil || handled != 0 {
		t.Errorf("handled %d that were erased, %v", handled, err)
	}
	if out := run(exitOK, "schema", "postgres", "--prefix", "pay_"); !strings.Contains(out, "CREATE TABLE IF NOT "+
		"EXISTS pay_events") {
		t.Errorf("schema: %s", out)
	}
	run(exitUsage, "schema", "oracle")
	run(exitUsage, "schema")
	run(exitUsage, "check", "--prefix", "Robert'); DROP TABLE")
	if out := run(exitUsage, "check", "--database", "oracle://scott:tiger@host"); strings.Contains(out, "tiger") {
		t.Errorf("a password is repeated: %s", out)
	}
	for _, address := range []string{"postgres://scott:tiger@127.0.0.1:1/x", "mysql://scott:tiger@tcp(127.0.0.1:1)/x",
		"mysql://scott:tiger@nowhere", "postgres://scott:tiger@[::/x"} {
		if out := run(1+strings.Count(address, "nowhere"), "check", "--database", address); strings.Contains(out,
			"tiger") {
			t.Errorf("a password is repeated: %s", out)
		}
	}
	for _, password := range []string{"ti@ger", "ti@ger/x", "ti@ger?x", "ti@ger#x", "@ger@"} {
		out := run(exitUsage, "check", "--database", "postgres://scott:"+password+"@127.0.0.1:1/x")
		if strings.Contains(out, "ger") || !strings.Contains(out, "%40") {
			t.Errorf("a part of a password is repeated: %s", out)
		}
	}
}
