package rows

import (
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// fallDue has something happen to a row at a moment, for which it waits if it was asked for
// earlier.
func fallDue(row *store.Row, at, asked time.Time) {
	row.Due = Millis(at)
	if row.Due > Millis(asked) {
		row.Keys = append(row.Keys, Awaited(row.Due))
	}
}

// Awaited is the key of the rows that wait for a moment. It names the moment, so that a store need
// not go through everything that waits for a later one.
func Awaited(due int64) string { return "awaits:" + strconv.FormatInt(due, 10) }

// Millis is how due times are stored.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// DayKey is the key of what a merchant was paid, or gave back, on a day of Beijing's.
func DayKey(mchid, day string) string { return "day:" + Joined(mchid, day) }

// moved has a row be found by the day on which its money moved.
func moved(row *store.Row, mchid string, at time.Time) {
	row.Keys = append(row.Keys, DayKey(mchid, clock.DateOf(at)))
}
