package sandbox

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
	debitsFrom, debitsUntil = 7 * time.Hour, 22 * time.Hour
	// Debits of a day agreed upon are booked from 8:00 to 19:30.
	// https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/normal/normal-schedule-deduction.html
	bookingsFrom, bookingsUntil = 8 * time.Hour, 19*time.Hour + 30*time.Minute
	// A contract is debited at once in the twelve hours after it was signed.
	// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
	freshFor = 12 * time.Hour
	// debitTakes is how long a debit that was accepted takes where no page says it: the
	// sandbox's own idea of a moment.
	debitTakes = 5 * time.Second
)

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
