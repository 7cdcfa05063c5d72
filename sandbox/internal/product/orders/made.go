package orders

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Tellings are what can be made up of orders, refunds and the echo; see engine.Made.
func Tellings() []engine.Telling {
	const paid = "TRANSACTION.SUCCESS"
	all := []engine.Telling{
		{Event: paid, Family: "pay", Write: tellPaid(nil)},
		{Event: paid, Family: "partner-pay", Write: tellPaid(nil)},
		{Event: paid, Family: "combine-transactions", Write: tellPaid((*engine.Step).MakeParts)},
		{Event: "SECURITY_ECHO.SUCCESS", Family: "security", Write: func(s *engine.Step, m *engine.Made) error {
			return tellEcho(s, m.Merchant, m.Address, "hello", "secret hello")
		}},
		{Event: "V2.REFUND", Family: "secapi-v2", Choices: [][]string{{"success", "abnormal", "closed"}},
			Write: func(s *engine.Step, m *engine.Made) error {
				state := ledger.RefundSuccess
				switch {
				case m.Says["abnormal"]:
					state = ledger.RefundAbnormal
				case m.Says["closed"]:
					state = ledger.RefundClosed
				}
				return tellRefund(s, m, "v2", state)
			}},
	}
	for event, state := range map[string]ledger.RefundState{"REFUND.SUCCESS": ledger.RefundSuccess,
		"REFUND.ABNORMAL": ledger.RefundAbnormal, "REFUND.CLOSED": ledger.RefundClosed} {
		for family, rules := range map[string]string{"refund": "domestic", "ecommerce-refunds": "ecommerce"} {
			all = append(all, engine.Telling{Event: event, Family: family,
				Write: func(s *engine.Step, m *engine.Made) error { return tellRefund(s, m, rules, state) }})
		}
	}
	return all
}

// tellPaid tells of an order that more has been done to.
func tellPaid(more func(*engine.Step, *engine.Made, *rows.Order) error) func(*engine.Step, *engine.Made) error {
	return func(s *engine.Step, m *engine.Made) error {
		o, err := s.MakeOrder(m)
		if err == nil && more != nil {
			err = more(s, m, o)
		}
		if err != nil {
			return err
		}
		return s.TellPaid[o.Placing()](s, o)
	}
}

func tellRefund(s *engine.Step, m *engine.Made, name string, state ledger.RefundState) error {
	rules := s.Refunds[name]
	r, err := s.MakeRefund(m, rules, state)
	if err != nil {
		return err
	}
	return payments.NotifyRefund(s, rules, r)
}
