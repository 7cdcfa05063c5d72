package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What there is, as lists and one by one. A list is filtered by the members of what is in
// it, ?state=SIGNED&plan_id=12535, and comes in pages with ?limit=100, of which the next
// is asked for by the id of the last: ?after=….

// listed is a list of the admin: what a thing on it is called, and by what it is known.
type listed[V any] struct {
	one     string
	id      func(*V) string
	members map[string]int // see filters
}

// addList adds a list of what the store has as rows of one kind, and each of them by its id.
func addList[E, V any, P interface {
	*E
	rows.Entity
}](e *engine.Engine, routes map[string]adminRoute, path, one string, view func(P) *V, id func(*V) string) {
	l := listed[V]{one, id, filters(reflect.TypeFor[V]())}
	names := slices.Sorted(maps.Keys(l.members))
	routes["GET "+path] = bare(func(r *http.Request) (any, error) {
		ask, err := l.asked(r.URL.Query())
		if err != nil {
			return nil, err
		}
		page, more, err := engine.Page(e, view, ask.after, ask.limit, ask.wants)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil, badCall("after is the id of a %s on this list, and there is none with %s", one,
				shown.Value(ask.after))
		case err == nil && more:
			return engine.Document{"data": page, "next": id(page[len(page)-1])}, nil
		}
		return listing(page, err)
	}).asking(append(names, "after", "limit")...)
	routes["GET "+path+"/{id}"] = bare(func(r *http.Request) (any, error) {
		v, err := engine.Look(e, r.PathValue("id"), view)
		if errors.Is(err, store.ErrNotFound) {
			return nil, &adminError{http.StatusNotFound, fmt.Sprintf("there is no %s with the id %s", one,
				shown.Value(r.PathValue("id")))}
		}
		return v, err
	})
}

// asked is what a call wants of a list.
type asked[V any] struct {
	after string // "" for from the first on
	limit int    // 0 for all
	wants func(*V) bool
}

func (l listed[V]) asked(query url.Values) (asked[V], error) {
	wanted := map[int]string{} // by member
	for name, index := range l.members {
		if !query.Has(name) {
			continue
		}
		want := query.Get(name)
		if reflect.TypeFor[V]().Field(index).Type.Kind() == reflect.Bool && want != "true" && want != "false" {
			return asked[V]{}, badCall("%s is true or false", name)
		}
		wanted[index] = want
	}
	ask := asked[V]{after: query.Get("after"), wants: func(v *V) bool {
		for index, want := range wanted {
			if fmt.Sprint(reflect.ValueOf(v).Elem().Field(index).Interface()) != want {
				return false
			}
		}
		return true
	}}
	if query.Has("after") && ask.after == "" {
		return ask, badCall("after is the id of a %s on this list, and there is none with %s", l.one, shown.Value(""))
	}
	if query.Has("limit") {
		limit, err := strconv.Atoi(query.Get("limit"))
		if err != nil || limit < 1 {
			return ask, badCall("limit is a whole number from 1")
		}
		ask.limit = limit
	}
	return ask, nil
}

// filters are the members of a view that are strings, true or false, by their names in JSON.
func filters(t reflect.Type) map[string]int {
	out := map[string]int{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if kind := t.Field(i).Type.Kind(); kind == reflect.String || kind == reflect.Bool {
			out[name] = i
		}
	}
	return out
}

func (a *admin) listRoutes() map[string]adminRoute {
	routes := map[string]adminRoute{}
	e := a.engine
	addList(e, routes, "/sandbox/contracts", "contract", (*rows.Contract).View,
		func(c *ledger.Contract) string { return c.ID })
	addList(e, routes, "/sandbox/sessions", "session", (*rows.Session).View,
		func(s *ledger.Session) string { return s.Token })
	addList(e, routes, "/sandbox/orders", "order", (*rows.Order).View, func(o *ledger.Order) string { return o.ID })
	addList(e, routes, "/sandbox/debits", "debit", (*rows.Debit).View, func(d *ledger.Debit) string { return d.ID })
	addList(e, routes, "/sandbox/refunds", "refund", (*rows.Refund).View,
		func(r *ledger.Refund) string { return r.ID })
	addList(e, routes, "/sandbox/pushes", "notification", (*push.Row).View,
		func(p *ledger.Push) string { return p.ID })
	return routes
}
