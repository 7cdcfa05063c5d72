package sandbox

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Contract is what a payer agreed to.
type Contract struct {
	ID        string          `json:"contract_id"`
	Product   Product         `json:"product"`
	State     ContractState   `json:"state"`
	MchID     string          `json:"mchid"`
	SubMchID  string          `json:"sub_mchid,omitempty"`
	AppID     string          `json:"appid"`
	SubAppID  string          `json:"sub_appid,omitempty"`
	PlanID    string          `json:"plan_id"`
	Code      string          `json:"out_contract_code,omitempty"`
	OpenID    string          `json:"openid"`
	SubOpenID string          `json:"sub_openid,omitempty"`
	Account   string          `json:"account"`
	NotifyURL string          `json:"notify_url,omitempty"`
	Attach    string          `json:"attach,omitempty"`
	UserCode  string          `json:"out_user_code,omitempty"` // tells several accounts of one user apart
	Token     string          `json:"token"`                   // of the session it came from
	Request   json.RawMessage `json:"request"`
	V2        bool            `json:"v2,omitempty"` // signed in APIv2, and notified in it
	SignedAt  time.Time       `json:"signed_at"`
	ExpiresAt time.Time       `json:"expires_at,omitzero"` // zero: it runs until terminated
	EndsAt    time.Time       `json:"ends_at,omitzero"`    // when WeChat Pay ends it by itself; zero: never
	LeavesAt  time.Time       `json:"leaves_at,omitzero"`  // when the payer's wish to end it comes true
	Notice    *Notice         `json:"notice,omitempty"`
	Bookings  []Booking       `json:"bookings,omitempty"`
	Policy    *Policy         `json:"policy,omitempty"` // of insurance

	// The rest is set by termination.
	TerminatedAt time.Time   `json:"terminated_at,omitzero"`
	Mode         Termination `json:"termination_mode,omitempty"`
	Remark       string      `json:"termination_remark,omitempty"`
	Deleted      bool        `json:"deleted,omitempty"` // by the payer, from their list in WeChat
}

// contractRow is a Contract as the store has it, with what the rules need to know.
type contractRow struct {
	rev
	Contract
	Person string `json:"person"` // the WeChat user behind the openids
	// What debits need to know; see debit.go, debitnotice.go and debitbooking.go.
	Usage    usage     `json:"usage,omitzero"`
	Pending  string    `json:"pending,omitempty"` // id of the debit under way
	FailedAt time.Time `json:"failed_at,omitzero"`
	Noticed  bool      `json:"noticed,omitempty"` // a notice was sent: no debit goes without one any more
}

// ContractState is the state of a contract in the sandbox's own terms; products
// have their own words for it on the wire (SIGNED, ADD, …).
type ContractState string

// The contract states.
const (
	ContractSigned     ContractState = "SIGNED"
	ContractTerminated ContractState = "TERMINATED"
	// ContractSignFailed is what is left when the payer agreed and a rule of
	// WeChat Pay's was in the way. Nobody is notified.
	ContractSignFailed ContractState = "SIGN_FAILED"
	// The other two are of insurance: the policy's year is over, and the payer
	// has asked to end and may think again. Both are still live.
	ContractToBeRenewed      ContractState = "TO_BE_RENEWED"
	ContractTerminatePending ContractState = "TERMINATE_PENDING"
)

// live says whether the contract stands: it may be debited and ended.
func (c *contractRow) live() bool {
	switch c.State {
	case ContractSigned, ContractToBeRenewed, ContractTerminatePending:
		return true
	}
	return false
}

// Termination says who ended a contract.
type Termination string

// The ways a contract ends.
const (
	ByUser            Termination = "USER_TERMINATE"             // the payer, in WeChat
	ByMerchant        Termination = "MCH_API_TERMINATE"          // the merchant, by the API
	ByConsole         Termination = "WEPAY_WEB_TERMINATE"        // the merchant, in the web console
	ByCustomerService Termination = "CUSTOMER_SERVICE_TERMINATE" // WeChat Pay's customer service
	BySystem          Termination = "SYSTEM_TERMINATE"           // WeChat Pay itself, for example an account was closed
)

func knownTermination(t Termination) bool {
	switch t {
	case ByUser, ByMerchant, ByConsole, ByCustomerService, BySystem:
		return true
	}
	return false
}

func (c *contractRow) kind() string { return "contract" }

func (c *contractRow) row() store.Row {
	row := store.Row{ID: c.ID, Keys: []string{
		"mchid:" + c.MchID,
		"person:" + c.Person,
		contractCodeKey(c.Product, c.MchID, c.PlanID, c.Code),
		contractUserKey(c.Product, c.MchID, c.PlanID, c.OpenID),
	}}
	if c.live() {
		fallDue(&row, c.over(), time.Time{})
	}
	return row
}

// over is when time alone ends the contract, zero for never.
func (c *contractRow) over() time.Time {
	var over time.Time
	for _, t := range []time.Time{c.ExpiresAt, c.EndsAt, c.LeavesAt} {
		if over.IsZero() || (!t.IsZero() && t.Before(over)) {
			over = t
		}
	}
	return over
}

// expired says whether it was its term that ended the contract.
func (c *contractRow) expired() bool {
	return c.State == ContractTerminated && c.Mode == BySystem && !c.ExpiresAt.IsZero() &&
		!c.TerminatedAt.Before(c.ExpiresAt)
}

func contractUserKey(p Product, mchid, plan, openid string) string {
	return "user:" + joined(string(p), mchid, plan, openid)
}

// liveKey is the place of a user's one live contract under a plan. It leaves out
// the appid and the sub-merchant on purpose: a contract signed through another
// app of the same merchant is in the way as well. An out_user_code makes as many
// places as the merchant has accounts for the user.
func liveKey(p Product, mchid, plan, person, userCode string) string {
	parts := []string{"live", string(p), mchid, plan, person}
	if userCode != "" {
		parts = append(parts, userCode)
	}
	return joined(parts...)
}

func (s *step) contract(id string) (*contractRow, error) {
	c, err := get[contractRow](s.Tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &PageError{Reason: PageUnknown, Message: "This contract does not exist."}
	}
	return c, err
}
