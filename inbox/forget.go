package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Person is whose data [Box.Forget] erases. At least one member is set.
type Person struct {
	// OpenIDs are all those of the person that the merchants' appids know.
	OpenIDs []string
	// Contracts are contract ids, and Codes the merchant's numbers of contracts, for what came
	// without an openid.
	Contracts, Codes []string
}

// Format prints nobody.
func (p Person) Format(f fmt.State, _ rune) { fmt.Fprint(f, "inbox.Person{…}") }

// Forgotten counts what one [Box.Forget] erased.
type Forgotten struct {
	Letters   int // notifications that were kept because they failed: no one can replay them
	Contracts int // contracts whose numbers were blanked
	Expected  int // what was expected
}

// Forget erases what is stored of a person, whenever they ask. That a notification was handled
// stays known until [Config.Keep], by its id and hashes that name nobody, so that a repeat has no
// second effect. What your functions stored is yours to erase.
func (b *Box) Forget(ctx context.Context, p Person) (f Forgotten, err error) {
	if len(p.OpenIDs)+len(p.Contracts)+len(p.Codes) == 0 {
		return f, errors.New("inbox.Forget: give an openid, a contract id or a code")
	}
	if f.Letters, err = b.forgetLetters(ctx, p); err != nil {
		return f, err
	}
	const blank = "UPDATE {contracts} SET contract_id = '', code = '', person = '', sub_person = '' WHERE "
	erase := func(count *int, statement string, args ...any) {
		if err != nil {
			return
		}
		var n int64
		if n, err = b.exec(ctx, b.db, statement, args...); err != nil {
			err = fmt.Errorf("inbox: %w", err)
		}
		*count += int(n)
	}
	for _, openid := range p.OpenIDs {
		if openid != "" {
			person := personOf(openid)
			erase(&f.Contracts, blank+"person = ?", person)
			erase(&f.Contracts, blank+"sub_person = ?", person)
			erase(&f.Expected, "DELETE FROM {expected} WHERE person = ?", person)
		}
	}
	for _, id := range p.Contracts {
		if id != "" {
			erase(&f.Contracts, blank+"contract = ?", key(nameOf("id", id)))
		}
	}
	for _, code := range p.Codes {
		if code != "" {
			erase(&f.Contracts, blank+"code = ?", code)
			erase(&f.Expected, "DELETE FROM {expected} WHERE number = ?", hash(code))
		}
	}
	return f, err
}

// forgetLetters goes through the notifications that are kept whole, of which there are few: by
// their keys, whatever state they are in, for that changes meanwhile.
func (b *Box) forgetLetters(ctx context.Context, p Person) (erased int, err error) {
	mchID, id := "", ""
	for {
		page, err := b.page(ctx, mchID, id)
		if err != nil || len(page) == 0 {
			return erased, err
		}
		for _, r := range page {
			mchID, id = r.mchID, r.id
			if !p.isIn(r.payload) {
				continue
			}
			n, err := b.exec(ctx, b.db, "UPDATE {events} SET state = '"+done+"', payload = NULL, reason = '' WHERE "+
				"mch_id = ? AND id = ? AND payload IS NOT NULL", mchID, id)
			if err != nil {
				return erased, fmt.Errorf("inbox: %w", err)
			}
			erased += int(n)
		}
	}
}

type kept struct{ mchID, id, payload string }

// page is the next rows behind a key.
func (b *Box) page(ctx context.Context, mchID, id string) (page []kept, err error) {
	rows, err := b.db.QueryContext(ctx, b.cfg.Dialect.in(b.cfg.Prefix, "SELECT mch_id, id, COALESCE(payload, '') FROM "+
		"{events} WHERE state IN ('"+failed+"', '"+dead+"', '"+due+"') AND (mch_id > ? OR mch_id = ? AND id > ?) "+
		"ORDER BY mch_id, id LIMIT ?"), mchID, mchID, id, batch)
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r kept
		if err := rows.Scan(&r.mchID, &r.id, &r.payload); err != nil {
			return nil, fmt.Errorf("inbox: %w", err)
		}
		page = append(page, r)
	}
	return page, rows.Err()
}

// isIn says whether a stored notification names the person.
func (p Person) isIn(payload string) bool {
	n, _, err := unpack(payload)
	var whole any
	if err != nil || json.Unmarshal(n.Plaintext, &whole) != nil {
		return false
	}
	return slices.ContainsFunc(leaves(whole, nil), func(value string) bool {
		return value != "" && (slices.Contains(p.OpenIDs, value) || slices.Contains(p.Contracts, value) ||
			slices.Contains(p.Codes, value))
	})
}
