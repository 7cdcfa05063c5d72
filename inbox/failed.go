package inbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/notify"
)

// failed enters that the notification failed, in a transaction of its own, for its own was undone.
// It is dead where that was the last attempt. Where another process has handled it meanwhile, or
// the commit that seemed to fail did not, nothing is entered, and that it was dead is said, for it
// needs no further attempt.
func (b *Box) failed(ctx context.Context, n *notify.Notification, h how, cause error) (isDead bool, err error) {
	if errors.Is(cause, ErrNotStored) {
		return false, nil
	}
	// The function may have used up its time, and this must be entered all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	payload, err := pack(n, b.cameAt(h))
	if err != nil {
		return false, err
	}
	letter := Dead{MchID: n.MchID, ID: n.ID, EventType: n.EventType, Reason: reason(cause, n.Plaintext), Attempts: 1}
	buried := false
	isDead, err = b.retried(ctx, func() (bool, error) {
		isDead, buried = false, false
		err := b.within(ctx, func(tx *sql.Tx) error {
			if err := b.enter(ctx, tx, n, h); err != nil {
				return err
			}
			var state string
			var since int64
			err := b.row(ctx, tx, "SELECT state, attempts, changed_at FROM {events} WHERE mch_id = ? AND id = ?{lock}",
				key(n.MchID), key(n.ID)).Scan(&state, &letter.Attempts, &since)
			switch {
			case h.replay && errors.Is(err, sql.ErrNoRows):
				return nil
			case err != nil:
				return err
			}
			if state == done || state == dead && !h.again() {
				isDead = true
				return nil
			}
			letter.Attempts++
			now := failed
			if state == failed || h.swept != nil { // a letter is kept no longer for being replayed
				since = b.now()
			}
			switch {
			case state == due && !h.replay:
				now, isDead = due, true // it is stored, and to be handled once more as it was asked to
			case letter.Attempts >= b.cfg.Attempts, h.replay, h.swept != nil && b.expired(h.swept, 0):
				now, isDead, buried = dead, true, state != dead
			case state == dead:
				now = dead // and is asked for all the same
			}
			if err := b.outlive(ctx, tx, n, tellOf(n).contract.group); err != nil {
				return err
			}
			if isDead && h.swept != nil && !h.swept.more {
				// What was asked for is stored, and not to be asked for again.
				if err := b.answered(ctx, tx, n, h.swept); err != nil {
					return err
				}
			}
			_, err = b.exec(ctx, tx, "UPDATE {events} SET state = ?, attempts = ?, reason = ?, payload = ?, "+
				"changed_at = ? WHERE mch_id = ? AND id = ?", now, letter.Attempts, letter.Reason, payload,
				since, key(n.MchID), key(n.ID))
			letter.ChangedAt = moment(since)
			return err
		})
		return isDead, err
	})
	if err != nil {
		return false, fmt.Errorf("inbox: that it failed could not be stored: %w", err)
	}
	if buried {
		b.cfg.OnDead(ctx, letter)
	}
	return isDead, nil
}

// enter has a row for a notification that failed, unless it was replayed: then there was one, and
// if there is none any more it was erased meanwhile. It writes in any case.
func (b *Box) enter(ctx context.Context, tx *sql.Tx, n *notify.Notification, h how) (err error) {
	if h.replay {
		_, err = b.exec(ctx, tx, "UPDATE {events} SET reason = reason WHERE mch_id = ? AND id = ?", key(n.MchID),
			key(n.ID))
		return err
	}
	_, err = b.exec(ctx, tx, "INSERT INTO {events} (mch_id, id, event_type, state, attempts, claim, reason, "+
		"created_at, changed_at) VALUES (?, ?, ?, '"+failed+"', 0, ?, '', ?, ?) {or nothing}", key(n.MchID),
		key(n.ID), typeOf(n), token(), micros(n.CreateTime), b.now())
	return err
}

// outlive has what is known of what a notification tells be kept as if it had happened now: that it
// happened, its contract, and those of a group, which say what is current beside it. A letter is
// not to tell it as news.
func (b *Box) outlive(ctx context.Context, tx *sql.Tx, n *notify.Notification, group string) error {
	t := tellOf(n)
	if t.fact != "" {
		if _, err := b.exec(ctx, tx, "UPDATE {facts} SET changed_at = ? WHERE mch_id = ? AND fact = ?", b.now(),
			key(n.MchID), hash(n.EventType, t.fact)); err != nil {
			return err
		}
	}
	if !t.signed && !t.ended {
		return nil
	}
	const set = "UPDATE {contracts} SET changed_at = ? WHERE mch_id = ? AND "
	if _, err := b.exec(ctx, tx, set+"contract = ?", b.now(), key(n.MchID), t.contract.key); err != nil {
		return err
	}
	_, err := b.exec(ctx, tx, set+"group_key = ?", b.now(), key(n.MchID), group)
	return err
}

// answered ends what a query told of, or goes on to the contract's end.
func (b *Box) answered(ctx context.Context, tx *sql.Tx, n *notify.Notification, e *expectation) (err error) {
	if t := tellOf(n); t.signed && b.cfg.Recheck > 0 {
		return b.watch(ctx, tx, t, "mch_id = ? AND name = ? AND claim = ?", key(n.MchID), e.name, e.claim)
	}
	_, err = b.exec(ctx, tx, "DELETE FROM {expected} WHERE mch_id = ? AND name = ? AND claim = ?", key(n.MchID),
		e.name, e.claim)
	return err
}

// maxReason is how much of an error is kept, in bytes.
const maxReason = 400

// reason is what is kept of an error: one line, without any value of the notification, for those
// name the payer. It is kept longer than the notification, and is logged.
func reason(err error, plaintext json.RawMessage) string {
	var refused *notify.Error
	if errors.As(err, &refused) {
		return clip(refused.Error(), maxReason) // it leaves values out by itself
	}
	text := words(err)
	var whole any
	if json.Unmarshal(plaintext, &whole) == nil {
		values := leaves(whole, nil)
		sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
		for _, v := range values {
			text = strings.ReplaceAll(text, v, "…")
		}
	}
	return clip(text, maxReason)
}

// words are what an error of the user's says; its method may panic.
func words(err error) (s string) {
	defer func() {
		if recover() != nil {
			s = "an error whose Error method panics"
		}
	}()
	return err.Error()
}

// leaves are the texts of a JSON value that are long enough to name somebody.
func leaves(v any, all []string) []string {
	switch v := v.(type) {
	case string:
		if len(v) >= 4 {
			all = append(all, v)
		}
	case []any:
		for _, inner := range v {
			all = leaves(inner, all)
		}
	case map[string]any:
		for _, inner := range v {
			all = leaves(inner, all)
		}
	}
	return all
}
