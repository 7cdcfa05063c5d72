package push

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Row is a Push as the store has it, with what the rules need to know.
type Row struct {
	rows.Rev
	ledger.Push
	Slot    int           `json:"slot"`              // of the schedule, used by the next attempt
	Held    bool          `json:"held,omitempty"`    // until the next one about the same thing was sent
	Begun   int           `json:"begun"`             // attempts so far, of which the last has this number
	Asked   bool          `json:"asked,omitempty"`   // for one more, after the last began
	Inject  []fault.Fault `json:"inject,omitempty"`  // is done to it alone, see package armed
	Excused bool          `json:"excused,omitempty"` // from being held back, by whoever asked for one more
	Retries rows.Schedule `json:"-"`                 // given by whoever writes the push
	Heard   func([]byte)  `json:"-"`                 // of a question takes the answer that counts; see outbox.Ask
	Claimed int64         `json:"-"`                 // after so many engine.Replaced an attempt of it was begun
}

func (p *Row) RowKind() string { return engine.PushKind }

func (p *Row) Row() store.Row {
	keys := []string{"mchid:" + p.MchID, "about:" + p.About, InState(p.State)}
	if p.Open() {
		keys = append(keys, AttemptOpen)
	}
	if !p.NextAt.IsZero() {
		keys = append(keys, AttemptsTo(p.MchID))
	}
	return store.Row{ID: p.ID, Due: rows.Millis(p.NextAt), Keys: keys}
}

// InState is the key of the pushes in a state.
func InState(state ledger.PushState) string { return "state:" + string(state) }

// AttemptOpen is the key of pushes of which an attempt is under way.
const AttemptOpen = "attempt:open"

// AttemptsTo is the key of the pushes to a merchant of which an attempt will be made.
func AttemptsTo(mchID string) string { return "next:" + mchID }

// Open says whether an attempt is under way.
func (p *Row) Open() bool {
	return slices.ContainsFunc(p.Attempts, func(a ledger.Attempt) bool { return a.Open })
}

// Notify writes a push into the outbox, in this step. The schedule of one about what fell due
// before the clock got there begins when it did.
func Notify(s *engine.Step, p *Row) (err error) {
	if p.ID, err = NewEventID(s); err != nil {
		return err
	}
	if s.Made != nil {
		if err := p.make(s.Made); err != nil {
			return err
		}
	}
	p.CreatedAt, p.State, p.Schedule = s.Now, ledger.PushPending, p.Retries.Name
	if s.Late.After(s.Now) {
		p.CreatedAt = s.Late
	}
	p.NextAt, p.V2 = p.slotAt(0), strings.HasPrefix(p.Event, xmlPrefix)
	if p.URL == "" {
		p.State, p.NextAt = ledger.PushUndeliverable, time.Time{}
		p.Problem = "the plan has no notification URL configured: set Plan.NotifyURL"
		s.Warn("sandbox: notification %s: %s", p.Event, p.Problem)
	}
	s.Pushed, s.Told = true, append(s.Told, p.ID)
	return rows.Put(s.Tx, p)
}

// make has a notification be one of what is made up.
func (p *Row) make(m *engine.Made) error {
	p.Triggered, p.URL, p.Inject = true, m.Address, m.Inject
	if m.Once {
		p.Retries = rows.AskedOnce
	}
	return m.Shape(&p.Push)
}

// slotAt is when a slot of the schedule falls due, zero after the last one.
// Slots are counted from the first, not from the last answer: the official table
// adds up to its 24 h 4 m only that way.
func (p *Row) slotAt(slot int) time.Time {
	gaps := rows.ScheduleOf(p.Schedule).Gaps
	if slot >= len(gaps) {
		return time.Time{}
	}
	at := p.CreatedAt
	for _, gap := range gaps[:slot+1] {
		at = at.Add(gap)
	}
	return at
}

// Begin opens an attempt and sets the next one, so that it will be made even if
// this one never reports back. Slots that passed unused, because the sandbox was
// not running or its clock was set forward, are skipped, not made up for.
func (p *Row) Begin(now time.Time) {
	p.Begun++
	p.Asked, p.Held, p.Excused = false, false, false
	p.Attempts = append(p.Attempts, ledger.Attempt{No: p.Begun, At: now, Open: true})
	for p.Slot++; ; p.Slot++ {
		p.NextAt = p.slotAt(p.Slot)
		if p.NextAt.IsZero() || p.NextAt.After(now) {
			return
		}
	}
}

// Finish writes down how the attempt of a number ended. What faults made more of it
// counts as one; it is delivered if any of it was. Others may have begun since, and
// ended, so it says nothing about what is to come where they have, or where somebody
// asked for one more.
func (p *Row) Finish(no int, results []ledger.Attempt, problem string) {
	delivered := slices.ContainsFunc(results, func(a ledger.Attempt) bool { return a.Error == "" })
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
	case p.NextAt.IsZero() && !p.Open():
		p.State = ledger.PushGivenUp
	}
}

// CutOff writes down that nobody will hear how the open attempts ended. Where no
// other attempt is to come, one is made for them: a merchant knows by its id
// what came twice, and would miss what never came.
func (p *Row) CutOff(now time.Time) {
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
func (p *Row) Again(now time.Time) {
	p.State, p.Problem, p.NextAt, p.Asked = ledger.PushPending, "", now, true
}

// Hold keeps a push back until somebody asks for one more attempt.
func (p *Row) Hold() {
	p.State, p.NextAt = ledger.PushHeld, time.Time{}
	p.Problem = "it is held back: Release, wxpay release or POST /sandbox/release sends it"
}

// The names of APIv2 notifications. The messages have none: receivers tell them
// apart by their fields.
const (
	xmlPrefix       = "V2."
	EventV2Contract = "V2.CONTRACT" // signed or ended: change_type
	EventV2Payment  = "V2.PAYMENT"  // of a debit, which has a contract_id, or of an order
	EventV2Refund   = "V2.REFUND"
)

// NotifyXML writes a push of these fields, signed when it is sent.
func NotifyXML(s *engine.Step, p *Row, f wire.Fields) error {
	p.Resource = rows.EncodeJSON(f)
	return Notify(s, p)
}

func (p *Row) Owner() string { return p.MchID }

func (p *Row) View() *ledger.Push { return &p.Push }

// Each does something to the notifications with a key, and sets aside those that are misread.
func Each(s *engine.Step, key string, do func(*Row) error) error {
	kind := (*Row)(nil).RowKind()
	list, err := s.Find(kind, key, 0)
	if err != nil {
		return err
	}
	for _, row := range list {
		p, err := rows.Decode(new(Row), row)
		if err == nil {
			err = do(p)
		}
		if err != nil && !s.SetAside(kind, row, err) {
			return err
		}
	}
	return nil
}

// Check finds what no message can be made of.
func (p *Row) Check() error {
	switch {
	case p.Slot < 0 || p.Slot == math.MaxInt: // it is counted on
		return rows.Misread(p, "is at slot %d of its schedule", p.Slot)
	case p.V2 && FieldsOfJSON(p.Resource) == nil:
		return rows.Misread(p, "has a resource that is not flat, as those of APIv2 are")
	}
	return nil
}

// FieldsOfJSON reads an APIv2 message back from where it was kept.
func FieldsOfJSON(raw json.RawMessage) wire.Fields {
	var f wire.Fields
	if json.Unmarshal(raw, &f) != nil {
		return nil // an APIv3 body, which is not flat
	}
	return f
}

func NewEventID(s *engine.Step) (string, error) {
	return s.Free("notification id", s.Random.EventID, s.RowOf((*Row)(nil).RowKind()))
}
