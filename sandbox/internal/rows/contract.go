package rows

import (
	"cmp"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Contract is a Contract as the store has it, with what the rules need to know.
type Contract struct {
	Rev
	ledger.Contract
	Person string `json:"person"` // the WeChat user behind the openids
	// What debits need to know; see package debits.
	Usage    usage     `json:"usage,omitzero"`
	Pending  string    `json:"pending,omitempty"`  // id of the debit under way
	FailedAt time.Time `json:"failed_at,omitzero"` // the last debit, since one succeeded
	Noticed  bool      `json:"noticed,omitempty"`  // a notice was sent: no debit goes without one any more
}

// Live says whether the contract stands: it may be debited and ended.
func (c *Contract) Live() bool {
	switch c.State {
	case ledger.ContractSigned, ledger.ContractToBeRenewed, ledger.ContractTerminatePending:
		return true
	}
	return false
}

// sound finds what no debit can be made of.
func (c *Contract) sound() error {
	if !c.Live() && c.State != ledger.ContractTerminated && c.State != ledger.ContractSignFailed {
		return unknownState(c, string(c.State))
	}
	if u := c.Usage; min(u.DayAttempts, u.DaySuccesses, u.PeriodSuccesses, u.Successes) < 0 || u.DayAmount < 0 {
		return Misread(c, "has counted below zero")
	}
	if p := c.Policy; p != nil && (p.Term < 0 || p.Term > 0 && p.Term >= len(c.Bookings)) {
		return Misread(c, "has a term from period %d on, and %d periods", p.Term, len(c.Bookings))
	}
	return nil
}

func KnownTermination(t ledger.Termination) bool {
	switch t {
	case ledger.ByUser, ledger.ByMerchant, ledger.ByConsole, ledger.ByCustomerService, ledger.BySystem:
		return true
	}
	return false
}

func (c *Contract) RowKind() string { return "contract" }

func (c *Contract) Row() store.Row {
	row := store.Row{ID: c.ID, Keys: []string{
		"person:" + c.Person,
		ContractCodeKey(c.Product, c.MchID, c.PlanID, c.Code),
		ContractUserKey(c.Product, c.MchID, c.PlanID, c.OpenID),
	}}
	if c.Live() {
		fallDue(&row, c.Over(), time.Time{})
	}
	return row
}

// Over is when time alone ends the contract, zero for never.
func (c *Contract) Over() time.Time {
	var over time.Time
	for _, t := range []time.Time{c.ExpiresAt, c.EndsAt, c.LeavesAt} {
		if over.IsZero() || (!t.IsZero() && t.Before(over)) {
			over = t
		}
	}
	return over
}

// Expired says whether it was its term that ended the contract.
func (c *Contract) Expired() bool {
	return c.State == ledger.ContractTerminated && c.Mode == ledger.BySystem && !c.ExpiresAt.IsZero() &&
		!c.TerminatedAt.Before(c.ExpiresAt)
}

func ContractUserKey(p ledger.Product, mchid, plan, openid string) string {
	return "user:" + Joined(string(p), mchid, plan, openid)
}

// LiveKey is the place of a user's one live contract under a plan. It leaves out
// the appid and the sub-merchant on purpose: a contract signed through another
// app of the same merchant is in the way as well. An out_user_code makes as many
// places as the merchant has accounts for the user.
func LiveKey(p ledger.Product, mchid, plan, person, userCode string) string {
	parts := []string{"live", string(p), mchid, plan, person}
	if userCode != "" {
		parts = append(parts, userCode)
	}
	return Joined(parts...)
}

func (c *Contract) LiveKey() string {
	return LiveKey(c.Product, c.MchID, c.PlanID, c.Person, c.UserCode)
}

func ContractCodeKey(p ledger.Product, mchid, plan, code string) string {
	return "code:" + Joined(string(p), mchid, plan, code)
}

// FirstDay and LastDay are the days between which a booking may be debited.
func FirstDay(b *ledger.Booking) string { return cmp.Or(b.From, b.Date) }

func LastDay(b *ledger.Booking) string { return cmp.Or(b.Until, b.Date) }

// Booking finds one of the contract's bookings, or nil.
func (c *Contract) Booking(id string) *ledger.Booking {
	for i := range c.Bookings {
		if c.Bookings[i].ID == id {
			return &c.Bookings[i]
		}
	}
	return nil
}
