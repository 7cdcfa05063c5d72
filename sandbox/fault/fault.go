package fault

import (
	"encoding/json"
	"errors"
	"time"
)

// Fault is a misbehaviour of WeChat Pay's, or of the way to it, that the sandbox
// is told to show by Sandbox.Inject or POST /sandbox/faults. A fresh sandbox
// has none, and so has one that starts again on its store. docs/failures.md lists
// what merchants meet, and the fault for each.
type Fault struct {
	Name Name `json:"name"`

	// Endpoint is which API calls it strikes: "POST /v3/edu-papay/contracts/presign",
	// a catalogue id with {variables}, or a pattern in which * stands for one
	// segment, and at the end for any rest. The method may be left out; "*" is
	// every call, and "POST *" every one of a method.
	Endpoint string `json:"endpoint,omitempty"`
	// Event is which notifications it strikes, by event_type; "*" is every one.
	// A fault that names neither strikes what its name says it strikes.
	Event string `json:"event_type,omitempty"`
	// MchID limits it to one merchant: to what it signed, and what it is told.
	MchID string `json:"mchid,omitempty"`

	// Skip lets that many pass that it could have hit: 2 for the third call.
	Skip int `json:"skip,omitempty"`
	// Times is how often it strikes; 0 means once, -1 until it is cleared.
	Times int `json:"times,omitempty"`
	// Chance is the probability of each strike, up to 1; 0 means certain. Seed
	// makes it repeat itself.
	Chance float64 `json:"chance,omitempty"`

	// Committed lets the call do its work and loses only the answer: for
	// Error, Cut and Gateway.
	Committed bool `json:"committed,omitempty"`
	// Status, Code and Message are the answer, where the fault gives one; what
	// is left out is what the endpoint documents.
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Delay is how long, on the sandbox's clock; in JSON a Go duration, "90s".
	Delay time.Duration `json:"-"`
	// PerSecond is what RateLimit lets through; 0: nothing.
	PerSecond float64 `json:"per_second,omitempty"`
	// Payer is the openid who agrees, for Early; left out, the one the call
	// names.
	Payer string `json:"payer,omitempty"`
}

// Name names a kind of fault.
type Name string

// Faults of calls. What they answer is signed like any answer, unless it says
// that a gateway gave it.
const (
	// Error answers 500 SYSTEM_ERROR, in the endpoint's spelling; Status and
	// Code make it any other error. With Committed the work has been done.
	Error Name = "error"
	// Cut closes the connection without an answer.
	Cut Name = "cut"
	// Gateway answers with the HTML page of a gateway: unsigned, no JSON,
	// 502 or Status.
	Gateway Name = "gateway"
	// Latency answers Delay later, by default 10 s. Under a stopped clock
	// that is when the clock has been moved, or never.
	Latency Name = "latency"
	// RateLimit answers 429, in the endpoint's spelling, to calls beyond
	// PerSecond, per merchant and endpoint, counted by a token bucket on the
	// sandbox's clock. With PerSecond it stays until cleared.
	RateLimit Name = "rate-limit"
	// Empty answers GET /v3/certificates with an empty list, as some
	// merchants without platform certificates get.
	Empty Name = "empty"
	// Early notifies before it answers: whatever notifications the call led
	// to reach the merchant first. A payer agrees to a pre-sign at once.
	Early Name = "early"
)

// Faults of signatures. They strike notifications; with Endpoint set, the replies
// to calls.
const (
	// Probe signs with WECHATPAY/SIGNTEST/, as WeChat Pay does now and then
	// to see whether merchants verify. A receiver has to refuse it like any wrong
	// signature; the genuine notification follows at once.
	Probe Name = "probe"
	// BadSignature signs other bytes.
	BadSignature Name = "bad-signature"
	// WrongSerial names a key that nobody has.
	WrongSerial Name = "wrong-serial"
	// Stale signs with a timestamp six minutes ago, or Delay.
	Stale Name = "stale"
	// OtherKey signs with the other of WeChat Pay's two keys: the platform
	// certificate where the public key was due, and the reverse, as happens while
	// a merchant moves from one to the other.
	OtherKey Name = "other-key"
	// Stripped loses the Wechatpay-* headers, as some proxies do, and leaves an APIv2 reply
	// without its sign, as users have seen querycontract fail (Error with Code "-25").
	Stripped Name = "stripped"
	// BOM puts a byte order mark before the body of a notification of APIv3.
	BOM Name = "bom"
	// Reencoded decodes the body's JSON and encodes it again, as proxies and
	// frameworks do: same meaning, other bytes. With Endpoint it does so to the
	// request, before its signature is verified.
	Reencoded Name = "re-encoded"
	// Skew is a merchant's clock that is behind by Delay, six minutes unless
	// set. It strikes calls and notifications both.
	Skew Name = "clock-skew"
)

// Faults of notifications. What the sandbox asks a merchant about a payer who wants
// to leave (ENTRUST.TERMINATE_INQUIRY and ENTRUST.TERMINATE_RETENTION) is one too,
// and they strike it as any other: no answer is heard to one that is lost, or
// comes too late, or whose answer does, and none counts to one that should have
// been refused. So the merchant has not consented, and has offered nothing.
const (
	Lost Name = "lost" // never sent; only a query tells
	Late Name = "late" // first sent Delay later, by default an hour
	// sent after the next one about the same contract or order, within an hour
	Reordered  Name = "reordered"
	Duplicated Name = "duplicated"  // sent again although it was answered
	Race       Name = "race"        // sent twice at the same time
	AnswerLost Name = "answer-lost" // handled, but the answer comes too late: sent again on schedule
)

// faultJSON is a fault in JSON, where Delay is a Go duration.
type faultJSON struct {
	faultMembers
	Delay string `json:"delay,omitempty"`
}

type faultMembers Fault

// MarshalJSON writes Delay as a Go duration.
func (f Fault) MarshalJSON() ([]byte, error) {
	out := faultJSON{faultMembers: faultMembers(f)}
	if f.Delay != 0 {
		out.Delay = f.Delay.String()
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads it.
func (f *Fault) UnmarshalJSON(data []byte) error {
	in := faultJSON{faultMembers: faultMembers(*f)}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*f = Fault(in.faultMembers)
	if in.Delay == "" {
		return nil
	}
	var err error
	if f.Delay, err = time.ParseDuration(in.Delay); err != nil {
		return errors.New(`delay is no Go duration such as "90s"`)
	}
	return nil
}

// Armed is a fault that was injected, and what has become of it.
type Armed struct {
	ID      string `json:"id"`
	Fault   Fault  `json:"fault"`
	Met     int    `json:"met"`     // how often it could have been applied
	Applied int    `json:"applied"` // how often it was

	ArmedAt   time.Time `json:"armed_at"`            // by the sandbox's clock
	ClearedAt time.Time `json:"cleared_at,omitzero"` // zero: not yet
}

// Chaos is a mix of faults that strike for as long as they are armed, each seldom:
// what a merchant meets in a bad month, in an afternoon. None of it is the
// merchant's fault, and a merchant who handles it loses no money. Inject it, or
// set Config.Chaos. Under a stopped clock leave Latency out: who waits for
// it waits for the clock to be moved.
func Chaos() []Fault {
	const forever = -1
	calls := func(name Name, chance float64) Fault {
		return Fault{Name: name, Endpoint: "*", Chance: chance, Times: forever}
	}
	pushes := func(name Name, chance float64) Fault {
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
		calls(Error, 0.02), after(calls(Error, 0.01)),
		calls(Cut, 0.01), after(calls(Cut, 0.01)),
		calls(Gateway, 0.01), calls(RateLimit, 0.01),
		calls(Probe, 0.005),
		delayed(calls(Latency, 0.03), 2*time.Second),
		pushes(Probe, 0.05), pushes(Duplicated, 0.05), pushes(Race, 0.03),
		pushes(Reordered, 0.03), pushes(AnswerLost, 0.03), pushes(Lost, 0.01),
		delayed(pushes(Late, 0.05), 30*time.Second),
	}
}
