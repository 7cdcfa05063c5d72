package rows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Entity is anything that is kept in the store as a row of its own.
type Entity interface {
	RowKind() string
	Row() store.Row // ID, Keys and Due; the rest is filled by put
	Revision() *int64
	// Owner is the mchid of the merchant it belongs to, "" for none; see scope.go.
	Owner() string
}

// Joined makes one name of parts, of which none is taken for two: numbers that merchants choose may
// have a bar in them.
func Joined(parts ...string) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte('|')
		}
		_, _ = barred.WriteString(&b, part)
	}
	return b.String()
}

var barred = strings.NewReplacer(`\`, `\\`, `|`, `\|`)

// Get reads one entity; errors.Is(err, ErrNotFound) when there is none.
func Get[E any, P interface {
	*E
	Entity
}](tx store.Tx, id string) (P, error) {
	e := P(new(E))
	row, err := tx.Get(e.RowKind(), id)
	if err != nil {
		return nil, err
	}
	e, err = Decode(e, row)
	if err == nil && hides(tx, e) || err != nil && hidesRow(tx, row) {
		return nil, store.ErrNotFound
	}
	return e, err
}

// Find lists entities by index key, in insertion order, the newest ones only
// when newest is above 0.
func Find[E any, P interface {
	*E
	Entity
}](tx store.Tx, key string, newest int) ([]P, error) {
	wanted := newest
	if _, ok := tx.(scoped); ok {
		wanted = 0 // the newest that are not hidden
	}
	out, err := find[E, P](tx, key, wanted, func(row store.Row) bool { return hidesRow(tx, row) })
	if newest > 0 && len(out) > newest {
		out = out[len(out)-newest:]
	}
	return out, err
}

// FindReadable is Find of everybody's without what cannot be read: for what WeChat Pay does beside
// a call, which no damage to another's may stop.
func FindReadable[E any, P interface {
	*E
	Entity
}](tx store.Tx, key string) ([]P, error) {
	return find[E, P](Unscoped(tx), key, 0, func(store.Row) bool { return true })
}

// Page lists so many entities after the one with an id, in insertion order; last is the id of the
// last of them, "" where there are no more.
func Page[E any, P interface {
	*E
	Entity
}](tx store.Tx, after string, limit int) (out []P, last string, err error) {
	rows, err := tx.Page(P(new(E)).RowKind(), "", after, limit)
	if err != nil {
		return nil, "", err
	}
	if len(rows) == limit {
		last = rows[limit-1].ID
	}
	out, err = decodeAll[E, P](tx, rows, func(row store.Row) bool { return hidesRow(tx, row) })
	return out, last, err
}

// find leaves out what is hidden, and of what cannot be read what skipped says.
func find[E any, P interface {
	*E
	Entity
}](tx store.Tx, key string, newest int, skipped func(store.Row) bool) ([]P, error) {
	rows, err := tx.Find(P(new(E)).RowKind(), key, newest)
	if err != nil {
		return nil, err
	}
	return decodeAll[E, P](tx, rows, skipped)
}

func decodeAll[E any, P interface {
	*E
	Entity
}](tx store.Tx, rows []store.Row, skipped func(store.Row) bool) ([]P, error) {
	out := make([]P, 0, len(rows))
	for _, row := range rows {
		switch e, err := Decode(P(new(E)), row); {
		case err != nil && skipped(row):
		case err != nil:
			return nil, err
		case !hides(tx, e):
			out = append(out, e)
		}
	}
	return out, nil
}

// Put writes an entity that was made new or read by get or find.
func Put(tx store.Tx, e Entity) error {
	row := e.Row()
	row.Rev = *e.Revision()
	data, err := tryJSON(e)
	if err != nil {
		return Misread(e, "cannot be stored as it would be by now: %v", err)
	}
	row.Data = data
	if owner := e.Owner(); owner != "" {
		row.Keys = append(row.Keys, ofMerchant+owner) // whose it is, also where it cannot be read
	}
	rev, err := tx.Put(e.RowKind(), row)
	if err != nil {
		return fmt.Errorf("store %s: %w", named(e.RowKind(), row.ID), err)
	}
	*e.Revision() = rev
	return nil
}

func Decode[P Entity](e P, row store.Row) (P, error) {
	if err := Readable(e.RowKind(), row); err != nil {
		return e, err
	}
	if err := json.Unmarshal(row.Data, e); err != nil {
		return e, &misread{e.RowKind(), row.ID, "is not what was put there: " + err.Error()}
	}
	// From here on the row is known by its data, and would be written back by it.
	if e.Row().ID != row.ID {
		return e, &misread{e.RowKind(), row.ID,
			"is not what was put there: its data has the id of another row, or " +
				"none"}
	}
	*e.Revision() = row.Rev
	if row, ok := any(e).(interface{ sound() error }); ok {
		return e, row.sound()
	}
	return e, nil
}

// Rev is the revision an entity was read at; embedding it gives revision().
type Rev struct{ n int64 }

func (r *Rev) Revision() *int64 { return &r.n }

// EncodeJSON writes compact JSON and leaves &, < and > alone, as WeChat Pay
// does. It is only used on values that always encode.
func EncodeJSON(v any) []byte {
	b, err := tryJSON(v)
	if err != nil {
		panic(fmt.Sprintf("sandbox: %T does not encode: %v", v, err))
	}
	return b
}

// tryJSON is EncodeJSON for values that may hold what a store had.
func tryJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
