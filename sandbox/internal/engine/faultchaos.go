package engine

import (
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// Chaos is Chaos as this sandbox's clock lets it be.
func (e *Engine) Chaos() []fault.Fault {
	return slices.DeleteFunc(fault.Chaos(), func(f fault.Fault) bool {
		return f.Name == fault.Latency &&
			e.Clock.Manual()
	})
}
