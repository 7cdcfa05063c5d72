package sandbox

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// payerRoutes are the payer's thumb.
func (a *admin) payerRoutes() map[string]func(*adminCall) (any, error) {
	const root = "POST /sandbox/payers"
	withToken := func(do func(*Payer, string) (any, error)) func(*adminCall) (any, error) {
		return func(c *adminCall) (any, error) {
			if err := need("token", c.body.Token); err != nil {
				return nil, err
			}
			return do(a.Payer(c.PathValue("openid")).From(c.body.IP), c.body.Token)
		}
	}
	withPrepay := func(do func(*Payer, string) (any, error)) func(*adminCall) (any, error) {
		return func(c *adminCall) (any, error) {
			if err := need("prepay_id", c.body.PrepayID); err != nil {
				return nil, err
			}
			return do(a.Payer(c.PathValue("openid")), c.body.PrepayID)
		}
	}
	withContract := func(do func(*Payer, string) error) func(*adminCall) (any, error) {
		return func(c *adminCall) (any, error) {
			if err := need("contract_id", c.body.ContractID); err != nil {
				return nil, err
			}
			return nil, do(a.Payer(c.PathValue("openid")), c.body.ContractID)
		}
	}
	return map[string]func(*adminCall) (any, error){
		root + "/{openid}/open":              withToken(func(p *Payer, s string) (any, error) { return p.Open(s) }),
		root + "/{openid}/agree":             withToken(func(p *Payer, s string) (any, error) { return p.Agree(s) }),
		root + "/{openid}/decline":           withToken(func(p *Payer, s string) (any, error) { return nil, p.Decline(s) }),
		root + "/{openid}/pay":               withPrepay(func(p *Payer, s string) (any, error) { return p.Pay(s) }),
		root + "/{openid}/agree-after-pay":   withPrepay(func(p *Payer, s string) (any, error) { return p.AgreeAfterPay(s) }),
		root + "/{openid}/decline-after-pay": withPrepay(func(p *Payer, s string) (any, error) { return nil, p.DeclineAfterPay(s) }),
		root + "/{openid}/delete-contract":   withContract((*Payer).Delete),
		root + "/{openid}/terminate":         withContract((*Payer).Terminate),
		root + "/{openid}/leave": func(c *adminCall) (any, error) {
			if err := need("contract_id", c.body.ContractID); err != nil {
				return nil, err
			}
			offer, err := a.Payer(c.PathValue("openid")).Leave(c.body.ContractID)
			if offer == nil {
				return nil, err
			}
			return offer, err
		},
		root + "/{openid}/stay-insured": withContract((*Payer).StayInsured),
		root + "/{openid}/open-url": func(c *adminCall) (any, error) {
			if err := need("url", c.body.URL); err != nil {
				return nil, err
			}
			return a.Payer(c.PathValue("openid")).OpenURL(c.body.URL)
		},
		root + "/{openid}/launch": func(c *adminCall) (any, error) {
			if err := need("path", c.body.Path); err != nil {
				return nil, err
			}
			return a.Payer(c.PathValue("openid")).Launch(c.body.Path)
		},
		root + "/{openid}/open-mini-program": func(c *adminCall) (any, error) {
			if len(c.body.ExtraData) == 0 {
				return nil, badCall(`the body needs "extra_data", the object of wx.navigateToMiniProgram`)
			}
			return a.Payer(c.PathValue("openid")).OpenMiniProgram(c.body.ExtraData)
		},
		root: func(c *adminCall) (any, error) {
			if len(c.body.OpenIDs) == 0 {
				return nil, badCall(`the body needs "openids", an object of openid by appid`)
			}
			if err := a.AddPayer(c.body.OpenIDs); err != nil {
				return nil, badCall("%v", err)
			}
			return nil, nil
		},
	}
}

// worldRoutes are everything else.
func (a *admin) worldRoutes() map[string]func(*adminCall) (any, error) {
	return map[string]func(*adminCall) (any, error){
		"GET /sandbox/health": func(*adminCall) (any, error) {
			return document{"ok": true, "api": a.url, "time": wire.FormatTime(a.Clock().Now())}, nil
		},
		"GET /sandbox/clock":          a.clock,
		"POST /sandbox/clock/advance": a.advanceClock,
		"POST /sandbox/clock/set":     a.setClock,
		"POST /sandbox/settle":        func(*adminCall) (any, error) { return nil, a.Settle() },

		"GET /sandbox/sessions":  func(*adminCall) (any, error) { return rows(a.Sessions()) },
		"GET /sandbox/contracts": func(*adminCall) (any, error) { return rows(a.Contracts()) },
		"GET /sandbox/orders":    func(*adminCall) (any, error) { return rows(a.Orders()) },
		"GET /sandbox/debits":    func(*adminCall) (any, error) { return rows(a.Debits()) },
		"GET /sandbox/refunds":   func(*adminCall) (any, error) { return rows(a.Refunds()) },
		"GET /sandbox/pushes":    func(*adminCall) (any, error) { return rows(a.Pushes()) },
		"GET /sandbox/journal":   a.exchanges,
		"GET /sandbox/contracts/{id}": func(c *adminCall) (any, error) {
			return a.Contract(c.PathValue("id"))
		},
		"POST /sandbox/contracts/{id}/terminate": a.terminateContract,
		"POST /sandbox/pushes/{id}/retry": func(c *adminCall) (any, error) {
			return nil, a.Redeliver(c.PathValue("id"))
		},

		"GET /sandbox/merchants":                     a.merchants,
		"POST /sandbox/merchants":                    a.addMerchant,
		"GET /sandbox/merchants/{mchid}/credentials": a.credentials,
		"POST /sandbox/plans":                        a.addPlan,
		"GET /sandbox/forwards":                      func(*adminCall) (any, error) { return a.engine.routes.forwards(), nil },
		"POST /sandbox/forwards":                     a.addForward,

		"GET /sandbox/faults":         func(*adminCall) (any, error) { return rows(a.Faults(), nil) },
		"POST /sandbox/faults":        a.addFault,
		"DELETE /sandbox/faults":      func(*adminCall) (any, error) { a.ClearFaults(); return nil, nil },
		"DELETE /sandbox/faults/{id}": a.clearFault,
		"POST /sandbox/chaos":         func(*adminCall) (any, error) { return nil, a.Inject(a.engine.chaos()...) },

		"POST /sandbox/platform-certificate":          func(*adminCall) (any, error) { return nil, a.RotatePlatformCertificate() },
		"POST /sandbox/merchants/{mchid}/certificate": a.replaceCertificate,
		"POST /sandbox/merchants/{mchid}/api-v3-key":  a.resetAPIv3Key,
		"POST /sandbox/merchants/{mchid}/key-mode":    a.setKeyMode,
	}
}

// rows makes an empty list of none, so that it is [] and not null.
func rows[T any](list []T, err error) (any, error) {
	if list == nil {
		list = []T{}
	}
	return document{"data": list}, err
}

func (a *admin) clock(*adminCall) (any, error) {
	return document{"time": wire.FormatTime(a.Clock().Now()), "manual": a.Clock().Manual()}, nil
}

func (a *admin) advanceClock(c *adminCall) (any, error) {
	d, err := time.ParseDuration(c.body.Duration)
	if err != nil || d < 0 {
		return nil, badCall(`the body needs "duration", a Go duration such as "2h" or "90s", not negative`)
	}
	if err := checkTime(a.Clock().Now().Add(d)); err != nil {
		return nil, badCall("%v", err)
	}
	if err := a.Advance(d); err != nil {
		return nil, err
	}
	return a.clock(c)
}

func (a *admin) setClock(c *adminCall) (any, error) {
	t, err := time.Parse(time.RFC3339, c.body.Time)
	if err != nil {
		return nil, badCall(`the body needs "time", RFC 3339 such as "2020-09-10T10:00:00+08:00"`)
	}
	if err := a.Clock().Set(t); err != nil {
		return nil, badCall("%v", err)
	}
	return a.clock(c)
}

func (a *admin) terminateContract(c *adminCall) (any, error) {
	by := c.body.Mode
	setDefault(&by, ByConsole)
	if !by.known() {
		return nil, badCall(`"mode" must be one of USER_TERMINATE, MCH_API_TERMINATE, WEPAY_WEB_TERMINATE, CUSTOMER_SERVICE_TERMINATE and SYSTEM_TERMINATE`)
	}
	if err := a.Terminate(c.PathValue("id"), by, c.body.Remark); err != nil {
		return nil, err
	}
	return a.Contract(c.PathValue("id"))
}

func (a *admin) exchanges(c *adminCall) (any, error) {
	after, newest := int64(0), 100
	for name, set := range map[string]func(int64){"after": func(n int64) { after = n }, "newest": func(n int64) { newest = int(n) }} {
		if v := c.URL.Query().Get(name); v != "" {
			n, err := strconv.ParseInt(v, 10, 32)
			if err != nil || n < 0 {
				return nil, badCall("%s must be a number from 0", name)
			}
			set(n)
		}
	}
	return rows(a.Journal(after, newest))
}

// merchants leaves the secrets to credentials.
func (a *admin) merchants(*adminCall) (any, error) {
	list := a.Merchants()
	for i := range list {
		list[i].APIv3Key, list[i].APIv2Key, list[i].PrivateKey = "", "", ""
	}
	return rows(list, nil)
}

// addMerchant answers with the keys that were made.
func (a *admin) addMerchant(c *adminCall) (any, error) {
	var m Merchant
	if err := json.Unmarshal(c.raw, &m); err != nil {
		return nil, badCall("the body is not a merchant: %v", err)
	}
	m, err := a.AddMerchant(m)
	if err != nil {
		return nil, badCall("%v", err)
	}
	return m, nil
}

// credentials is all that a client of the merchant needs, in any language.
func (a *admin) credentials(c *adminCall) (any, error) {
	m := a.engine.registry.merchant(c.PathValue("mchid"))
	if m == nil {
		return nil, &adminError{http.StatusNotFound, "there is no merchant with this id"}
	}
	keys := document{}
	for _, k := range a.engine.keys.clientKeys(m) {
		keys[k.ID] = publicPEM(k.Key)
	}
	return document{
		"mchid": m.MchID, "serial_no": m.serial, "private_key": m.PrivateKey, "certificate": m.Certificate,
		"api_v3_key": m.APIv3Key, "api_v2_key": m.APIv2Key, "platform_keys": keys, "host": a.url, "appids": m.AppIDs,
	}, nil
}

func (a *admin) addPlan(c *adminCall) (any, error) {
	var p Plan
	if err := json.Unmarshal(c.raw, &p); err != nil {
		return nil, badCall("the body is not a plan: %v", err)
	}
	mchid := c.body.MchID
	if mchid == "" {
		mchid = a.engine.registry.all()[0].MchID
	}
	if err := a.AddPlan(mchid, p); err != nil {
		return nil, badCall("%v", err)
	}
	return p, nil
}

func (a *admin) addForward(c *adminCall) (any, error) {
	if err := need("prefix", c.body.Prefix, "target", c.body.Target); err != nil {
		return nil, err
	}
	if err := a.Forward(c.body.Prefix, c.body.Target); err != nil {
		return nil, badCall("%v", err)
	}
	return nil, nil
}
