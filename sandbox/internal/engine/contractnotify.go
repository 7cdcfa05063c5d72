package engine

import "github.com/wxpay-go/wxpay/sandbox/ledger"

// NotifyContract writes the notification of what just happened to the contract.
// Signing goes to the URL of the call, ending to the one configured with the
// plan: merchants who expect both at one URL miss the second.
func (s *Step) NotifyContract(p *Product, c *ContractRow, e Event, toPlan bool) error {
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
	return s.Notify(&PushRow{Push: ledger.Push{MchID: c.MchID, URL: url, Event: e.EventType,
		OriginalType: e.OriginalType,
		Summary:      e.Summary, Resource: EncodeJSON(p.Resource(c)), About: c.ID}, Retries: p.Retries})
}
