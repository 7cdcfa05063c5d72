package engine

import (
	"sync"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What faults do to notifications.

// ofWhole says that the fault is one of the whole notification, not of one of its
// attempts.
func ofWhole(n fault.Name) bool { return n == fault.Lost || n == fault.Late || n == fault.Reordered }

func ofAttempt(n fault.Name) bool { return !ofWhole(n) }

// v3 says that APIv2 knows nothing that the fault could be done to.
func onlyV3(n fault.Name) bool {
	switch n {
	case fault.Probe, fault.WrongSerial, fault.Stale, fault.OtherKey, fault.Stripped, fault.Reencoded, fault.Skew,
		fault.Empty:
		return true
	}
	return false
}

// forged says that a receiver must refuse what the fault makes of a message.
func forged(n fault.Name) bool {
	switch n {
	case fault.Probe, fault.BadSignature, fault.WrongSerial, fault.Stale, fault.Stripped, fault.BOM, fault.Reencoded,
		fault.Skew:
		return true
	}
	return false
}

// redirect keeps a notification from being sent when it first is due, where a fault
// wants that, and says whether one did. A notification is redirected once. That
// happens in the step that would begin its attempt, or another could be under way.
func (c *claiming) redirect(p *PushRow) bool {
	if len(p.Faults) > 0 || p.Begun > 0 || len(p.Attempts) > 0 {
		return false
	}
	met, known := c.met[p.ID]
	if !known {
		met = c.Faults.ofPush(p, ofWhole)
		c.met[p.ID] = met
	}
	if met == nil {
		return false
	}
	p.Faults = met.names()
	switch f := met[0]; f.Name {
	case fault.Lost:
		p.State, p.Problem, p.NextAt = ledger.PushLost, "an injected fault lost it; only a query tells", time.Time{}
	case fault.Reordered:
		p.Held = true
		p.NextAt = c.Now.Add(f.Delay) // if nothing follows
		c.Faults.holding.Store(true)
	default:
		p.NextAt = c.Now.Add(f.Delay)
	}
	c.Pushed = true
	return true
}

// letGo sends what was held back until p, about the same thing, had been sent.
func (s *Step) letGo(p *PushRow) error {
	if !s.Faults.holding.Load() {
		return nil
	}
	return s.eachPush("about:"+p.About, func(held *PushRow) error {
		if !held.Held || held.ID == p.ID {
			return nil
		}
		held.Held = false
		held.Again(s.Now)
		s.Pushed = true
		return Put(s.Tx, held)
	})
}

// deliver makes of one attempt what the faults want. send posts once, under the
// faults given to it.
func (s injected) deliver(send func(injected) ledger.Attempt) (results []ledger.Attempt) {
	rest := s
	if probe := s.has(fault.Probe); probe != nil {
		first := judge(send(injected{*probe}))
		first.Probe = true
		results, rest = append(results, first), nil
		for _, f := range s { // the genuine one follows at once
			if f.Name != fault.Probe {
				rest = append(rest, f)
			}
		}
	}
	if s.has(fault.Race) != nil {
		var both [2]ledger.Attempt
		var done sync.WaitGroup
		for i := range both {
			done.Go(func() { both[i] = judge(send(rest)) })
		}
		done.Wait()
		return append(results, both[:]...)
	}
	results = append(results, judge(send(rest)))
	if s.has(fault.Duplicated) != nil {
		results = append(results, judge(send(rest)))
	}
	return results
}

// judge says what an accepted attempt means that should have been refused, or was
// not heard of.
func judge(a ledger.Attempt) ledger.Attempt {
	if a.Error != "" {
		return a
	}
	for _, name := range a.Faults {
		if forged(name) {
			a.Error = "the merchant accepted a message with the fault " + string(name) +
				": it does not verify notifications"
		}
		if name == fault.AnswerLost {
			a.Error = "answered, but the answer was lost: an injected fault"
		}
	}
	return a
}

// tamper is what a proxy between WeChat Pay and the merchant makes of a body.
func (s injected) tamper(body []byte) []byte {
	if s.has(fault.Reencoded) != nil {
		body = reencode(body)
	}
	if s.has(fault.BOM) != nil {
		body = append([]byte("\ufeff"), body...)
	}
	return body
}
