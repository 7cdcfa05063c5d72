package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// owns says whether anything is stored under a person's id. What they ordered is not: an order
// names the openid that paid.
func (s *Step) owns(id string) (bool, error) {
	if owns, err := s.RowOf((*rows.Wallet)(nil).RowKind())(id); owns || err != nil {
		return owns, err
	}
	contracts, err := s.Find((*rows.Contract)(nil).RowKind(), "person:"+id, 1) // whatever is in it
	return len(contracts) > 0, err
}

// AddPerson says that these openids, by appid, are one person.
func (e *Engine) AddPerson(openIDs map[string]string) error {
	return e.register(func(r *registry.State, s *Step) error {
		one, err := r.Join(openIDs, "", s.owns)
		if err != nil {
			return err
		}
		return s.savePerson(&savedPerson{OpenIDs: openIDs, First: one.Told[0]})
	})
}

// joinAll says of each of these that they are one person, and saves nothing.
func (e *Engine) joinAll(s *Step, list []*savedPerson) error {
	return e.Registry.Change(func(r *registry.State) error {
		for _, p := range list {
			if _, err := r.Join(p.OpenIDs, p.First, s.owns); err != nil {
				return err
			}
		}
		return nil
	})
}

// recallPeople names no row in its error, as each does, for its id is openids.
func (e *Engine) recallPeople(s *Step) error {
	saved, err := rows.Find[savedPerson](s.Tx, "", 0)
	if err != nil {
		return err
	}
	if err := e.joinAll(s, saved); err != nil {
		return fmt.Errorf("the store's person: %w", err)
	}
	return nil
}

// savedAppIDs are the appids that anybody was introduced to.
type savedAppIDs struct {
	rows.Rev
	AppIDs []string `json:"appids"`
}

func (s *savedAppIDs) RowKind() string { return "appids" }

func (s *savedAppIDs) Row() store.Row { return store.Row{ID: "appids"} }

// saveAppIDs saves those there are, if any came.
func saveAppIDs(s *registry.State, tx store.Tx) error {
	saved, err := rows.Get[savedAppIDs](tx, (&savedAppIDs{}).Row().ID)
	if errors.Is(err, store.ErrNotFound) {
		saved, err = &savedAppIDs{}, nil
	}
	if err != nil || slices.Equal(saved.AppIDs, s.Appids) {
		return err
	}
	saved.AppIDs = s.Appids
	return rows.Put(tx, saved)
}

type savedPerson struct {
	rows.Rev
	OpenIDs map[string]string `json:"openids"`
	First   string            `json:"first,omitempty"` // the first one told of them, see introduce
}

func (s *savedPerson) RowKind() string { return "person" }

func (s *savedPerson) Row() store.Row {
	var parts []string
	for _, appid := range slices.Sorted(maps.Keys(s.OpenIDs)) {
		parts = append(parts, appid, s.OpenIDs[appid])
	}
	return store.Row{ID: rows.Joined(parts...)}
}

// savePerson puts a person last, so that all are recalled in the order in which they were told.
func (s *Step) savePerson(p *savedPerson) error {
	old, err := s.Get(p.RowKind(), p.Row().ID)
	if err == nil {
		err = rows.Readable(p.RowKind(), old)
	}
	if err == nil {
		err = s.Delete(p.RowKind(), old.ID, old.Rev)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return rows.Put(s.Tx, p)
}
