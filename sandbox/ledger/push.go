package ledger

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// Push is one notification on its way to a merchant: the row of the outbox. It is
// written in the very transaction that changed what it tells about, so a change
// without its notification, or the reverse, does not exist.
type Push struct {
	ID           string          `json:"id"` // a UUID, the same in every attempt
	MchID        string          `json:"mchid"`
	URL          string          `json:"url"`
	Event        string          `json:"event_type"`
	OriginalType string          `json:"original_type"`
	Summary      string          `json:"summary"`
	Resource     json.RawMessage `json:"resource"`     // in clear; sealed anew for every attempt
	V2           bool            `json:"v2,omitempty"` // APIv2: Resource has the fields of flat XML
	About        string          `json:"about"`        // contract or order it tells about
	CreatedAt    time.Time       `json:"created_at"`
	State        PushState       `json:"state"`
	Problem      string          `json:"problem,omitempty"` // why it is undeliverable, and what to do
	Attempts     []Attempt       `json:"attempts,omitempty"`
	NextAt       time.Time       `json:"next_at,omitzero"` // of the next attempt; zero: none
	Schedule     string          `json:"schedule"`
	Triggered    bool            `json:"triggered,omitempty"` // by hand: what it tells never happened; see Trigger
	// Faults are those that kept it from being sent when it was due.
	Faults []fault.Name `json:"faults,omitempty"`
}

// PushState is what has become of a notification.
type PushState string

// The push states.
const (
	PushPending       PushState = "PENDING"       // more attempts will follow
	PushDelivered     PushState = "DELIVERED"     // answered 2xx in time
	PushGivenUp       PushState = "GIVEN_UP"      // every attempt failed; the merchant has to query
	PushLost          PushState = "LOST"          // a fault: it is never sent; the merchant has to query
	PushUndeliverable PushState = "UNDELIVERABLE" // the sandbox may not call its URL; see Problem
	PushHeld          PushState = "HELD"          // kept back by a Hold until a Release
)

// Attempt is one try to deliver a notification.
type Attempt struct {
	No     int       `json:"no,omitempty"` // its number; a fault makes several of one attempt, of the same number
	At     time.Time `json:"at"`
	Status int       `json:"status,omitempty"` // HTTP status of the answer; 0 for none
	Error  string    `json:"error,omitempty"`  // why it failed
	Probe  bool      `json:"probe,omitempty"`  // sent with a WECHATPAY/SIGNTEST/ signature, to be refused
	Open   bool      `json:"open,omitempty"`   // not answered yet

	// Faults are those that were done to this attempt.
	Faults []fault.Name `json:"faults,omitempty"`
}

// Exchange is one line of the journal: an API call as it came, and the answer.
// Blanked are signatures, whatever the catalogue has travel encrypted, the APIv3
// and APIv2 keys of the merchants and private keys, wherever they turn up. The
// rest stands there as it was sent, openids included, in paths as in bodies: what
// is tested with is made up, and a tool that hid whom a call was about would
// explain nothing. Do not send a sandbox real people's data.
type Exchange struct {
	Seq       int64       `json:"seq"`
	At        time.Time   `json:"at"`
	Method    string      `json:"method"`
	URI       string      `json:"uri"`
	Operation string      `json:"operation,omitempty"` // of the catalogue
	MchID     string      `json:"mchid,omitempty"`     // once the signature was verified
	Header    http.Header `json:"header"`
	Body      string      `json:"body,omitempty"`
	Status    int         `json:"status"`         // 0: the connection was cut
	Code      string      `json:"code,omitempty"` // of a refusal
	Reply     string      `json:"reply,omitempty"`
	RequestID string      `json:"request_id"`
	Hint      string      `json:"hint,omitempty"` // why it was refused
	// HintZH is Hint in Chinese, where the sandbox has it: for mistakes with signatures.
	HintZH string `json:"hint_zh,omitempty"`
	// Mistake is a stable word for what is wrong with a signature, such as "query-decoded", several
	// joined by + where several mistakes were made at once; docs/mistakes.md lists them.
	Mistake     string       `json:"mistake,omitempty"`
	Unsupported string       `json:"unsupported,omitempty"`
	Faults      []fault.Name `json:"faults,omitempty"` // that were applied to the call
}

// The headers only a sandbox sends.
const (
	// HeaderSandbox is on every reply and every notification, so that nobody
	// mistakes them for WeChat Pay's.
	HeaderSandbox = "X-Sandbox"
	// HeaderHint explains a refusal in a sentence.
	HeaderHint = "X-Sandbox-Hint"
	// HeaderMistake is the word for what is wrong with a signature: see Exchange.Mistake.
	HeaderMistake = "X-Sandbox-Mistake"
	// HeaderUnsupported says that the sandbox lacks an endpoint.
	HeaderUnsupported = "X-Sandbox-Unsupported"
	// HeaderUnsigned is on every reply of a sandbox that checks and makes no signatures.
	HeaderUnsigned = "X-Sandbox-Unsigned"
)
