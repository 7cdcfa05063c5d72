package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/guide"
	"github.com/wxpay-go/wxpay/sandbox/internal/outbox"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// How a document of a sandbox's state is read. Nothing of it counts before all of it was checked.

// entities are the kinds of rows that a document has by their data alone.
var entities = map[string]func() rows.Entity{
	"session": of[rows.Session], "contract": of[rows.Contract], "order": of[rows.Order], "debit": of[rows.Debit],
	"refund": of[rows.Refund], "wallet": of[rows.Wallet], "code": of[rows.CodeUse], "claim": of[rows.Claim],
	"push": of[push.Row], "hold": of[outbox.SavedHold],
}

func of[E any, P interface {
	*E
	rows.Entity
}]() rows.Entity {
	return P(new(E))
}

// ownKinds are those that only their own room can read.
var ownKinds = []string{"appids", "bill", "by-day", "face-code", "face-collection", "face-device", "face-user",
	"payers", "payment-code", "person", "picture"}

// readState reads a document, and says what is wrong with it.
func readState(raw []byte) (*stateDocument, error) {
	var is struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	trimmed := bytes.TrimSpace(raw)
	switch err := json.Unmarshal(raw, &is); {
	case len(trimmed) == 0:
		return nil, badState("there is nothing in it")
	case !utf8.Valid(raw):
		return nil, badState("it is not UTF-8")
	case errors.As(err, new(*json.SyntaxError)):
		return nil, badState("it is not one JSON object, as where it was cut off: %v", err)
	case trimmed[0] != '{':
		return nil, badState("it is JSON, but not an object")
	case err == nil && is.Format == stateFormat && is.Version > stateVersion:
		return nil, badState("it is of version %d, and this sandbox reads up to %d: take a newer wxpay", is.Version,
			stateVersion)
	}
	if err := checkStateMembers(raw); err != nil {
		return nil, err
	}
	switch {
	case is.Format != stateFormat:
		return nil, badState("it is no state of a sandbox: its \"format\" is not %q", stateFormat)
	case is.Version < 1:
		return nil, badState("its \"version\" is none from 1 to %d", stateVersion)
	}
	doc := new(stateDocument)
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(doc); err != nil {
		return nil, badState("it is not what a sandbox exports: %v", withoutValue(err))
	}
	if sum, err := sumOf(raw); doc.Sum != "" && (err != nil || sum != doc.Sum) {
		return nil, badState("it was changed since it was exported: its \"sha256\" is that of another one. " +
			"Leave that member out if you changed it on purpose")
	}
	if err := clock.CheckTime(doc.Time); err != nil {
		return nil, badState("\"time\": %v", err)
	}
	return doc, checkRows(doc.Rows)
}

// checkStateMembers says which member of an object a document has not, or has twice.
func checkStateMembers(raw []byte) error {
	known, seen := guide.Members(reflect.TypeFor[stateDocument]()), map[string]bool{}
	d := json.NewDecoder(bytes.NewReader(raw))
	_, _ = d.Token() // the bracket that it begins with
	for d.More() {
		token, err := d.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if err = errors.Join(err, d.Decode(&value)); err != nil {
			return badState("it is not one JSON object: %v", err)
		}
		switch {
		case known[name] == nil:
			return badState("it is no state of a sandbox, which has no member %q", shown.Value(name))
		case seen[name]:
			return badState("its member %q is given twice", name)
		}
		seen[name] = true
	}
	return nil
}

// withoutValue is an error of encoding/json without what was read.
func withoutValue(err error) error {
	if mistyped := (*json.UnmarshalTypeError)(nil); errors.As(err, &mistyped) {
		return fmt.Errorf("%q must be %s", mistyped.Field, kindName(mistyped.Type))
	}
	return errors.New(shown.Line(strings.TrimPrefix(err.Error(), "json: "), shown.MaxLine))
}

func checkRows(all map[string][]stateRow) error {
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		if entities[kind] == nil && !slices.Contains(ownKinds, kind) {
			return badState("this version has no rows of the kind %s", shown.Value(kind))
		}
		seen := map[string]bool{}
		for i, row := range all[kind] {
			// The id may be an openid, so it is not said.
			switch e, err := row.entity(kind); {
			case seen[row.ID]:
				return badState("rows.%s[%d] has the id of another one", kind, i)
			case err != nil || len(row.Data) == 0:
				return badState("rows.%s[%d] is not what a sandbox exports", kind, i)
			case e != nil && (row.Keys != nil || row.Due != 0):
				return badState("rows.%s[%d] has keys or due, which follow from its data", kind, i)
			}
			seen[row.ID] = true
		}
	}
	return nil
}

// entity is what a row is, nil where only its own room can read it.
func (r *stateRow) entity(kind string) (rows.Entity, error) {
	if entities[kind] == nil {
		return nil, nil
	}
	e, err := rows.Decode(entities[kind](), store.Row{ID: r.ID, Rev: 1, Data: r.Data})
	if err == nil {
		*e.Revision() = 0 // of a row that is new here
	}
	return e, err
}

// putState writes what a document has into a store that has nothing.
func (s *Sandbox) putState(doc *stateDocument) func(*registry.State, *engine.Step) error {
	return func(r *registry.State, st *engine.Step) error {
		for _, kind := range slices.Sorted(maps.Keys(doc.Rows)) {
			for i := range doc.Rows[kind] {
				if err := putStateRow(st, r, kind, &doc.Rows[kind][i]); err != nil {
					return err
				}
			}
		}
		for i := range doc.Merchants {
			if err := s.putStateMerchant(st, r, &doc.Merchants[i]); err != nil {
				return err
			}
		}
		return errors.Join(payments.DropBills(st), payments.IndexDays(st))
	}
}

func putStateRow(st *engine.Step, r *registry.State, kind string, row *stateRow) error {
	e, err := row.entity(kind)
	switch {
	case err != nil:
		return err
	case e == nil:
		var data bytes.Buffer
		if err := json.Compact(&data, row.Data); err != nil {
			return err
		}
		_, err := st.Put(kind, store.Row{ID: row.ID, Keys: row.Keys, Due: row.Due, Data: data.Bytes()})
		return err
	}
	if owner := e.Owner(); owner != "" && r.Merchants[owner] == nil {
		return badState("a %s in it is merchant %s's, whom this sandbox does not know: start it with that merchant "+
			"(wxpay sandbox --mchid, Config.Merchants), or register them (POST /sandbox/merchants) first", kind,
			shown.Value(owner))
	}
	return rows.Put(st.Tx, e)
}

// putStateMerchant gives a merchant what the document's has beside what it has here.
func (s *Sandbox) putStateMerchant(st *engine.Step, r *registry.State, is *stateMerchant) error {
	here := r.Merchants[is.MchID]
	if here == nil {
		return nil
	}
	m := here.Merchant
	m.Name = is.Name
	m.AppIDs = both(is.AppIDs, m.AppIDs, func(a, b string) bool { return a == b })
	m.SubMerchants = both(is.SubMerchants, m.SubMerchants, func(a, b ledger.SubMerchant) bool {
		return a.MchID == b.MchID
	})
	m.Plans = both(is.Plans, m.Plans, func(a, b ledger.Plan) bool { return a.ID == b.ID && a.Product == b.Product })
	if sameButKeys(m, here.Merchant) {
		return nil
	}
	parsed, err := registry.Parse(s.engine.Products, m)
	if err != nil {
		return badState("%v", err)
	}
	return st.ChangeMerchant(r, parsed)
}

// sameButKeys compares merchants, whose keys are not changed here.
func sameButKeys(a, b ledger.Merchant) bool {
	return a.Name == b.Name && slices.Equal(a.AppIDs, b.AppIDs) &&
		reflect.DeepEqual([]any{a.SubMerchants, a.Plans}, []any{b.SubMerchants, b.Plans})
}

// both are those of a list and those of another one that it lacks.
func both[T any](list, more []T, same func(a, b T) bool) []T {
	out := slices.Clone(list)
	for _, one := range more {
		if !slices.ContainsFunc(list, func(has T) bool { return same(has, one) }) {
			out = append(out, one)
		}
	}
	return out
}
