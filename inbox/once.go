package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wxpay-go/wxpay/notify"
)

// The states of a notification.
const (
	done   = "done"   // handled
	failed = "failed" // it failed, and WeChat Pay sends it again
	dead   = "dead"   // it failed too often, or WeChat Pay sends it no more
	due    = "due"    // it was dead, and is to be handled once more
)

// once is the transaction: claims the notification, runs the function and commits. It is false
// where it was handled before.
//
// Everybody takes the rows in the same order, and inserts a row before looking for it: so the first
// statement of the transaction writes (SQLite then needs no second lock), whoever comes second
// waits for the row, and what is read afterwards is what was committed last, at every isolation
// level that is a database's default.
func (b *Box) once(ctx context.Context, n *notify.Notification, h how) (handled bool, err error) {
	var answered bool
	err = b.within(ctx, func(tx *sql.Tx) error {
		t := tellOf(n)
		d := &Delivery{Notification: n, Tx: tx, Swept: isSwept(n), Attempt: 1}
		if fresh, err := b.prove(ctx, tx, n); err != nil || !fresh {
			return err
		}
		claim, fresh, err := b.claim(ctx, tx, d, h)
		if err != nil || !fresh && h.swept == nil { // what was handled is not to be asked for again
			return err
		}
		if fresh {
			if fresh, err = b.happened(ctx, tx, n, t); err != nil {
				return err
			}
		}
		if fresh {
			if fresh, err = b.follow(ctx, tx, d, t, h); err != nil {
				return err
			}
		}
		if fresh || h.swept != nil {
			if open, err := b.meet(ctx, tx, d, t, h); err != nil {
				return err
			} else if !open && fresh {
				return errClosed
			}
		}
		if !fresh && h.swept != nil && !h.former {
			return b.outlive(ctx, tx, n, t.contract.key) // what queries still tell is not forgotten
		}
		if !fresh {
			return nil
		}
		answered = true
		given := *n // the function may write to it
		d.Notification = &given
		if err := b.call(ctx, d); err != nil {
			return err
		}
		return b.stands(ctx, tx, n, claim)
	})
	switch {
	case errors.Is(err, errClosed):
		return false, nil
	case err != nil && answered:
		// Also where the commit failed: a constraint that is checked there is the function's.
		var f *failure
		if !errors.As(err, &f) {
			err = &failure{fmt.Errorf("inbox: the transaction was not committed: %w", err)}
		}
		return false, err
	}
	return answered && err == nil, err
}

// errClosed undoes the transaction of what a query told, where the notification came meanwhile.
var errClosed = errors.New("inbox: it is not expected any longer")

// stands says whether the transaction is still the one that claimed the notification, by the token
// of that claim: a database may have undone it, as MySQL does of a deadlock and SQLite of a
// statement that was interrupted, and the function may have hidden that. That somebody handled the
// notification is not enough: it may have been another process, meanwhile.
func (b *Box) stands(ctx context.Context, tx *sql.Tx, n *notify.Notification, claim string) error {
	var of string
	err := b.row(ctx, tx, "SELECT claim FROM {events} WHERE mch_id = ? AND id = ?", key(n.MchID),
		key(n.ID)).Scan(&of)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && of != claim:
		return errUndone
	case err != nil:
		return fmt.Errorf("inbox: the transaction cannot go on: %w", err)
	}
	return nil
}

// prove enters the sign of an APIv2 message, which proves that message and no other. It is false
// where the sign is known: it was entered with the message's effect, which it outlives where ids
// are forgotten for [Config.KeepEvents].
func (b *Box) prove(ctx context.Context, tx *sql.Tx, n *notify.Notification) (fresh bool, err error) {
	proof, claim := n.SignHash(), token()
	if proof == "" {
		return true, nil
	}
	if _, err := b.exec(ctx, tx, "INSERT INTO {proofs} (mch_id, proof, event_id, claim, changed_at) VALUES "+
		"(?, ?, ?, ?, ?) {or nothing}", key(n.MchID), proof, key(n.ID), claim, b.now()); err != nil {
		return false, fmt.Errorf("inbox: %w", err)
	}
	var of, by string
	if err := b.row(ctx, tx, "SELECT event_id, claim FROM {proofs} WHERE mch_id = ? AND proof = ?{lock}",
		key(n.MchID), proof).Scan(&of, &by); err != nil {
		return false, fmt.Errorf("inbox: %w", err)
	}
	if of != key(n.ID) {
		return false, &failure{ErrCut}
	}
	return by == claim, nil
}

// claim takes the notification for this transaction. It is false where it was handled before.
func (b *Box) claim(ctx context.Context, tx *sql.Tx, d *Delivery, h how) (claim string,
	fresh bool, err error) {
	claim = token()
	if !h.replay {
		if _, err := b.exec(ctx, tx, "INSERT INTO {events} (mch_id, id, event_type, state, attempts, claim, reason, "+
			"created_at, changed_at) VALUES (?, ?, ?, '"+done+"', 1, ?, '', ?, ?) {or nothing}",
			key(d.MchID), key(d.ID), typeOf(d.Notification), claim, micros(d.CreateTime), b.now()); err != nil {
			return claim, false, fmt.Errorf("inbox: %w", err)
		}
	} else if _, err := b.exec(ctx, tx, "UPDATE {events} SET changed_at = ? WHERE mch_id = ? AND id = ?", b.now(),
		key(d.MchID), key(d.ID)); err != nil { // so that the first statement of SQLite writes
		return claim, false, fmt.Errorf("inbox: %w", err)
	}
	var state, of string
	var attempts int
	err = b.row(ctx, tx, "SELECT state, claim, attempts FROM {events} WHERE mch_id = ? AND id = ?{lock}",
		key(d.MchID), key(d.ID)).Scan(&state, &of, &attempts)
	switch {
	case errors.Is(err, sql.ErrNoRows) && h.replay:
		return claim, false, ErrNotStored
	case err != nil:
		return claim, false, fmt.Errorf("inbox: %w", err)
	case of == claim:
		return claim, true, nil
	case state == done, state == dead && !h.again(), state == dead && h.swept != nil && attempts >= b.cfg.Attempts:
		return claim, false, nil
	}
	d.Attempt = attempts + 1
	_, err = b.exec(ctx, tx, "UPDATE {events} SET state = '"+done+"', attempts = ?, claim = ?, reason = '', "+
		"payload = NULL, changed_at = ? WHERE mch_id = ? AND id = ?", d.Attempt, claim, b.now(), key(d.MchID),
		key(d.ID))
	if err != nil {
		return claim, false, fmt.Errorf("inbox: %w", err)
	}
	return claim, true, nil
}

// happened enters what the notification tells, which may have been heard before: from another
// notification, or from a query. It is false where it was.
func (b *Box) happened(ctx context.Context, tx *sql.Tx, n *notify.Notification, t told) (fresh bool, err error) {
	if t.fact == "" {
		return true, nil
	}
	mch, fact, claim, swept := key(n.MchID), hash(n.EventType, t.fact), token(), 0
	if isSwept(n) {
		swept = 1
	}
	if _, err := b.exec(ctx, tx, "INSERT INTO {facts} (mch_id, fact, claim, swept, changed_at) VALUES (?, ?, ?, ?, "+
		"?) {or nothing}", mch, fact, claim, swept, b.now()); err != nil {
		return false, fmt.Errorf("inbox: %w", err)
	}
	var of string
	var known int
	if err := b.row(ctx, tx, "SELECT claim, swept FROM {facts} WHERE mch_id = ? AND fact = ?{lock}", mch,
		fact).Scan(&of, &known); err != nil {
		return false, fmt.Errorf("inbox: %w", err)
	}
	if swept > known {
		if _, err := b.exec(ctx, tx, "UPDATE {facts} SET swept = 1 WHERE mch_id = ? AND fact = ?", mch,
			fact); err != nil {
			return false, fmt.Errorf("inbox: %w", err)
		}
	}
	return of == claim || !t.happensOnce && known+swept == 0, nil
}
