package sandbox

import (
	"errors"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// xmlEndpoints are the APIv2 endpoints, by path. A partner twin is the same
// endpoint for a provider, who signs and names the sub-merchant.
func xmlEndpoints() map[string]*xmlEndpoint {
	out := map[string]*xmlEndpoint{}
	add := func(path string, end xmlEndpoint) { out[path] = &end }
	twins := func(path string, end xmlEndpoint) {
		add(path, end)
		end.sub = true
		i := strings.LastIndexByte(path, '/')
		add(path[:i]+"/partner"+path[i:], end)
	}
	twins("/papay/entrustweb", xmlEndpoint{run: papayV2Page, page: (*xmlCall).enter})
	twins("/papay/h5entrustweb", xmlEndpoint{run: papayV2Page, page: (*xmlCall).enter, hmac: true})
	twins("/papay/preentrustweb", xmlEndpoint{run: papayV2Presign, nonce: true})
	twins("/papay/querycontract", xmlEndpoint{run: papayV2Query})
	twins("/papay/deletecontract", xmlEndpoint{run: papayV2Delete})
	twins("/pay/pappayapply", xmlEndpoint{run: papayV2Apply, nonce: true})
	twins("/pay/paporderquery", xmlEndpoint{run: papayV2Order, nonce: true})
	add("/pay/contractorder", xmlEndpoint{run: contractOrder, nonce: true})
	add("/pay/orderquery", xmlEndpoint{run: orderQuery, nonce: true})
	add("/pay/closeorder", xmlEndpoint{run: orderClose, nonce: true})
	add("/pay/refundquery", xmlEndpoint{run: refundQuery, nonce: true})
	add("/secapi/pay/refund", xmlEndpoint{run: refundApply, nonce: true, mtls: true})
	return out
}

// signingRequest makes the session of an APIv2 signing request, whichever way it
// came: by the preentrustweb call, a page's URL, the mini program's extraData or
// with an order. The same request again within the session's life, but for its
// timestamp, gets the same session.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987465
func (s *step) signingRequest(m *merchant, f wire.Fields) (*sessionRow, error) {
	p := s.products[Papay]
	if err := checkSigningRequest(f); err != nil {
		return nil, err
	}
	if wrong := m.planMismatch(p.name, f["plan_id"]); wrong != fits {
		return nil, wrong.inXML().hinting(wrong.hint(m, "plan_id", p.name))
	}
	live, err := s.contractByCode(p, m.MchID, f["plan_id"], f["contract_code"])
	if err != nil {
		return nil, err
	}
	if live != nil && live.live() {
		return nil, xmlRefusal("INVALID_REQUEST", "contract_code重复，该协议号已签约").
			hinting("a contract with this contract_code is in force; an APIv2 code may be used again only after its " +
				"contract has ended")
	}
	fingerprint := xmlFingerprint(f)
	use, err := get[codeUse](s.Tx, xmlCodeKey(m.MchID, f["plan_id"], f["contract_code"]))
	switch {
	case errors.Is(err, store.ErrNotFound):
		use = &codeUse{ID: xmlCodeKey(m.MchID, f["plan_id"], f["contract_code"])}
	case err != nil:
		return nil, err
	case use.Fingerprint == fingerprint:
		if open, err := get[sessionRow](s.Tx, use.Token); err != nil || open.State(s.now) == SessionWaiting {
			return open, err
		}
	}
	token, err := s.newToken(p)
	if err != nil {
		return nil, err
	}
	session := &sessionRow{Session: Session{
		Token: token, Product: p.name, MchID: m.MchID, SubMchID: f["sub_mch_id"],
		AppID: f["appid"], SubAppID: f["sub_appid"],
		PlanID: f["plan_id"], Code: f["contract_code"], Account: f["contract_display_account"], UserCode: f["outerid"],
		NotifyURL: f["notify_url"],
		Request:   encodeJSON(f), CreatedAt: s.now, ExpiresAt: s.now.Add(p.ttl), V2: true,
	}}
	use.Token, use.Fingerprint = session.Token, fingerprint
	return session, s.putAll(use, session)
}

// checkSigningRequest checks what the catalogue cannot.
func checkSigningRequest(f wire.Fields) error {
	serial := f["request_serial"]
	if strings.Trim(serial, decimal) != "" || serial == "" || serial[0] == '0' || len(serial) > 19 {
		return xmlRefusal("PARAM_ERROR", "request_serial参数错误").
			hinting("request_serial is a number of up to 64 bits without leading zeros")
	}
	if _, ok := parseAddress(f["notify_url"]); !ok {
		return xmlRefusal("PARAM_ERROR", "notify_url参数错误").
			hinting("notify_url is not an absolute address; it is signed as it is and URL-encoded once in a " +
				"page's query")
	}
	return nil
}

func xmlCodeKey(mchid, plan, code string) string {
	return joined(string(Papay), mchid, "v2", plan, code)
}

// papayV2Presign opens a session for the APP, which launches the token.
func papayV2Presign(c *xmlCall) (wire.Fields, error) {
	session, err := c.enter()
	if err != nil {
		return nil, err
	}
	// No APIv2 request names its payer: whether they have signed already comes out
	// on the page.
	return wire.Fields{"pre_entrustweb_id": session.Token}, nil
}

// enter opens the session of an entry, which carries what the orders do not.
func (c *xmlCall) enter() (*sessionRow, error) {
	if t := c.fields["timestamp"]; strings.Trim(t, decimal) != "" || len(t) < 9 || len(t) > 10 {
		return nil, xmlRefusal("PARAM_ERROR", "timestamp参数错误").hinting("timestamp is in seconds, ten digits")
	}
	return c.signingRequest(c.merchant, c.fields)
}

// papayV2Page is a signing page: entrustweb is opened in WeChat, h5entrustweb in
// a browser, which is answered with the address to go on to.
func papayV2Page(c *xmlCall) (wire.Fields, error) {
	session, err := c.enter()
	if err != nil {
		return nil, err
	}
	if !c.hmac {
		return wire.Fields{}, nil // the page itself; a payer opens it with OpenURL
	}
	return wire.Fields{"redirect_url": signingPage(session.Token)}, nil
}
