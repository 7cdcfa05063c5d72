package sqlstore

import "math"

// soonest is, of each kind, a time before which nothing is due, in unix milliseconds: a sandbox
// asks before each call whether anything is, and hardly ever anything is. It is exact or too early,
// never too late. A kind of which nothing is known is not in it.
//
// It is the writer's, and is read and written within its transactions. It counts what they have
// written so far; when some of that is undone, all of it is forgotten.
type soonest map[string]int64

// quiet tells whether nothing of a kind is due by then.
func (s soonest) quiet(kind string, until int64) bool {
	first, known := s[kind]
	return known && until < first
}

// put is about a row that was written.
func (s soonest) put(kind string, due int64) {
	if first, known := s[kind]; known && due > 0 && due < first {
		s[kind] = due
	}
}

// never is the soonest of a kind of which nothing will be due.
const never = math.MaxInt64

// learn looks up when the first of a kind is due.
func (x *tx) learn(kind string) error {
	first := int64(never)
	rows, err := x.s.query("SELECT due FROM row WHERE kind = ? AND due > 0 ORDER BY due LIMIT 1", kind)
	if err != nil {
		return x.fail("read", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&first); err != nil {
			return nil // it is damaged, and whoever reads the row is told
		}
	}
	if err := rows.Err(); err != nil {
		return x.fail("read", err)
	}
	x.store.soonest[kind] = first
	return nil
}
