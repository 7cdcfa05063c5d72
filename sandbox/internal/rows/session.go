package rows

import (
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Session is a Session as the store has it, with what the rules need to know.
type Session struct {
	Rev
	ledger.Session
	// RealName and IDNumber are who the merchant says the payer is, where a
	// product asks; somebody else cannot sign.
	RealName string `json:"real_name,omitempty"`
	IDNumber string `json:"id_number,omitempty"`
}

func (s *Session) RowKind() string { return "session" }

func (s *Session) Row() store.Row {
	var keys []string
	if s.PrepayID != "" {
		keys = append(keys, "prepay:"+s.PrepayID)
	}
	if s.ContractID == "" && !s.Burnt {
		keys = append(keys, Unsigned)
	}
	return store.Row{ID: s.Token, Keys: keys}
}

// Unsigned is the key of sessions that nobody has agreed to, expired or not.
const Unsigned = "open"

// CodeUse remembers what an out_contract_code was used for, so that a repeated
// call finds its session, a changed one is refused, and a burnt code stays burnt.
type CodeUse struct {
	Rev
	ID          string `json:"id"`
	Fingerprint string `json:"fingerprint"` // of endpoint and body
	Token       string `json:"token"`
	Burnt       bool   `json:"burnt,omitempty"`
}

func (c *CodeUse) RowKind() string { return "code" }
func (c *CodeUse) Row() store.Row  { return store.Row{ID: c.ID} }

// Claim holds a place that only one contract may have: a user's one live
// contract under a plan. Being a row of its own it decides races on any store.
type Claim struct {
	Rev
	ID         string `json:"id"`
	ContractID string `json:"contract_id"`
}

func (c *Claim) RowKind() string { return "claim" }
func (c *Claim) Row() store.Row  { return store.Row{ID: c.ID} }
