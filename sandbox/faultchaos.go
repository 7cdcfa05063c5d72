package sandbox

import (
	"slices"
	"time"
)

// Chaos is a mix of faults that strike for as long as they are armed, each seldom:
// what a merchant meets in a bad month, in an afternoon. None of it is the
// merchant's fault, and a merchant who handles it loses no money. Inject it, or
// set [Config].Chaos. Under a stopped clock leave FaultLatency out: who waits for
// it waits for the clock to be moved.
func Chaos() []Fault {
	const forever = -1
	calls := func(name FaultName, chance float64) Fault {
		return Fault{Name: name, Endpoint: "*", Chance: chance, Times: forever}
	}
	pushes := func(name FaultName, chance float64) Fault {
		return Fault{Name: name, Event: "*", Chance: chance, Times: forever}
	}
	after := func(f Fault) Fault {
		f.Committed = true
		return f
	}
	delayed := func(f Fault, d time.Duration) Fault {
		f.Delay = d
		return f
	}
	return []Fault{
		calls(FaultError, 0.02), after(calls(FaultError, 0.01)),
		calls(FaultCut, 0.01), after(calls(FaultCut, 0.01)),
		calls(FaultGateway, 0.01), calls(FaultRateLimit, 0.01),
		calls(FaultProbe, 0.005),
		delayed(calls(FaultLatency, 0.03), 2*time.Second),
		pushes(FaultProbe, 0.05), pushes(FaultDuplicated, 0.05), pushes(FaultRace, 0.03),
		pushes(FaultReordered, 0.03), pushes(FaultAnswerLost, 0.03), pushes(FaultLost, 0.01),
		delayed(pushes(FaultLate, 0.05), 30*time.Second),
	}
}

// chaos is Chaos as this sandbox's clock lets it be.
func (e *engine) chaos() []Fault {
	return slices.DeleteFunc(Chaos(), func(f Fault) bool { return f.Name == FaultLatency && e.clock.Manual() })
}
