package engine

import "github.com/wxpay-go/wxpay/sandbox/store"

// What belongs to another merchant does not exist for an API call: its ids are
// answered like ids that nobody ever had. This file is the only one that says
// so; no behaviour asks whose a thing is.

// scoped is a transaction as the calls of one merchant see it. Its get and find
// leave out what belongs to another merchant.
type scoped struct {
	store.Tx
	mchid string
}

// CallBy is a call of the merchant's. From here on the step is scoped.
func (s *Step) CallBy(m *Merchant) *Call {
	s.Tx = scoped{s.Tx, m.MchID}
	return &Call{Step: s, Merchant: m}
}

// Unscoped is the transaction with everything in it, for what WeChat Pay itself
// does beside a call, such as telling other merchants about their payer.
func Unscoped(tx store.Tx) store.Tx {
	if s, ok := tx.(scoped); ok {
		return s.Tx
	}
	return tx
}

// hides says whether an entity is left out of a transaction.
func hides(tx store.Tx, e Entity) bool {
	s, ok := tx.(scoped)
	return ok && e.Owner() != "" && e.Owner() != s.mchid
}

// The merchants that entities belong to.

func (s *SessionRow) Owner() string    { return s.MchID }
func (c *ContractRow) Owner() string   { return c.MchID }
func (o *OrderRow) Owner() string      { return o.MchID }
func (d *DebitRow) Owner() string      { return d.MchID }
func (r *RefundRow) Owner() string     { return r.MchID }
func (p *PushRow) Owner() string       { return p.MchID }
func (b *billFile) Owner() string      { return b.MchID }
func (s *savedMerchant) Owner() string { return s.Merchant.MchID }
func (s *savedPlan) Owner() string     { return s.MchID }
func (s *SavedKeys) Owner() string     { return s.MchID }
func (s *savedFormer) Owner() string   { return s.MchID }

// The ids of these name the merchant, and calls make them with their own.

func (c *CodeUse) Owner() string { return "" }
func (c *Claim) Owner() string   { return "" }

// These are the payer's, or WeChat Pay's.

func (w *WalletRow) Owner() string        { return "" }
func (p *PaymentCode) Owner() string      { return "" }
func (s *savedPerson) Owner() string      { return "" }
func (s *savedAppIDs) Owner() string      { return "" }
func (s *SavedForward) Owner() string     { return "" }
func (s *savedClock) Owner() string       { return "" }
func (s *SavedCertificate) Owner() string { return "" }
