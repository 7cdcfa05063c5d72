package orders

import (
	"cmp"
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
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
func placeWithContract(t ledger.TradeType) engine.Behaviour {
	return func(c *engine.Call) (engine.Document, error) {
		o, err := placeTransaction(c, t)
		if err != nil {
			return nil, err
		}
		info := engine.Object(c.Body, "contract_info")
		switch {
		case engine.TextOf(info, "password_free_contract_id") != "":
			err = payUnder(c, o, engine.TextOf(info, "password_free_contract_id"))
		case engine.TextOf(info, "token") != "":
			err = payToken(c, o, engine.TextOf(info, "token"))
		case engine.TextOf(info, "plan_id") != "":
			err = payPlan(c, o, info)
		default:
			err = engine.BadField("/contract_info", "签约授权信息不完整").Hinting("contract_info names a contract to sign " +
				"(plan_id and the rest), a token, or a password_free_contract_id")
		}
		if err != nil {
			return nil, err
		}
		return placed(o), nil
	}
}

// payUnder has the order paid under a password-exempt contract of its payer's.
func payUnder(c *engine.Call, o *rows.Order, contractID string) error {
	contract, err := contracts.Of(c, ledger.PasswordExempt, contractID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return engine.InvalidRequest("免密协议不存在").Hinting(contracts.NoneOf(c, ledger.PasswordExempt))
	case err != nil:
		return err
	}
	// A contract may name no openid; its person is known all the same.
	theirs := o.Payers().Share(contract.Payers()) ||
		c.Registry.Person(o.Payers().Name()).ID == c.Registry.Person(contract.Person).ID
	switch {
	case contract.SubMchID != "" && contract.SubMchID != o.SubMchID:
		return engine.NoAuth("商户无权操作该协议").Hinting("the contract was signed for another sub-merchant")
	case !contract.Live():
		return engine.InvalidRequest("协议不存在或已解约").Hinting("the contract is " + string(contract.State) +
			"; place an ordinary order, which asks the payer for their password")
	case !theirs:
		return engine.InvalidRequest("支付用户与签约用户不一致").
			Hinting("the payer of the order is not the one who signed the contract")
	}
	o.Exempt = contract.ID
	return rows.Put(c.Tx, o)
}

// payToken has paying the order agree to a session that was presigned.
func payToken(c *engine.Call, o *rows.Order, token string) error {
	session, err := rows.Get[rows.Session](c.Tx, token)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return engine.InvalidRequest("预签约码有误或已过期").Hinting("no presign of this merchant's returned this token")
	case err != nil:
		return err
	}
	waits, err := contracts.Waits(c.Step, session)
	switch {
	case err != nil:
		return err
	case waits && session.PrepayID != "" && session.PrepayID != o.PrepayID:
		return engine.InvalidRequest("预签约码有误或已过期").Hinting("the token was used for another order")
	case session.State(c.Now) != ledger.SessionWaiting && session.PrepayID == o.PrepayID:
		return nil // the same order again, which stands whatever became of the signing
	case session.State(c.Now) != ledger.SessionWaiting:
		return engine.InvalidRequest("预签约码有误或已过期").Hinting("the session of this token is " +
			string(session.State(c.Now)))
	case session.SubMchID != "" && session.SubMchID != session.MchID && session.SubMchID != o.SubMchID:
		return engine.NoAuth("商户无权操作该协议").Hinting("the token is of another sub-merchant's session")
	}
	switch why, err := contracts.Outdated(c.Step, session); {
	case err != nil:
		return err
	case why != "":
		return engine.InvalidRequest("预签约码有误或已过期").Hinting(why)
	}
	session.PrepayID, session.PaySign = o.PrepayID, true
	return rows.Put(c.Tx, session)
}

// payPlan has paying the order sign a debit contract.
func payPlan(c *engine.Call, o *rows.Order, info map[string]any) error {
	const at = "/contract_info/"
	if err := c.CheckMchID(at+"contract_mchid", engine.TextOf(info, "contract_mchid")); err != nil {
		return err
	}
	if appid := engine.TextOf(info, "contract_appid"); appid != o.AppID {
		return engine.BadField(at+"contract_appid", "contract_appid与下单appid不一致").
			Hinting("contract_appid is the appid of the order")
	}
	for _, name := range []string{"contract_code", "request_serial", "contract_display_account"} {
		if engine.TextOf(info, name) == "" {
			return engine.BadField(at+name, "缺少参数"+name)
		}
	}
	p := c.Products[ledger.Papay]
	if err := c.CheckPlan(p, engine.TextOf(info, "plan_id")); err != nil {
		return err
	}
	obstacle, err := signWith(c, p, o, &rows.Session{Session: ledger.Session{
		PlanID: engine.TextOf(info, "plan_id"), Code: engine.TextOf(info, "contract_code"),
		Account: engine.TextOf(info, "contract_display_account"), NotifyURL: engine.TextOf(info, "contract_notify_url"),
		Request: rows.EncodeJSON(info),
	}})
	if obstacle != nil {
		c.Note = "the order stands, but paying it will sign nothing: " + cmp.Or(obstacle.Hint, obstacle.Message)
	}
	return err
}

// signWith opens the session that paying the order agrees to: s says under which
// plan and code, for whom is the order's. What is in the way of signing comes
// back as a refusal and does not concern the order.
func signWith(c *engine.Call, p *engine.Product, o *rows.Order, s *rows.Session) (obstacle *engine.Refusal,
	err error) {
	s.Product, s.MchID, s.SubMchID, s.SubAppID = p.Name, o.MchID, o.SubMchID, o.SubAppID
	s.OpenID, s.SubOpenID, s.PrepayID, s.PaySign = o.OpenID, o.SubOpenID, o.PrepayID, true
	if engine.SetDefault(&s.AppID, o.AppID); s.AppID != o.AppID {
		s.OpenID = c.Registry.Person(o.Payers().Name()).OpenID(s.AppID, o.OpenID)
	}
	s.CreatedAt, s.ExpiresAt = c.Now, o.PrepayExpiresAt
	if s.NotifyURL == "" {
		s.NotifyURL = c.Merchant.Plan(p.Name, s.PlanID).NotifyURL
	}
	use, err := contracts.CodeUse(c, p, s)
	if err != nil {
		return nil, err
	}
	if use.Burnt {
		return engine.InvalidRequest("当前签约协议号已经进行签约").
				Hinting("the contract's code is burnt: signing was attempted with it"),
			nil
	}
	switch err := contracts.CheckNotSigned(c, p, s); {
	case errors.As(err, &obstacle):
		return obstacle, nil
	case err != nil:
		return nil, err
	}
	if use.Token != "" {
		open, err := contracts.Former(c.Tx, use)
		if err != nil {
			return nil, err
		}
		waits, err := contracts.Waits(c.Step, open)
		if err != nil {
			return nil, err
		}
		switch again := open != nil && open.PrepayID == o.PrepayID; {
		case again: // the same order again: its prepay_id lives on, and so does this
			open.ExpiresAt = s.ExpiresAt
			return nil, rows.Put(c.Tx, open)
		case waits:
			return engine.InvalidRequest("签约协议号重复").Hinting("the contract's code has an open session of another call"),
				nil
		}
	}
	if s.Token, err = c.NewToken(p); err != nil {
		return nil, err
	}
	use.Token, use.Fingerprint = s.Token, c.Fingerprint()
	return nil, c.PutAll(use, s)
}
