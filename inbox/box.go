package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay/notify"
)

// A Box keeps what was handled in a database, in the transaction that handles it. Make it with
// [New], tell it with [On], [Box.Handle] and [Box.Otherwise] what to run, then [Box.Attach] it to
// the receiver. After that it may be used by any number of goroutines, and any number of processes
// may have a Box on the same tables.
type Box struct {
	db        *sql.DB
	cfg       Config
	routes    map[string]Func
	otherwise Func
	serving   atomic.Bool
}

// Func handles one notification: see [On] for what it may do.
type Func func(ctx context.Context, d *Delivery) error

// Config says which database it is, and how much is kept. Only Dialect is required.
type Config struct {
	// Dialect is the database.
	Dialect Dialect
	// Prefix is what the names of the tables begin with: letters, digits and _. Default:
	// "wxpay_inbox_".
	Prefix string
	// Attempts is how often a notification may fail before it is stored as a dead letter and
	// answered with a success. Default: 10, which WeChat Pay's schedule spreads over three hours.
	Attempts int
	// Keep is how long it is remembered that something was handled, at least 48 hours. A copy of an
	// APIv2 message never grows too old to be sent, so more is safer. Default: 400 days.
	Keep time.Duration
	// KeepEvents is how many ids of handled notifications are remembered at most; those of the last
	// 48 hours always are. That a payment happened, and which message a sign proved, is remembered
	// for Keep all the same, in about 200 bytes each. Default: 5 million.
	KeepEvents int
	// KeepDead is how long a dead letter is kept, with the notification in it, which names the
	// payer. Default: 90 days.
	KeepDead time.Duration
	// Recheck is how often WeChat Pay is asked whether a contract that was expected ([Box.Expect])
	// and signed has ended, in case the notification of its end never comes: at most every third of
	// KeepDead. 0 asks for no ends; what was watched before stays expected until it is set again.
	Recheck time.Duration
	// OnDead is told of every dead letter when it becomes one, after it was stored. Default: a line
	// to [log/slog.Default] at level Error.
	OnDead func(ctx context.Context, dead Dead)
	// OnGivenUp is told of what was expected and never found out before [Expected.Until], which may
	// be an EduContract that was expected anew and ended before it was asked about. Default: a line
	// to [log/slog.Default] at level Warn.
	OnGivenUp func(ctx context.Context, x Expected)
	// Transient says of an error whether the transaction may run again at once. Deadlocks,
	// serialization failures and busy databases of the usual drivers are known; this adds others.
	Transient func(error) bool
	// Now is the clock. Default: [time.Now].
	Now func() time.Time
	// Wait waits between two tries of a transaction and between two questions to WeChat Pay, and
	// ends early with the context's error. Default: a timer.
	Wait func(ctx context.Context, d time.Duration) error
}

// Defaults of [Config], and what it may not go below.
const (
	DefaultPrefix     = "wxpay_inbox_"
	DefaultAttempts   = 10
	DefaultKeep       = 400 * 24 * time.Hour
	DefaultKeepDead   = 90 * 24 * time.Hour
	DefaultKeepEvents = 5_000_000
	// MinKeep is more than the 25 hours after which WeChat Pay sends nothing again.
	MinKeep = 48 * time.Hour
)

// New makes a box on db, whose tables must be there: see [Schema] and [Box.Migrate]. It asks the
// database nothing; [Box.Check] does.
func New(db *sql.DB, cfg Config) (*Box, error) {
	switch {
	case db == nil:
		return nil, fmt.Errorf("inbox.New: db is nil; open it with sql.Open and the driver of your database")
	case !cfg.Dialect.known():
		return nil, fmt.Errorf("inbox.New: Config.Dialect is none of inbox.Postgres, inbox.MySQL and inbox.SQLite")
	case cfg.Keep != 0 && cfg.Keep < MinKeep, cfg.KeepDead != 0 && cfg.KeepDead < MinKeep:
		return nil, fmt.Errorf("inbox.New: Config.Keep and KeepDead are at least %s, for WeChat Pay repeats a "+
			"notification for more than a day", MinKeep)
	case cfg.Attempts < 0 || cfg.KeepEvents < 0 || cfg.Recheck < 0:
		return nil, fmt.Errorf("inbox.New: Config.Attempts, KeepEvents and Recheck are not below 0")
	}
	if cfg.Prefix == "" {
		cfg.Prefix = DefaultPrefix
	}
	if err := checkPrefix(cfg.Prefix); err != nil {
		return nil, fmt.Errorf("inbox.New: %w", err)
	}
	set(&cfg.Attempts, DefaultAttempts)
	set(&cfg.Keep, DefaultKeep)
	set(&cfg.KeepDead, DefaultKeepDead)
	set(&cfg.KeepEvents, DefaultKeepEvents)
	if cfg.Recheck > cfg.KeepDead/3 {
		return nil, fmt.Errorf("inbox.New: Config.Recheck is at most a third of KeepDead, which is %s: between two "+
			"questions it would be forgotten how often a function has failed", cfg.KeepDead)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Wait == nil {
		cfg.Wait = wait
	}
	if cfg.OnDead == nil {
		cfg.OnDead = logDead
	}
	if cfg.OnGivenUp == nil {
		cfg.OnGivenUp = logGivenUp
	}
	return &Box{db: db, cfg: cfg, routes: map[string]Func{}}, nil
}

func set[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// maxPrefix leaves room for the longest name of a table or index in 63 bytes, PostgreSQL's limit.
const maxPrefix = 32

func checkPrefix(prefix string) error {
	const letters = "abcdefghijklmnopqrstuvwxyz_"
	if len(prefix) > maxPrefix || strings.Trim(prefix, letters+"0123456789") != "" ||
		strings.Trim(prefix[:1], letters) != "" {
		return fmt.Errorf("the prefix of the tables has at most %d lower-case letters, digits and _, and no digit "+
			"first",
			maxPrefix)
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func logDead(ctx context.Context, d Dead) {
	slog.Default().ErrorContext(ctx, "WeChat Pay notification stored as a dead letter",
		"id", d.ID, "event_type", d.EventType, "attempts", d.Attempts, "reason", d.Reason)
}

func logGivenUp(ctx context.Context, x Expected) {
	slog.Default().WarnContext(ctx, "Nothing was heard of something expected of WeChat Pay, and it is no longer "+
		"asked for",
		"kind", string(x.Kind))
}

// On runs f for the notifications that E stands for, decoded, in a transaction of the box:
//
//	inbox.On(box, func(ctx context.Context, d *inbox.Delivery, e *event.EntrustSign) error {
//		_, err := d.Tx.ExecContext(ctx, "UPDATE subscription SET active = true WHERE code = $1", e.OutContractCode)
//		return err
//	})
//
// What f writes through d.Tx and that the notification was handled are committed together, or
// neither is. It must not commit or roll back d.Tx, nor run statements that commit by themselves
// (DDL in MySQL), nor use another connection to the database for what has to be done once; with
// SQLite that would wait for itself, and d.Tx takes no statement there that was prepared elsewhere
// ([sql.Tx.Stmt]): prepare it with d.Tx. It may run more than once, where the database or f failed
// before; what it did elsewhere is then done again, so slow and outward work belongs into a queue
// in the same transaction.
//
// When f returns nil and the commit succeeds, the notification is answered with a success, and so
// is every repeat of it. Otherwise WeChat Pay is told to send it again, until [Config.Attempts].
//
// A second function for one event type panics, as does a call after [Box.Attach]: both are mistakes
// of the program.
func On[E notify.Event](b *Box, f func(ctx context.Context, d *Delivery, e *E) error) {
	var e E
	eventType := e.EventType()
	if f == nil {
		panic("inbox.On: the function for " + eventType + " is nil")
	}
	b.register("On", eventType, func(ctx context.Context, d *Delivery) error {
		if isShare(d.Notification) {
			return b.others(ctx, d)
		}
		e := new(E)
		if err := d.Decode(e); err != nil {
			return err
		}
		return f(ctx, d, e)
	})
}

// isShare tells a share of another merchant's payment, which is no payment: see [notify.On].
func isShare(n *notify.Notification) bool {
	return n.OriginalType == "profitsharing" && strings.HasPrefix(n.EventType, "TRANSACTION.")
}

// Handle runs f for one event type without decoding. Else it follows the rules of [On].
func (b *Box) Handle(eventType string, f Func) {
	if f == nil || eventType == "" {
		panic("inbox.Handle: the event type is empty, or its function nil")
	}
	b.register("Handle", eventType, f)
}

// Otherwise runs f for every event type that has no function of its own. Without it such a
// notification fails like any other: it is asked for again, and then kept as a dead letter that can
// be replayed once there is a function for it.
func (b *Box) Otherwise(f Func) {
	b.checkSetUp("Otherwise")
	if f == nil || b.otherwise != nil {
		panic("inbox.Otherwise: the function is nil, or it was called twice")
	}
	b.otherwise = f
}

func (b *Box) register(verb, eventType string, f Func) {
	b.checkSetUp(verb)
	if b.routes[eventType] != nil {
		panic("inbox." + verb + ": " + eventType + " already has a function; put both into one")
	}
	b.routes[eventType] = f
}

func (b *Box) checkSetUp(verb string) {
	if b == nil {
		panic("inbox." + verb + ": the box is nil; make one with inbox.New")
	}
	if b.serving.Load() {
		panic("inbox." + verb + ": the box is already attached to a receiver; register every function before")
	}
}

// Attach has the box handle what r receives: see [notify.Receiver.Durable]. It panics where r has a
// function of its own, and r where it is given one later, for nothing would remember that it ran.
// Several receivers may share one box. A [notify.Waiter] that r tells is told as ever.
func (b *Box) Attach(r *notify.Receiver) {
	if b == nil {
		panic("inbox.Attach: the box is nil; make one with inbox.New")
	}
	r.Durable(b.Take)
	b.serving.Store(true)
}
