package armed

import (
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// Chaos is [fault.Chaos] as a clock lets it be: on one that stands still nobody can wait.
func Chaos(stopped bool) []fault.Fault {
	return slices.DeleteFunc(fault.Chaos(), func(f fault.Fault) bool { return stopped && f.Name == fault.Latency })
}
