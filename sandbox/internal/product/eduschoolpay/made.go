package eduschoolpay

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// tellings are what can be made up of repayments and debts; see engine.Made.
func tellings() []engine.Telling {
	return []engine.Telling{
		{Event: "TRANSACTION.PAY_BACK", Family: "eduschoolpay", Write: func(s *engine.Step, m *engine.Made) error {
			c, err := s.MakeContract(m, ledger.EduSchoolPay)
			if err != nil {
				return err
			}
			d, err := s.MakeDebit(c, s.Debits[string(ledger.EduSchoolPay)])
			if err != nil {
				return err
			}
			d.Advanced, d.RepaidAt = true, s.Now
			return tellRepaid(s, d)
		}},
		{Event: "EDU_SCHOOL_PAY.USER_DEBT_STATE_UPDATE", Family: "eduschoolpay",
			Choices: [][]string{{"forbidden", "normal"}}, Write: func(s *engine.Step, m *engine.Made) error {
				c, err := s.MakeContract(m, ledger.EduSchoolPay)
				if err != nil {
					return err
				}
				w := &rows.Wallet{DebtsAt: s.Now}
				for range schoolDebtLimit {
					if m.Says["forbidden"] {
						w.Debts = append(w.Debts, rows.DebitID(ledger.EduSchoolPay, c.MchID, s.Number()))
					}
				}
				return tellDebt(s, c, m.Address, w)
			}},
	}
}
