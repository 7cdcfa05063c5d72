package ledger

import (
	"encoding/json"
	"time"
)

// Session is one presigned intention to sign: what the merchant asked for,
// waiting for the payer until ExpiresAt.
type Session struct {
	Token    string  `json:"token"` // pre_entrustweb_id or presign_token; made up where the API returns none
	Product  Product `json:"product"`
	MchID    string  `json:"mchid"`
	SubMchID string  `json:"sub_mchid,omitempty"`
	AppID    string  `json:"appid"`
	SubAppID string  `json:"sub_appid,omitempty"`
	PlanID   string  `json:"plan_id"` // plan_id or service_id
	Code     string  `json:"out_contract_code,omitempty"`
	// OpenID is the only payer who may sign, and SubOpenID the same payer under
	// SubAppID; both empty where the call names nobody.
	OpenID    string `json:"openid,omitempty"`
	SubOpenID string `json:"sub_openid,omitempty"`
	UserCode  string `json:"out_user_code,omitempty"` // tells several accounts of one user apart
	Account   string `json:"account"`                 // what the signing page shows as the user's account
	NotifyURL string `json:"notify_url,omitempty"`
	Attach    string `json:"attach,omitempty"`
	PrepayID  string `json:"prepay_id,omitempty"` // the order whose payment offers to sign
	// ClientIP is where the payer is, as the merchant says; from elsewhere they
	// cannot sign. "" for anywhere.
	ClientIP string `json:"client_ip,omitempty"`
	// Request is the body of the presign call, for what only one product knows.
	Request   json.RawMessage `json:"request"`
	CreatedAt time.Time       `json:"created_at"`
	ExpiresAt time.Time       `json:"expires_at"`
	// OpenedAt and DeclinedAt are the last times the payer did so. Neither notifies anybody,
	// and neither ends the session, but for a PaySign one, which ends declined.
	OpenedAt   time.Time `json:"opened_at,omitzero"`
	DeclinedAt time.Time `json:"declined_at,omitzero"`
	ContractID string    `json:"contract_id,omitempty"` // set once signed
	// Burnt sessions ended without a contract: the payer agreed, and a rule of
	// WeChat Pay's or a wrong identity was in the way.
	Burnt bool `json:"burnt,omitempty"`
	// V2 sessions were made in APIv2. PaySign ones are agreed to by paying
	// and no other way.
	V2      bool `json:"v2,omitempty"`
	PaySign bool `json:"pay_sign,omitempty"`
}

// SessionState is what has become of a session by a certain time.
type SessionState string

// The session states.
const (
	SessionWaiting SessionState = "WAITING" // the payer may still agree
	SessionSigned  SessionState = "SIGNED"
	SessionExpired SessionState = "EXPIRED"
	SessionBurnt   SessionState = "BURNT" // agreed to, and no contract came of it
)

// State says what has become of the session by now. It is computed, not stored:
// time alone expires a session.
func (s *Session) State(now time.Time) SessionState {
	switch {
	case s.ContractID != "":
		return SessionSigned
	case s.Burnt:
		return SessionBurnt
	case !now.Before(s.ExpiresAt):
		return SessionExpired
	}
	return SessionWaiting
}
