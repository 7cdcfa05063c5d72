package sandbox

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

// callBy is a call of the merchant's. From here on the step is scoped.
func (s *step) callBy(m *merchant) *call {
	s.Tx = scoped{s.Tx, m.MchID}
	return &call{step: s, merchant: m}
}

// unscoped is the transaction with everything in it, for what WeChat Pay itself
// does beside a call, such as telling other merchants about their payer.
func unscoped(tx store.Tx) store.Tx {
	if s, ok := tx.(scoped); ok {
		return s.Tx
	}
	return tx
}

// hides says whether an entity is left out of a transaction.
func hides(tx store.Tx, e entity) bool {
	s, ok := tx.(scoped)
	return ok && e.owner() != "" && e.owner() != s.mchid
}

// The merchants that entities belong to.

func (s *sessionRow) owner() string    { return s.MchID }
func (c *contractRow) owner() string   { return c.MchID }
func (o *orderRow) owner() string      { return o.MchID }
func (d *debitRow) owner() string      { return d.MchID }
func (r *refundRow) owner() string     { return r.MchID }
func (p *pushRow) owner() string       { return p.MchID }
func (b *billFile) owner() string      { return b.MchID }
func (s *savedMerchant) owner() string { return s.Merchant.MchID }
func (s *savedPlan) owner() string     { return s.MchID }
func (s *savedKeys) owner() string     { return s.MchID }
func (s *savedFormer) owner() string   { return s.MchID }

// The ids of these name the merchant, and calls make them with their own.

func (c *codeUse) owner() string { return "" }
func (c *claim) owner() string   { return "" }

// These are the payer's, or WeChat Pay's.

func (w *walletRow) owner() string        { return "" }
func (p *paymentCode) owner() string      { return "" }
func (s *savedPerson) owner() string      { return "" }
func (s *savedForward) owner() string     { return "" }
func (s *savedClock) owner() string       { return "" }
func (s *savedCertificate) owner() string { return "" }
