package engine

import (
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Telling is a notification that can be sent about something made up; see package trigger. It is
// written by the code that tells of what did happen, so that the two cannot differ.
type Telling struct {
	Event  string // its type
	Family string // of the catalogue, which describes it
	// Choices are what it can say, in groups of which one word counts each, the first where none is
	// asked for.
	Choices [][]string
	Write   func(*Step, *Made) error
}

// Made says whose a made-up notification is and how it is sent. While a step has one, push.Notify
// writes notifications as it says.
type Made struct {
	Family                        string // whose event it is
	Merchant                      *registry.Merchant
	AppID, OpenID                 string
	Partner                       bool // it tells of a sub-merchant's
	SubMchID, SubAppID, SubOpenID string
	Address                       string          // where it goes
	Says                          map[string]bool // the words of the choices, one of each group

	Shape  func(*ledger.Push) error // changes the notification before it is written
	Inject []fault.Fault            // is done to it alone
	Once   bool                     // it is not sent again, whatever is answered
}

// PlanID is the first plan that the merchant has of a product, or else that of the samples.
func (m *Made) PlanID(p *Product) string {
	for _, plan := range m.Merchant.Plans {
		if plan.Product == p.Name {
			return plan.ID
		}
	}
	return p.Samples[0].ID
}

// Enders are the words for who ended a contract.
func Enders() []string { return words(enders) }

// Failures are the words for why a debit failed.
func Failures() []string { return words(failures) }

type word[V any] struct {
	word  string
	means V
}

var enders = []word[ledger.Termination]{
	{"user", ledger.ByUser}, {"merchant", ledger.ByMerchant}, {"console", ledger.ByConsole},
	{"customer-service", ledger.ByCustomerService}, {"system", ledger.BySystem},
}

var failures = []word[ledger.Failure]{
	{"not-enough", ledger.NotEnough}, {"limit", ledger.RiskRejected}, {"bank-error", ledger.BankError},
	{"account-abnormal", ledger.AccountAbnormal}, {"account-error", ledger.AccountError},
	{"user-gone", ledger.UserNotExist}, {"trade-error", ledger.TradeError}, {"contract-gone", ledger.ContractGone},
	{"system-error", ledger.SystemFailure},
}

func words[V any](list []word[V]) (out []string) {
	for _, w := range list {
		out = append(out, w.word)
	}
	return out
}

// chosen is what the words of m mean of a list, zero for none of it.
func chosen[V any](m *Made, list []word[V]) (means V) {
	for _, w := range list {
		if m.Says[w.word] {
			return w.means
		}
	}
	return means
}

// Ended has a made-up contract be ended as the words say; where they do not, it stays in force.
func (m *Made) Ended(s *Step, c *rows.Contract) {
	if by := chosen(m, enders); by != "" {
		s.endMade(c, by)
	}
}

// Failed has a made-up debit fail as the words say; where they do not, it stays paid.
func (m *Made) Failed(d *rows.Debit) {
	if why := chosen(m, failures); why != "" {
		d.State, d.Failure, d.Closed, d.TransactionID = ledger.DebitFailed, why, why != ledger.SystemFailure, ""
	}
}
