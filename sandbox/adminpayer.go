package sandbox

import "net/http"

// payerRoutes are what the payer does in WeChat.
func (a *admin) payerRoutes() map[string]adminRoute {
	const root = "POST /sandbox/payers"
	type token struct {
		Token string `json:"token"`
		IP    string `json:"ip"`
	}
	type prepay struct {
		PrepayID string `json:"prepay_id"`
	}
	type contract struct {
		ContractID string `json:"contract_id"`
	}
	withToken := func(do func(*Payer, string) (any, error)) adminRoute {
		return takes(func(r *http.Request, b *token) (any, error) {
			if err := need("token", b.Token); err != nil {
				return nil, err
			}
			return do(a.payer(r).From(b.IP), b.Token)
		})
	}
	withPrepay := func(do func(*Payer, string) (any, error)) adminRoute {
		return takes(func(r *http.Request, b *prepay) (any, error) {
			if err := need("prepay_id", b.PrepayID); err != nil {
				return nil, err
			}
			return do(a.payer(r), b.PrepayID)
		})
	}
	withContract := func(do func(*Payer, string) (any, error)) adminRoute {
		return takes(func(r *http.Request, b *contract) (any, error) {
			if err := need("contract_id", b.ContractID); err != nil {
				return nil, err
			}
			return do(a.payer(r), b.ContractID)
		})
	}
	saysNothing := func(do func(*Payer, string) error) func(*Payer, string) (any, error) {
		return func(p *Payer, s string) (any, error) { return nil, do(p, s) }
	}
	agreed := func(p *Payer, prepayID string) (any, error) { return p.AgreeAfterPay(prepayID) }
	routes := map[string]adminRoute{
		root + "/{openid}/open":    withToken(func(p *Payer, s string) (any, error) { return p.Open(s) }),
		root + "/{openid}/agree":   withToken(func(p *Payer, s string) (any, error) { return p.Agree(s) }),
		root + "/{openid}/decline": withToken(saysNothing((*Payer).Decline)),
		root + "/{openid}/pay":     withPrepay(func(p *Payer, s string) (any, error) { return p.Pay(s) }),
		root + "/{openid}/pay-without-signing": withPrepay(func(p *Payer, s string) (any, error) {
			return p.PayWithoutSigning(s)
		}),
		root + "/{openid}/agree-after-pay":   withPrepay(agreed),
		root + "/{openid}/decline-after-pay": withPrepay(saysNothing((*Payer).DeclineAfterPay)),
		root + "/{openid}/delete-contract":   withContract(saysNothing((*Payer).Delete)),
		root + "/{openid}/terminate":         withContract(saysNothing((*Payer).Terminate)),
		root + "/{openid}/stay-insured":      withContract(saysNothing((*Payer).StayInsured)),
		root + "/{openid}/leave": withContract(func(p *Payer, id string) (any, error) {
			offer, err := p.Leave(id)
			if offer == nil {
				return nil, err
			}
			return offer, err
		}),
	}
	type openIDs struct {
		OpenIDs map[string]string `json:"openids"`
	}
	routes[root] = takes(func(_ *http.Request, b *openIDs) (any, error) {
		if len(b.OpenIDs) == 0 {
			return nil, badCall(`the body needs "openids", an object of openid by appid`)
		}
		if err := a.AddPayer(b.OpenIDs); err != nil {
			return nil, badCall("%v", err)
		}
		return nil, nil
	})
	a.addEntrances(routes, root+"/{openid}/")
	return routes
}

// addEntrances adds the ways to a signing page that are no token.
func (a *admin) addEntrances(routes map[string]adminRoute, root string) {
	type address struct {
		URL string `json:"url"`
	}
	type launch struct {
		Path string `json:"path"` // a miniprogram_path
	}
	type miniProgram struct {
		ExtraData map[string]string `json:"extra_data"`
	}
	routes[root+"open-url"] = takes(func(r *http.Request, b *address) (any, error) {
		if err := need("url", b.URL); err != nil {
			return nil, err
		}
		return a.payer(r).OpenURL(b.URL)
	})
	routes[root+"launch"] = takes(func(r *http.Request, b *launch) (any, error) {
		if err := need("path", b.Path); err != nil {
			return nil, err
		}
		return a.payer(r).Launch(b.Path)
	})
	routes[root+"open-mini-program"] = takes(func(r *http.Request, b *miniProgram) (any, error) {
		if len(b.ExtraData) == 0 {
			return nil, badCall(`the body needs "extra_data", the object of wx.navigateToMiniProgram`)
		}
		return a.payer(r).OpenMiniProgram(b.ExtraData)
	})
}
