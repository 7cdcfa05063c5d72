package sandbox

import (
	"net/http"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// walletRoutes are the payer's money and luck. Those that change it answer with
// what they have then.
func (a *admin) walletRoutes() map[string]adminRoute {
	const root = "POST /sandbox/payers/{openid}/"
	type fund struct {
		Amount int64 `json:"amount"`
	}
	type failNext struct {
		Reason ledger.Failure `json:"reason"`
		Times  int            `json:"times"`
	}
	type identify struct {
		Name     *string `json:"name"`
		IDNumber *string `json:"id_number"`
	}
	type signElsewhere struct {
		Product ledger.Product `json:"product"`
		PlanID  string         `json:"plan_id"`
	}
	change := func(do func(*Payer) error) adminRoute {
		return bare(func(r *http.Request) (any, error) {
			p := a.payer(r)
			return a.walletAfter(p, do(p))
		})
	}
	return map[string]adminRoute{
		"GET /sandbox/payers/{openid}": bare(func(r *http.Request) (any, error) { return a.payer(r).Wallet() }),
		root + "fund": takes(func(r *http.Request, b *fund) (any, error) {
			if b.Amount <= 0 {
				return nil, badCall(`the body needs "amount", fen above 0`)
			}
			p := a.payer(r)
			return a.walletAfter(p, p.Fund(b.Amount))
		}),
		root + "run-out": change((*Payer).RunOut),
		root + "unlimit": change((*Payer).Unlimit),
		root + "fail-next": takes(func(r *http.Request, b *failNext) (any, error) {
			if b.Times < 0 || b.Times > 1000 {
				return nil, badCall("times is from 1 to 1000; without it, once")
			}
			reasons := make([]ledger.Failure, max(b.Times, 1))
			for i := range reasons {
				reasons[i] = b.Reason
			}
			p := a.payer(r)
			if err := p.FailNext(reasons...); err != nil {
				return nil, badCall("%v", err)
			}
			return p.Wallet()
		}),
		root + "refuse-next-notice": change((*Payer).RefuseNextNotice),
		root + "block-next-signing": change((*Payer).BlockNextSigning),
		root + "fail-next-refund":   change((*Payer).FailNextRefund),
		root + "close-next-refund":  change((*Payer).CloseNextRefund),
		root + "repay":              change((*Payer).Repay),
		root + "show-code": bare(func(r *http.Request) (any, error) {
			code, err := a.payer(r).ShowCode()
			return codeShown{code}, err
		}),
		root + "identify": takes(func(r *http.Request, b *identify) (any, error) {
			if b.Name == nil || b.IDNumber == nil {
				return nil, badCall(`the body needs "name" and "id_number"; an empty one is not known`)
			}
			p := a.payer(r)
			return a.walletAfter(p, p.Identify(*b.Name, *b.IDNumber))
		}),
		root + "sign-elsewhere": takes(func(r *http.Request, b *signElsewhere) (any, error) {
			if err := need("product", string(b.Product), "plan_id", b.PlanID); err != nil {
				return nil, err
			}
			return a.payer(r).SignElsewhere(b.Product, b.PlanID)
		}),
	}
}

type codeShown struct {
	Code string `json:"auth_code"`
}

// payer is whom the path names.
func (a *admin) payer(r *http.Request) *Payer { return a.Payer(r.PathValue("openid")) }

func (a *admin) walletAfter(p *Payer, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return p.Wallet()
}
