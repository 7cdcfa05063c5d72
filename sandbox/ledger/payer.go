package ledger

import "time"

// Page is what the payer sees on a signing page, or as the prompt after paying.
type Page struct {
	Product   Product   `json:"product"`
	MchID     string    `json:"mchid"`
	Merchant  string    `json:"merchant"` // the merchant's name
	Plan      string    `json:"plan"`     // the plan's name
	PlanID    string    `json:"plan_id"`
	Account   string    `json:"account"` // the payer's account with the merchant, as the merchant writes it
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"` // whole seconds, +08:00
}

// PageError is something the payer is told instead of getting what they want. The
// merchant hears nothing of it.
type PageError struct {
	Reason  PageReason `json:"reason"`
	Message string     `json:"message"`        // as shown to a person
	Hint    string     `json:"hint,omitempty"` // what the merchant did wrong, as only a sandbox says
}

func (e *PageError) Error() string {
	if e.Hint != "" {
		return e.Message + " (" + e.Hint + ")"
	}
	return e.Message
}

// PageReason is the kind of a PageError.
type PageReason string

// The reasons.
const (
	PageUnknown PageReason = "unknown" // no such session, order or contract
	PageExpired PageReason = "expired" // the session or the order is too old
	// already agreed to, paid or terminated, or made with the code of a contract in force
	PageUsed PageReason = "used"
	// the payer has a live contract under this plan, perhaps through another app
	PageSigned    PageReason = "signed"
	PageWrongUser PageReason = "wrong-user" // made for somebody else
	PageClosed    PageReason = "closed"     // the plan signs nobody any more, or the order was closed
	PageNoPrompt  PageReason = "no-prompt"  // the order has no offer to sign after paying
	PageNoMoney   PageReason = "no-money"   // the payer does not have it
	PageFailed    PageReason = "failed"     // the payment failed for another reason
	// the payer agreed, and a rule of WeChat Pay's was in the way; the code is burnt
	PageBlocked  PageReason = "blocked"
	PageIdentity PageReason = "identity" // the payer is not who the merchant says; the code is burnt
	PageRefused  PageReason = "refused"  // the merchant does not let the payer end the contract; see Plan.AsksFirst
	PageRejected PageReason = "rejected" // the merchant's signed URL or extraData is wrong; see Hint
)

// Receipt is the page after a payment.
type Receipt struct {
	Order  *Order `json:"order"`
	Prompt *Page  `json:"prompt,omitempty"` // the offer to sign; nil when there is none
	// Contract is what paying an order that was placed together with a contract
	// signed. When nothing came of it although the payment is fine, Obstacle says
	// why; the merchant hears nothing of it. What stood in the way already when the
	// order was placed, the hint of that answer says, and neither is there.
	Contract *Contract  `json:"contract,omitempty"`
	Obstacle *PageError `json:"obstacle,omitempty"`
	// PasswordFree payments were made under a password-exempt contract: the payer
	// was asked for nothing.
	PasswordFree bool `json:"password_free,omitempty"`
}

// Offer is what a merchant holds out to a payer who is about to leave.
type Offer struct {
	Type  string `json:"retention_type"` // COUPON
	State string `json:"state"`          // SEND_COUPON, UNUSED_COUPON or NOT_SEND_COUPON
	// CouponID is the coupon that would be sent, or lies unused.
	CouponID string `json:"coupon_id,omitempty"`
}

// Wallet is what a person has, and what stands in their way. A person without one
// has all the money in the world, no name, and no bad luck.
type Wallet struct {
	Person  string `json:"person"`
	Limited bool   `json:"limited"`           // Balance counts; otherwise they never run out
	Balance int64  `json:"balance,omitempty"` // fen

	FailNext      []Failure `json:"fail_next,omitempty"`      // of the next debits, one each
	RefuseNotices int       `json:"refuse_notices,omitempty"` // how many more risk control refuses
	BlockSigning  int       `json:"block_signing,omitempty"`  // how many more signings a rule blocks
	FailRefunds   int       `json:"fail_refunds,omitempty"`   // how many more refunds cannot reach them
	CloseRefunds  int       `json:"close_refunds,omitempty"`  // how many more are closed

	// Debts are the debits they owe, by id: what WeChat Pay advanced, and debits by face for which
	// there was no money.
	Debts []string `json:"debts,omitempty"`

	// Name and IDNumber are who they are; "" matches whatever a merchant says.
	Name     string `json:"name,omitempty"`
	IDNumber string `json:"id_number,omitempty"`
}

// FaceCollection is a request to take a user's photo again.
type FaceCollection struct {
	ID           string    `json:"collection_id"`
	MchID        string    `json:"mchid"`
	Organization string    `json:"organization_id"`
	UserID       string    `json:"user_id"`
	UploadedAt   time.Time `json:"register_photo_upload_time,omitzero"`
	ConfirmedAt  time.Time `json:"confirm_time,omitzero"`
}
