package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// What there is, as lists and one by one. A list is filtered by the members of what is in
// it, ?state=SIGNED&plan_id=12535, and comes in pages with ?limit=100, of which the next
// is asked for by the id of the last: ?after=….

// listed is a list of the admin: a path, what a thing on it is called, and by what it is
// known.
type listed[V any] struct {
	path, one string
	id        func(*V) string
	all       func() ([]*V, error)
}

func (l listed[V]) addTo(routes map[string]adminRoute) {
	members := filters(reflect.TypeFor[V]())
	names := slices.Sorted(maps.Keys(members))
	routes["GET "+l.path] = bare(func(r *http.Request) (any, error) { return l.page(r, members) }).
		asking(append(names, "after", "limit")...)
	routes["GET "+l.path+"/{id}"] = bare(func(r *http.Request) (any, error) { return l.byID(r.PathValue("id")) })
}

func (l listed[V]) byID(id string) (*V, error) {
	all, err := l.all()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(v *V) bool { return l.id(v) == id })
	if i < 0 {
		return nil, &adminError{http.StatusNotFound, fmt.Sprintf("there is no %s with the id %s", l.one, shown(id))}
	}
	return all[i], nil
}

func (l listed[V]) page(r *http.Request, members map[string]int) (any, error) {
	all, err := l.all()
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	if query.Has("after") {
		i := slices.IndexFunc(all, func(v *V) bool { return l.id(v) == query.Get("after") })
		if i < 0 {
			return nil, badCall("after is the id of a %s on this list, and there is none with %s", l.one, shown(query.Get("after")))
		}
		all = all[i+1:]
	}
	for name, index := range members {
		if !query.Has(name) {
			continue
		}
		want := query.Get(name)
		if reflect.TypeFor[V]().Field(index).Type.Kind() == reflect.Bool && want != "true" && want != "false" {
			return nil, badCall("%s is true or false", name)
		}
		all = slices.DeleteFunc(slices.Clone(all), func(v *V) bool {
			return fmt.Sprint(reflect.ValueOf(v).Elem().Field(index).Interface()) != want
		})
	}
	if query.Has("limit") {
		limit, err := strconv.Atoi(query.Get("limit"))
		if err != nil || limit < 1 {
			return nil, badCall("limit is a whole number from 1")
		}
		if limit < len(all) {
			return document{"data": all[:limit], "next": l.id(all[limit-1])}, nil
		}
	}
	return rows(all, nil)
}

// filters are the members of a view that are texts, true or false, by their names in JSON.
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
	listed[Contract]{"/sandbox/contracts", "contract", func(c *Contract) string { return c.ID }, a.Contracts}.addTo(routes)
	listed[Session]{"/sandbox/sessions", "session", func(s *Session) string { return s.Token }, a.Sessions}.addTo(routes)
	listed[Order]{"/sandbox/orders", "order", func(o *Order) string { return o.ID }, a.Orders}.addTo(routes)
	listed[Debit]{"/sandbox/debits", "debit", func(d *Debit) string { return d.ID }, a.Debits}.addTo(routes)
	listed[Refund]{"/sandbox/refunds", "refund", func(r *Refund) string { return r.ID }, a.Refunds}.addTo(routes)
	listed[Push]{"/sandbox/pushes", "notification", func(p *Push) string { return p.ID }, a.Pushes}.addTo(routes)
	return routes
}
