package ledger

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
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

// Notice is an announcement of a debit, open until one succeeds or its days are
// over.
type Notice struct {
	SentAt time.Time `json:"sent_at"`
	From   time.Time `json:"from"`             // the debit may be asked for from then
	Until  time.Time `json:"until"`            // and before then
	Amount int64     `json:"amount,omitempty"` // the most that may be debited, fen; 0: not said
	// Closed notices led to a debit.
	Closed      bool   `json:"closed,omitempty"`
	Fingerprint string `json:"fingerprint"`
}

// Booking is one debit agreed upon at signing, for one day: the schedule of a
// scheduled deduct, a policy period, a record of credit repayment.
type Booking struct {
	ID          string    `json:"id,omitempty"`    // policy_period_id, out_record_id; "" for the only one
	Date        string    `json:"date"`            // yyyy-MM-dd, in Beijing
	Until       string    `json:"until,omitempty"` // the last day it may be debited; "" for Date
	Amount      int64     `json:"amount"`          // agreed, fen
	Least       int64     `json:"least,omitempty"` // fen that may be debited instead of Amount; 0: no less
	Description string    `json:"description,omitempty"`
	BookedAt    time.Time `json:"booked_at,omitzero"`
	From        string    `json:"from,omitempty"`     // the first day it may be debited; "" for Date
	Booked      int64     `json:"booked,omitempty"`   // fen
	DebitID     string    `json:"debit_id,omitempty"` // of the debit that paid it
	Paid        int64     `json:"paid,omitempty"`     // fen
	PaidAt      time.Time `json:"paid_at,omitzero"`
	// Failed bookings were debited in vain, and may be again until their days are over.
	Failed bool `json:"failed,omitempty"`
	// SubMchID is who is paid, where bookings say so and contracts do not.
	SubMchID string `json:"sub_mchid,omitempty"`
	SubAppID string `json:"sub_appid,omitempty"`
}

// BookingState is what has become of a booking.
type BookingState string

// The booking states.
const (
	NotBooked      BookingState = "NO_SCHEDULED"
	Booked         BookingState = "SCHEDULED" // not debited, or not successfully
	BookingPaid    BookingState = "PAID"
	BookingExpired BookingState = "EXPIRED" // its days have passed
)

// Policy is what only insurance contracts have.
type Policy struct {
	Term    int         `json:"term"`              // index in Bookings of the running term's first period
	Changed []time.Time `json:"changed,omitempty"` // when the merchant changed the periods
}

// State says what has become of the booking by now. It follows from what
// happened and the time, and is not stored.
func (b *Booking) State(now time.Time) BookingState {
	switch {
	case !b.PaidAt.IsZero():
		return BookingPaid
	case !now.Before(b.over()):
		return BookingExpired
	case !b.BookedAt.IsZero():
		return Booked
	}
	return NotBooked
}

// over is the midnight after its last day in Beijing, zero for a day that is none.
func (b *Booking) over() time.Time {
	day, err := time.ParseInLocation(time.DateOnly, cmp.Or(b.Until, b.Date), wire.Beijing)
	if err != nil {
		return time.Time{}
	}
	return day.AddDate(0, 0, 1)
}
