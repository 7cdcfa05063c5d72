package rows

import "time"

// Schedule says when a notification is tried, as gaps from one try to the next.
type Schedule struct {
	Name string
	Gaps []time.Duration
}

// GenericSchedule is the one of APIv3 at large, and of APIv2's payments and refunds: at once, then
// fifteen times more in 24 hours and 4 minutes.
var GenericSchedule = Schedule{"generic", seconds(0, 15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600,
	3*3600, 3*3600, 3*3600, 6*3600, 6*3600)}

// QuickSchedule is the one of contracts of combine-papay and credit-repayment, and of APIv2: thirty
// tries in nearly two hours. https://pay.weixin.qq.com/doc/v3/partner/4012881605
var QuickSchedule = Schedule{"quick", seconds(0, 10, 10, 10, 30, 30, 30,
	300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300)}

// CampusSchedule is the one of eduschoolpay, of every notification.
// https://pay.weixin.qq.com/doc/v3/partner/4012161155
var CampusSchedule = Schedule{"campus", seconds(0, 1, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60,
	300, 300, 300, 300, 300, 300, 300, 300, 300, 300)}

// EduSchedule is the one of edu-papay's contracts: every minute for ten minutes, then every five
// minutes for fifty. https://pay.weixin.qq.com/doc/v3/partner/4012159970
var EduSchedule = Schedule{"edu", seconds(0, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60,
	300, 300, 300, 300, 300, 300, 300, 300, 300, 300)}

// ShortSchedule ends within four hours: of contracts of papay, what is debited for edu-papay and
// in APIv2. The gaps are those that the pages of contracts across the border print.
// https://pay.weixin.qq.com/wiki/doc/api_external/en/apis/chapter5_1_4.shtml
// https://pay.weixin.qq.com/doc/v2/merchant/4011987907
var ShortSchedule = Schedule{"short", seconds(0, 15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600)}

// AskedOnce is the schedule of a question: it is put once, and not again.
var AskedOnce = Schedule{"once", seconds(0)}

func ScheduleOf(name string) Schedule {
	switch name {
	case QuickSchedule.Name:
		return QuickSchedule
	case CampusSchedule.Name:
		return CampusSchedule
	case EduSchedule.Name:
		return EduSchedule
	case ShortSchedule.Name, "global", "v2": // as stores of earlier versions name it
		return ShortSchedule
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
