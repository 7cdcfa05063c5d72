package inbox_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// nothing is a database that cannot be reached: package inboxtest has those that can.
type nothing struct{}

func (nothing) Open(string) (driver.Conn, error) { return nil, errors.New("the network is away") }

func open(t *testing.T) *sql.DB {
	t.Helper()
	db := sql.OpenDB(connector{})
	t.Cleanup(func() { db.Close() })
	return db
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	db := open(t)
	for name, c := range map[string]struct {
		db   *sql.DB
		cfg  inbox.Config
		says string
	}{
		"no database":     {nil, inbox.Config{Dialect: inbox.SQLite}, "db is nil"},
		"no dialect":      {db, inbox.Config{}, "Dialect"},
		"another dialect": {db, inbox.Config{Dialect: "oracle"}, "Dialect"},
		"short memory":    {db, inbox.Config{Dialect: inbox.SQLite, Keep: time.Hour}, "48h"},
		"short letters":   {db, inbox.Config{Dialect: inbox.SQLite, KeepDead: time.Hour}, "48h"},
		"below 0":         {db, inbox.Config{Dialect: inbox.SQLite, Attempts: -1}, "not below 0"},
		"a prefix":        {db, inbox.Config{Dialect: inbox.SQLite, Prefix: "x; DROP TABLE "}, "prefix"},
		"a digit first":   {db, inbox.Config{Dialect: inbox.SQLite, Prefix: "1_"}, "prefix"},
		"a long prefix":   {db, inbox.Config{Dialect: inbox.SQLite, Prefix: strings.Repeat("x", 33)}, "prefix"},
	} {
		if _, err := inbox.New(c.db, c.cfg); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Mistakes of the program are told when it starts.
func TestMisusePanics(t *testing.T) {
	t.Parallel()
	b, err := inbox.New(open(t), inbox.Config{Dialect: inbox.SQLite})
	if err != nil {
		t.Fatal(err)
	}
	b.Handle("A", func2)
	b.Otherwise(func2)
	attached, err := inbox.New(open(t), inbox.Config{Dialect: inbox.SQLite})
	if err != nil {
		t.Fatal(err)
	}
	attached.Attach(notify.New(nil, notify.APIv2Key("1900000109", key)))
	for name, misuse := range map[string]func(){
		"no function":    func() { b.Handle("B", nil) },
		"no event type":  func() { b.Handle("", func2) },
		"twice":          func() { b.Handle("A", func2) },
		"otherwise":      func() { b.Otherwise(func2) },
		"after attach":   func() { attached.Handle("B", func2) },
		"on of nil":      func() { inbox.On[ending](b, nil) },
		"a nil box":      func() { (*inbox.Box)(nil).Handle("B", func2) },
		"nil box attach": func() { (*inbox.Box)(nil).Attach(nil) },
	} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.HasPrefix(said, "inbox.") {
					t.Errorf("%s: panics with %s", name, said)
				}
			}()
			misuse()
		}()
	}
}

// Where the database is away nothing is answered with a success, and nothing is counted.
func TestWithoutADatabase(t *testing.T) {
	t.Parallel()
	b, err := inbox.New(open(t), inbox.Config{Dialect: inbox.Postgres, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	b.Otherwise(func2)
	n := &notify.Notification{MchID: "1900000109", ID: "n1", EventType: "ENTRUST.SIGN", Plaintext: []byte("{}")}
	for name, err := range map[string]error{
		"take":    b.Take(t.Context(), n),
		"nothing": b.Take(t.Context(), nil),
		"no id":   b.Take(t.Context(), &notify.Notification{MchID: "1900000109"}),
		"check":   b.Check(t.Context()),
		"migrate": b.Migrate(t.Context()),
		"replay":  b.Replay(t.Context(), "1900000109", "n1"),
	} {
		if err == nil {
			t.Errorf("%s: succeeded", name)
		}
	}
}

func TestSchemaHasEveryDialect(t *testing.T) {
	t.Parallel()
	for _, d := range []inbox.Dialect{inbox.Postgres, inbox.MySQL, inbox.SQLite} {
		list, err := inbox.Schema(d, "pay_")
		if err != nil || len(list) != 1 || list[0].Version != 1 || list[0].Name != "0001_inbox.sql" ||
			strings.Contains(list[0].SQL, inbox.DefaultPrefix) ||
			strings.Count(list[0].SQL, "CREATE TABLE IF NOT EXISTS pay_") != 7 {
			t.Errorf("%s: %+v, %v", d, list, err)
		}
	}
	if _, err := inbox.Schema("oracle", ""); err == nil {
		t.Error("a schema for a database that is not known")
	}
	if _, err := inbox.Schema(inbox.SQLite, "a b"); err == nil {
		t.Error("a prefix with a space")
	}
}

func TestExpectWantsWhatItAsksBy(t *testing.T) {
	t.Parallel()
	db := open(t)
	b, err := inbox.New(db, inbox.Config{Dialect: inbox.SQLite})
	if err != nil {
		t.Fatal(err)
	}
	for want, x := range map[string]inbox.Expected{
		"Kind":     {MchID: "1", Number: "T1"},
		"MchID":    {Kind: inbox.Debit, Number: "T1"},
		"Number":   {Kind: inbox.Debit, MchID: "1"},
		"PlanID":   {Kind: inbox.PapayContract, MchID: "1", Number: "K1"},
		"OpenID":   {Kind: inbox.EduContract, MchID: "1", PlanID: "1", AppID: "wx1"},
		"AppID":    {Kind: inbox.V2Debit, MchID: "1", Number: "T1"},
		"SubMchID": {Kind: inbox.PartnerDebit, MchID: "1", Number: "T1"},
	} {
		for _, err := range []error{b.Expect(t.Context(), db, x), b.Unexpect(t.Context(), db, x)} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("without %s: %v", want, err)
			}
		}
	}
}

// What holds an openid prints none.
func TestNothingPrintsAnOpenID(t *testing.T) {
	t.Parallel()
	const openid = "oUpF8uMuAJOM2pxb1Q"
	x := inbox.Expected{Kind: inbox.EduContract, OpenID: openid, Number: "K1"}
	p := inbox.Person{OpenIDs: []string{openid}}
	d := inbox.Delivery{Notification: &notify.Notification{ID: "n1", Plaintext: []byte(openid)}}
	for _, v := range []any{x, &x, p, &p, d, &d, inbox.Dead{ID: "n1"}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if said := fmt.Sprintf(verb, v); strings.Contains(said, openid) || strings.Contains(said, "111 85 112") {
				t.Errorf("%T with %s: %s", v, verb, said)
			}
		}
	}
}
