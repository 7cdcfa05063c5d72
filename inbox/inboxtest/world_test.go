package inboxtest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// world is a database with the inbox's tables and one of the user's: what a function writes there
// is its effect.
type world struct {
	*testing.T
	db      *sql.DB
	dialect inbox.Dialect
	address string
	prefix  string
	clock   *clock
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

var worlds atomic.Int64

// servers are the variables that script/databases sets, and what is opened with them.
var servers = []struct {
	name     string
	dialect  inbox.Dialect
	driver   string
	variable string
}{
	{"PostgreSQL", inbox.Postgres, "pgx", "WXPAY_TEST_POSTGRES"},
	{"MariaDB", inbox.MySQL, "mysql", "WXPAY_TEST_MARIADB"},
	{"SQLite", inbox.SQLite, "sqlite", ""},
}

// onEach runs a test on each database.
func onEach(t *testing.T, test func(w *world)) {
	t.Parallel()
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			address := os.Getenv(s.variable)
			switch {
			case s.dialect == inbox.SQLite:
				address = "file:" + filepath.Join(t.TempDir(), "shop.db") +
					"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"
			case address == "" && os.Getenv("WXPAY_NO_SKIPS") != "":
				t.Fatalf("%s is not set, and nothing may be skipped: run script/databases", s.variable)
			case address == "":
				t.Skipf("SKIPPED on %s: %s is not set; script/databases starts a server and sets it", s.name,
					s.variable)
			}
			db, err := sql.Open(s.driver, address)
			if err != nil {
				t.Fatal(err)
			}
			db.SetMaxOpenConns(12)
			w := &world{T: t, db: db, dialect: s.dialect, address: address,
				prefix: fmt.Sprintf("t%d_%d_", os.Getpid()%10000,
					worlds.Add(1)),
				clock: &clock{at: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}}
			t.Cleanup(func() { w.tearDown() })
			if err := w.box(inbox.Config{}).Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.exec("CREATE TABLE " + w.effects() + " (what VARCHAR(200) NOT NULL)")
			test(w)
		})
	}
}

func (w *world) effects() string { return w.prefix + "effects" }

// tables are those of the inbox.
var tables = slices.Clip([]string{"events", "proofs", "facts", "contracts", "groups", "expected"})

func (w *world) tearDown() {
	w.dropAll()
	_ = w.db.Close()
}

func (w *world) dropAll() {
	for _, table := range []string{"effects", "events", "proofs", "facts", "contracts", "groups", "expected",
		"schema"} {
		_, _ = w.db.Exec("DROP TABLE IF EXISTS " + w.prefix + table)
	}
}

// box is another process's, as it were, on the same tables.
func (w *world) box(cfg inbox.Config) *inbox.Box {
	w.Helper()
	cfg.Dialect, cfg.Prefix = w.dialect, w.prefix
	if cfg.Now == nil {
		cfg.Now = w.clock.now
	}
	b, err := inbox.New(w.db, cfg)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

func (w *world) exec(statement string, args ...any) {
	w.Helper()
	if _, err := w.db.ExecContext(w.Context(), w.marks(statement), args...); err != nil {
		w.Fatal(err)
	}
}

// marks writes ? as the database wants it.
func (w *world) marks(statement string) string {
	if w.dialect != inbox.Postgres {
		return statement
	}
	for i := 1; strings.Contains(statement, "?"); i++ {
		statement = strings.Replace(statement, "?", fmt.Sprintf("$%d", i), 1)
	}
	return statement
}

// write is what the user's functions do: a row in the delivery's transaction.
func (w *world) write(ctx context.Context, d *inbox.Delivery, what string) error {
	_, err := d.Tx.ExecContext(ctx, w.marks("INSERT INTO "+w.effects()+" (what) VALUES (?)"), what)
	return err
}

// effect lists what was committed, sorted.
func (w *world) effect() (all []string) {
	w.Helper()
	rows, err := w.db.QueryContext(w.Context(), "SELECT what FROM "+w.effects()+" ORDER BY what")
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		if err := rows.Scan(&what); err != nil {
			w.Fatal(err)
		}
		all = append(all, what)
	}
	if rows.Err() != nil {
		w.Fatal(rows.Err())
	}
	return all
}

// count is what a question to the tables says.
func (w *world) count(query string, args ...any) (n int) {
	w.Helper()
	if err := w.db.QueryRowContext(w.Context(), w.marks(strings.ReplaceAll(query, "~", w.prefix)), args...).
		Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

// dump is all that the inbox's tables hold.
func (w *world) dump() string {
	w.Helper()
	var all strings.Builder
	for _, table := range tables {
		rows, err := w.db.QueryContext(w.Context(), "SELECT * FROM "+w.prefix+table)
		if err != nil {
			w.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			w.Fatal(err)
		}
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		for rows.Next() {
			if err := rows.Scan(values...); err != nil {
				w.Fatal(err)
			}
			all.WriteString(table)
			for i, v := range values {
				fmt.Fprintf(&all, " %s=%s", columns[i], v.(*sql.NullString).String)
			}
			all.WriteByte('\n')
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			w.Fatal(err)
		}
	}
	return all.String()
}

const mchID = "1900000100"

// event is a notification as a receiver hands it over.
func notified(id, eventType string, resource map[string]any) *notify.Notification {
	text, err := json.Marshal(resource)
	if err != nil {
		panic(err)
	}
	original := "entrust"
	if strings.HasPrefix(eventType, "TRANSACTION") {
		original = "transaction"
	}
	return &notify.Notification{MchID: mchID, ID: id, EventType: eventType, OriginalType: original, Plaintext: text}
}

func signed(id, contractID, code, at string) *notify.Notification {
	return notified(id, "ENTRUST.SIGN", map[string]any{"mchid": mchID, "contract_id": contractID, "plan_id": 12535,
		"out_contract_code": code, "openid": "oUpF8uMuAJOM2pxb1Q", "contract_signed_time": at,
		"contract_state": "SIGNED"})
}

func ended(id, contractID, code, at string) *notify.Notification {
	return notified(id, "ENTRUST.TERMINATE", map[string]any{"mchid": mchID, "contract_id": contractID, "plan_id": 12535,
		"out_contract_code": code, "openid": "oUpF8uMuAJOM2pxb1Q", "contract_state": "TERMINATED",
		"contract_terminate_info": map[string]any{"contract_terminated_time": at}})
}

func paid(id, number, transaction string) *notify.Notification {
	return notified(id, "TRANSACTION.SUCCESS", map[string]any{"mchid": mchID, "out_trade_no": number,
		"transaction_id": transaction, "trade_state": "SUCCESS",
		"payer": map[string]any{"openid": "oUpF8uMuAJOM2pxb1Q"}})
}

func unpaid(id, number string) *notify.Notification {
	return notified(id, "TRANSACTION.FAIL", map[string]any{"mchid": mchID, "out_trade_no": number,
		"trade_state": "PAY_FAIL"})
}
