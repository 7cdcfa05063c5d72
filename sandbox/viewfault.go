package sandbox

import (
	"encoding/json"
	"errors"
	"time"
)

// Fault is a misbehaviour of WeChat Pay's, or of the way to it, that the sandbox
// is told to show by [Sandbox.Inject] or POST /sandbox/faults. A fresh sandbox
// has none, and so has one that starts again on its store. docs/failures.md lists
// what merchants meet, and the fault for each.
type Fault struct {
	Name FaultName `json:"name"`

	// Endpoint is which API calls it strikes: "POST /v3/edu-papay/contracts/presign",
	// a catalogue id with {variables}, or a pattern in which * stands for one
	// segment, and at the end for any rest. The method may be left out; "*" is
	// every call.
	Endpoint string `json:"endpoint,omitempty"`
	// Event is which notifications it strikes, by event_type; "*" is every one.
	// A fault that names neither strikes what its name says it strikes.
	Event string `json:"event_type,omitempty"`
	// MchID limits it to one merchant.
	MchID string `json:"mchid,omitempty"`

	// Skip lets that many pass that it could have hit: 2 for the third call.
	Skip int `json:"skip,omitempty"`
	// Times is how often it strikes; 0 means once, -1 until it is cleared.
	Times int `json:"times,omitempty"`
	// Chance is the probability of each strike, up to 1; 0 means certain. Seed
	// makes it repeat itself.
	Chance float64 `json:"chance,omitempty"`

	// Committed lets the call do its work and loses only the answer: for
	// FaultError, FaultCut and FaultGateway.
	Committed bool `json:"committed,omitempty"`
	// Status, Code and Message are the answer, where the fault gives one; what
	// is left out is what the endpoint documents.
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Delay is how long, on the sandbox's clock; in JSON a Go duration, "90s".
	Delay time.Duration `json:"-"`
	// PerSecond is what FaultRateLimit lets through; 0: nothing.
	PerSecond float64 `json:"per_second,omitempty"`
	// Payer is the openid who agrees, for FaultEarly; left out, the one the call
	// names.
	Payer string `json:"payer,omitempty"`
}

// FaultName names a kind of fault.
type FaultName string

// Faults of calls. What they answer is signed like any answer, unless it says
// that a gateway gave it.
const (
	// FaultError answers 500 SYSTEM_ERROR, in the endpoint's spelling; Status and
	// Code make it any other error. With Committed the work has been done.
	FaultError FaultName = "error"
	// FaultCut closes the connection without an answer.
	FaultCut FaultName = "cut"
	// FaultGateway answers with the HTML page of a gateway: unsigned, no JSON,
	// 502 or Status.
	FaultGateway FaultName = "gateway"
	// FaultLatency answers Delay later, by default 10 s. Under a stopped clock
	// that is when the clock has been moved, or never.
	FaultLatency FaultName = "latency"
	// FaultRateLimit answers 429, in the endpoint's spelling, to calls beyond
	// PerSecond, per merchant and endpoint, counted by a token bucket on the
	// sandbox's clock. With PerSecond it stays until cleared.
	FaultRateLimit FaultName = "rate-limit"
	// FaultEmpty answers GET /v3/certificates with an empty list, as some
	// merchants without platform certificates get.
	FaultEmpty FaultName = "empty"
	// FaultEarly notifies before it answers: whatever notifications the call led
	// to reach the merchant first. A payer agrees to a pre-sign at once.
	FaultEarly FaultName = "early"
)

// Faults of signatures. They strike notifications; with Endpoint set, the replies
// to calls.
const (
	// FaultProbe signs with WECHATPAY/SIGNTEST/, as WeChat Pay does now and then
	// to see whether merchants verify. A receiver has to refuse it like any wrong
	// signature; the genuine notification follows at once.
	FaultProbe FaultName = "probe"
	// FaultBadSignature signs other bytes.
	FaultBadSignature FaultName = "bad-signature"
	// FaultWrongSerial names a key that nobody has.
	FaultWrongSerial FaultName = "wrong-serial"
	// FaultStale signs with a timestamp six minutes ago, or Delay.
	FaultStale FaultName = "stale"
	// FaultOtherKey signs with the other of WeChat Pay's two keys: the platform
	// certificate where the public key was due, and the reverse, as happens while
	// a merchant moves from one to the other.
	FaultOtherKey FaultName = "other-key"
	// FaultStripped loses the Wechatpay-* headers, as some proxies do.
	FaultStripped FaultName = "stripped"
	// FaultBOM puts a byte order mark before a notification's body.
	FaultBOM FaultName = "bom"
	// FaultReencoded decodes the body's JSON and encodes it again, as proxies and
	// frameworks do: same meaning, other bytes. With Endpoint it does so to the
	// request, before its signature is verified.
	FaultReencoded FaultName = "re-encoded"
	// FaultSkew is a merchant's clock that is behind by Delay, six minutes unless
	// set. It strikes calls and notifications both.
	FaultSkew FaultName = "clock-skew"
)

// Faults of notifications.
const (
	FaultLost FaultName = "lost" // never sent; only a query tells
	FaultLate FaultName = "late" // first sent Delay later, by default an hour
	// sent after the next one about the same contract or order, within an hour
	FaultReordered  FaultName = "reordered"
	FaultDuplicated FaultName = "duplicated"  // sent again although it was answered
	FaultRace       FaultName = "race"        // sent twice at the same time
	FaultAnswerLost FaultName = "answer-lost" // handled, but the answer comes too late: sent again on schedule
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

// ArmedFault is a fault that was injected, and what has become of it.
type ArmedFault struct {
	ID      string `json:"id"`
	Fault   Fault  `json:"fault"`
	Met     int    `json:"met"`     // how often it could have been applied
	Applied int    `json:"applied"` // how often it was
}

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
