package engine

import (
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

// join says that these openids, by appid, are one person, of whom first was told before, if any.
// has says whether anything is stored under an id.
func (s *registered) join(openIDs map[string]string, first string, has func(id string) (bool, error)) (one person,
	err error) {
	if len(openIDs) == 0 {
		return one, errors.New("sandbox: a person needs at least one openid")
	}
	var named []string
	for _, appid := range slices.Sorted(maps.Keys(openIDs)) {
		openid := openIDs[appid]
		if openid == "" {
			return one, fmt.Errorf("sandbox: the openid under %s is empty", Shown(appid))
		}
		if err := errors.Join(CheckID("appid", appid), CheckID("openid", openid)); err != nil {
			return one, err
		}
		named = append(named, openid)
	}
	one.openIDs = map[string]string{}
	ids, owner := map[string]bool{}, false
	told := func(openids ...string) {
		for _, openid := range openids {
			if openid != "" && !slices.Contains(one.told, openid) {
				one.told = append(one.told, openid)
			}
		}
	}
	told(first)
	for _, openid := range append(named, s.knownOf(named)...) {
		was, ok := s.people[openid]
		if !ok {
			was.ID = openid
		}
		if ids[was.ID] {
			continue
		}
		owns, err := has(was.ID)
		switch {
		case err != nil:
			return one, err
		case owns && owner:
			return one, errTwoPeople
		case owns || len(ids) == 0:
			one.ID = was.ID
		}
		owner = owner || owns
		ids[was.ID] = true
		told(was.told...)
		maps.Copy(one.openIDs, was.openIDs)
	}
	maps.Copy(one.openIDs, openIDs)
	told(named...)
	one = s.introduce(one)
	for openid, p := range s.people {
		if ids[p.ID] {
			s.people[openid] = one
		}
	}
	for _, openid := range named {
		s.people[openid] = one
	}
	return one, nil
}

// introduce gives somebody of whom openids are known one under every other appid as well, which
// WeChat makes when they first meet it: an openid under another's appid is not a merchant's to
// know. It is made of an openid that was told, and one that could be made of any of them is theirs:
// so it stays theirs, whatever is told of them later and whenever it is told again.
func (s *registered) introduce(p person) person {
	p.made = map[string]string{}
	for _, appid := range s.appids {
		p.made[appid] = madeOf(p.told[0], appid)
		for _, told := range p.told {
			if made := madeOf(told, appid); s.people[made].ID == "" {
				s.people[made] = p
			}
		}
	}
	return p
}

// meet introduces everybody to the appids of a merchant. An appid is known for ever: the openids
// made for it stay theirs whose they are when no merchant has it any more.
func (s *registered) meet(appids []string) {
	for _, appid := range appids {
		if !slices.Contains(s.appids, appid) {
			s.appids = append(s.appids, appid)
		}
	}
	everybody := map[string]person{}
	for _, p := range s.people {
		everybody[p.ID] = p
	}
	for id, p := range everybody {
		everybody[id] = s.introduce(p)
	}
	for openid, p := range s.people {
		s.people[openid] = everybody[p.ID]
	}
}

// knownOf are the openids made of these that somebody has.
func (s *registered) knownOf(told []string) (out []string) {
	for _, appid := range s.appids {
		for _, openid := range told {
			if made := madeOf(openid, appid); s.people[made].ID != "" {
				out = append(out, made)
			}
		}
	}
	return out
}

// madeOf is the openid under an appid that is made of another one.
func madeOf(openid, appid string) string {
	sum := sha256.Sum256([]byte(Joined(appid, openid)))
	return "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
}

// owns says whether anything is stored under a person's id. What they ordered is not: an order
// names the openid that paid.
func (s *Step) owns(id string) (bool, error) {
	if owns, err := s.RowOf((*WalletRow)(nil).RowKind())(id); owns || err != nil {
		return owns, err
	}
	contracts, err := Find[ContractRow](s.Tx, "person:"+id, 1)
	return len(contracts) > 0, err
}

// AddPerson says that these openids, by appid, are one person.
func (e *Engine) AddPerson(openIDs map[string]string) error {
	return e.register(func(r *registered, s *Step) error {
		one, err := r.join(openIDs, "", s.owns)
		if err != nil {
			return err
		}
		return s.savePerson(&savedPerson{OpenIDs: openIDs, First: one.told[0]})
	})
}

// joinAll says of each of these that they are one person, and saves nothing.
func (e *Engine) joinAll(s *Step, list []*savedPerson) error {
	return e.Registry.change(func(r *registered) error {
		for _, p := range list {
			if _, err := r.join(p.OpenIDs, p.First, s.owns); err != nil {
				return err
			}
		}
		return nil
	})
}

// recallPeople names no row in its error, as each does, for its id is openids.
func (e *Engine) recallPeople(s *Step) error {
	saved, err := Find[savedPerson](s.Tx, "", 0)
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
	Rev
	AppIDs []string `json:"appids"`
}

func (s *savedAppIDs) RowKind() string { return "appids" }
func (s *savedAppIDs) Row() store.Row  { return store.Row{ID: "appids"} }

// saveAppIDs saves those there are, if any came.
func (s *registered) saveAppIDs(tx store.Tx) error {
	saved, err := Get[savedAppIDs](tx, (&savedAppIDs{}).Row().ID)
	if errors.Is(err, store.ErrNotFound) {
		saved, err = &savedAppIDs{}, nil
	}
	if err != nil || slices.Equal(saved.AppIDs, s.appids) {
		return err
	}
	saved.AppIDs = s.appids
	return Put(tx, saved)
}

type savedPerson struct {
	Rev
	OpenIDs map[string]string `json:"openids"`
	First   string            `json:"first,omitempty"` // the first one told of them, see introduce
}

func (s *savedPerson) RowKind() string { return "person" }
func (s *savedPerson) Row() store.Row {
	var parts []string
	for _, appid := range slices.Sorted(maps.Keys(s.OpenIDs)) {
		parts = append(parts, appid, s.OpenIDs[appid])
	}
	return store.Row{ID: Joined(parts...)}
}

// savePerson puts a person last, so that all are recalled in the order in which they were told.
func (s *Step) savePerson(p *savedPerson) error {
	old, err := s.Get(p.RowKind(), p.Row().ID)
	if err == nil {
		err = readable(p.RowKind(), old)
	}
	if err == nil {
		err = s.Delete(p.RowKind(), old.ID, old.Rev)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return Put(s.Tx, p)
}
