package contracts

import (
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Notify writes the notification of what just happened to the contract.
// Signing goes to the URL of the call, ending to the one configured with the
// plan: merchants who expect both at one URL miss the second.
func Notify(s *engine.Step, p *engine.Product, c *rows.Contract, e engine.Event, toPlan bool) error {
	url := c.NotifyURL
	if toPlan {
		url = ""
		if plan := s.PlanOf(c); plan != nil {
			url = plan.NotifyURL
		}
	}
	if c.V2 {
		return p.NotifyXML(s, c, url)
	}
	return push.Notify(s, &push.Row{Push: ledger.Push{MchID: c.MchID, URL: url, Event: e.EventType,
		OriginalType: e.OriginalType,
		Summary:      e.Summary, Resource: rows.EncodeJSON(p.Resource(c)), About: c.ID}, Retries: p.Retries})
}
