package witness

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// World is what the sandbox knows besides.
type World struct {
	Now       time.Time
	Faults    []fault.Armed
	Pushes    []*ledger.Push
	Contracts []*ledger.Contract
	// Forged says that a receiver has to refuse what a fault makes of a message.
	Forged func(fault.Name) bool
}

// scene is what a report is made of: copies, in the order in which things began.
type scene struct {
	World
	calls    []*Call
	attempts []*Attempt
	diverted []*Diverted
	about    map[string][]*Call    // by a name that they have, or else by operation
	tells    map[string][]*Attempt // by a name that they have
	sent     map[string][]*Attempt // by notification
}

// reported is how many strikes a report lists.
const reported = 1000

// Report says what the client did with what it was sent and answered.
func (w *Witness) Report(world World) *ledger.Report {
	s := &scene{World: world, about: map[string][]*Call{},
		tells: map[string][]*Attempt{}, sent: map[string][]*Attempt{}}
	r := &ledger.Report{At: world.Now, Faults: append([]fault.Armed{}, world.Faults...)}
	w.mu.Lock()
	calls, forgottenCalls := w.calls.last()
	attempts, forgottenAttempts := w.attempts.last()
	diverted, _ := w.diverted.last()
	s.calls, s.attempts, s.diverted = copies(calls), copies(attempts), copies(diverted)
	w.mu.Unlock()
	s.calls = slices.DeleteFunc(s.calls, func(c *Call) bool { return c.Answered == 0 }) // under way
	// What one of the two proves needs what the other has of that time.
	if forgottenCalls+forgottenAttempts > 0 {
		n, m := len(s.calls), len(s.attempts)
		s.rememberBoth(forgottenCalls > 0, forgottenAttempts > 0)
		forgottenCalls, forgottenAttempts = forgottenCalls+n-len(s.calls), forgottenAttempts+m-len(s.attempts)
	}
	s.index()
	r.Covered = ledger.Covered{Since: s.since(), Calls: len(s.calls), Attempts: len(s.attempts),
		ForgottenCalls: forgottenCalls, ForgottenAttempts: forgottenAttempts}
	r.Calls, r.Notifications = s.callTallies(), s.eventTallies()
	r.Strikes = s.strikes()
	if more := len(r.Strikes) - reported; more > 0 {
		r.Strikes, r.Covered.ForgottenStrikes = r.Strikes[more:], more
	}
	r.Findings = s.findings()
	return r
}

// rememberBoth forgets what is older than all that is remembered of calls and of attempts.
func (s *scene) rememberBoth(calls, attempts bool) {
	var from int64
	if calls && len(s.calls) > 0 {
		from = s.calls[0].Came
	}
	if attempts && len(s.attempts) > 0 {
		from = max(from, s.attempts[0].Began)
	}
	s.calls = slices.DeleteFunc(s.calls, func(c *Call) bool { return c.Came < from })
	s.attempts = slices.DeleteFunc(s.attempts, func(a *Attempt) bool { return a.Began < from })
}

func copies[T any](list []*T) (out []*T) {
	for _, one := range list {
		same := *one
		out = append(out, &same)
	}
	return out
}

func (s *scene) index() {
	for _, c := range s.calls {
		for _, name := range c.Names {
			s.about[name] = append(s.about[name], c)
		}
		for _, name := range c.Learnt {
			s.about[name] = append(s.about[name], c)
		}
		if len(c.Names) == 0 {
			s.about[c.Operation] = append(s.about[c.Operation], c)
		}
	}
	contracts := map[string]bool{}
	for _, c := range s.Contracts {
		contracts[c.ID] = true
	}
	for _, a := range s.attempts {
		if a.Contract == "" && contracts[a.About] {
			a.Contract = a.About
		}
		for _, name := range a.Names {
			s.tells[name] = append(s.tells[name], a)
		}
		s.sent[a.Push] = append(s.sent[a.Push], a)
	}
}

func (s *scene) since() (first time.Time) {
	if len(s.calls) > 0 {
		first = s.calls[0].At
	}
	if len(s.attempts) > 0 && (first.IsZero() || s.attempts[0].Began < s.calls[0].Came) {
		first = s.attempts[0].At
	}
	return first
}

func (s *scene) callTallies() []ledger.CallTally {
	by := map[string]*ledger.CallTally{}
	for _, c := range s.calls {
		if by[c.Operation] == nil {
			by[c.Operation] = &ledger.CallTally{Operation: c.Operation}
		}
		switch t := by[c.Operation]; {
		case !c.told():
			t.Untold++
		case c.succeeded():
			t.Succeeded++
		default:
			t.Refused++
		}
	}
	return inOrder(by)
}

func (s *scene) eventTallies() []ledger.EventTally {
	by, sent := map[string]*ledger.EventTally{}, map[string]bool{}
	for _, a := range s.attempts {
		if by[a.Event] == nil {
			by[a.Event] = &ledger.EventTally{Event: a.Event}
		}
		t := by[a.Event]
		if !sent[a.Push] {
			sent[a.Push] = true
			t.Messages++
		}
		switch {
		case a.Accepted:
			t.Accepted++
		case a.Status != 0:
			t.Refused++
		case a.Ended != 0:
			t.NoAnswer++
		}
	}
	return inOrder(by)
}

// inOrder are tallies by the names that they go under.
func inOrder[T any](by map[string]*T) []T {
	out := []T{}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		out = append(out, *by[name])
	}
	return out
}

// strikes are what faults hit, oldest first.
func (s *scene) strikes() []ledger.Strike {
	type dated struct {
		ledger.Strike
		moment int64
	}
	var all []dated
	for _, c := range s.calls {
		if len(c.Faults) == 0 {
			continue
		}
		how := s.survivalOfCall(c)
		for _, name := range c.Faults {
			all = append(all, dated{ledger.Strike{Fault: name, At: c.At, MchID: c.MchID, Operation: c.Operation,
				RequestID: c.RequestID, Number: c.Number, Survival: how}, c.Came})
		}
	}
	for _, a := range s.attempts {
		for _, name := range a.Faults {
			all = append(all, dated{ledger.Strike{Fault: name, At: a.At, MchID: a.MchID, Notification: a.Push,
				Event: a.Event, Survival: s.survivalOfAttempt(a)}, a.Began})
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int { return cmp.Compare(a.moment, b.moment) })
	out := []ledger.Strike{}
	for _, d := range s.diverted {
		for _, name := range d.Faults {
			out = append(out, ledger.Strike{Fault: name, At: d.At, MchID: d.MchID, Notification: d.Push,
				Event: d.Event, Survival: s.survivalOfDiverted(d)})
		}
	}
	for _, d := range all {
		out = append(out, d.Strike)
	}
	slices.SortStableFunc(out, func(a, b ledger.Strike) int { return a.At.Compare(b.At) })
	for i := range out {
		out[i].Survived = out[i].Survival != ledger.SurvivalOpen && out[i].Survival != ledger.SurvivalAccepted
	}
	return out
}

func (s *scene) survivalOfCall(c *Call) ledger.Survival {
	if c.told() && c.succeeded() {
		return ledger.SurvivedAnswered
	}
	asked := false
	names := c.Names
	if len(names) == 0 {
		names = []string{c.Operation}
	}
	for _, name := range names {
		for _, l := range s.about[name] {
			switch {
			case l.Came < c.Answered || !l.told():
			case l.repeats(c) && l.succeeded():
				return ledger.SurvivedRepeated
			case len(c.Names) > 0 && l.Operation != c.Operation && l.same(c):
				asked = true
			}
		}
	}
	switch {
	case asked:
		return ledger.SurvivedAsked
	case s.toldOf(&c.Said, c.MchID, c.Came, -1):
		return ledger.SurvivedNotified
	}
	return ledger.SurvivalOpen
}

// toldOf says whether a notification about the same number was accepted: one that ended after a
// moment, and began before another unless that is -1.
func (s *scene) toldOf(said *Said, mchid string, after, before int64) bool {
	for _, name := range said.Names {
		for _, a := range s.tells[name] {
			if a.Ended > after && (before < 0 || a.Began < before) && a.heard(s.Forged) &&
				(mchid == "" || a.MchID == mchid) {
				return true
			}
		}
	}
	return false
}

func (s *scene) survivalOfAttempt(a *Attempt) ledger.Survival {
	if _, forged := a.forged(s.Forged); forged {
		if a.Accepted {
			return ledger.SurvivalAccepted
		}
		return ledger.SurvivedRefused
	}
	return s.delivered(a.Push)
}

func (s *scene) delivered(push string) ledger.Survival {
	if slices.ContainsFunc(s.sent[push], func(a *Attempt) bool { return a.heard(s.Forged) }) {
		return ledger.SurvivedDelivered
	}
	return ledger.SurvivalOpen
}

// survivalOfDiverted goes by the clock: when a notification was lost, no moment says.
func (s *scene) survivalOfDiverted(d *Diverted) ledger.Survival {
	how := s.delivered(d.Push)
	for _, name := range d.Names {
		for _, c := range s.about[name] {
			if how == ledger.SurvivalOpen && c.told() && !c.At.Before(d.At) && c.MchID == d.MchID && c.asks() {
				how = ledger.SurvivedAsked
			}
		}
	}
	return how
}

// asks says that a call wants to know something.
func (c *Call) asks() bool {
	return strings.HasPrefix(c.Operation, "GET ") || strings.Contains(c.Operation, "query")
}
