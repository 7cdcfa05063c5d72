package rows

import "time"

// Schedule says when a notification is tried, as gaps from one try to the next.
type Schedule struct {
	Name string
	Gaps []time.Duration
}

// GenericSchedule is the one of APIv3 at large: at once, then fifteen times more
// in 24 hours and 4 minutes.
var GenericSchedule = Schedule{"generic", seconds(0, 15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600,
	3*3600, 3*3600, 3*3600, 6*3600, 6*3600)}

// QuickSchedule is the one of combine-papay contracts: thirty tries in nearly two
// hours. https://pay.weixin.qq.com/doc/v3/partner/4012881605
var QuickSchedule = Schedule{"quick", seconds(0, 10, 10, 10, 30, 30, 30,
	300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300)}

// CampusSchedule is the one of eduschoolpay, of every notification.
// https://pay.weixin.qq.com/doc/v3/partner/4012161155
var CampusSchedule = Schedule{"campus", seconds(0, 1, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60,
	300, 300, 300, 300, 300, 300, 300, 300, 300, 300)}

// GlobalSchedule is the one of contracts across the border.
// https://pay.weixin.qq.com/wiki/doc/api_external/en/apis/chapter5_1_4.shtml
var GlobalSchedule = Schedule{"global", seconds(0, 15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600)}

// PappaySchedule is the one of APIv2's results of debits and payments; refunds
// are assumed to follow it. https://pay.weixin.qq.com/doc/v2/merchant/4011987907
var PappaySchedule = Schedule{"v2", seconds(0, 15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600)}

// AskedOnce is the schedule of a question: it is put once, and not again.
var AskedOnce = Schedule{"once", seconds(0)}

func ScheduleOf(name string) Schedule {
	switch name {
	case QuickSchedule.Name:
		return QuickSchedule
	case CampusSchedule.Name:
		return CampusSchedule
	case GlobalSchedule.Name:
		return GlobalSchedule
	case PappaySchedule.Name:
		return PappaySchedule
	case AskedOnce.Name:
		return AskedOnce
	}
	return GenericSchedule
}

func seconds(list ...int) []time.Duration {
	out := make([]time.Duration, len(list))
	for i, s := range list {
		out[i] = time.Duration(s) * time.Second
	}
	return out
}
