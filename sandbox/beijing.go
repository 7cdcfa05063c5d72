package sandbox

import (
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Days and hours are Beijing's, wherever the sandbox runs.

const dayFormat = "2006-01-02"

func dateOf(t time.Time) string { return t.In(wire.Beijing).Format(dayFormat) }

// midnight is when the day of t begins.
func midnight(t time.Time) time.Time {
	y, m, d := t.In(wire.Beijing).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, wire.Beijing)
}

// startOf is when a day written yyyy-MM-dd begins, zero for what is no day.
func startOf(date string) time.Time {
	t, err := time.ParseInLocation(dayFormat, date, wire.Beijing)
	if err != nil {
		return time.Time{}
	}
	return t
}

// hourOf is the time of day.
func hourOf(t time.Time) time.Duration { return t.Sub(midnight(t)) }

// hhmm is a time of day as people write it.
func hhmm(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// daysFrom counts the midnights between two moments.
func daysFrom(from, to time.Time) int {
	return int(midnight(to).Sub(midnight(from)).Hours()) / 24 // Beijing has no summer time
}

// within says whether t lies in the hours [from, until) of its day; both 0 means
// any hour.
func within(t time.Time, from, until time.Duration) bool {
	hour := hourOf(t)
	return (from == 0 && until == 0) || (from <= hour && hour < until)
}
