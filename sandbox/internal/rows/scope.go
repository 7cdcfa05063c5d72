package rows

import (
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// What belongs to another merchant does not exist for an API call: its ids are
// answered like ids that nobody ever had. This file is the only one that says
// so; no behaviour asks whose a thing is.

// scoped is a transaction as the calls of one merchant see it. Its get and find
// leave out what belongs to another merchant.
type scoped struct {
	store.Tx
	mchid string
}

// Scope is the transaction as the calls of a merchant see it.
func Scope(tx store.Tx, mchid string) store.Tx { return scoped{tx, mchid} }

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

// hidesRow says so of a row that cannot be read: its keys name the merchant.
func hidesRow(tx store.Tx, row store.Row) bool {
	s, ok := tx.(scoped)
	if !ok || slices.Contains(row.Keys, ofMerchant+s.mchid) {
		return false
	}
	return slices.ContainsFunc(row.Keys, func(key string) bool { return strings.HasPrefix(key, ofMerchant) })
}

// ofMerchant begins the key of what belongs to a merchant.
const ofMerchant = "mchid:"

// The merchants that entities belong to.

func (s *Session) Owner() string  { return s.MchID }
func (c *Contract) Owner() string { return c.MchID }
func (o *Order) Owner() string    { return o.MchID }
func (d *Debit) Owner() string    { return d.MchID }
func (r *Refund) Owner() string   { return r.MchID }

// The ids of these name the merchant, and calls make them with their own.

func (c *CodeUse) Owner() string { return "" }
func (c *Claim) Owner() string   { return "" }

// These are the payer's, or WeChat Pay's.

func (w *Wallet) Owner() string { return "" }
