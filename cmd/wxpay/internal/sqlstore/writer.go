package sqlstore

import (
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

// An update is one call of Update. Its function runs in the caller's goroutine,
// when the committing goroutine hands it the transaction; so a panic stays with
// the one who caused it.
type update struct {
	turn      chan *tx
	finished  chan error // what the function came to
	committed chan error
}

// errPanicked stands for the outcome of a function that did not return.
var errPanicked = errors.New("sqlstore: the update's function did not return")

// Update runs f and returns when its work is on the disk, together with that
// of others.
func (s *Store) Update(ctx context.Context, f func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u := &update{turn: make(chan *tx), finished: make(chan error, 1), committed: make(chan error, 1)}
	select {
	case s.queue <- u:
	case <-s.closing:
		return store.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	x, ok := <-u.turn
	if !ok { // no transaction could be begun
		return <-u.committed
	}
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

// commitLoop is the one writer. A batch is whoever is waiting: while its commit
// waits for the disk, the next one gathers.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	for {
		select {
		case u := <-s.queue:
			s.batch(u)
		case <-s.closing:
			return
		}
	}
}

func (s *Store) batch(u *update) {
	if err := s.writerExec("BEGIN IMMEDIATE"); err != nil {
		close(u.turn)
		u.committed <- err
		return
	}
	members := make([]*update, 0, maxBatch)
	var late <-chan time.Time
	for u != nil {
		kept, broken := s.run(u)
		if kept {
			members = append(members, u)
		}
		if broken != nil {
			// SQLite may have rolled back everything, so nobody's work counts.
			s.undoAll()
			answer(append(members, u), broken)
			return
		}
		u = s.next(len(members), &late)
	}
	broken := s.writerExec("COMMIT")
	if broken != nil {
		s.undoAll()
	}
	answer(members, broken)
}

// next is the one who joins a batch, nil for nobody. Where more calls are under way than have come,
// it waits for them; late starts with the first time that it does.
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

// undoAll ends a batch that nobody's work of counts.
func (s *Store) undoAll() {
	s.writer.rollback()
	clear(s.soonest)
}

// writerExec is a statement of the one writer, about its transactions.
func (s *Store) writerExec(query string) error {
	if _, err := s.writer.exec(query); err != nil {
		return s.fault("write", err)
	}
	return nil
}

func answer(members []*update, err error) {
	for _, u := range members {
		u.committed <- err
	}
}

// run lets one update work inside the batch. What a failed one wrote is undone
// and the batch goes on; broken is an error of the database itself.
func (s *Store) run(u *update) (kept bool, broken error) {
	x := &tx{store: s, s: s.writer}
	u.turn <- x
	err := <-u.finished
	if x.broken != nil {
		return false, x.broken
	}
	if x.writes && err != nil {
		if broken = s.writerExec("ROLLBACK TO member"); broken != nil {
			return false, broken
		}
		clear(s.soonest)
	}
	if x.writes {
		if broken = s.writerExec("RELEASE member"); broken != nil {
			return false, broken
		}
	}
	if err != nil {
		u.committed <- err
	}
	return err == nil, nil
}
