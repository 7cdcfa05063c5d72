package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/store"
)

// presign is the first half of every contract: it checks that the merchant may
// ask, that the payer has not signed already and that the code is fresh, and
// opens a session. The same call again within the session's life returns the
// same session; another call with the same code is refused.
//
// The endpoints of a product differ in what they call things; sessionFromBody
// knows the spellings. What is left, such as an expiry the call sets or checks
// only one of them makes, is for adjust, which runs before anything is looked up
// and may refuse.
func (c *call) presign(p *product, adjust ...func(*call, *sessionRow) error) (*sessionRow, error) {
	s := c.sessionFromBody(p)
	for _, f := range adjust {
		if err := f(c, s); err != nil {
			return nil, err
		}
	}
	if err := c.checkPlan(p, s.PlanID); err != nil {
		return nil, err
	}
	if err := c.checkAppID(); err != nil {
		return nil, err
	}
	if err := c.checkSub(s.SubMchID, s.SubAppID); err != nil {
		return nil, err
	}
	use, err := c.codeUse(p, s)
	if err != nil {
		return nil, err
	}
	if use.Burnt {
		return nil, invalidRequest("商户签约协议号已被使用，请更换后重试").
			hinting("out_contract_code is burnt: signing was attempted with it, use a new one")
	}
	if err := c.checkNotSigned(p, s); err != nil {
		return nil, err
	}
	if use.Token != "" {
		open, err := get[sessionRow](c.Tx, use.Token)
		if err != nil {
			return nil, err
		}
		if open.State(c.now) == SessionWaiting {
			if use.Fingerprint != c.fingerprint() {
				r := invalidRequest("请求重入时，参数与首次请求时不一致").
					hinting("this out_contract_code has an open session with other parameters: repeat them exactly, " +
						"or use another code")
				r.internal = internalReplay
				return nil, r
			}
			return open, nil
		}
	}
	if s.Token, err = c.newToken(p); err != nil {
		return nil, err
	}
	use.Token, use.Fingerprint = s.Token, c.fingerprint()
	if err := put(c.Tx, use); err != nil {
		return nil, err
	}
	return s, put(c.Tx, s)
}

// sessionFromBody reads what presigns have in common, under the names the
// products and roles give it: a partner's appid is sp_appid.
func (c *call) sessionFromBody(p *product) *sessionRow {
	return &sessionRow{Session: Session{
		Product: p.name, MchID: c.merchant.MchID,
		SubMchID: c.text("sub_mchid"), AppID: c.either("appid", "sp_appid"), SubAppID: c.text("sub_appid"),
		PlanID: c.text(p.names.plan), Code: c.text(p.names.code),
		OpenID: c.either("openid", "sp_openid"), SubOpenID: c.text("sub_openid"), UserCode: c.text("out_user_code"),
		Account:   c.text(p.names.account),
		NotifyURL: c.either("notify_url", "contract_notify_url", "success_notify_url"), Attach: c.text("attach"),
		PrepayID: c.text("prepay_id"), Request: json.RawMessage(c.raw),
		CreatedAt: c.now, ExpiresAt: c.now.Add(p.ttl),
	}}
}

// either is the first of these members that is there.
func (c *call) either(names ...string) string { return c.text(c.named(names...)) }

// named is which of these members is there, the first when none is.
func (c *call) named(names ...string) string {
	for _, name := range names {
		if c.text(name) != "" {
			return name
		}
	}
	return names[0]
}

// checkPlan tells a plan the merchant does not have from a switched-off one.
func (c *call) checkPlan(p *product, id string) error {
	wrong := c.merchant.planMismatch(p.name, id)
	hint := wrong.hint(c.merchant, p.names.plan, p.name)
	switch wrong {
	case planUnknown:
		return badField("/"+p.names.plan, id, "签约模板非法，请检查"+p.names.plan).hinting(hint)
	case planDisabled:
		return noAuth("该模板已停用").hinting(hint)
	}
	return nil
}

// checkAppID checks the appid of the call against the merchant's. Where the
// catalogue lets it be left out there is nothing to check.
func (c *call) checkAppID() error {
	name := c.named("appid", "sp_appid")
	appid := c.text(name)
	if appid == "" || c.merchant.owns(appid) {
		return nil
	}
	r := badField("/"+name, appid, name+"与mchid不匹配").hinting(appIDUnbound.hint(c.merchant, name, ""))
	r.internal = internalAppID
	return r
}

// checkApps checks the appid of the call and the sub-merchant it names.
func (c *call) checkApps() error {
	if err := c.checkAppID(); err != nil {
		return err
	}
	return c.checkSub(c.text("sub_mchid"), c.text("sub_appid"))
}

// checkSub checks that the merchant may act for the sub-merchant the call names.
func (c *call) checkSub(mchid, appid string) error {
	var r *refusal
	wrong := c.merchant.subMismatch(mchid, appid)
	switch wrong {
	case fits:
		return nil
	case subMissing:
		r = badField("/sub_mchid", "", "sub_appid需与sub_mchid同时上传").hinting(wrong.hint(c.merchant, "sub_mchid", ""))
		r.internal = internalNoSubMchID
	case subUnbound:
		r = noAuth("非法商户，服务商模式下请确认子商户正确").hinting(wrong.hint(c.merchant, "sub_mchid", ""))
		r.internal = internalNoRelation
	default:
		r = badField("/sub_appid", appid, "sub_appid与sub_mchid不匹配").hinting(wrong.hint(c.merchant, "sub_appid", ""))
		r.internal = internalAppID
	}
	return r
}

// checkNotSigned refuses a second live contract of the same user under the same
// plan, when the call says who the user is.
func (c *call) checkNotSigned(p *product, s *sessionRow) error {
	if s.payers().name() == "" {
		return nil
	}
	_, err := get[claim](c.Tx, liveKey(p.name, s.MchID, s.PlanID, c.registry.person(s.payers().name()).id, s.UserCode))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return p.alreadySigned()
}

// codeUse finds what the call's out_contract_code was used for so far. Products
// without a code are keyed by the whole call: only the very same one repeats.
func (c *call) codeUse(p *product, s *sessionRow) (*codeUse, error) {
	code := s.Code
	if p.names.code == "" {
		code = c.fingerprint()
	}
	id := p.codeKey(s.MchID, s.PlanID, code)
	use, err := get[codeUse](c.Tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return &codeUse{ID: id}, nil
	}
	return use, err
}

// fingerprint tells calls apart by endpoint and meaning: members in another
// order are the same call.
func (c *call) fingerprint() string {
	if c.print == "" {
		sum := sha256.Sum256(append([]byte(c.op.ID()+"\n"), encodeJSON(c.body)...))
		c.print = hex.EncodeToString(sum[:])
	}
	return c.print
}
