package clock

import (
	"fmt"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Days and hours are Beijing's, wherever the sandbox runs.

// The hours that several products keep.
const (
	// 委托代扣 and 教育续费通 debit and announce from 7:00 to 22:00.
	// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
	DebitsFrom, DebitsUntil = 7 * time.Hour, 22 * time.Hour
	// Debits of a day agreed upon are booked from 8:00 to 19:30.
	// https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/normal/normal-schedule-deduction.html
	BookingsFrom, BookingsUntil = 8 * time.Hour, 19*time.Hour + 30*time.Minute
	// A contract is debited at once in the twelve hours after it was signed.
	// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
	FreshFor = 12 * time.Hour
	// DebitTakes is how long a debit that was accepted takes where no page says it: the
	// sandbox's own idea of a moment.
	DebitTakes = 5 * time.Second
)

const DayFormat = "2006-01-02"

func DateOf(t time.Time) string { return t.In(wire.Beijing).Format(DayFormat) }

// Midnight is when the day of t begins.
func Midnight(t time.Time) time.Time {
	y, m, d := t.In(wire.Beijing).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, wire.Beijing)
}

// StartOf is when a day written yyyy-MM-dd begins, zero for what is no day.
func StartOf(date string) time.Time {
	t, err := time.ParseInLocation(DayFormat, date, wire.Beijing)
	if err != nil {
		return time.Time{}
	}
	return t
}

// HourOf is the time of day.
func HourOf(t time.Time) time.Duration { return t.Sub(Midnight(t)) }

// Hhmm is a time of day as people write it.
func Hhmm(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

// DaysFrom counts the midnights between two moments.
func DaysFrom(from, to time.Time) int {
	return int(Midnight(to).Sub(Midnight(from)).Hours()) / 24 // Beijing has no summer time
}

// Within says whether t lies in the hours [from, until) of its day; both 0 means
// any hour.
func Within(t time.Time, from, until time.Duration) bool {
	hour := HourOf(t)
	return (from == 0 && until == 0) || (from <= hour && hour < until)
}
