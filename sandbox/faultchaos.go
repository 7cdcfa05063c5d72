package sandbox

import (
	"slices"
)

// chaos is Chaos as this sandbox's clock lets it be.
func (e *engine) chaos() []Fault {
	return slices.DeleteFunc(Chaos(), func(f Fault) bool { return f.Name == FaultLatency && e.clock.Manual() })
}
