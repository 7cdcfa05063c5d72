package engine

import (
	"encoding/json"
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
	return e.register(func(r *registry.State, s *Step) error { return s.AddPerson(r, openIDs) })
}

// AddPerson is the same in a step that registers.
func (s *Step) AddPerson(r *registry.State, openIDs map[string]string) error {
	if err := s.Join(r, openIDs); err != nil {
		return err
	}
	return s.SavePeople(r)
}

// Join is AddPerson without the saving, which [Step.SavePeople] does for all of them.
func (s *Step) Join(r *registry.State, openIDs map[string]string) error {
	return r.Join(openIDs, s.owns)
}

// recallPeople registers whom the store has, and saves those of former versions as this one does.
// It names no row in its error, as each does, for its id is an openid.
func (s *Step) recallPeople(r *registry.State) error {
	if err := Each(s.Tx, func(a *savedAppIDs) error { return r.Meet(a.AppIDs, s.owns) }); err != nil {
		return err
	}
	for _, m := range r.All() {
		if err := r.Meet(m.AppIDs, s.owns); err != nil {
			return err
		}
	}
	saved, err := s.Find((&savedPerson{}).RowKind(), "", 0)
	if err != nil {
		return err
	}
	var people, former []registry.Person
	for _, row := range saved {
		var was savedPerson // of a former version, which named its rows in one way or another
		if rows.Readable(was.RowKind(), row) == nil && json.Unmarshal(row.Data, &was) == nil && len(was.Told) == 0 &&
			len(was.OpenIDs) > 0 {
			former = append(former, registry.Person{Told: was.former(), OpenIDs: was.OpenIDs})
			if err := s.Delete(was.RowKind(), row.ID, row.Rev); err != nil {
				return err
			}
			continue
		}
		p, err := rows.Decode(&savedPerson{}, row)
		if err != nil {
			return err
		}
		people = append(people, registry.Person{ID: p.ID, Told: p.Told, OpenIDs: p.OpenIDs})
	}
	apart, err := r.Recall(people, former, s.owns)
	if err != nil {
		return fmt.Errorf("the store's person: %w", err)
	}
	if apart {
		s.Logf("sandbox: the store has openids as one payer's of which more than one have a wallet or contracts of " +
			"their own; they stay the openids of several people")
	}
	return errors.Join(saveAppIDs(r, s.Tx), s.SavePeople(r))
}

// joinAll says of each of these that they are one person, and saves them as AddPerson does: what
// they do is stored as that person's, also for a start that is told of nobody. What the start
// before was told in the same words is not said again: what was told since stands.
func (s *Step) joinAll(r *registry.State, payers []map[string]string) error {
	said, err := rows.Get[savedPayers](s.Tx, (&savedPayers{}).Row().ID)
	if errors.Is(err, store.ErrNotFound) {
		said, err = &savedPayers{}, nil
	}
	if err != nil {
		return err
	}
	for _, openIDs := range payers {
		if slices.ContainsFunc(said.Payers, func(was map[string]string) bool { return maps.Equal(was, openIDs) }) {
			continue
		}
		if err := r.Join(openIDs, s.owns); err != nil {
			return err
		}
	}
	if !slices.EqualFunc(said.Payers, payers, maps.Equal[map[string]string, map[string]string]) {
		said.Payers = payers
		err = rows.Put(s.Tx, said)
	}
	return errors.Join(err, s.SavePeople(r))
}

// savedPayers are those of the configuration that the last start had.
type savedPayers struct {
	rows.Rev
	Payers []map[string]string `json:"payers"`
}

func (s *savedPayers) RowKind() string { return "payers" }

func (s *savedPayers) Row() store.Row { return store.Row{ID: "payers"} }

func (s *savedPayers) Owner() string { return "" }

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

// savedPerson is one person. Former versions had a row for everything that was said of one, without
// Told.
type savedPerson struct {
	rows.Rev
	ID      string            `json:"id"`
	Told    []string          `json:"told"`
	OpenIDs map[string]string `json:"openids"`
	First   string            `json:"first,omitempty"`
}

func (p *savedPerson) RowKind() string { return "person" }

func (p *savedPerson) Row() store.Row {
	if len(p.Told) == 0 {
		return store.Row{}
	}
	return store.Row{ID: rows.Joined(p.Told[0])}
}

// former are the openids of such a row, the first one told of them first.
func (p *savedPerson) former() (out []string) {
	if p.First != "" {
		out = append(out, p.First)
	}
	for _, appid := range slices.Sorted(maps.Keys(p.OpenIDs)) {
		out = append(out, p.OpenIDs[appid])
	}
	return out
}

// SavePeople saves everybody who has changed.
func (s *Step) SavePeople(r *registry.State) error {
	for _, first := range slices.Sorted(maps.Keys(r.Touched)) {
		saved, err := rows.Get[savedPerson](s.Tx, rows.Joined(first))
		if errors.Is(err, store.ErrNotFound) {
			saved, err = &savedPerson{}, nil
		}
		if err != nil {
			return err
		}
		switch p, ok := r.People[first]; {
		case !ok && len(saved.Told) > 0: // of one who is somebody else's by now
			err = s.Delete(saved.RowKind(), saved.Row().ID, *saved.Revision())
		case ok:
			saved.ID, saved.Told, saved.OpenIDs = p.ID, p.Told, p.OpenIDs
			err = rows.Put(s.Tx, saved)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
