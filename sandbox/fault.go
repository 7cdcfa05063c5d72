package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// where a kind of fault strikes.
type where uint8

const (
	onCalls where = 1 << iota
	onPushes
	unasked // on pushes only, unless Endpoint is set
)

var faultKinds = map[FaultName]where{
	FaultError: onCalls, FaultCut: onCalls, FaultGateway: onCalls, FaultLatency: onCalls,
	FaultRateLimit: onCalls, FaultEmpty: onCalls, FaultEarly: onCalls,
	FaultProbe: onCalls | onPushes | unasked, FaultBadSignature: onCalls | onPushes | unasked,
	FaultWrongSerial: onCalls | onPushes | unasked, FaultStale: onCalls | onPushes | unasked,
	FaultOtherKey: onCalls | onPushes | unasked, FaultStripped: onCalls | onPushes | unasked,
	FaultBOM: onPushes, FaultReencoded: onCalls | onPushes | unasked,
	FaultSkew: onCalls | onPushes,
	FaultLost: onPushes, FaultLate: onPushes, FaultReordered: onPushes,
	FaultDuplicated: onPushes, FaultRace: onPushes, FaultAnswerLost: onPushes,
}

// checkFault says what makes no sense in a fault, and fills in what was left out.
func checkFault(f *Fault) error {
	kind, known := faultKinds[f.Name]
	fail := func(format string, args ...any) error {
		return fmt.Errorf("sandbox: fault %q: %w", f.Name, fmt.Errorf(format, args...))
	}
	switch {
	case !known:
		names := make([]string, 0, len(faultKinds))
		for name := range faultKinds {
			names = append(names, string(name))
		}
		slices.Sort(names)
		return fmt.Errorf("sandbox: there is no fault %q; there are %s", f.Name, strings.Join(names, ", "))
	case f.Endpoint != "" && kind&onCalls == 0:
		return fail("it is one of notifications; leave endpoint out, and name an event_type if it should not " +
			"strike any")
	case f.Event != "" && kind&onPushes == 0:
		return fail("it is one of calls; leave event_type out, and name an endpoint if it should not strike any")
	case f.Endpoint != "" && !strings.Contains(f.Endpoint, "/") && f.Endpoint != "*":
		return fail("endpoint %q is not a path such as /v3/edu-papay/contracts/presign, with or without its "+
			"method, nor *", f.Endpoint)
	case f.Times < -1 || f.Skip < 0:
		return fail("times must be from -1 and skip from 0")
	case f.Chance < 0 || f.Chance > 1:
		return fail("chance %v is not between 0 and 1", f.Chance)
	case f.Delay < 0 || f.PerSecond < 0:
		return fail("delay and per_second must not be negative")
	case !isText(f.Code) || !isText(f.Message) || !isText(string(f.Event)) || !isText(f.MchID) || !isText(f.Endpoint):
		return fail("code, message, event_type, mchid and endpoint are each one line, without control characters")
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fail("status %d is no error", f.Status)
	case f.Committed && f.Name != FaultError && f.Name != FaultCut && f.Name != FaultGateway:
		return fail("committed is for %q, %q and %q", FaultError, FaultCut, FaultGateway)
	}
	if f.Times == 0 {
		f.Times = 1
		if f.Name == FaultRateLimit && f.PerSecond > 0 {
			f.Times = -1
		}
	}
	if f.Name == FaultEmpty {
		setDefault(&f.Endpoint, "GET /v3/certificates")
	}
	if f.Delay == 0 {
		switch f.Name {
		case FaultLatency:
			f.Delay = 10 * time.Second
		case FaultStale, FaultSkew:
			f.Delay = 6 * time.Minute
		case FaultLate, FaultReordered:
			f.Delay = time.Hour
		}
	}
	return nil
}

// strikesCall says whether the fault is meant for a call, leaving out the count
// and the odds.
func (f *Fault) strikesCall(method, path, id, mchid string) bool {
	kind := faultKinds[f.Name]
	if kind&onCalls == 0 || (f.MchID != "" && mchid != "" && f.MchID != mchid) {
		return false
	}
	if f.Endpoint == "" {
		return kind&unasked == 0 && f.Event == ""
	}
	want := f.Endpoint
	if verb, rest, ok := strings.Cut(want, " "); ok {
		if verb != method {
			return false
		}
		want = rest
	}
	return want == "*" || strings.HasSuffix(id, " /"+strings.TrimPrefix(want, "/")) || matchPath(want, path)
}

// strikesPush is the same for a notification.
func (f *Fault) strikesPush(eventType, mchid string) bool {
	kind := faultKinds[f.Name]
	if kind&onPushes == 0 || (f.MchID != "" && f.MchID != mchid) {
		return false
	}
	if f.Event == "" {
		return f.Endpoint == ""
	}
	return f.Event == "*" || f.Event == eventType
}

// matchPath compares segment by segment: * and {name} match any one, a last *
// all that follow.
func matchPath(pattern, path string) bool {
	want, got := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	for i, w := range want {
		switch {
		case i >= len(got):
			return false
		case w == "*" && i == len(want)-1:
			return true
		case w == "*" || strings.HasPrefix(w, "{"):
		case w != got[i]:
			return false
		}
	}
	return len(want) == len(got)
}

// faultJSON is a fault in JSON, where Delay is a Go duration.
type faultJSON struct {
	faultMembers
	Delay string `json:"delay,omitempty"`
}

type faultMembers Fault

func (in *faultJSON) fault() (f Fault, err error) {
	f = Fault(in.faultMembers)
	if in.Delay != "" {
		if f.Delay, err = time.ParseDuration(in.Delay); err != nil {
			return f, errors.New(`delay is no Go duration such as "90s"`)
		}
	}
	return f, nil
}

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
	var err error
	*f, err = in.fault()
	return err
}
