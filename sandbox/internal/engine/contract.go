package engine

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// ContractRow is a Contract as the store has it, with what the rules need to know.
type ContractRow struct {
	Rev
	ledger.Contract
	Person string `json:"person"` // the WeChat user behind the openids
	// What debits need to know; see debit.go, debitnotice.go and debitbooking.go.
	Usage    usage     `json:"usage,omitzero"`
	Pending  string    `json:"pending,omitempty"` // id of the debit under way
	FailedAt time.Time `json:"failed_at,omitzero"`
	Noticed  bool      `json:"noticed,omitempty"` // a notice was sent: no debit goes without one any more
}

// Live says whether the contract stands: it may be debited and ended.
func (c *ContractRow) Live() bool {
	switch c.State {
	case ledger.ContractSigned, ledger.ContractToBeRenewed, ledger.ContractTerminatePending:
		return true
	}
	return false
}

// inForce is Live, but for a contract whose time is over and that could not be ended.
func (s *Step) inForce(c *ContractRow) bool {
	over := c.Over()
	return c.Live() && (over.IsZero() || s.Now.Before(over))
}

// sound finds what no debit can be made of.
func (c *ContractRow) sound() error {
	if !c.Live() && c.State != ledger.ContractTerminated && c.State != ledger.ContractSignFailed {
		return unknownState(c, string(c.State))
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

func (c *ContractRow) RowKind() string { return "contract" }

func (c *ContractRow) Row() store.Row {
	row := store.Row{ID: c.ID, Keys: []string{
		"mchid:" + c.MchID,
		"person:" + c.Person,
		contractCodeKey(c.Product, c.MchID, c.PlanID, c.Code),
		ContractUserKey(c.Product, c.MchID, c.PlanID, c.OpenID),
	}}
	if c.Live() {
		fallDue(&row, c.Over(), time.Time{})
	}
	return row
}

// Over is when time alone ends the contract, zero for never.
func (c *ContractRow) Over() time.Time {
	var over time.Time
	for _, t := range []time.Time{c.ExpiresAt, c.EndsAt, c.LeavesAt} {
		if over.IsZero() || (!t.IsZero() && t.Before(over)) {
			over = t
		}
	}
	return over
}

// Expired says whether it was its term that ended the contract.
func (c *ContractRow) Expired() bool {
	return c.State == ledger.ContractTerminated && c.Mode == ledger.BySystem && !c.ExpiresAt.IsZero() &&
		!c.TerminatedAt.Before(c.ExpiresAt)
}

func ContractUserKey(p ledger.Product, mchid, plan, openid string) string {
	return "user:" + Joined(string(p), mchid, plan, openid)
}

// liveKey is the place of a user's one live contract under a plan. It leaves out
// the appid and the sub-merchant on purpose: a contract signed through another
// app of the same merchant is in the way as well. An out_user_code makes as many
// places as the merchant has accounts for the user.
func liveKey(p ledger.Product, mchid, plan, person, userCode string) string {
	parts := []string{"live", string(p), mchid, plan, person}
	if userCode != "" {
		parts = append(parts, userCode)
	}
	return Joined(parts...)
}

func (s *Step) Contract(id string) (*ContractRow, error) {
	c, err := Get[ContractRow](s.Tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &ledger.PageError{Reason: ledger.PageUnknown, Message: "This contract does not exist."}
	}
	return c, err
}
