package ledger

import (
	"encoding/json"
	"time"
)

// Debit is one 扣款: money taken, or to be taken, under a contract.
type Debit struct {
	ID         string  `json:"id"`
	Product    Product `json:"product"`
	ContractID string  `json:"contract_id"`
	PlanID     string  `json:"plan_id"`
	MchID      string  `json:"mchid"`
	SubMchID   string  `json:"sub_mchid,omitempty"`
	AppID      string  `json:"appid"`
	SubAppID   string  `json:"sub_appid,omitempty"`
	OpenID     string  `json:"openid"`
	SubOpenID  string  `json:"sub_openid,omitempty"`

	OutTradeNo    string     `json:"out_trade_no"`
	TransactionID string     `json:"transaction_id,omitempty"` // set once paid
	Total         int64      `json:"total"`                    // fen
	Parts         []SubOrder `json:"parts,omitempty"`          // of a combined debit; Total is their sum
	Description   string     `json:"description,omitempty"`
	Attach        string     `json:"attach,omitempty"`
	NotifyURL     string     `json:"notify_url,omitempty"`
	ScheduleID    string     `json:"schedule_id,omitempty"` // of the booking it uses up

	State   DebitState `json:"trade_state"`
	Failure Failure    `json:"failure,omitempty"` // why it failed
	// Closed debits are over: the same out_trade_no is never tried again. A
	// failed one closes at once, unless WeChat Pay does not know what happened
	// (SYSTEMERROR): then the merchant closes it.
	Closed    bool      `json:"closed,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExecuteAt time.Time `json:"execute_at"`         // when the payer is charged
	EndedAt   time.Time `json:"ended_at,omitzero"`  // when it was paid or failed
	Refunded  int64     `json:"refunded,omitempty"` // fen given back so far

	// Advanced debits were paid by WeChat Pay for a payer without money, who
	// owes them until RepaidAt.
	Advanced bool      `json:"advanced,omitempty"`
	RepaidAt time.Time `json:"repaid_at,omitzero"`

	Request json.RawMessage `json:"request"` // the body of the call that asked for it
}

// DebitState is what has become of a debit, in the sandbox's own terms. REFUND
// is not among them: products say it of a paid debit with Refunded above 0.
type DebitState string

// The debit states.
const (
	DebitAccepted DebitState = "ACCEPTED" // not tried yet
	DebitPaid     DebitState = "SUCCESS"
	DebitFailed   DebitState = "PAY_FAIL"
	DebitReversed DebitState = "REVOKED" // taken back by the merchant
)

// Failure is why a payer could not be charged, spelled as in v2 notifications.
type Failure string

// The failures.
const (
	NotEnough       Failure = "NOTENOUGH"             // the payer does not have the money
	RiskRejected    Failure = "RULELIMIT"             // risk control
	BankError       Failure = "BANKERROR"             // the bank
	AccountAbnormal Failure = "USER_ACCOUNT_ABNORMAL" // the payer's account
	AccountError    Failure = "ACCOUNTERROR"
	UserNotExist    Failure = "USER_NOT_EXIST"
	TradeError      Failure = "TRADE_ERROR"
	ContractGone    Failure = "CONTRACT_NOT_EXIST" // ended while the debit waited
	SystemFailure   Failure = "SYSTEMERROR"        // unknown: query, close, then a new number
)
