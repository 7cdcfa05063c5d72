package sandbox

import (
	"net/url"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// launchLife is how long after the pre-sign an app may first open the signing
// mini program. Later openings have the session's own time.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987465
const launchLife = 2 * time.Minute

// Launch is what happens when the merchant's app calls WXLaunchMiniProgram with
// the miniprogram_path of a pre-sign's reply ([wxpay.ContractLaunch]): the signing
// page opens, for the first time only within two minutes of the pre-sign. Agree
// and decline by the token the page shows.
func (p *Payer) Launch(path string) (page *ledger.Page, err error) {
	token := ""
	if u, err := url.Parse(path); err == nil {
		token = u.Query().Get("pre_entrustweb_id")
	}
	if token == "" {
		return nil, &ledger.PageError{Reason: ledger.PageUnknown, Message: "This page does not exist.",
			Hint: "the path has no pre_entrustweb_id: give miniprogram_path as the pre-sign's reply has it"}
	}
	err = p.step(func(s *engine.Step) error {
		session, err := contracts.Session(s, token)
		if err != nil {
			return err
		}
		if session.OpenedAt.IsZero() && !s.Now.Before(session.CreatedAt.Add(launchLife)) {
			return &ledger.PageError{Reason: ledger.PageExpired,
				Message: "This page has expired. Please start again from the " +
					"merchant's app.", Hint: "a launched mini program must be opened within two minutes of " +
					"its pre-sign"}
		}
		page, err = contracts.Open(s, session, p.openid)
		return err
	})
	return page, err
}
