package ledger

import (
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// Report says what a client made of a run of the sandbox, since it was started: which faults were
// injected, which of them the client survived, and where it did what it must not. It is made of the
// calls and of the attempts to deliver notifications, and of nothing else: what a client does with
// them in its own database no sandbox sees. It holds no keys, no openids and no bodies.
type Report struct {
	At      time.Time `json:"at"` // by the sandbox's clock
	Covered Covered   `json:"covered"`

	Calls         []CallTally   `json:"calls"`         // by endpoint
	Notifications []EventTally  `json:"notifications"` // by event type
	Faults        []fault.Armed `json:"faults"`        // those cleared included
	Strikes       []Strike      `json:"strikes"`       // what the faults hit
	Findings      []Finding     `json:"findings"`      // what the client did that it must not
}

// Covered is what a report was made of. What came before is forgotten, and nothing is said of it.
type Covered struct {
	Since             time.Time `json:"since,omitzero"` // of the first call or attempt; zero: there was none
	Calls             int       `json:"calls"`
	Attempts          int       `json:"attempts"` // to deliver notifications
	ForgottenCalls    int       `json:"forgotten_calls,omitempty"`
	ForgottenAttempts int       `json:"forgotten_attempts,omitempty"`
	// ForgottenStrikes are not among Strikes, which has the newest.
	ForgottenStrikes int `json:"forgotten_strikes,omitempty"`
}

// CallTally is how the calls of an endpoint ended.
type CallTally struct {
	Operation string `json:"operation"` // "" for what is no endpoint
	Succeeded int    `json:"succeeded"`
	Refused   int    `json:"refused"`
	// Untold calls ended so that the client cannot know what became of them: by an error of the
	// server's, an answer that it cannot verify or none, or because it did not wait.
	Untold int `json:"untold"`
}

// EventTally is how the attempts to deliver the notifications of an event type ended.
type EventTally struct {
	Event    string `json:"event_type"`
	Messages int    `json:"messages"` // that were sent at least once
	Accepted int    `json:"accepted"` // attempts that were answered as handled
	Refused  int    `json:"refused"`
	NoAnswer int    `json:"no_answer"`
}

// Strike is what a fault hit, a call or a notification, and what became of that.
type Strike struct {
	Fault fault.Name `json:"fault"`
	At    time.Time  `json:"at"`
	MchID string     `json:"mchid,omitempty"`

	Operation string `json:"operation,omitempty"` // of a call
	RequestID string `json:"request_id,omitempty"`
	Number    string `json:"number,omitempty"` // of the merchant's, that the call was about

	Notification string `json:"notification,omitempty"` // its id
	Event        string `json:"event_type,omitempty"`

	Survived bool     `json:"survived"`
	Survival Survival `json:"survival"`
}

// Survival is what shows that a fault did no harm, or that it did.
type Survival string

// The ways. Of the last two nothing shows it.
const (
	SurvivedAnswered  Survival = "ANSWERED"  // the call was answered all the same
	SurvivedRepeated  Survival = "REPEATED"  // the same call, under the same number, ended well later
	SurvivedAsked     Survival = "ASKED"     // another call about the same number was answered later
	SurvivedNotified  Survival = "NOTIFIED"  // a notification about the same number was accepted later
	SurvivedRefused   Survival = "REFUSED"   // a message that must be refused was
	SurvivedDelivered Survival = "DELIVERED" // the notification was accepted, if on a later attempt
	SurvivalOpen      Survival = "OPEN"      // nothing of that, yet
	SurvivalAccepted  Survival = "ACCEPTED"  // a message that must be refused was accepted: see the findings
)

// Finding is something that a client did and must not do, with what proves it.
type Finding struct {
	Kind FindingKind `json:"kind"`
	// Says is a sentence, with the numbers; SaysZH is the same in Chinese. Advice is what to do
	// instead.
	Says     string `json:"says"`
	SaysZH   string `json:"says_zh"`
	Advice   string `json:"advice"`
	AdviceZH string `json:"advice_zh"`
	MchID    string `json:"mchid"`
	Contract string `json:"contract_id,omitempty"`
	// Proof are the calls and attempts that show it, in the order in which they happened.
	Proof []Proof `json:"proof"`
}

// FindingKind is what a client did.
type FindingKind string

// The kinds. docs/report.md says of each when it is found.
const (
	FoundForgery       FindingKind = "accepted-forgery" // answered 2xx to a message it had to refuse
	FoundNewNumber     FindingKind = "new-number"       // retried a debit under a new number, without asking
	FoundAfterEnd      FindingKind = "debit-after-end"  // asked for a debit though it knew of the contract's end
	FoundTwice         FindingKind = "handled-twice"    // did the same for two deliveries of one notification
	FoundOtherBody     FindingKind = "other-body"       // another call under a number that was taken
	FoundRepeated      FindingKind = "repeated-refusal" // the same call again and again, though it was refused
	FoundNeverAnswered FindingKind = "never-answered"   // no attempt to deliver a notification was answered
	FoundNeverAccepted FindingKind = "never-accepted"   // each was answered, and none with 2xx
)

// Proof is a call or an attempt to deliver a notification. The journal has the call by its request
// id.
type Proof struct {
	At        time.Time `json:"at"`
	Operation string    `json:"operation,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	Number    string    `json:"number,omitempty"`
	Amount    int64     `json:"amount,omitempty"` // fen

	Notification string `json:"notification,omitempty"`
	Event        string `json:"event_type,omitempty"`
	Attempt      int    `json:"attempt,omitempty"`

	Status int          `json:"status,omitempty"` // 0: there was no answer
	Code   string       `json:"code,omitempty"`
	Faults []fault.Name `json:"faults,omitempty"`
}
