package sqlstore

import (
	"context"
	"database/sql"
)

// session is one connection with its compiled statements: compiling takes
// longer than running most of them. One goroutine at a time uses it.
//
// Its contexts are never cancelled: the driver watches one that can be from a
// goroutine of its own, which costs more than these queries do.
type session struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func newSession(db *sql.DB) (*session, error) {
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, statements: map[string]*sql.Stmt{}}, nil
}

func (s *session) prepare(query string) (*sql.Stmt, error) {
	if statement := s.statements[query]; statement != nil {
		return statement, nil
	}
	statement, err := s.conn.PrepareContext(context.Background(), query)
	if err == nil {
		s.statements[query] = statement
	}
	return statement, err
}

func (s *session) exec(query string, args ...any) (sql.Result, error) {
	statement, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	return statement.Exec(args...)
}

func (s *session) query(query string, args ...any) (*sql.Rows, error) {
	statement, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	return statement.Query(args...)
}

// row reads the first row of the answer, or gives sql.ErrNoRows.
func (s *session) row(query string, args []any, into ...any) error {
	statement, err := s.prepare(query)
	if err != nil {
		return err
	}
	return statement.QueryRow(args...).Scan(into...)
}

func (s *session) rollback() { _, _ = s.exec("ROLLBACK") } // fails where SQLite has done it already

func (s *session) Close() error {
	for _, statement := range s.statements {
		statement.Close()
	}
	return s.conn.Close()
}
