package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// maxBatch bounds how many updates share a commit, and maxWait how long the first of them waits for
// calls that are under way and have not come here yet: a commit costs as much as signing a fifth of
// an answer.
const (
	maxBatch = 128
	maxWait  = 2 * time.Millisecond
)

// An update is one call of Update that joins a batch. Its function runs in its caller's goroutine,
// when the one who leads the batch hands it the transaction; so a panic stays with the one who
// caused it.
type update struct {
	turn      chan *tx
	finished  chan error // what the function came to
	committed chan error
}

// errPanicked stands for the outcome of a function that did not return.
var errPanicked = errors.New("sqlstore: the update's function did not return")

// Update runs f and returns when its work is on the disk, together with that of others. Whoever
// comes while nobody commits leads a batch: it begins the transaction, works in it, takes in those
// who wait, and commits for all. Alone, it waits for nobody and nobody need wake it.
func (s *Store) Update(ctx context.Context, f func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u := &update{turn: make(chan *tx), finished: make(chan error, 1), committed: make(chan error, 1)}
	select {
	case s.leads <- struct{}{}:
		select {
		case <-s.closing: // while it was waited for
			<-s.leads
			return store.ErrClosed
		default:
			return s.lead(f)
		}
	case s.queue <- u:
	case <-s.closing:
		return store.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	x := <-u.turn
	err := errPanicked
	func() {
		defer func() {
			x.done = true
			if x.broken != nil {
				err = x.broken
			}
			u.finished <- err
		}()
		err = f(x)
	}()
	return <-u.committed
}

// lead makes a batch, of which f is the first member. Where f does not return, the others are
// served all the same.
func (s *Store) lead(f func(store.Tx) error) (err error) {
	defer func() { <-s.leads }()
	if err := s.writerExec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	x := &tx{store: s, s: s.writer}
	err = errPanicked
	defer func() {
		x.done = true
		err = s.batch(x, err)
	}()
	return f(x)
}

// batch ends the work of the one who leads, which came to err, lets those who wait work as well,
// and commits. It gives what became of the leader's.
func (s *Store) batch(x *tx, err error) error {
	broken := s.end(x, err)
	members := make([]*update, 0, maxBatch)
	var late <-chan time.Time
	for broken == nil {
		u := s.next(1+len(members), &late)
		if u == nil {
			broken = s.writerExec("COMMIT")
			break
		}
		x := &tx{store: s, s: s.writer}
		u.turn <- x
		failed := <-u.finished
		switch broken = s.end(x, failed); {
		case broken == nil && failed != nil:
			u.committed <- failed
		default:
			members = append(members, u)
		}
	}
	if broken != nil {
		// SQLite may have rolled back everything, so nobody's work counts.
		s.writer.rollback()
		clear(s.soonest)
	}
	for _, u := range members {
		u.committed <- broken
	}
	return cmp.Or(broken, err)
}

// end ends the work of one member, which came to err: what a failed one wrote is undone, and the
// batch goes on. broken is an error of the database itself.
func (s *Store) end(x *tx, err error) (broken error) {
	switch {
	case x.broken != nil:
		return x.broken
	case !x.writes:
		return nil
	case err != nil:
		if broken = s.writerExec("ROLLBACK TO member"); broken != nil {
			return broken
		}
		clear(s.soonest)
	}
	return s.writerExec("RELEASE member")
}

// next is the one who joins a batch, nil for nobody. Where more calls are under way than have
// come, it waits for them; late starts with the first time that it does.
func (s *Store) next(members int, late *<-chan time.Time) *update {
	if members >= maxBatch {
		return nil
	}
	select {
	case u := <-s.queue:
		return u
	default:
	}
	if count := s.underWay.Load(); count == nil || (*count)() <= members {
		return nil
	}
	if *late == nil {
		*late = time.After(maxWait)
	}
	select {
	case u := <-s.queue:
		return u
	case <-*late:
		return nil
	}
}

// Gather has the commits wait a moment for calls that are under way.
func (s *Store) Gather(underWay func() int) { s.underWay.Store(&underWay) }

// writerExec is a statement of the one writer, about its transactions.
func (s *Store) writerExec(query string) error {
	if _, err := s.writer.exec(query); err != nil {
		return s.fault("write", err)
	}
	return nil
}
