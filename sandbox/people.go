package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Who is who. What a person has is stored under their id, which is one of their openids; so they
// keep the id, whatever openids are said to be theirs later, and at most one of those whom
// somebody says to be one person may have anything.

// errTwoPeople is why openids stay two people's.
var errTwoPeople = errors.New("sandbox: these openids are of two people who both have a wallet or contracts already, " +
	"and one person has one wallet: say that openids are one person's before the second of them is used")

// join says in people, by openid, that these openids, by appid, are one person. has says whether
// anything is stored under an id.
func join(people map[string]person, openIDs map[string]string, has func(id string) (bool, error)) error {
	if len(openIDs) == 0 {
		return errors.New("sandbox: a person needs at least one openid")
	}
	one := person{openIDs: map[string]string{}}
	ids, owner := map[string]bool{}, false
	for _, appid := range slices.Sorted(maps.Keys(openIDs)) {
		openid := openIDs[appid]
		if openid == "" {
			return fmt.Errorf("sandbox: the openid under %s is empty", shown(appid))
		}
		if err := errors.Join(checkID("appid", appid), checkID("openid", openid)); err != nil {
			return err
		}
		was, ok := people[openid]
		if !ok {
			was.id = openid
		}
		if ids[was.id] {
			continue
		}
		owns, err := has(was.id)
		switch {
		case err != nil:
			return err
		case owns && owner:
			return errTwoPeople
		case owns || len(ids) == 0:
			one.id = was.id
		}
		owner = owner || owns
		ids[was.id] = true
		maps.Copy(one.openIDs, was.openIDs)
	}
	maps.Copy(one.openIDs, openIDs)
	for openid, p := range people {
		if ids[p.id] {
			people[openid] = one
		}
	}
	for _, openid := range openIDs {
		people[openid] = one
	}
	return nil
}

// introduce gives everybody of whom openids are known one under every other appid as well, which
// WeChat makes when they first meet it: an openid under another's appid is not a merchant's to
// know.
func (s *registered) introduce() {
	for openid, p := range s.people {
		for _, mchid := range s.order {
			for _, appid := range s.merchants[mchid].AppIDs {
				if p.openIDs[appid] != "" {
					continue
				}
				sum := sha256.Sum256([]byte(joined(appid, p.id)))
				p.openIDs = maps.Clone(p.openIDs)
				p.openIDs[appid] = "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
			}
		}
		s.people[openid] = p
		for _, known := range p.openIDs {
			s.people[known] = p
		}
	}
}

// owns says whether anything is stored under a person's id. What they ordered is not: an order
// names the openid that paid.
func (s *step) owns(id string) (bool, error) {
	if owns, err := s.rowOf((*walletRow)(nil).kind())(id); owns || err != nil {
		return owns, err
	}
	contracts, err := find[contractRow](s.Tx, "person:"+id, 1)
	return len(contracts) > 0, err
}

// addPerson says that these openids, by appid, are one person, once it is saved.
func (e *engine) addPerson(openIDs map[string]string) error {
	return e.registry.change(func(r *registered) error {
		var people map[string]person
		err := e.step(context.Background(), func(s *step) error {
			people = maps.Clone(r.people)
			if err := join(people, openIDs, s.owns); err != nil {
				return err
			}
			return s.savePerson(&savedPerson{OpenIDs: openIDs})
		})
		if err == nil {
			r.people = people
		}
		return err
	})
}

// joinAll says of each of these that they are one person, and saves nothing.
func (e *engine) joinAll(s *step, list []map[string]string) error {
	return e.registry.change(func(r *registered) error {
		for _, openIDs := range list {
			if err := join(r.people, openIDs, s.owns); err != nil {
				return err
			}
		}
		return nil
	})
}

// recallPeople names no row in its error, as each does, for its id is openids.
func (e *engine) recallPeople(s *step) error {
	saved, err := find[savedPerson](s.Tx, "", 0)
	if err != nil {
		return err
	}
	var list []map[string]string
	for _, p := range saved {
		list = append(list, p.OpenIDs)
	}
	if err := e.joinAll(s, list); err != nil {
		return fmt.Errorf("the store's person: %w", err)
	}
	return nil
}

type savedPerson struct {
	rev
	OpenIDs map[string]string `json:"openids"`
}

func (s *savedPerson) kind() string { return "person" }
func (s *savedPerson) row() store.Row {
	var parts []string
	for _, appid := range slices.Sorted(maps.Keys(s.OpenIDs)) {
		parts = append(parts, appid, s.OpenIDs[appid])
	}
	return store.Row{ID: joined(parts...)}
}

// savePerson puts a person last, so that all are recalled in the order in which they were told.
func (s *step) savePerson(p *savedPerson) error {
	old, err := s.Get(p.kind(), p.row().ID)
	if err == nil {
		err = s.Delete(p.kind(), old.ID, old.Rev)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return put(s.Tx, p)
}
