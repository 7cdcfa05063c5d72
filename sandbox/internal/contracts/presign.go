package contracts

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
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
func Presign(c *engine.Call, p *engine.Product, adjust ...func(*engine.Call, *rows.Session) error) (*rows.Session,
	error) {
	s := sessionFromBody(c, p)
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
	use, err := CodeUse(c, p, s)
	if err != nil {
		return nil, err
	}
	if use.Burnt {
		return nil, engine.InvalidRequest("商户签约协议号已被使用，请更换后重试").
			Hinting("out_contract_code is burnt: signing was attempted with it, use a new one")
	}
	if err := CheckNotSigned(c, p, s); err != nil {
		return nil, err
	}
	if use.Token != "" {
		open, err := Former(c.Tx, use)
		if err != nil {
			return nil, err
		}
		waits, err := Waits(c.Step, open)
		if err != nil {
			return nil, err
		}
		if waits {
			if use.Fingerprint != c.Fingerprint() {
				r := engine.InvalidRequest("请求重入时，参数与首次请求时不一致").
					Hinting("this out_contract_code has an open session with other parameters: repeat them exactly, " +
						"or use another code")
				r.Internal = engine.InternalReplay
				return nil, r
			}
			c.Asked = open.Token
			return open, nil
		}
	}
	if s.Token, err = c.NewToken(p); err != nil {
		return nil, err
	}
	c.Asked = s.Token
	use.Token, use.Fingerprint = s.Token, c.Fingerprint()
	if err := rows.Put(c.Tx, use); err != nil {
		return nil, err
	}
	return s, rows.Put(c.Tx, s)
}

// sessionFromBody reads what presigns have in common, under the names the
// products and roles give it: a partner's appid is sp_appid.
func sessionFromBody(c *engine.Call, p *engine.Product) *rows.Session {
	return &rows.Session{Session: ledger.Session{
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

// CheckNotSigned refuses a second live contract of the same user under the same
// plan, when the call says who the user is.
func CheckNotSigned(c *engine.Call, p *engine.Product, s *rows.Session) error {
	if s.Payers().Name() == "" {
		return nil
	}
	taken, err := placeTaken(c.Step, p, s, c.Registry.Person(s.Payers().Name()).ID)
	if taken {
		return p.AlreadySigned()
	}
	return err
}

// CodeUse finds what the call's out_contract_code was used for so far. Products
// without a code are keyed by the whole call: only the very same one repeats.
func CodeUse(c *engine.Call, p *engine.Product, s *rows.Session) (*rows.CodeUse, error) {
	code := s.Code
	if p.Names.Code == "" {
		code = c.Fingerprint()
	}
	id := p.CodeKey(s.MchID, s.PlanID, code)
	use, err := rows.Get[rows.CodeUse](c.Tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return &rows.CodeUse{ID: id}, nil
	}
	return use, err
}

// MaskedName says whether a name is shown as it must be: * for every character but
// the last, and never more than three of them.
func MaskedName(name string) bool {
	r := []rune(name)
	n := len(r)
	return 1 <= n && n <= 4 && strings.Trim(string(r[:n-1]), "*") == "" && r[n-1] != '*'
}
