package sandbox

// walletRoutes are the payer's money and luck. Those that change it answer with
// what he has then.
func (a *admin) walletRoutes() map[string]func(*adminCall) (any, error) {
	const root = "POST /sandbox/payers/{openid}/"
	change := func(do func(*Payer, *adminCall) error) func(*adminCall) (any, error) {
		return func(c *adminCall) (any, error) {
			p := a.Payer(c.PathValue("openid"))
			if err := do(p, c); err != nil {
				return nil, err
			}
			return p.Wallet()
		}
	}
	return map[string]func(*adminCall) (any, error){
		"GET /sandbox/payers/{openid}": func(c *adminCall) (any, error) { return a.Payer(c.PathValue("openid")).Wallet() },
		root + "fund": change(func(p *Payer, c *adminCall) error {
			if c.body.Amount <= 0 {
				return badCall(`the body needs "amount", fen above 0`)
			}
			return p.Fund(c.body.Amount)
		}),
		root + "run-out": change(func(p *Payer, _ *adminCall) error { return p.RunOut() }),
		root + "unlimit": change(func(p *Payer, _ *adminCall) error { return p.Unlimit() }),
		root + "fail-next": change(func(p *Payer, c *adminCall) error {
			reasons := make([]Failure, min(max(c.body.Times, 1), 1000))
			for i := range reasons {
				reasons[i] = c.body.Reason
			}
			if err := p.FailNext(reasons...); err != nil {
				return badCall("%v", err)
			}
			return nil
		}),
		root + "refuse-next-notice": change(func(p *Payer, _ *adminCall) error { return p.RefuseNextNotice() }),
		root + "block-next-signing": change(func(p *Payer, _ *adminCall) error { return p.BlockNextSigning() }),
		root + "fail-next-refund":   change(func(p *Payer, _ *adminCall) error { return p.FailNextRefund() }),
		root + "close-next-refund":  change(func(p *Payer, _ *adminCall) error { return p.CloseNextRefund() }),
		root + "show-code": func(c *adminCall) (any, error) {
			code, err := a.Payer(c.PathValue("openid")).ShowCode()
			return document{"auth_code": code}, err
		},
		root + "repay": change(func(p *Payer, _ *adminCall) error { return p.Repay() }),
		root + "identify": change(func(p *Payer, c *adminCall) error {
			return p.Identify(c.body.Name, c.body.IDNumber)
		}),
		root + "sign-elsewhere": func(c *adminCall) (any, error) {
			if err := need("product", string(c.body.Product), "plan_id", c.body.PlanID); err != nil {
				return nil, err
			}
			return a.Payer(c.PathValue("openid")).SignElsewhere(c.body.Product, c.body.PlanID)
		},
	}
}
