package inbox

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/notify"
)

// Delivery is a notification on its way into the database.
type Delivery struct {
	*notify.Notification
	// Tx is the transaction that says the notification was handled: write through it.
	Tx *sql.Tx
	// Contract is what is known of the contract that the notification says was signed or has
	// ended, itself included; nil for any other.
	Contract *Contract
	// Current is the newest contract of the same payer under the same plan, of the same
	// out_user_code where there are several: Contract itself, or one that was signed after it. It
	// is the same whichever order notifications come in, so a table that has a row per payer and
	// plan is right if it is set to what Current says. It is nil where Contract is.
	Current *Contract
	// Late says that what the notification tells of the contract was overtaken: it tells of the
	// signature, and the contract is known to have ended. A table that has a row per contract is
	// right if what is late does not change it.
	Late bool
	// Swept says that no notification came, and a query told it ([Box.Sweep]).
	Swept bool
	// Attempt is 1, and more where the function failed before.
	Attempt int
}

// Contract is what notifications told of a contract.
type Contract struct {
	// MchID is the merchant's that was notified, SubMchID the sub-merchant's of a service provider.
	MchID, SubMchID string
	// ID is WeChat Pay's contract_id, "" where the product's notifications have none.
	ID string
	// Code is the merchant's own number for it, "" where the notifications have none.
	Code string
	// Ended says that the contract is over. A contract that has an ID never comes back; of one
	// without, a later signature under its code is a new one.
	Ended bool
	// SignedAt and EndedAt are when, by WeChat Pay's clock; zero where it is not known.
	SignedAt, EndedAt time.Time
}

// failure is an error of the user's function, or for want of one, as opposed to the database's.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// ErrNoFunction is why a notification failed that no function was registered for.
var ErrNoFunction = errors.New("inbox: no function is registered for this event; add one with On, Handle or " +
	"Otherwise, " +
	"and replay what was stored")

// ErrCut is why an APIv2 message failed whose very sign proved another message: somebody who has a
// copy changed what the sign does not see. It is not stored.
var ErrCut = errors.New("inbox: another message was handled with this very sign: someone who has a copy changed what " +
	"the sign does not see")

func (b *Box) others(ctx context.Context, d *Delivery) error {
	if b.otherwise == nil {
		return ErrNoFunction
	}
	return b.otherwise(ctx, d)
}

func (b *Box) call(ctx context.Context, d *Delivery) error {
	f := b.routes[d.EventType]
	if f == nil {
		f = b.others
	}
	if err := f(ctx, d); err != nil {
		return &failure{err}
	}
	return nil
}

// tries is how often a transaction runs that the database undid for the sake of another one.
const tries = 8

// Take handles a notification once: it is what [Box.Attach] has the receiver run, and what code
// runs that has notifications from elsewhere, such as a queue behind [notify.Receiver.Parse]. It
// returns nil where the notification was handled, now or before, or stored as a dead letter.
func (b *Box) Take(ctx context.Context, n *notify.Notification) error {
	_, err := b.take(ctx, n, how{})
	return err
}

// how says what a notification is besides one that came.
type how struct {
	swept  *expectation // a query told it
	replay bool         // it was stored, and is asked for
	came   int64        // when what is replayed came
	former bool         // of a contract before the one that is expected: it is told only if that is known
}

// again says whether a dead letter is tried once more: it was asked for, or it is what a query told
// and was made one while nobody swept.
func (h how) again() bool { return h.replay || h.swept != nil }

// cameAt is when the notification came, or what stands for one was answered.
func (b *Box) cameAt(h how) int64 {
	switch {
	case h.replay:
		return h.came
	case h.swept != nil:
		return h.swept.answered
	}
	return b.now()
}

// take runs the transaction until the database lets it through, and records what fails.
func (b *Box) take(ctx context.Context, n *notify.Notification, h how) (handled bool, err error) {
	if n == nil || n.MchID == "" || n.ID == "" {
		return false, errors.New("inbox: a notification has a merchant and an id; give what a receiver parsed")
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		// The function panicked, or ended its goroutine. The panic goes on to the receiver, unless
		// this was the last attempt.
		if dead, recorded := b.failed(ctx, n, h, &failure{errPanicked}); recorded == nil && dead {
			if recover() != nil && h.replay {
				err = &failure{errPanicked}
			}
		}
	}()
	handled, err = b.retried(ctx, func() (bool, error) { return b.once(ctx, n, h) })
	returned = true
	if err == nil || !b.counts(err) || errors.Is(ctx.Err(), context.Canceled) {
		return handled, err
	}
	dead, recordErr := b.failed(ctx, n, h, err)
	switch {
	case recordErr != nil:
		return false, fmt.Errorf("%w; it failed with: %s", recordErr, words(err))
	case dead && !h.replay:
		return false, nil
	}
	return false, err
}

// errUndone is a transaction that the database undid while a function hid it: it runs again.
var errUndone = errors.New("inbox: the database undid the transaction, and the function did not say so")

// errPanicked stands for a panic, whose value may be anything, the event itself included.
var errPanicked = errors.New("the function panicked")

// counts says whether an error is the notification's or its function's, and not the database's:
// also one that looks like the database's as often as a transaction is tried, for it may look like
// that for ever.
func (b *Box) counts(err error) bool {
	var f *failure
	var o *oftenUndone
	return errors.As(err, &f) && (!b.again(err) || errors.As(err, &o)) && !errors.Is(err, ErrCut)
}

// oftenUndone is the error of a transaction that was tried as often as it is.
type oftenUndone struct{ err error }

func (o *oftenUndone) Error() string { return o.err.Error() }
func (o *oftenUndone) Unwrap() error { return o.err }

func (b *Box) again(err error) bool {
	return errors.Is(err, errUndone) || transient(err) || b.cfg.Transient != nil && b.cfg.Transient(err)
}

// retried runs a transaction again while the database undoes it for the sake of others.
func (b *Box) retried(ctx context.Context, f func() (bool, error)) (ok bool, err error) {
	for i := range tries {
		if i > 0 {
			if b.cfg.Wait(ctx, 5*time.Millisecond<<i) != nil {
				return false, err
			}
		}
		if ok, err = f(); err == nil || !b.again(err) {
			return ok, err
		}
	}
	return ok, &oftenUndone{err}
}

// backToAutocommit gives a connection of MySQL's back as it was. What is not committed is undone
// first: autocommit would commit it, and where a context ended database/sql undoes it behind our
// back, perhaps later.
func backToAutocommit(ctx context.Context, conn *sql.Conn) {
	for _, statement := range []string{"ROLLBACK", "SET autocommit = 1"} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // nobody may get it as it is
			return
		}
	}
}

// within runs f in a transaction and commits it unless f fails.
func (b *Box) within(ctx context.Context, f func(tx *sql.Tx) error) error {
	conn, err := b.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("inbox: the database gave no connection: %w", err)
	}
	defer func() { _ = conn.Close() }()
	switch b.cfg.Dialect {
	case SQLite:
		return guard(ctx, conn, f)
	case MySQL:
		// A deadlock undoes the whole transaction, and what a function that hides it goes on to do
		// would be committed statement by statement.
		if _, err := conn.ExecContext(ctx, "SET autocommit = 0"); err != nil {
			return fmt.Errorf("inbox: the database gave no transaction: %w", err)
		}
		defer backToAutocommit(context.WithoutCancel(ctx), conn)
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("inbox: the database gave no transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // of what was not committed, also where f panics
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
