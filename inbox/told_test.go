package inbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/notify"
)

// Whatever a message says, the keys made of it fit the tables, and no two of its parts run
// together.
func FuzzTold(f *testing.F) {
	for _, seed := range [][2]string{
		{"ENTRUST.SIGN",
			`{"contract_id":"C1","plan_id":12535,"openid":"o1","contract_signed_time":"2026-11-28T10:00:00+08:00"}`},
		{"V2.CONTRACT", `{"change_type":"DELETE","contract_code":"K1","operate_time":"2026-11-28 10:00:00"}`},
		{"ENTRUST.RELEASE", `{"contract_information":{"contract_id":"C1","contract_status":"DELETE"}}`},
		{"TRANSACTION.SUCCESS", `{"transaction_id":"4200","out_trade_no":["x"],"sub_mchid":null}`},
		{"REFUND.SUCCESS", `{"refund_id":"5","out_refund_no":"` + strings.Repeat("r", 300) + `"}`},
		{"TRANSACTION.FAIL", `[]`}, {"", ``},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, eventType, plaintext string) {
		got := tellOf(&notify.Notification{MchID: "1", ID: "n", EventType: eventType,
			Plaintext: json.RawMessage(plaintext)})
		keys := []string{key(got.contract.key), key(got.contract.group), key(eventType), key(plaintext)}
		for _, name := range append(got.expected, keys...) {
			if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q is no key", name)
			}
		}
		if got.signed && got.ended || (got.signed || got.ended) != (got.contract.key != "") {
			t.Errorf("%+v", got)
		}
	})
}

func TestKeysAreApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, s := range []string{"", " ", "a", "A", "a ", "á", strings.Repeat("a", 64), strings.Repeat("a", 65),
		strings.Repeat("a", 66), "=a", key("=a"), "a\x00b", "a/b"} {
		k := key(s)
		if before, taken := seen[k]; taken {
			t.Errorf("%q and %q have one key", before, s)
		}
		seen[k] = s
	}
	if nameOf("code", "a", "bc") == nameOf("code", "ab", "c") {
		t.Error("parts of a name run together")
	}
}

// Drivers' errors, as they look: none is imported.
type (
	pgError     struct{ code string }
	mysqlError  struct{ Number uint16 }
	sqliteError struct{ code int }
	sqlite3Code struct{ Code int } // as of mattn/go-sqlite3
)

func (e *pgError) Error() string     { return e.code }
func (e *pgError) SQLState() string  { return e.code }
func (e *mysqlError) Error() string  { return fmt.Sprint(e.Number) }
func (e *sqliteError) Error() string { return fmt.Sprint(e.code) }
func (e *sqliteError) Code() int     { return e.code }
func (e sqlite3Code) Error() string  { return fmt.Sprint(e.Code) }

func TestTransientErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {errors.New("x"), false},
		{&pgError{"40001"}, true}, {&pgError{"40P01"}, true}, {&pgError{"23505"}, false},
		{&mysqlError{1213}, true}, {&mysqlError{1205}, true}, {&mysqlError{1020}, true}, {&mysqlError{1062}, false},
		{&sqliteError{5}, true}, {&sqliteError{517}, true}, {&sqliteError{6}, true}, {&sqliteError{19}, false},
		{sqlite3Code{5}, true}, {sqlite3Code{19}, false},
		{&failure{fmt.Errorf("x: %w", &pgError{"40001"})}, true},
		{errors.Join(errors.New("x"), &mysqlError{1213}), true}, {errors.Join(errors.New("x")), false},
		{(*pgError)(nil), false}, {(*mysqlError)(nil), false},
	} {
		if got := transient(c.err); got != c.want {
			t.Errorf("%T %v: %v", c.err, c.err, got)
		}
	}
}

// A reason names nobody whom the notification names.
func TestReasonsNameNobody(t *testing.T) {
	t.Parallel()
	got := reason(errors.New("user 张三丰丰 with oUpF8uMuAJOM2pxb1Q\nof C1 has no row"),
		json.RawMessage(`{"payer":{"openid":"oUpF8uMuAJOM2pxb1Q"},"names":["张三丰丰"],"contract_id":"C1"}`))
	if want := "user … with …·of C1 has no row"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Whatever a notification has in it is stored, and comes back byte for byte.
func FuzzPack(f *testing.F) {
	for _, seed := range [][3]string{{"n1", "ENTRUST.SIGN", "{ \"a\": \"<&>\u2028\" }\n"}, {"n\xff", "X\x00", "\xff"},
		{"", "", ""}, {"n", "X", `"\ud83d"`}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, id, eventType, plaintext string) {
		n := &notify.Notification{MchID: "1", ID: id, EventType: eventType, Plaintext: json.RawMessage(plaintext)}
		payload, err := pack(n, 2)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(payload) || strings.Contains(payload, "\x00") {
			t.Errorf("%q is no text of a database", payload)
		}
		got, at, err := unpack(payload)
		if err != nil || got.ID != id || got.EventType != eventType || string(got.Plaintext) != plaintext ||
			at != 2 {
			t.Errorf("%q came back as %+v, %v, %v", payload, got, at, err)
		}
	})
}
