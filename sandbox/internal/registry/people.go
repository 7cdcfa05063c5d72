package registry

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
)

// Who is who. What a person has is stored under their id, which is one of their openids; so they
// keep the id, whatever openids are said to be theirs later, and at most one of those whom
// somebody says to be one person may have anything.

// errTwoPeople is why openids stay two people's.
var errTwoPeople = errors.New("sandbox: these openids are of two people who both have a wallet or contracts already, " +
	"and one person has one wallet: say that openids are one person's before the second of them is used")

// Join says that these openids, by appid, are one person, of whom first was told before, if any.
// has says whether anything is stored under an id.
func (s *State) Join(openIDs map[string]string, first string, has func(id string) (bool, error)) (one Person,
	err error) {
	if len(openIDs) == 0 {
		return one, errors.New("sandbox: a person needs at least one openid")
	}
	var named []string
	for _, appid := range slices.Sorted(maps.Keys(openIDs)) {
		openid := openIDs[appid]
		if openid == "" {
			return one, fmt.Errorf("sandbox: the openid under %s is empty", shown.Value(appid))
		}
		if err := errors.Join(shown.CheckID("appid", appid), shown.CheckID("openid", openid)); err != nil {
			return one, err
		}
		named = append(named, openid)
	}
	one.openIDs = map[string]string{}
	ids, owner := map[string]bool{}, false
	told := func(openids ...string) {
		for _, openid := range openids {
			if openid != "" && !slices.Contains(one.Told, openid) {
				one.Told = append(one.Told, openid)
			}
		}
	}
	told(first)
	known, err := s.knownOf(named, has)
	if err != nil {
		return one, err
	}
	for _, openid := range append(named, known...) {
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
		told(was.Told...)
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
func (s *State) introduce(p Person) Person {
	p.made = map[string]string{}
	for _, appid := range s.Appids {
		p.made[appid] = madeOf(p.Told[0], appid)
		for _, told := range p.Told {
			if made := madeOf(told, appid); s.people[made].ID == "" {
				s.people[made] = p
			}
		}
	}
	return p
}

// Meet introduces everybody to the appids of a merchant. An appid is known for ever: the openids
// made for it stay theirs whose they are when no merchant has it any more.
func (s *State) Meet(appids []string) {
	for _, appid := range appids {
		if !slices.Contains(s.Appids, appid) {
			s.Appids = append(s.Appids, appid)
		}
	}
	everybody := map[string]Person{}
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

// knownOf are the openids made of these that somebody has, or under which something is stored:
// whoever they were made for may not have been told of since.
func (s *State) knownOf(told []string, has func(id string) (bool, error)) (out []string, err error) {
	for _, appid := range s.Appids {
		for _, openid := range told {
			made := madeOf(openid, appid)
			known := s.people[made].ID != ""
			if !known {
				if known, err = has(made); err != nil {
					return nil, err
				}
			}
			if known {
				out = append(out, made)
			}
		}
	}
	return out, nil
}

// madeOf is the openid under an appid that is made of another one.
func madeOf(openid, appid string) string {
	sum := sha256.Sum256([]byte(rows.Joined(appid, openid)))
	return "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
}
