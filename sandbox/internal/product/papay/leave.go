package papay

import (
	"encoding/json"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What a merchant is asked when a payer is about to end a contract. Each is one question, put once.

// RetentionPatience is how long WeChat waits for the offer.
const RetentionPatience = time.Second

// Leaving is the plan of a live contract whose payer may be about to leave; nil where nobody is
// asked anything.
func Leaving(s *engine.Step, c *rows.Contract) *ledger.Plan {
	if c.Product == ledger.Papay && c.Live() && !c.V2 && c.SubMchID == "" {
		return s.PlanOf(c)
	}
	return nil
}

// Retention asks what the merchant holds out to a payer who is about to leave.
func Retention(c *rows.Contract, plan *ledger.Plan) *push.Row {
	return question(c, plan, "ENTRUST.TERMINATE_RETENTION", "获取解约挽留信息", engine.Document{})
}

// question names the contract it is about, and says what more there is to it.
func question(c *rows.Contract, plan *ledger.Plan, event, summary string, more engine.Document) *push.Row {
	more["mchid"], more["appid"], more["openid"] = c.MchID, c.AppID, c.OpenID
	more["plan_id"], more["contract_id"], more["out_contract_code"] = engine.Integer(c.PlanID), c.ID, c.Code
	return &push.Row{Push: ledger.Push{
		MchID: c.MchID, URL: plan.NotifyURL, Event: event, OriginalType: "entrust", Summary: summary,
		About: c.ID, Resource: rows.EncodeJSON(more),
	}}
}

// Offered is what an answer to Retention holds out, nil for one that is not what it should be.
func Offered(said []byte) *ledger.Offer {
	var answer struct {
		Code   string `json:"code"`
		Type   string `json:"retention_type"`
		Coupon struct {
			State string `json:"state"`
			ID    string `json:"coupon_id"`
		} `json:"coupon_info"`
	}
	if json.Unmarshal(said, &answer) != nil || answer.Code != "SUCCESS" || answer.Type != "COUPON" {
		return nil
	}
	switch answer.Coupon.State {
	case "SEND_COUPON", "UNUSED_COUPON", "NOT_SEND_COUPON":
		return &ledger.Offer{Type: answer.Type, State: answer.Coupon.State, CouponID: answer.Coupon.ID}
	}
	return nil
}

// Inquiry asks whether a payer may end a contract that was signed on HarmonyOS.
func Inquiry(c *rows.Contract, plan *ledger.Plan) *push.Row {
	return question(c, plan, "ENTRUST.TERMINATE_INQUIRY", "委托代扣解约问询", engine.Document{
		"out_user_code": c.UserCode, "contract_display_account": c.Account,
		"contract_state": string(c.State), "contract_signed_time": wire.FormatTime(c.SignedAt),
	})
}

// Consents says whether an answer to Inquiry is a yes: a success without a body is one, and of
// those with a body only the code SUCCESS.
func Consents(said []byte) bool {
	var answer struct {
		Code string `json:"code"`
	}
	return len(said) == 0 || json.Unmarshal(said, &answer) == nil && answer.Code == "SUCCESS"
}
