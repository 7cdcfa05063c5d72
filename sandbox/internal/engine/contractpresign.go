package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Presign is the first half of every contract: it checks that the merchant may
// ask, that the payer has not signed already and that the code is fresh, and
// opens a session. The same call again within the session's life returns the
// same session; another call with the same code is refused.
//
// The endpoints of a product differ in what they call things; sessionFromBody
// knows the spellings. What is left, such as an expiry the call sets or checks
// only one of them makes, is for adjust, which runs before anything is looked up
// and may refuse.
func (c *Call) Presign(p *Product, adjust ...func(*Call, *SessionRow) error) (*SessionRow, error) {
	s := c.sessionFromBody(p)
	for _, f := range adjust {
		if err := f(c, s); err != nil {
			return nil, err
		}
	}
	if err := c.CheckPlan(p, s.PlanID); err != nil {
		return nil, err
	}
	if err := c.CheckAppID(); err != nil {
		return nil, err
	}
	if err := c.CheckSub(s.SubMchID, s.SubAppID); err != nil {
		return nil, err
	}
	use, err := c.CodeUse(p, s)
	if err != nil {
		return nil, err
	}
	if use.Burnt {
		return nil, InvalidRequest("商户签约协议号已被使用，请更换后重试").
			Hinting("out_contract_code is burnt: signing was attempted with it, use a new one")
	}
	if err := c.CheckNotSigned(p, s); err != nil {
		return nil, err
	}
	if use.Token != "" {
		open, err := Get[SessionRow](c.Tx, use.Token)
		if err != nil {
			return nil, err
		}
		if open.State(c.Now) == ledger.SessionWaiting {
			if use.Fingerprint != c.Fingerprint() {
				r := InvalidRequest("请求重入时，参数与首次请求时不一致").
					Hinting("this out_contract_code has an open session with other parameters: repeat them exactly, " +
						"or use another code")
				r.Internal = internalReplay
				return nil, r
			}
			return open, nil
		}
	}
	if s.Token, err = c.NewToken(p); err != nil {
		return nil, err
	}
	use.Token, use.Fingerprint = s.Token, c.Fingerprint()
	if err := Put(c.Tx, use); err != nil {
		return nil, err
	}
	return s, Put(c.Tx, s)
}

// sessionFromBody reads what presigns have in common, under the names the
// products and roles give it: a partner's appid is sp_appid.
func (c *Call) sessionFromBody(p *Product) *SessionRow {
	return &SessionRow{Session: ledger.Session{
		Product: p.Name, MchID: c.Merchant.MchID,
		SubMchID: c.Text("sub_mchid"), AppID: c.Either("appid", "sp_appid"), SubAppID: c.Text("sub_appid"),
		PlanID: c.Text(p.Names.Plan), Code: c.Text(p.Names.Code),
		OpenID: c.Either("openid", "sp_openid"), SubOpenID: c.Text("sub_openid"), UserCode: c.Text("out_user_code"),
		Account:   c.Text(p.Names.Account),
		NotifyURL: c.Either("notify_url", "contract_notify_url", "success_notify_url"), Attach: c.Text("attach"),
		PrepayID: c.Text("prepay_id"), Request: json.RawMessage(c.Raw),
		CreatedAt: c.Now, ExpiresAt: c.Now.Add(p.TTL),
	}}
}

// Either is the first of these members that is there.
func (c *Call) Either(names ...string) string { return c.Text(c.Named(names...)) }

// Named is which of these members is there, the first when none is.
func (c *Call) Named(names ...string) string {
	for _, name := range names {
		if c.Text(name) != "" {
			return name
		}
	}
	return names[0]
}

// CheckPlan tells a plan the merchant does not have from a switched-off one.
func (c *Call) CheckPlan(p *Product, id string) error {
	wrong := c.Merchant.PlanMismatch(p.Name, id)
	hint := wrong.Hint(c.Merchant, p.Names.Plan, p.Name)
	switch wrong {
	case planUnknown:
		return BadField("/"+p.Names.Plan, id, "签约模板非法，请检查"+p.Names.Plan).Hinting(hint)
	case planDisabled:
		return NoAuth("该模板已停用").Hinting(hint)
	}
	return nil
}

// CheckAppID checks the appid of the call against the merchant's. Where the
// catalogue lets it be left out there is nothing to check.
func (c *Call) CheckAppID() error {
	name := c.Named("appid", "sp_appid")
	appid := c.Text(name)
	if appid == "" || c.Merchant.Owns(appid) {
		return nil
	}
	r := BadField("/"+name, appid, name+"与mchid不匹配").Hinting(appIDUnbound.Hint(c.Merchant, name, ""))
	r.Internal = internalAppID
	return r
}

// CheckApps checks the appid of the call and the sub-merchant it names.
func (c *Call) CheckApps() error {
	if err := c.CheckAppID(); err != nil {
		return err
	}
	return c.CheckSub(c.Text("sub_mchid"), c.Text("sub_appid"))
}

// CheckSub checks that the merchant may act for the sub-merchant the call names.
func (c *Call) CheckSub(mchid, appid string) error {
	var r *Refusal
	wrong := c.Merchant.subMismatch(mchid, appid)
	switch wrong {
	case Fits:
		return nil
	case subMissing:
		r = BadField("/sub_mchid", "", "sub_appid需与sub_mchid同时上传").Hinting(wrong.Hint(c.Merchant, "sub_mchid", ""))
		r.Internal = internalNoSubMchID
	case subUnbound:
		r = NoAuth("非法商户，服务商模式下请确认子商户正确").Hinting(wrong.Hint(c.Merchant, "sub_mchid", ""))
		r.Internal = internalNoRelation
	default:
		r = BadField("/sub_appid", appid, "sub_appid与sub_mchid不匹配").Hinting(wrong.Hint(c.Merchant, "sub_appid", ""))
		r.Internal = internalAppID
	}
	return r
}

// CheckNotSigned refuses a second live contract of the same user under the same
// plan, when the call says who the user is.
func (c *Call) CheckNotSigned(p *Product, s *SessionRow) error {
	if s.Payers().Name() == "" {
		return nil
	}
	_, err := Get[Claim](c.Tx, liveKey(p.Name, s.MchID, s.PlanID, c.Registry.Person(s.Payers().Name()).ID, s.UserCode))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return p.AlreadySigned()
}

// CodeUse finds what the call's out_contract_code was used for so far. Products
// without a code are keyed by the whole call: only the very same one repeats.
func (c *Call) CodeUse(p *Product, s *SessionRow) (*CodeUse, error) {
	code := s.Code
	if p.Names.Code == "" {
		code = c.Fingerprint()
	}
	id := p.CodeKey(s.MchID, s.PlanID, code)
	use, err := Get[CodeUse](c.Tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return &CodeUse{ID: id}, nil
	}
	return use, err
}

// Fingerprint tells calls apart by endpoint and meaning: members in another
// order are the same call.
func (c *Call) Fingerprint() string {
	if c.print == "" {
		sum := sha256.Sum256(append([]byte(c.Op.ID()+"\n"), EncodeJSON(c.Body)...))
		c.print = hex.EncodeToString(sum[:])
	}
	return c.print
}
