package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Person is whose data [Box.Forget] erases. At least one member is set.
type Person struct {
	// OpenIDs are all those of the person that the merchants' appids know.
	OpenIDs []string
	// Contracts are contract ids, for what came without an openid.
	Contracts []string
	// Codes are a merchant's own numbers of the person's contracts, debits, orders and refunds.
	// MchID is the merchant, whom Codes need, and SubMchID the sub-merchant of a service provider,
	// where they are of one: others may have given somebody else the same.
	Codes           []string
	MchID, SubMchID string
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
	if len(p.Codes) > 0 && p.MchID == "" {
		return f, errors.New("inbox.Forget: give MchID with Codes, which are one merchant's numbers")
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
			erase(&f.Contracts, blank+"mch_id = ? AND sub_mch_id = ? AND code = ?", key(p.MchID), key(p.SubMchID), code)
			var names []string
			if err == nil {
				names, err = b.expectedAs(ctx, p, code)
			}
			for _, name := range names {
				erase(&f.Expected, "DELETE FROM {expected} WHERE mch_id = ? AND name = ?", key(p.MchID), name)
			}
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

// expectedAs names what is expected under a number of a merchant's, or of its sub-merchant's.
func (b *Box) expectedAs(ctx context.Context, p Person, code string) (list []string, err error) {
	rows, err := b.db.QueryContext(ctx, b.cfg.Dialect.in(b.cfg.Prefix, "SELECT name, params FROM {expected} WHERE "+
		"mch_id = ? AND number = ?"), key(p.MchID), hash(code))
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name, params string
		if err := rows.Scan(&name, &params); err != nil {
			return nil, fmt.Errorf("inbox: %w", err)
		}
		var x Expected
		if json.Unmarshal([]byte(params), &x) == nil && x.SubMchID == p.SubMchID {
			list = append(list, name)
		}
	}
	return list, rows.Err()
}

// isNumber tells the members of a notification that hold a merchant's own numbers, as WeChat Pay
// names them.
func isNumber(member string) bool {
	return strings.HasPrefix(strings.TrimPrefix(member, "combine_"), "out_") || member == "contract_code"
}

// isIn says whether a stored notification names the person: by an openid, wherever it stands, or by
// a number in its place.
func (p Person) isIn(payload string) bool {
	n, _, err := unpack(payload)
	var whole any
	if err != nil || json.Unmarshal(n.Plaintext, &whole) != nil {
		return false
	}
	return p.named(whole, "", "", n.MchID == p.MchID)
}

// named looks through a JSON value that stands in a member, of a sub-merchant's or of none.
func (p Person) named(v any, member, sub string, theirs bool) bool {
	switch v := v.(type) {
	case string:
		return v != "" && (slices.Contains(p.OpenIDs, v) ||
			member == "contract_id" && slices.Contains(p.Contracts, v) ||
			theirs && sub == p.SubMchID && isNumber(member) && slices.Contains(p.Codes, v))
	case []any:
		return slices.ContainsFunc(v, func(inner any) bool { return p.named(inner, member, sub, theirs) })
	case map[string]any:
		for _, name := range []string{"sub_mchid", "sub_mch_id"} {
			if of, is := v[name].(string); is {
				sub = of
			}
		}
		for name, inner := range v {
			if p.named(inner, name, sub, theirs) {
				return true
			}
		}
	}
	return false
}
