// Package sqlstore keeps the sandbox's state in one SQLite file: pure Go, no C
// compiler, nothing to install.
//
// The database runs in WAL mode with synchronous=FULL, so what Update returned
// from survives a power cut. Whoever writes first commits for all who come meanwhile,
// which is what makes a durable row cheap under load. Readers see a snapshot and
// never wait.
//
// recognise.go says whose file it is, and what is refused before it is opened; store.go opens it,
// writer.go commits, soonest.go knows when the next thing is due, tx.go is what a transaction does.
// It knows package store and nothing of a sandbox. Start reading at [Open].
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox/store"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Store is a [store.Store] over one SQLite file.
type Store struct {
	path        string
	unlock      func() error // gives back the lock on the file beside the database
	write, read *sql.DB
	writer      *session
	soonest     soonest
	readers     chan *session // at rest

	queue    chan *update
	underWay atomic.Pointer[func() int] // how many calls are, nil where nobody says so

	closing chan struct{}
	leads   chan struct{} // has one in it while somebody leads a batch, and for good once it is closed
	close   sync.Once
	views   sync.RWMutex // held for reading by views, for writing by Close
}

// OpenError is a database that cannot be used.
type OpenError struct {
	Path    string
	Problem error
	Hint    lang.Text
	err     error
}

func (e *OpenError) Error() string {
	return e.In(lang.English)
}

// In is the error in a language.
func (e *OpenError) In(l lang.Lang) string {
	return l.Text("cannot open the database %s: %v; %v", e.Path, e.Problem, e.Hint)
}

// Unwrap gives the cause, where there is one.
func (e *OpenError) Unwrap() error { return e.err }

// Open opens the database at path and creates it, readable by this user only,
// where there is none; one that others can read is taken away from them. A database
// belongs to one process at a time, also where path is a symbolic link to it; one with a second
// hard link is refused. What is wrong comes back as an [*OpenError].
func Open(path string) (*Store, error) {
	fail := func(err error, hint lang.Text) (*Store, error) {
		return nil, &OpenError{Path: path, Problem: reason(err), Hint: hint, err: err}
	}
	ours, err := Recognise(path)
	if err != nil {
		return nil, err
	}
	target, err := resolve(path)
	if err != nil {
		return fail(err, lang.Textf("choose another folder"))
	}
	// SQLite would say "unable to open database file" for all of these.
	file, err := os.OpenFile(target, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fail(err, lang.Textf("choose a folder this user may write to"))
	}
	file.Close()

	s := &Store{path: target, queue: make(chan *update), readers: make(chan *session, 8), closing: make(chan struct{}),
		leads: make(chan struct{}, 1), soonest: soonest{}}
	if s.unlock, err = claim(target + lockSuffix); err != nil {
		return fail(err, lang.Textf("another wxpay may be running on it: stop that one or choose another folder"))
	}
	if err := s.connect(); err != nil {
		s.release()
		if !ours {
			return fail(err, lang.Textf("choose another folder"))
		}
		return fail(err, lang.Textf("move the file away to start afresh"))
	}
	for _, part := range []string{"", "-wal", "-shm"} {
		_ = os.Chmod(target+part, 0o600) // a file system without modes is no reason not to start
	}
	return s, nil
}

func (s *Store) connect() (err error) {
	const patience = "busy_timeout(5000)"
	if s.write, err = connect(s.path, "immediate", patience, "journal_mode(wal)", "synchronous(full)"); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err = migrate(s.write); err != nil {
		return err
	}
	if s.writer, err = newSession(s.write); err != nil {
		return err
	}
	s.read, err = connect(s.path, "deferred", patience, "query_only(true)")
	return err
}

// connect opens a pool whose every connection runs the pragmas.
func connect(path, begin string, pragmas ...string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// A path with ? or % in it must not be taken for a query.
	name := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(absolute)}
	name.RawQuery = url.Values{"_pragma": pragmas, "_txlock": {begin}}.Encode()
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	if err := db.Ping(); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// lockSuffix names the file beside the database that is locked for good.
const lockSuffix = ".lock"

// claim takes a lock that the operating system gives back when the process
// ends, however it ends. SQLite's own locks work on every system it runs on;
// the database itself cannot be locked for good, its readers need it.
func claim(path string) (release func() error, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	file.Close()
	// An exclusive transaction that writes nothing leaves an empty file, and
	// one in memory no journal beside it.
	db, err := connect(path, "exclusive", "busy_timeout(0)", "journal_mode(memory)")
	if err != nil {
		return nil, err
	}
	t, err := db.Begin()
	if err != nil {
		db.Close()
		return nil, err
	}
	return func() error { return errors.Join(t.Rollback(), db.Close()) }, nil
}

// View runs f on a snapshot.
func (s *Store) View(ctx context.Context, f func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.views.RLock()
	defer s.views.RUnlock()
	select {
	case <-s.closing:
		return store.ErrClosed
	default:
	}
	reader, err := s.reader()
	if err != nil {
		return s.fault("read", err)
	}
	defer s.rest(reader)
	if _, err := reader.exec("BEGIN"); err != nil {
		return s.fault("read", err)
	}
	defer reader.rollback()
	x := &tx{store: s, s: reader, readOnly: true}
	defer func() { x.done = true }()
	if err := f(x); err != nil {
		return err
	}
	return x.broken
}

func (s *Store) reader() (*session, error) {
	select {
	case r := <-s.readers:
		return r, nil
	default:
		return newSession(s.read)
	}
}

func (s *Store) rest(r *session) {
	select {
	case s.readers <- r:
	default:
		r.Close()
	}
}

// Close waits for the transactions under way. Closing again does nothing.
func (s *Store) Close() error {
	var err error
	s.close.Do(func() {
		close(s.closing)
		s.leads <- struct{}{} // those under way end first
		s.views.Lock()
		defer s.views.Unlock()
		err = s.release()
	})
	return err
}

func (s *Store) release() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	for len(s.readers) > 0 {
		errs = append(errs, (<-s.readers).Close())
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, s.unlock())...)
}

// fault is an error of the database, worded for the one who called the sandbox.
type fault struct {
	what, path string
	err        error
}

func (f *fault) Error() string {
	return fmt.Sprintf("cannot %s the database %s: %s", f.what, f.path, reason(f.err))
}

func (f *fault) Unwrap() error { return f.err }

func (s *Store) fault(what string, err error) error { return &fault{what, s.path, err} }
