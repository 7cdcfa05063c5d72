package registry

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// Who is who. A person is the openids that somebody told of, and those that WeChat makes of each of
// them when they first meet an appid. All that they have is stored under one of these, their id;
// so at most one of those whom somebody says to be one person may have anything. The store keeps
// the people that came of it, and not what was said: who is one person stays one.

// Person is one WeChat user, who has another openid under every appid.
type Person struct {
	ID      string            // the openid under which there was something, otherwise the first one told
	Told    []string          // the openids somebody told of, the first one first
	OpenIDs map[string]string // those of them that were told last, by appid
	known   *State
}

// Has says whether anything is stored under an id.
type Has func(id string) (bool, error)

// Person finds who is behind an openid. An openid nobody registered is a person
// of its own.
func (r *Registry) Person(openid string) Person {
	s := r.State.Load()
	p, ok := s.People[s.first[openid]]
	if !ok {
		return Person{ID: openid}
	}
	p.known = s
	return p
}

// OpenID is the person's openid under appid: one under another's appid is not a merchant's to know,
// and under no appid there is none. Of somebody nobody registered no other is known.
func (p Person) OpenID(appid, other string) string {
	for _, told := range p.Told {
		if made := madeOf(told, appid); appid != "" && p.OpenIDs[appid] == "" && p.known.first[made] == p.Told[0] {
			return made
		}
	}
	if p.known != nil || appid == "" {
		return p.OpenIDs[appid]
	}
	return other
}

// madeOf is the openid under an appid that is made of another one.
func madeOf(openid, appid string) string {
	sum := sha256.Sum256([]byte(rows.Joined(appid, openid)))
	return "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
}

// Join says that these openids, by appid, are one person.
func (s *State) Join(openIDs map[string]string, has Has) error {
	if len(openIDs) == 0 {
		return errors.New("sandbox: a person needs at least one openid")
	}
	var known, others, fresh []string
	for _, appid := range slices.Sorted(maps.Keys(openIDs)) {
		openid := openIDs[appid]
		if openid == "" {
			return fmt.Errorf("sandbox: the openid under %s is empty", shown.Value(appid))
		}
		if err := errors.Join(shown.CheckID("appid", appid), shown.CheckID("openid", openid)); err != nil {
			return err
		}
		if s.first[openid] != "" {
			known = append(known, openid)
		} else {
			others = append(others, openid)
		}
		if !s.told(openid) {
			fresh = append(fresh, openid)
		}
	}
	// Who is known comes first: merchants go on hearing of them what they heard.
	apart, err := s.tell(Person{Told: append(known, others...), OpenIDs: openIDs}, has)
	if err != nil {
		return err
	}
	more, err := s.introduce(fresh, s.Appids, has)
	if err == nil && (apart || more) {
		err = errors.New("sandbox: these openids, with those that are made of them under the merchants' appids, are " +
			"of two people who both have a wallet or contracts already, and one person has one wallet: say that " +
			"openids are one person's before the second of them is used")
	}
	return err
}

// ForgetPeople forgets who is who, and which appids anybody was introduced to.
func (s *State) ForgetPeople() {
	s.Appids, s.People, s.first = nil, map[string]Person{}, map[string]string{}
}

// Recall takes the people that a store has, and then what former versions kept instead: what was
// said of them. Where that makes one person of two who both have something, they stay apart.
func (s *State) Recall(people, former []Person, has Has) (apart bool, err error) {
	for _, p := range slices.Concat(people, former) {
		if len(p.Told) == 0 || slices.Contains(p.Told, "") {
			return false, errors.New("an openid is missing")
		}
	}
	for _, p := range people {
		p.ID = cmp.Or(p.ID, p.Told[0])
		for _, openid := range append(p.Told, p.ID) {
			s.first[openid] = p.Told[0]
		}
		s.People[p.Told[0]] = p
	}
	if apart, err = s.introduce(s.everybody(), s.Appids, has); err != nil {
		return false, err
	}
	var fresh []string
	for _, p := range former {
		two, err := s.tell(p, has)
		if apart = apart || two; err != nil {
			return false, err
		}
		fresh = append(fresh, p.Told...)
	}
	two, err := s.introduce(fresh, s.Appids, has)
	return apart || two, err
}

// Meet introduces everybody to the appids that are new. An appid is known for ever: the openids
// made for it stay theirs whose they are when no merchant has it any more.
func (s *State) Meet(appids []string, has Has) error {
	var fresh []string
	for _, appid := range appids {
		if !slices.Contains(s.Appids, appid) {
			s.Appids, fresh = append(s.Appids, appid), append(fresh, appid)
		}
	}
	apart, err := s.introduce(s.everybody(), fresh, has)
	if err == nil && apart {
		err = errors.New("sandbox: an appid is new, and a payer and the openid that is made for them under it both " +
			"have a wallet or contracts already, and one person has one wallet: take another appid")
	}
	return err
}

// everybody is every openid that was told of.
func (s *State) everybody() (out []string) {
	for _, first := range slices.Sorted(maps.Keys(s.People)) {
		out = append(out, s.People[first].Told...)
	}
	return out
}

// tell takes what was told of one person. Openids that cannot be theirs stay apart.
func (s *State) tell(p Person, has Has) (apart bool, err error) {
	for _, openid := range p.Told {
		one, err := true, error(nil)
		if openid != p.Told[0] {
			one, err = s.unite(p.Told[0], openid, has)
		}
		if apart = apart || !one; err != nil {
			return false, err
		}
		if whose := s.People[s.first[openid]]; !slices.Contains(whose.Told, openid) {
			whose.ID = cmp.Or(whose.ID, openid)
			whose.Told = append(slices.Clip(whose.Told), openid)
			s.put(whose)
			s.first[openid] = whose.Told[0]
		}
	}
	theirs := map[string]map[string]string{} // by the first openid
	for appid, openid := range p.OpenIDs {
		first := s.first[openid]
		if theirs[first] == nil {
			theirs[first] = map[string]string{}
		}
		theirs[first][appid] = openid
	}
	for first, openIDs := range theirs {
		whose := s.People[first]
		whose.OpenIDs = both(whose.OpenIDs, openIDs)
		s.put(whose)
	}
	return apart, nil
}

// introduce makes the openids under these appids that are made of each of these theirs whose that
// is, but for those of somebody else who cannot be the same person.
func (s *State) introduce(told, appids []string, has Has) (apart bool, err error) {
	for _, appid := range appids {
		for _, openid := range told {
			one, err := s.unite(openid, madeOf(openid, appid), has)
			if apart = apart || !one; err != nil {
				return false, err
			}
		}
	}
	return apart, nil
}

// unite makes one person of who has an openid and who has another, which may be nobody's yet. They
// stay two where both have something.
func (s *State) unite(openid, another string, has Has) (one bool, err error) {
	p := s.People[s.first[openid]]
	q, known := s.People[s.first[another]]
	if known && q.Told[0] == p.Told[0] {
		return true, nil
	}
	q.ID = cmp.Or(q.ID, another)
	owns, err := has(q.ID)
	if err != nil {
		return false, err
	}
	if owns {
		if two, err := has(p.ID); two || err != nil {
			return false, err
		}
		p.ID = q.ID
	}
	if known {
		delete(s.People, q.Told[0])
		s.Touched[q.Told[0]] = true
		for openid, first := range s.first {
			if first == q.Told[0] {
				s.first[openid] = p.Told[0]
			}
		}
		p.Told, p.OpenIDs = slices.Concat(p.Told, q.Told), both(p.OpenIDs, q.OpenIDs)
	}
	s.first[another] = p.Told[0]
	s.put(p)
	return true, nil
}

// put takes in what has changed of a person.
func (s *State) put(p Person) {
	s.People[p.Told[0]], s.Touched[p.Told[0]] = p, true
}

// told says whether somebody told of an openid, which may be one that was made.
func (s *State) told(openid string) bool {
	return slices.Contains(s.People[s.first[openid]].Told, openid)
}

func both(a, b map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}
