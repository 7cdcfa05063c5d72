package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// verdict ends the run, compares, and says what there was.
func (s *scene) verdict(ctx context.Context) ([]difference, error) {
	if err := s.fleet.stop(); err != nil {
		return nil, err
	}
	t, err := look(s.wechat)
	if err != nil {
		return nil, err
	}
	b, err := audit(ctx, s.database, s.db)
	if err != nil {
		return nil, err
	}
	differences := judge(t, b)
	attacks, forged, err := s.attacks()
	if err != nil {
		return nil, err
	}
	for _, kind := range forged {
		differences = append(differences, difference{accepted, "a forgery was answered with a success: " + kind})
	}
	s.describe(t, b, attacks)
	if quiet := s.quiet(attacks); len(quiet) > 0 {
		return nil, fmt.Errorf("the run proves too little: there was no %s; give it more contracts or kills",
			strings.Join(quiet, ", no "))
	}
	sorts := map[string]int{}
	for i, d := range differences {
		sorts[d.sort]++
		if i < 10 || s.withInbox {
			s.say("  %s", d.text)
		}
	}
	if hidden := len(differences) - 10; hidden > 0 && !s.withInbox {
		s.say("  … and %d more", hidden)
	}
	s.say("  differences: %d (%s)", len(differences), cmp.Or(counts(sorts), "none"))
	return differences, nil
}

// fullRun is from how many contracts on everything has to happen. In a smaller run chance may leave
// something out, and any kill and any fault will do.
const fullRun = 1000

// quiet says what did not happen that has to.
func (s *scene) quiet(attacks string) (missing []string) {
	small, kills, faults := s.contracts < fullRun, 0, 0
	need := func(n int, what string) {
		if n == 0 && !small {
			missing = append(missing, what)
		}
	}
	for _, kind := range []string{atRandom, beforeCommit, beforeAnswer} {
		need(s.fleet.died[kind], "kill "+kind)
		kills += s.fleet.died[kind]
	}
	applied := map[fault.Name]int{}
	for _, a := range s.armed {
		applied[a.Fault.Name] += a.Applied
		faults += a.Applied
	}
	if small && kills*faults == 0 {
		return []string{"kill or no fault"}
	}
	for _, name := range []fault.Name{fault.Lost, fault.Duplicated, fault.Reordered, fault.Race, fault.Probe,
		fault.BadSignature, fault.AnswerLost} {
		need(applied[name], "fault "+string(name))
	}
	need(len(attacks), "attack")
	if s.withInbox {
		need(s.fleet.found, "lost notification that a sweeper found")
	}
	return missing
}

func (s *scene) title() string {
	if s.withInbox {
		return "With the inbox"
	}
	return "Without the inbox"
}

// describe says what there was.
func (s *scene) describe(t truth, b books, attacks string) {
	over, again, failures := 0, 0, 0
	seen := map[string]bool{}
	for _, c := range t.contracts {
		if c.State == ledger.ContractTerminated {
			over++
		}
		if seen[c.OpenID] {
			again++
		}
		seen[c.OpenID] = true
	}
	for _, d := range t.debits {
		if d.State == ledger.DebitFailed {
			failures++
		}
	}
	s.say("  took %s: %s", time.Since(s.began).Round(time.Second), strings.Join(s.took, ", "))
	s.say("  happened: %d contracts, %d of them ended, %d signed anew by the same payer; %d debits, %d of them failed",
		len(t.contracts), over, again, len(t.debits), failures)
	s.say("  messages at the address: %d; cut off by a kill: %d, of which %d went to another process as they were",
		s.forwarder.came.Load(), s.forwarder.broke.Load(), s.forwarder.again.Load())
	s.say("  faults: %s", s.applied())
	s.say("  kills (SIGKILL): %s", counts(s.fleet.died))
	s.say("  attacks: %s", attacks)
	s.say("  the sweepers asked %d questions and found %d things that no notification had told; dead letters: %d",
		s.fleet.asked, s.fleet.found, s.fleet.buried)
	s.say("  effects booked: %d", len(b.effects))
	for i, line := range s.fleet.odd {
		if i == 10 {
			s.say("  … and %d more lines", len(s.fleet.odd)-i)
			break
		}
		s.say("  a receiver says: %s", line)
	}
}

// applied says how often each fault was, by name.
func (s *scene) applied() string {
	all := map[string]int{}
	for _, a := range s.armed {
		all[string(a.Fault.Name)] += a.Applied
	}
	return counts(all)
}

func counts(of map[string]int) string {
	var list []string
	for name, n := range of {
		list = append(list, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// attacks ends the attacker, and says what it sent and which forgeries were taken.
func (s *scene) attacks() (said string, taken []string, err error) {
	s.forwarder.listenIn(nil)
	_ = s.attacker.stdin.Close()
	var counted struct{ Sent, Taken map[string]int }
	if err := json.NewDecoder(s.attacker.lines).Decode(&counted); err != nil {
		return "", nil, fmt.Errorf("the attacker: %w", err)
	}
	for kind, n := range counted.Taken {
		if kind != repeat && n > 0 {
			taken = append(taken, fmt.Sprintf("%s, %d times", kind, n))
		}
	}
	return counts(counted.Sent), taken, nil
}
