package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// follow enters what the notification tells of a contract, and says where that leaves it. It is not
// fresh where the row knew that already.
//
// A row gets only what it lacks, and which contract is the current one is told from the rows alone,
// so that both come out the same whichever order the notifications came in.
func (b *Box) follow(ctx context.Context, tx *sql.Tx, d *Delivery, t told, h how) (fresh bool, err error) {
	if !t.signed && !t.ended {
		return true, nil
	}
	c, mch := t.contract, key(d.MchID)
	var known contract
	for _, step := range []func() error{
		func() error {
			_, err := b.exec(ctx, tx, "INSERT INTO {groups} (mch_id, group_key, changed_at) VALUES (?, ?, ?) {or "+
				"nothing}",
				mch, c.group, b.now())
			return err
		},
		func() error {
			// Everybody who handles an event of this payer and plan waits here for the others. The
			// row is not read but written, so that a snapshot of the database begins behind it.
			_, err := b.exec(ctx, tx, "UPDATE {groups} SET changed_at = ? WHERE mch_id = ? AND group_key = ?", b.now(),
				mch, c.group)
			return err
		},
		func() error {
			_, err := b.exec(ctx, tx, "INSERT INTO {contracts} (mch_id, contract, group_key, sub_mch_id, contract_id, "+
				"code, signed_at, ended_at, signed, person, sub_person, changed_at) VALUES (?, ?, ?, ?, ?, ?, 0, "+
				"0, 0, "+
				"'', '', ?) {or nothing}", mch, c.key, c.group, key(c.subMchID), clip(c.id, 255), clip(c.code,
				255), b.now())
			return err
		},
		func() error {
			return b.row(ctx, tx, "SELECT group_key, code, signed_at, ended_at, signed, person, sub_person FROM "+
				"{contracts} WHERE mch_id = ? AND contract = ?{lock}", mch, c.key).Scan(&known.group, &known.code,
				&known.signedAt, &known.endedAt, &known.signed, &known.person, &known.subPerson)
		},
	} {
		if err := step(); err != nil {
			return false, fmt.Errorf("inbox: %w", err)
		}
	}
	if h.former && known.signed == 0 { // of one that nobody was told of
		return false, errClosed
	}
	if c.repeats(known, t) {
		return false, nil
	}
	if t.signed {
		c.signed = 1
	}
	c.merge(known)
	if _, err := b.exec(ctx, tx, "UPDATE {contracts} SET code = ?, signed_at = ?, ended_at = ?, signed = ?, person "+
		"= ?, "+
		"sub_person = ?, changed_at = ? WHERE mch_id = ? AND contract = ?", clip(c.code, 255), c.signedAt, c.endedAt,
		c.signed, c.person, c.subPerson, b.now(), mch, c.key); err != nil {
		return false, fmt.Errorf("inbox: %w", err)
	}
	current, err := b.current(ctx, tx, mch, c)
	if err != nil {
		return false, err
	}
	d.Contract, d.Current = c.told(d.MchID), current.told(d.MchID)
	d.Late = t.signed == c.ended() || t.signed && t.contract.signedAt < c.signedAt && !c.hasID()
	return true, nil
}

// sameMoment is how far apart two times of one thing may be, where a notification and a query tell
// it in seconds of their own.
const sameMoment = 5 * 60 * 1_000_000

// repeats says whether the row already knows what is told. A contract with an id is signed once and
// ends once; of one without, the times tell.
func (c contract) repeats(known contract, t told) bool {
	switch {
	case t.signed && c.hasID():
		return known.signed == 1
	case t.signed:
		return known.signed == 1 && near(c.signedAt, known.signedAt)
	case c.hasID():
		return known.endedAt != 0
	}
	return known.endedAt != 0 && near(c.endedAt, known.endedAt)
}

func near(a, b int64) bool { return a-b <= sameMoment && b-a <= sameMoment }

// current finds the newest contract in the group of c, of the rows that there are.
func (b *Box) current(ctx context.Context, tx *sql.Tx, mch string, c contract) (newest contract, err error) {
	newest = c
	rows, err := tx.QueryContext(ctx, b.cfg.Dialect.in(b.cfg.Prefix, "SELECT contract, contract_id, code, signed_at, "+
		"ended_at FROM {contracts} WHERE mch_id = ? AND group_key = ?"), mch, c.group)
	if err != nil {
		return c, fmt.Errorf("inbox: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		other := contract{group: c.group, subMchID: c.subMchID}
		if err := rows.Scan(&other.key, &other.id, &other.code, &other.signedAt, &other.endedAt); err != nil {
			return c, fmt.Errorf("inbox: %w", err)
		}
		if other.key != c.key && newest.before(other) {
			newest = other
		}
	}
	return newest, rows.Err()
}

// hasID says whether it is known by WeChat Pay's id, which may be blanked in the row.
func (c contract) hasID() bool { return strings.HasPrefix(c.key, "id/") }

// merge adds what was known before. Of two times that a contract with an id was signed or ended the
// earlier counts; of one without, which its code alone tells, the later.
func (c *contract) merge(known contract) {
	c.person, c.subPerson = either(c.person, known.person), either(c.subPerson, known.subPerson)
	c.code, c.group, c.signed = either(c.code, known.code), known.group, max(c.signed, known.signed)
	if c.hasID() {
		c.signedAt, c.endedAt = earlier(c.signedAt, known.signedAt), earlier(c.endedAt, known.endedAt)
		return
	}
	c.signedAt, c.endedAt = later(c.signedAt, known.signedAt), later(c.endedAt, known.endedAt)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// earlier prefers a time that is known, then any that is not 0.
func earlier(a, b int64) int64 {
	switch {
	case a <= 0 && b <= 0:
		return min(a, b) // -1 before 0
	case a <= 0:
		return b
	case b <= 0:
		return a
	}
	return min(a, b)
}

func later(a, b int64) int64 {
	if a <= 0 && b <= 0 {
		return min(a, b)
	}
	return max(a, b)
}

// ended says whether the contract is over. One without an id is in force again where it was signed
// after its end; in the same second the end counts.
func (c contract) ended() bool {
	if c.hasID() {
		return c.endedAt != 0
	}
	return c.endedAt == -1 || c.endedAt > 0 && c.endedAt >= c.signedAt
}

// before says whether the other contract is the newer one: it was signed later, or has ended later
// where it is not known when it was signed. Of two that nothing tells apart the greater key counts,
// so that it is the same one for everybody.
func (c contract) before(other contract) bool {
	a, b := first(c.signedAt, c.endedAt), first(other.signedAt, other.endedAt)
	if a != b {
		return a < b
	}
	return c.key < other.key
}

func (c contract) told(mchID string) *Contract {
	return &Contract{MchID: mchID, SubMchID: c.subMchID, ID: c.id, Code: c.code, Ended: c.ended(),
		SignedAt: moment(c.signedAt), EndedAt: moment(c.endedAt)}
}

// moment is a stored time, zero where there is none.
func moment(at int64) time.Time {
	if at <= 0 {
		return time.Time{}
	}
	return time.UnixMicro(at).UTC()
}
