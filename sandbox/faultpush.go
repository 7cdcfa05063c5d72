package sandbox

import (
	"context"
	"sync"
	"time"
)

// What faults do to notifications.

// ofWhole says that the fault is one of the whole notification, not of one of its
// attempts.
func (n FaultName) ofWhole() bool { return n == FaultLost || n == FaultLate || n == FaultReordered }

func (n FaultName) ofAttempt() bool { return !n.ofWhole() }

// v3 says that APIv2 knows nothing that the fault could be done to.
func (n FaultName) onlyV3() bool {
	switch n {
	case FaultProbe, FaultWrongSerial, FaultStale, FaultOtherKey, FaultStripped, FaultReencoded, FaultSkew, FaultEmpty:
		return true
	}
	return false
}

// forged says that a receiver must refuse what the fault makes of a message.
func (n FaultName) forged() bool {
	switch n {
	case FaultProbe, FaultBadSignature, FaultWrongSerial, FaultStale, FaultStripped, FaultBOM, FaultReencoded,
		FaultSkew:
		return true
	}
	return false
}

// redirect keeps a notification from being sent when it first is due, where a fault
// wants that, and says whether one did. A notification is redirected once.
func (e *engine) redirect(ctx context.Context, p *pushRow) bool {
	if len(p.Faults) > 0 || len(p.Attempts) > 1 {
		return false
	}
	met := e.faults.ofPush(p, FaultName.ofWhole)
	if met == nil {
		return false
	}
	if err := e.step(context.WithoutCancel(ctx), func(s *step) error {
		now, err := get[pushRow](s.Tx, p.ID)
		if err != nil {
			return err
		}
		now.Attempts, now.Slot, now.Faults = now.Attempts[:len(now.Attempts)-1], 0, met.names()
		switch f := met[0]; f.Name {
		case FaultLost:
			now.State, now.Problem, now.NextAt = PushLost, "an injected fault lost it; only a query tells", time.Time{}
		case FaultReordered:
			now.Held = true
			now.NextAt = s.now.Add(f.Delay) // if nothing follows
			e.faults.holding.Store(true)
		default:
			now.NextAt = s.now.Add(f.Delay)
		}
		s.pushed = true
		return put(s.Tx, now)
	}); err != nil {
		e.logf("sandbox: the fault %q of %s: %v", met[0].Name, p.ID, err)
		return false
	}
	return true
}

// letGo sends what was held back until p, about the same thing, had been sent.
func (s *step) letGo(p *pushRow) error {
	if !s.faults.holding.Load() {
		return nil
	}
	list, err := find[pushRow](s.Tx, "about:"+p.About, 0)
	if err != nil {
		return err
	}
	for _, held := range list {
		if !held.Held || held.ID == p.ID {
			continue
		}
		held.Held = false
		held.again(s.now)
		s.pushed = true
		if err := put(s.Tx, held); err != nil {
			return err
		}
	}
	return nil
}

// deliver makes of one attempt what the faults want. send posts once, under the
// faults given to it.
func (s injected) deliver(send func(injected) Attempt) (results []Attempt) {
	rest := s
	if probe := s.has(FaultProbe); probe != nil {
		first := judge(send(injected{*probe}))
		first.Probe = true
		results, rest = append(results, first), nil
		for _, f := range s { // the genuine one follows at once
			if f.Name != FaultProbe {
				rest = append(rest, f)
			}
		}
	}
	if s.has(FaultRace) != nil {
		var both [2]Attempt
		var done sync.WaitGroup
		for i := range both {
			done.Go(func() { both[i] = judge(send(rest)) })
		}
		done.Wait()
		return append(results, both[:]...)
	}
	results = append(results, judge(send(rest)))
	if s.has(FaultDuplicated) != nil {
		results = append(results, judge(send(rest)))
	}
	return results
}

// judge says what an accepted attempt means that should have been refused, or was
// not heard of.
func judge(a Attempt) Attempt {
	if a.Error != "" {
		return a
	}
	for _, name := range a.Faults {
		if name.forged() {
			a.Error = "the merchant accepted a message with the fault " + string(name) +
				": it does not verify notifications"
		}
		if name == FaultAnswerLost {
			a.Error = "answered, but the answer was lost: an injected fault"
		}
	}
	return a
}

// tamper is what a proxy between WeChat Pay and the merchant makes of a body.
func (s injected) tamper(body []byte) []byte {
	if s.has(FaultReencoded) != nil {
		body = reencode(body)
	}
	if s.has(FaultBOM) != nil {
		body = append([]byte("\ufeff"), body...)
	}
	return body
}
