package papay

import (
	"errors"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// XMLEndpoints are the APIv2 endpoints, by path. A partner twin is the same
// endpoint for a provider, who signs and names the sub-merchant.
func XMLEndpoints() map[string]*xmlcall.Endpoint {
	out := map[string]*xmlcall.Endpoint{}
	add := func(path string, end xmlcall.Endpoint) { out[path] = &end }
	twins := func(path string, end xmlcall.Endpoint) {
		add(path, end)
		end.Sub = true
		i := strings.LastIndexByte(path, '/')
		add(path[:i]+"/partner"+path[i:], end)
	}
	twins("/papay/entrustweb", xmlcall.Endpoint{Run: xmlPage, Page: enter})
	twins("/papay/h5entrustweb", xmlcall.Endpoint{Run: xmlRedirect, Get: true, Unsigned: true, HMAC: true,
		Failure: redirectFailure})
	twins("/papay/preentrustweb", xmlcall.Endpoint{Run: xmlPresign, Nonce: true})
	twins("/papay/querycontract", xmlcall.Endpoint{Run: xmlQuery, Terse: true})
	twins("/papay/deletecontract", xmlcall.Endpoint{Run: xmlDelete})
	twins("/pay/pappayapply", xmlcall.Endpoint{Run: xmlApply, Nonce: true})
	twins("/pay/paporderquery", xmlcall.Endpoint{Run: xmlOrder, Nonce: true})
	add("/pay/contractorder", xmlcall.Endpoint{Run: contractOrder, Nonce: true})
	add("/pay/unifiedorder", xmlcall.Endpoint{Run: unifiedOrder, Nonce: true})
	add("/pay/orderquery", xmlcall.Endpoint{Run: orderQuery, Nonce: true})
	add("/pay/closeorder", xmlcall.Endpoint{Run: orderClose, Nonce: true})
	add("/pay/downloadbill", xmlcall.Endpoint{Run: downloadBill, Unsigned: true, Failure: billFailure})
	add("/pay/refundquery", xmlcall.Endpoint{Run: refundQuery, Nonce: true})
	add("/secapi/pay/refund", xmlcall.Endpoint{Run: refundApply, Nonce: true, MTLS: true})
	return out
}

// signingRequest makes the session of an APIv2 signing request, whichever way it
// came: by the preentrustweb call, a page's URL, the mini program's extraData or
// with an order. The same request again within the session's life, but for its
// timestamp, gets the same session.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987465
func signingRequest(s *engine.Step, m *registry.Merchant, f wire.Fields) (*rows.Session, error) {
	p := s.Products[ledger.Papay]
	if err := checkSigningRequest(f); err != nil {
		return nil, err
	}
	if wrong := m.PlanMismatch(p.Name, f["plan_id"]); wrong != registry.Fits {
		return nil, xmlcall.InXML(wrong).Hinting(wrong.Hint(m, "plan_id", p.Name))
	}
	live, err := contracts.ByCode(s, p, m.MchID, f["plan_id"], f["contract_code"])
	if err != nil {
		return nil, err
	}
	if live != nil && live.Live() {
		return nil, xmlcall.Refusal("INVALID_REQUEST", "contract_code重复，该协议号已签约").
			Hinting("a contract with this contract_code is in force; an APIv2 code may be used again only after its " +
				"contract has ended")
	}
	fingerprint := xmlcall.Fingerprint(f)
	use, err := rows.Get[rows.CodeUse](s.Tx, xmlCodeKey(m.MchID, f["plan_id"], f["contract_code"]))
	switch {
	case errors.Is(err, store.ErrNotFound):
		use = &rows.CodeUse{ID: xmlCodeKey(m.MchID, f["plan_id"], f["contract_code"])}
	case err != nil:
		return nil, err
	case use.Fingerprint == fingerprint:
		open, err := contracts.Former(s.Tx, use)
		if err != nil {
			return nil, err
		}
		if waits, err := contracts.Waits(s, open); waits || err != nil {
			return open, err
		}
	}
	token, err := s.NewToken(p)
	if err != nil {
		return nil, err
	}
	session := &rows.Session{Session: ledger.Session{
		Token: token, Product: p.Name, MchID: m.MchID, SubMchID: f["sub_mch_id"],
		AppID: f["appid"], SubAppID: f["sub_appid"],
		PlanID: f["plan_id"], Code: f["contract_code"], Account: f["contract_display_account"], UserCode: f["outerid"],
		NotifyURL: f["notify_url"], ClientIP: f["clientip"],
		Request: xmlcall.Kept(f), CreatedAt: s.Now, ExpiresAt: s.Now.Add(p.TTL), V2: true,
	}}
	use.Token, use.Fingerprint = session.Token, fingerprint
	return session, s.PutAll(use, session)
}

// checkSigningRequest checks what the catalogue cannot.
func checkSigningRequest(f wire.Fields) error {
	serial := f["request_serial"]
	if strings.Trim(serial, random.Decimal) != "" || serial == "" || serial[0] == '0' || len(serial) > 19 {
		return xmlcall.Refusal("PARAM_ERROR", "request_serial参数错误").
			Hinting("request_serial is a number of up to 64 bits without leading zeros")
	}
	if _, ok := registry.ParseAddress(f["notify_url"]); !ok {
		return xmlcall.Refusal("PARAM_ERROR", "notify_url参数错误").
			Hinting("notify_url is not an absolute address; it is signed as it is and URL-encoded once in a " +
				"page's query")
	}
	return nil
}

func xmlCodeKey(mchid, plan, code string) string {
	return rows.Joined(string(ledger.Papay), mchid, "v2", plan, code)
}

// xmlPresign opens a session for the APP, which launches the token.
func xmlPresign(c *xmlcall.Call) (wire.Fields, error) {
	session, err := enter(c)
	if err != nil {
		return nil, err
	}
	// No APIv2 request names its payer: whether they have signed already comes out
	// on the page.
	if plan := c.Merchant.Plan(ledger.Papay, session.PlanID); plan != nil && plan.IDOnly {
		return wire.Fields{"pre_entrustweb_id": session.Token}, nil
	}
	return wire.Fields{"pre_entrustweb_id": session.Token, "miniprogram_username": contracts.SigningMiniProgram,
		"miniprogram_path": contracts.SigningPath(session.Token)}, nil
}

// enter opens the session of an entry, which carries what the orders do not.
func enter(c *xmlcall.Call) (*rows.Session, error) {
	if t := c.Fields["timestamp"]; strings.Trim(t, random.Decimal) != "" || len(t) < 9 || len(t) > 10 {
		return nil, xmlcall.Refusal("PARAM_ERROR", "timestamp参数错误").Hinting("timestamp is in seconds, ten digits")
	}
	session, err := signingRequest(c.Call.Step, c.Merchant, c.Fields)
	if err == nil {
		c.Call.Asked = session.Token
	}
	return session, err
}

// xmlPage is a signing page, entrustweb. A payer opens it with OpenURL; who calls it has a session.
func xmlPage(c *xmlcall.Call) (wire.Fields, error) {
	_, err := enter(c)
	return wire.Fields{}, err
}

// xmlRedirect opens a session for a page outside WeChat, and answers with the address to send the
// payer to, who must be where the backend says.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_4.shtml
func xmlRedirect(c *xmlcall.Call) (wire.Fields, error) {
	session, err := enter(c)
	if err != nil {
		return nil, err
	}
	return wire.Fields{"redirect_url": contracts.SigningPage(session.Token)}, nil
}

// redirectFailure is a refusal in the three words that the page of h5entrustweb has.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_4.shtml
func redirectFailure(r *engine.Refusal, _ wire.Fields) wire.Fields {
	message := "INVALID_REQUEST"
	if r.Code == "SIGN_ERROR" || r.Code == "SYSTEMERROR" {
		message = r.Code
	}
	return wire.Fields{"return_code": "SUCCESS", "return_msg": "OK", "result_code": "FAIL", "result_msg": message}
}
