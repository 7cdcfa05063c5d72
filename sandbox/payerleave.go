package sandbox

import (
	"encoding/json"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// retentionPatience is how long WeChat waits for the offer.
const retentionPatience = time.Second

// Leave opens the page on which the payer ends a contract of 委托代扣, and shows
// what the merchant holds out to them: when Plan.Retention is set, WeChat asks the
// plan's URL by ENTRUST.TERMINATE_RETENTION, and shows nothing, a nil Offer, when
// the answer takes longer than a second or is not what it should be. It ends
// nothing: [Payer.Terminate] does.
func (p *Payer) Leave(contractID string) (*ledger.Offer, error) {
	c, plan, err := p.leaving(contractID)
	if err != nil || plan == nil || !plan.Retention {
		return nil, err
	}
	said, ok, err := p.sandbox.outbox.Ask(&push.Row{Push: ledger.Push{
		MchID: c.MchID, URL: plan.NotifyURL, Event: "ENTRUST.TERMINATE_RETENTION", OriginalType: "entrust",
		Summary: "获取解约挽留信息",
		About:   c.ID, Resource: rows.EncodeJSON(engine.Document{
			"mchid": c.MchID, "contract_id": c.ID, "appid": c.AppID, "plan_id": engine.Integer(c.PlanID),
			"out_contract_code": c.Code, "openid": c.OpenID,
		}),
	}}, retentionPatience)
	if err != nil || !ok {
		return nil, err
	}
	var answer struct {
		Code   string `json:"code"`
		Type   string `json:"retention_type"`
		Coupon struct {
			State string `json:"state"`
			ID    string `json:"coupon_id"`
		} `json:"coupon_info"`
	}
	if json.Unmarshal(said, &answer) != nil || answer.Code != "SUCCESS" || answer.Type != "COUPON" {
		return nil, nil
	}
	switch answer.Coupon.State {
	case "SEND_COUPON", "UNUSED_COUPON", "NOT_SEND_COUPON":
		return &ledger.Offer{Type: answer.Type, State: answer.Coupon.State, CouponID: answer.Coupon.ID}, nil
	}
	return nil, nil
}

// mayLeave asks the merchant of a contract signed on HarmonyOS whether the payer
// may end it, where Plan.AsksFirst says so. A success without a body counts as
// consent, anything else but the code SUCCESS does not.
func (p *Payer) mayLeave(contractID string) error {
	c, plan, err := p.leaving(contractID)
	if err != nil || plan == nil || !plan.AsksFirst || c.UserCode == "" {
		return err
	}
	said, ok, err := p.sandbox.outbox.Ask(&push.Row{Push: ledger.Push{
		MchID: c.MchID, URL: plan.NotifyURL, Event: "ENTRUST.TERMINATE_INQUIRY", OriginalType: "entrust",
		Summary: "委托代扣解约问询",
		About:   c.ID, Resource: rows.EncodeJSON(engine.Document{
			"mchid": c.MchID, "appid": c.AppID, "openid": c.OpenID, "plan_id": engine.Integer(c.PlanID),
			"out_contract_code": c.Code,
			"out_user_code":     c.UserCode, "contract_id": c.ID, "contract_display_account": c.Account,
			"contract_state": string(c.State), "contract_signed_time": wire.FormatTime(c.SignedAt),
		}),
	}}, p.sandbox.outbox.Patience)
	if err != nil {
		return err
	}
	var answer struct {
		Code string `json:"code"`
	}
	if ok && (len(said) == 0 || (json.Unmarshal(said, &answer) == nil && answer.Code == "SUCCESS")) {
		return nil
	}
	return &ledger.PageError{Reason: ledger.PageRefused,
		Message: "The merchant does not let you end this service at the moment."}
}

// leaving is one of the payer's own live contracts of 委托代扣 with its plan; no
// plan where nobody is asked anything.
func (p *Payer) leaving(contractID string) (c *rows.Contract, plan *ledger.Plan, err error) {
	err = p.withOwn(contractID, func(s *engine.Step, own *rows.Contract) error {
		if own.Product == ledger.Papay && own.Live() && !own.V2 && own.SubMchID == "" {
			plan = s.PlanOf(own)
		}
		c = own
		return nil
	})
	return c, plan, err
}
