package sandbox

import (
	"cmp"
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// placeWithContract places an order together with a contract: one to be signed by
// paying (plan_id and the rest, or the token of a presign), or a password-exempt
// one it is paid under.
//
// The order stands whatever becomes of the contract: a payer who has signed
// already and a burnt code are no errors here, and nobody is told. Only what can
// never work is refused.
// https://pay.weixin.qq.com/docs/merchant/apis/hide-jsapi-payment/direct-jsons/jsapi-contract-prepay.html
func placeWithContract(t TradeType) behaviour {
	return func(c *call) (document, error) {
		o, err := c.placeTransaction(t)
		if err != nil {
			return nil, err
		}
		info := object(c.body, "contract_info")
		switch {
		case textOf(info, "password_free_contract_id") != "":
			err = c.payUnder(o, textOf(info, "password_free_contract_id"))
		case textOf(info, "token") != "":
			err = c.payToken(o, textOf(info, "token"))
		case textOf(info, "plan_id") != "":
			err = c.payPlan(o, info)
		default:
			err = badField("/contract_info", "", "签约授权信息不完整").hinting("contract_info names a contract to sign " +
				"(plan_id and the rest), a token, or a password_free_contract_id")
		}
		if err != nil {
			return nil, err
		}
		return o.placed(), nil
	}
}

// payUnder has the order paid under a password-exempt contract of its payer's.
func (c *call) payUnder(o *orderRow, contractID string) error {
	contract, err := c.contractOf(PasswordExempt, contractID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return invalidRequest("免密协议不存在").hinting(c.noContract(PasswordExempt))
	case err != nil:
		return err
	}
	_, theirs := c.payerOf(contract.payers(), o.payers().name())
	switch {
	case contract.SubMchID != "" && contract.SubMchID != o.SubMchID:
		return noAuth("商户无权操作该协议").hinting("the contract was signed for another sub-merchant")
	case !contract.live():
		return invalidRequest("协议不存在或已解约").hinting("the contract is " + string(contract.State) +
			"; place an ordinary order, which asks the payer for their password")
	case !theirs:
		return invalidRequest("支付用户与签约用户不一致").hinting("the payer of the order is not the one who signed the contract")
	}
	o.Exempt = contract.ID
	return put(c.Tx, o)
}

// payToken has paying the order agree to a session that was presigned.
func (c *call) payToken(o *orderRow, token string) error {
	session, err := get[sessionRow](c.Tx, token)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return invalidRequest("预签约码有误或已过期").hinting("no presign of this merchant's returned this token")
	case err != nil:
		return err
	case session.PrepayID != "" && session.PrepayID != o.PrepayID:
		return invalidRequest("预签约码有误或已过期").hinting("the token was used for another order")
	case session.State(c.now) != SessionWaiting:
		return invalidRequest("预签约码有误或已过期").hinting("the session of this token is " + string(session.State(c.now)))
	}
	session.PrepayID, session.PaySign = o.PrepayID, true
	return put(c.Tx, session)
}

// payPlan has paying the order sign a debit contract.
func (c *call) payPlan(o *orderRow, info map[string]any) error {
	const at = "/contract_info/"
	if err := c.checkMchID(at+"contract_mchid", textOf(info, "contract_mchid")); err != nil {
		return err
	}
	if appid := textOf(info, "contract_appid"); appid != o.AppID {
		return badField(at+"contract_appid", appid, "contract_appid与下单appid不一致").
			hinting("contract_appid is the appid of the order")
	}
	for _, name := range []string{"contract_code", "request_serial", "contract_display_account"} {
		if textOf(info, name) == "" {
			return badField(at+name, "", "缺少参数"+name)
		}
	}
	p := c.products[Papay]
	if err := c.checkPlan(p, textOf(info, "plan_id")); err != nil {
		return err
	}
	obstacle, err := c.signWith(p, o, &sessionRow{Session: Session{
		PlanID: textOf(info, "plan_id"), Code: textOf(info, "contract_code"),
		Account: textOf(info, "contract_display_account"), NotifyURL: textOf(info, "contract_notify_url"),
		Request: encodeJSON(info),
	}})
	if obstacle != nil {
		c.note = "the order stands, but paying it will sign nothing: " + cmp.Or(obstacle.hint, obstacle.message)
	}
	return err
}

// signWith opens the session that paying the order agrees to: s says under which
// plan and code, for whom is the order's. What is in the way of signing comes
// back as a refusal and does not concern the order.
func (c *call) signWith(p *product, o *orderRow, s *sessionRow) (obstacle *refusal, err error) {
	s.Product, s.MchID, s.SubMchID, s.AppID, s.SubAppID = p.name, o.MchID, o.SubMchID, o.AppID, o.SubAppID
	s.OpenID, s.SubOpenID, s.PrepayID, s.PaySign = o.OpenID, o.SubOpenID, o.PrepayID, true
	s.CreatedAt, s.ExpiresAt = c.now, o.PrepayExpiresAt
	if s.NotifyURL == "" {
		s.NotifyURL = c.merchant.plan(p.name, s.PlanID).NotifyURL
	}
	use, err := c.codeUse(p, s)
	if err != nil {
		return nil, err
	}
	if use.Burnt {
		return invalidRequest("当前签约协议号已经进行签约").hinting("the contract's code is burnt: signing was attempted with it"),
			nil
	}
	switch err := c.checkNotSigned(p, s); {
	case errors.As(err, &obstacle):
		return obstacle, nil
	case err != nil:
		return nil, err
	}
	if use.Token != "" {
		open, err := get[sessionRow](c.Tx, use.Token)
		if err != nil {
			return nil, err
		}
		switch again := open.PrepayID == o.PrepayID; {
		case again: // the same order again: its prepay_id lives on, and so does this
			open.ExpiresAt = s.ExpiresAt
			return nil, put(c.Tx, open)
		case open.State(c.now) == SessionWaiting:
			return invalidRequest("签约协议号重复").hinting("the contract's code has an open session of another call"), nil
		}
	}
	if s.Token, err = c.newToken(p); err != nil {
		return nil, err
	}
	use.Token, use.Fingerprint = s.Token, c.fingerprint()
	return nil, c.putAll(use, s)
}
