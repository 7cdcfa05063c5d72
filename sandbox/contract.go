package sandbox

import (
	"errors"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

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

// live says whether the contract stands: it may be debited and ended.
func (c *contractRow) live() bool {
	switch c.State {
	case ContractSigned, ContractToBeRenewed, ContractTerminatePending:
		return true
	}
	return false
}

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
