package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// PushRow is a Push as the store has it, with what the rules need to know.
type PushRow struct {
	Rev
	ledger.Push
	Slot    int          `json:"slot"`            // of the schedule, used by the next attempt
	Held    bool         `json:"held,omitempty"`  // until the next one about the same thing was sent
	Begun   int          `json:"begun"`           // attempts so far, of which the last has this number
	Asked   bool         `json:"asked,omitempty"` // for one more, after the last began
	Retries schedule     `json:"-"`               // given by whoever writes the push
	heard   func([]byte) // takes what a merchant says who accepts it; see ask
}

func (p *PushRow) RowKind() string { return "push" }

func (p *PushRow) Row() store.Row {
	keys := []string{"mchid:" + p.MchID, "about:" + p.About, "state:" + string(p.State)}
	if p.open() {
		keys = append(keys, attemptOpen)
	}
	if !p.NextAt.IsZero() {
		keys = append(keys, attemptsTo(p.MchID))
	}
	return store.Row{ID: p.ID, Due: millis(p.NextAt), Keys: keys}
}

// attemptOpen is the key of pushes of which an attempt is under way.
const attemptOpen = "attempt:open"

// attemptsTo is the key of the pushes to a merchant of which an attempt will be made.
func attemptsTo(mchID string) string { return "next:" + mchID }

func (p *PushRow) open() bool {
	return slices.ContainsFunc(p.Attempts, func(a ledger.Attempt) bool { return a.Open })
}

// Notify writes a push into the outbox, in this step. The schedule of one about what fell due
// before the clock got there begins when it did.
func (s *Step) Notify(p *PushRow) (err error) {
	if p.ID, err = s.newEventID(); err != nil {
		return err
	}
	p.CreatedAt, p.State, p.Schedule = s.Now, ledger.PushPending, p.Retries.name
	if s.late.After(s.Now) {
		p.CreatedAt = s.late
	}
	p.NextAt, p.V2 = p.slotAt(0), strings.HasPrefix(p.Event, xmlPrefix)
	if p.URL == "" {
		p.State, p.NextAt = ledger.PushUndeliverable, time.Time{}
		p.Problem = "the plan has no notification URL configured: set Plan.NotifyURL"
		s.warn("sandbox: notification %s: %s", p.Event, p.Problem)
	}
	s.Pushed, s.told = true, append(s.told, p.ID)
	return Put(s.Tx, p)
}

// slotAt is when a slot of the schedule falls due, zero after the last one.
// Slots are counted from the first, not from the last answer: the official table
// adds up to its 24 h 4 m only that way.
func (p *PushRow) slotAt(slot int) time.Time {
	gaps := scheduleOf(p.Schedule).gaps
	if slot >= len(gaps) {
		return time.Time{}
	}
	at := p.CreatedAt
	for _, gap := range gaps[:slot+1] {
		at = at.Add(gap)
	}
	return at
}

// begin opens an attempt and sets the next one, so that it will be made even if
// this one never reports back. Slots that passed unused, because the sandbox was
// not running or its clock was set forward, are skipped, not made up for.
func (p *PushRow) begin(now time.Time) {
	p.Begun++
	p.Asked = false
	p.Attempts = append(p.Attempts, ledger.Attempt{No: p.Begun, At: now, Open: true})
	for p.Slot++; ; p.Slot++ {
		p.NextAt = p.slotAt(p.Slot)
		if p.NextAt.IsZero() || p.NextAt.After(now) {
			return
		}
	}
}

// finish writes down how the attempt of a number ended. What faults made more of it
// counts as one; it is delivered if any of it was. Others may have begun since, and
// ended, so it says nothing about what is to come where they have, or where somebody
// asked for one more.
func (p *PushRow) finish(no int, results []ledger.Attempt, problem string) {
	delivered := slices.ContainsFunc(results, func(a ledger.Attempt) bool { return a.Error == "" })
	p.Held = false
	for i := range results {
		results[i].No = no
	}
	if at := slices.IndexFunc(p.Attempts, func(a ledger.Attempt) bool { return a.No == no }); at < 0 {
		p.Attempts = append(p.Attempts, results...)
	} else {
		p.Attempts = slices.Replace(p.Attempts, at, at+1, results...)
	}
	switch {
	case p.Asked:
	case delivered:
		p.State, p.Problem, p.NextAt = ledger.PushDelivered, "", time.Time{}
	case p.State != ledger.PushPending:
	case problem != "":
		p.State, p.Problem, p.NextAt = ledger.PushUndeliverable, problem, time.Time{}
	case p.NextAt.IsZero() && !p.open():
		p.State = ledger.PushGivenUp
	}
}

// cutOff writes down that nobody will hear how the open attempts ended. Where no
// other attempt is to come, one is made for them: a merchant knows by its id
// what came twice, and would miss what never came.
func (p *PushRow) cutOff(now time.Time) {
	for i := range p.Attempts {
		if a := &p.Attempts[i]; a.Open {
			a.Open, a.Error = false, "cut off: the sandbox ended before the answer came, so the merchant may have "+
				"it or not"
		}
	}
	if p.State == ledger.PushPending && p.NextAt.IsZero() {
		p.NextAt = now
	}
}

// Again makes one more attempt due at once, whatever has become of the push.
func (p *PushRow) Again(now time.Time) {
	p.State, p.Problem, p.NextAt, p.Asked = ledger.PushPending, "", now, true
}

// schedule says when a notification is tried, as gaps from one try to the next.
type schedule struct {
	name string
	gaps []time.Duration
}

// GenericSchedule is the one of APIv3 at large: at once, then fifteen times more
// in 24 hours and 4 minutes.
var GenericSchedule = schedule{"generic", seconds(0, 15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600,
	3*3600, 3*3600, 3*3600, 6*3600, 6*3600)}

// QuickSchedule is the one of combine-papay contracts: thirty tries in nearly two
// hours. https://pay.weixin.qq.com/doc/v3/partner/4012881605
var QuickSchedule = schedule{"quick", seconds(0, 10, 10, 10, 30, 30, 30,
	300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300)}

// CampusSchedule is the one of eduschoolpay, of every notification.
// https://pay.weixin.qq.com/doc/v3/partner/4012161155
var CampusSchedule = schedule{"campus", seconds(0, 1, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60,
	300, 300, 300, 300, 300, 300, 300, 300, 300, 300)}

// GlobalSchedule is the one of contracts across the border.
// https://pay.weixin.qq.com/wiki/doc/api_external/en/apis/chapter5_1_4.shtml
var GlobalSchedule = schedule{"global", seconds(0, 15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600)}

func scheduleOf(name string) schedule {
	switch name {
	case QuickSchedule.name:
		return QuickSchedule
	case CampusSchedule.name:
		return CampusSchedule
	case GlobalSchedule.name:
		return GlobalSchedule
	case PappaySchedule.name:
		return PappaySchedule
	case askedOnce.name:
		return askedOnce
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

// The names of APIv2 notifications. The messages have none: receivers tell them
// apart by their fields.
const (
	xmlPrefix       = "V2."
	EventV2Contract = "V2.CONTRACT" // signed or ended: change_type
	EventV2Payment  = "V2.PAYMENT"  // of a debit, which has a contract_id, or of an order
	EventV2Refund   = "V2.REFUND"
)

// PappaySchedule is the one of APIv2's results of debits and payments; refunds
// are assumed to follow it. https://pay.weixin.qq.com/doc/v2/merchant/4011987907
var PappaySchedule = schedule{"v2", seconds(0, 15, 15, 30, 180, 1800, 1800, 1800, 1800, 3600)}

// NotifyXML writes a push of these fields, signed when it is sent.
func (s *Step) NotifyXML(p *PushRow, f wire.Fields) error {
	p.Resource = EncodeJSON(f)
	return s.Notify(p)
}

// askedOnce is the schedule of a question: it is put once, and not again.
var askedOnce = schedule{"once", seconds(0)}
