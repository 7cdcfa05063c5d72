package papay

import (
	"errors"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What is made up of this product; see engine.Made.

// makeContract gives a contract of APIv2 its request_serial, and one for a scheduled debit that
// debit, the day after tomorrow.
func makeContract(m *engine.Made, c *rows.Contract) {
	switch m.Family {
	case "papay-v2", "pay-v2":
		c.V2, c.Request = true, rows.EncodeJSON(wire.Fields{"request_serial": "1695"})
	case "scheduled-deduct":
		for _, plan := range m.Merchant.Plans {
			if plan.Product == ledger.Papay && plan.Mode == ledger.DebitScheduled {
				c.PlanID = plan.ID
			}
		}
		c.Bookings = []ledger.Booking{{Date: clock.DateOf(c.SignedAt.AddDate(0, 0, 2)), Amount: 100}}
		scheduledBooking().EndAfter(c)
	}
}

func tellings() []engine.Telling {
	ask := func(event string, question func(*rows.Contract, *ledger.Plan) *push.Row) engine.Telling {
		return engine.Telling{Event: event, Family: "papay", Write: func(s *engine.Step, m *engine.Made) error {
			c, err := s.MakeContract(m, ledger.Papay)
			if err != nil {
				return err
			}
			c.UserCode = "user1"
			p := question(c, &ledger.Plan{NotifyURL: m.Address})
			p.Retries = rows.AskedOnce
			return push.Notify(s, p)
		}}
	}
	return []engine.Telling{
		ask("ENTRUST.TERMINATE_INQUIRY", Inquiry), ask("ENTRUST.TERMINATE_RETENTION", Retention),
		{Event: push.EventV2Contract, Family: "papay-v2",
			Choices: [][]string{append([]string{"signed"}, engine.Enders()...)}, Write: tellContractXML},
		{Event: push.EventV2Payment, Family: "pay-v2",
			Choices: [][]string{{"debit", "order"}, append([]string{"paid"}, engine.Failures()...)},
			Write:   tellPaymentXML},
	}
}

func tellContractXML(s *engine.Step, m *engine.Made) error {
	c, err := s.MakeContract(m, ledger.Papay)
	if err != nil {
		return err
	}
	m.Ended(s, c)
	return contracts.Notify(s, s.Products[ledger.Papay], c, engine.Event{}, false)
}

func tellPaymentXML(s *engine.Step, m *engine.Made) error {
	if m.Says["order"] {
		if !m.Says["paid"] {
			return errors.New("an order's payment is only told of when it was paid: leave order out, for a debit " +
				"that failed")
		}
		o, err := s.MakeOrder(m)
		if err != nil {
			return err
		}
		o.V2, o.Request = true, rows.EncodeJSON(wire.Fields{"trade_type": "JSAPI"})
		return NotifyPaidOrder(s, o)
	}
	c, err := s.MakeContract(m, ledger.Papay)
	if err != nil {
		return err
	}
	rules := s.Debits[pappayapply]
	d, err := s.MakeDebit(c, rules)
	if err != nil {
		return err
	}
	m.Failed(d)
	return debits.Notify(s, rules, d)
}
