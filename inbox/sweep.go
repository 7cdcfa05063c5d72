package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
)

// Swept is what one [Box.Sweep] did.
type Swept struct {
	Asked   int // questions to WeChat Pay
	Found   int // notifications that had not come, and were handled
	GivenUp int // expectations that ended without an answer
	Failed  int // questions without an answer, and answers that a function failed on: asked again later
}

// The bounds of one [Box.Sweep].
const (
	MaxAsked   = 200                   // questions
	Pace       = 50 * time.Millisecond // between two questions
	maxInARow  = 5                     // failed questions after which it ends
	longestAsk = 30 * time.Second      // for one answer
)

// Sweep asks WeChat Pay, with the client of the merchant, for what was expected ([Box.Expect]) and
// not heard of in time, and handles what it finds as its notification would be handled: with the
// same functions, and once, so that a notification which comes later after all is a repeat. It asks
// [MaxAsked] questions at most, [Pace] apart, each of which one process asks, and ends early where
// WeChat Pay does not answer. The pages of a list are one question. Where a function panics, it
// panics; what it panicked on has failed. Run it every minute or so, in as many processes as you
// like.
//
// What a query tells is what the notification would have told as far as the query knows it; look at
// [Delivery.Swept] where your function needs a member that only the notification has.
func (b *Box) Sweep(ctx context.Context, c *wxpay.Client) (s Swept, err error) {
	list, err := b.overdue(ctx, c.MchID())
	if err != nil {
		return s, err
	}
	inARow := 0
	var failures error
	for i, e := range list {
		if i > 0 {
			if err := b.cfg.Wait(ctx, Pace); err != nil {
				return s, errors.Join(failures, err)
			}
		}
		mine, err := b.postpone(ctx, e)
		if err != nil {
			return s, errors.Join(failures, err)
		}
		if !mine {
			continue
		}
		s.Asked++
		switch answered, err := b.inquire(ctx, c, e, &s); {
		case !answered:
			s.Failed++
			failures = errors.Join(failures, err)
			if inARow++; inARow == maxInARow {
				return s, failures
			}
		case err != nil:
			s.Failed++
			failures, inARow = errors.Join(failures, err), 0
		default:
			inARow = 0
		}
	}
	return s, failures
}

// overdue lists what is to be asked for.
func (b *Box) overdue(ctx context.Context, mchID string) (list []*expectation, err error) {
	watched := 1
	if b.cfg.Recheck == 0 { // which asks for no ends
		watched = 0
	}
	rows, err := b.db.QueryContext(ctx, b.cfg.Dialect.in(b.cfg.Prefix, "SELECT name, claim, params, watched, tries, "+
		"ask_at, created_at FROM {expected} WHERE mch_id = ? AND ask_at <= ? AND watched <= ? ORDER BY ask_at LIMIT ?"),
		key(mchID), b.now(), watched, MaxAsked)
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		e := &expectation{}
		var params string
		if err := rows.Scan(&e.name, &e.claim, &params, &e.watched, &e.tries, &e.askAt, &e.created); err != nil {
			return nil, fmt.Errorf("inbox: %w", err)
		}
		if json.Unmarshal([]byte(params), &e.x) != nil {
			return nil, errors.New("inbox: something expected is stored as no JSON; something else wrote to the table")
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// postpone takes an expectation for this process by setting when it is asked for next.
func (b *Box) postpone(ctx context.Context, e *expectation) (mine bool, err error) {
	next := max(e.x.After, time.Second)
	for range e.tries + 1 {
		if next *= 2; next >= longestWait {
			break
		}
	}
	next = min(next, longestWait)
	if e.watched == 1 {
		next = max(b.cfg.Recheck, time.Minute)
	}
	at := max(b.cfg.Now().Add(next).UnixMicro(), e.askAt+1)
	n, err := b.exec(ctx, b.db, "UPDATE {expected} SET ask_at = ?, tries = tries + 1 WHERE mch_id = ? AND name = ? "+
		"AND "+
		"claim = ? AND ask_at = ?", at, key(e.x.MchID), e.name, e.claim, e.askAt)
	switch {
	case err != nil && b.again(err):
		return false, nil // another process has it
	case err != nil:
		return false, fmt.Errorf("inbox: %w", err)
	}
	return n == 1, nil
}

// inquire asks about one, and handles what there is.
func (b *Box) inquire(ctx context.Context, c *wxpay.Client, e *expectation, s *Swept) (answered bool, err error) {
	q := questions[e.x.Kind]
	asking, cancel := context.WithTimeout(ctx, longestAsk)
	defer cancel()
	m, err := q.ask(asking, c, e.x)
	e.answered = b.now()
	switch {
	case unknown(err):
		m, err = nil, nil
	case err != nil && e.tries > 0 && b.expired(e, lastAttempt): // an outage in its last hours does not end it
		return false, errors.Join(err, b.giveUp(ctx, e, s))
	case err != nil:
		return false, err
	}
	var found []*notify.Notification
	former, met, over := 0, false, false
	if m != nil {
		found, former, met, over = q.read(e, m)
	}
	if b.cfg.Recheck == 0 { // which asks for no ends
		found, former = found[former:], 0
	}
	for i, n := range found {
		n.ID = sweptID(e, n)
		e.more = !met || i < len(found)-1 || err != nil
		handled, failure := b.take(ctx, n, how{swept: e, former: i < former})
		if err = errors.Join(err, failure); failure != nil && e.watched == 0 && i >= former {
			return true, err // where it is not to be asked for any longer it was made a dead letter
		}
		if handled {
			s.Found++
		}
	}
	switch {
	case err != nil:
		return true, err
	case over && len(found) == 0, over && e.watched == 1:
		_, err := b.forgo(ctx, e)
		return true, err
	case (len(found) == 0 || !met) && b.expired(e, 0):
		return true, b.giveUp(ctx, e, s)
	}
	return true, nil
}

// expired says whether it was to be asked for no longer than until now, or this long ago. Whether a
// contract has ended is asked for until it has.
func (b *Box) expired(e *expectation, ago time.Duration) bool {
	return e.watched == 0 && !e.x.Until.Add(ago).After(b.cfg.Now())
}

// forgo asks for something no longer. It is false where that had ended or begun anew, or where its
// signature was heard of meanwhile.
func (b *Box) forgo(ctx context.Context, e *expectation) (bool, error) {
	n, err := b.exec(ctx, b.db, "DELETE FROM {expected} WHERE mch_id = ? AND name = ? AND claim = ? AND watched = ?",
		key(e.x.MchID), e.name, e.claim, e.watched)
	if err != nil {
		return false, fmt.Errorf("inbox: %w", err)
	}
	return n == 1, nil
}

// giveUp ends what was not heard of.
func (b *Box) giveUp(ctx context.Context, e *expectation, s *Swept) error {
	ended, err := b.forgo(ctx, e)
	if ended {
		s.GivenUp++
		b.cfg.OnGivenUp(ctx, e.x)
	}
	return err
}
