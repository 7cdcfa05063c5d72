package demo

import (
	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/api/edupapay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/passwordexemptcontract"
	"github.com/wxpay-go/wxpay/api/pay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The values are those of the official samples.
const (
	appID     = "wxd678efh567hg6787"
	eduAppID  = "wx8888888888888888"
	openID    = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	eduOpenID = "oUpF8uMuAJOM2pxb1Q"
	planID    = 12535 // and service_id
	eduPlanID = "101164396123311331"
	code      = "wxwtdk20200910100000"
	account   = "微信代扣用户A"
	notifyURL = notifyOrigin + "/notify"
	remark    = "the payer moved away"
)

// combinePapay is 收付通合单代扣, signed from an app.
func combinePapay(r *run) error {
	r.begin(ledger.CombinePapay, lang.Mark("收付通合单代扣: a platform's recurring debit, signed from an app"), openID)
	contracts := combinepapay.Of(r.client).Contracts
	contract := contracts.PlanID.PlanID(planID).OutContractCode.OutContractCode(code)

	request := &combinepapay.PreEntrustSignRequest{
		AppID: appID, PlanID: planID, OutContractCode: code, ContractDisplayAccount: account, NotifyURL: notifyURL,
		ReturnApp: true,
	}
	session, err := call(r, lang.Mark("pre-signs the contract"), func() (*combinepapay.PreEntrustSignResponse, error) {
		return contracts.PreEntrustSign.Post(r.ctx, request)
	}, func(got *combinepapay.PreEntrustSignResponse) {
		r.check(got.PreEntrustWebID != "", "%s is missing", "pre_entrustweb_id")
		want(r, "mchid", got.MchID, r.client.MchID())
		want(r, "plan_id", got.PlanID, request.PlanID)
		want(r, "out_contract_code", got.OutContractCode, code)
	})
	if err != nil {
		return err
	}
	token := session.PreEntrustWebID
	if err := r.launch(lang.Mark("app opens WeChat"), wxpay.ContractApp(token), nil); err != nil {
		return err
	}
	if err := r.opens(token); err != nil {
		return err
	}
	if err := r.agrees(token); err != nil {
		return err
	}
	if err := notified(r, lang.Mark("the payer signed"), func(got *event.EcommerceEntrustSign) {
		want(r, "out_contract_code", got.OutContractCode, code)
		want(r, "plan_id", got.PlanID, planID)
		want(r, "openid", got.OpenID, openID)
	}); err != nil {
		return err
	}
	query := func(state string) error {
		_, err := call(r, lang.Mark("queries the contract"), func() (*combinepapay.ContractResponse,
			error) {
			return contract.Get(r.ctx)
		},
			func(got *combinepapay.ContractResponse) {
				want(r, "contract_state", got.ContractState, state)
				r.check(got.ContractID != "", "%s is missing", "contract_id")
				want(r, "openid", got.OpenID, openID)
			})
		return err
	}
	if err := query("SIGNED"); err != nil {
		return err
	}
	if _, err := call(r, lang.Mark("terminates the contract"), func() (*combinepapay.TerminateResponse, error) {
		return contract.Terminate.Post(r.ctx, &combinepapay.TerminateRequest{ContractTerminationRemark: remark})
	}, func(got *combinepapay.TerminateResponse) {
		want(r, "out_contract_code", got.OutContractCode, code)
	}); err != nil {
		return err
	}
	if err := notified(r, lang.Mark("the contract ended"), func(got *event.EcommerceEntrustTerminate) {
		want(r, "out_contract_code", got.OutContractCode, code)
		want(r, "contract_termination_mode", got.ContractTerminationMode, string(ledger.ByMerchant))
	}); err != nil {
		return err
	}
	return query("TERMINATED")
}

// passwordExempt is 免密支付, offered after a payment.
func passwordExempt(r *run) error {
	r.begin(ledger.PasswordExempt, lang.Mark("免密支付: paying without a password, offered after a payment"), openID)
	contracts := passwordexemptcontract.Of(r.client).Contracts
	contract := contracts.ServiceID.ServiceID(planID).OutContractCode.OutContractCode(code)

	order := &pay.JSAPIRequest{
		AppID: appID, MchID: r.client.MchID(), Description: "A month of membership",
		OutTradeNo: "1217752501201407033233368018",
		NotifyURL:  notifyURL, Amount: pay.Amount{Total: 100, Currency: "CNY"}, Payer: pay.Payer{OpenID: openID},
	}
	placed, err := call(r, lang.Mark("places an order"), func() (*pay.JSAPIResponse, error) {
		return pay.Of(r.client).Transactions.JSAPI.Post(r.ctx, order)
	}, func(got *pay.JSAPIResponse) { r.check(got.PrepayID != "", "%s is missing", "prepay_id") })
	if err != nil {
		return err
	}
	prepay := placed.PrepayID
	if _, err := call(r, lang.Mark("pre-signs the contract onto the order"),
		func() (*passwordexemptcontract.EcommercePayRedirectSignResponse, error) {
			return contracts.Ecommerce.PreEntrustSign.PayRedirectSign.Post(r.ctx,
				&passwordexemptcontract.EcommercePayRedirectSignRequest{
					AppID: appID, ServiceID: planID, OutContractCode: code, NotifyURL: notifyURL,
					ContractDisplayAccount: account, PrepayID: prepay, OpenID: openID,
				})
		}, func(got *passwordexemptcontract.EcommercePayRedirectSignResponse) {
			want(r, "mchid", got.MchID, r.client.MchID())
			want(r, "service_id", got.ServiceID, planID)
			want(r, "out_contract_code", got.OutContractCode, code)
		}); err != nil {
		return err
	}
	parameters, err := r.client.JSAPIPay(appID, prepay)
	parameters.PaySign = "…" // a signature is good for a payment
	if err := r.launch(lang.Mark("page asks WeChat to pay"), parameters, err); err != nil {
		return err
	}
	pays := lang.Mark("pays, and is offered to pay without a password from now on")
	if err := r.acts(pays, func(p *sandbox.Payer) (any, error) {
		receipt, err := p.Pay(prepay)
		if err != nil {
			return nil, err
		}
		want(r, "trade_state", receipt.Order.State, ledger.OrderPaid)
		if receipt.Prompt == nil {
			return nil, lang.Errorf("the offer to sign did not appear")
		}
		return shown(receipt.Prompt, nil)
	}); err != nil {
		return err
	}
	if err := notified(r, lang.Mark("the order is paid"), func(got *event.TransactionSuccess) {
		want(r, "out_trade_no", got.OutTradeNo, order.OutTradeNo)
		want(r, "trade_state", got.TradeState, "SUCCESS")
	}); err != nil {
		return err
	}
	if err := r.acts(lang.Mark("agrees"), func(p *sandbox.Payer) (any, error) {
		return nil,
			r.signed(p.AgreeAfterPay(prepay))
	}); err != nil {
		return err
	}
	if err := notified(r, lang.Mark("the payer signed"), func(got *event.EntrustSign) {
		want(r, "out_contract_code", got.OutContractCode, code)
		want(r, "service_id", got.ServiceID, planID)
		want(r, "contract_state", got.ContractState, "SIGNED")
	}); err != nil {
		return err
	}
	query := func(state string) error {
		_, err := call(r, lang.Mark("queries the contract"), func() (*passwordexemptcontract.ContractResponse,
			error) {
			return contract.Get(r.ctx)
		},
			func(got *passwordexemptcontract.ContractResponse) {
				want(r, "contract_state", got.ContractState, state)
				want(r, "openid", got.OpenID, openID)
			})
		return err
	}
	if err := query("SIGNED"); err != nil {
		return err
	}
	end := &passwordexemptcontract.TerminateRequest{ContractTerminationRemark: remark}
	if _, err := call(r, lang.Mark("terminates the contract"), func() (*passwordexemptcontract.TerminateResponse,
		error) {
		return contract.Terminate.Post(r.ctx, end)
	}, func(got *passwordexemptcontract.TerminateResponse) {
		want(r, "out_contract_code", got.OutContractCode, code)
	}); err != nil {
		return err
	}
	if err := notified(r, lang.Mark("the contract ended"), func(got *event.EntrustTerminate) {
		want(r, "contract_state", got.ContractState, "TERMINATED")
	}); err != nil {
		return err
	}
	return query("TERMINATED")
}

// eduPapay is 教育续费通, as a service provider for a school.
func eduPapay(r *run) error {
	r.begin(ledger.EduPapay, lang.Mark("教育续费通: tuition by term, signed in a mini program"), eduOpenID)
	api := edupapay.Of(r.client)

	session, err := call(r, lang.Mark("pre-signs the contract"), func() (*edupapay.PresignResponse, error) {
		return api.Contracts.Presign.Post(r.ctx, &edupapay.PresignRequest{
			AppID: eduAppID, SubMchID: "1900000109", SubAppID: eduAppID, OpenID: eduOpenID,
			SubOpenID: "oUpF8uMuAJOM2pxb2W",
			PlanID:    eduPlanID, UserID: "20200330tony", PeriodStartDate: "2020-03-19", TradeScene: "EDUCATION_PERIOD",
		})
	}, func(got *edupapay.PresignResponse) { r.check(got.PresignToken != "", "%s is missing", "presign_token") })
	if err != nil {
		return err
	}
	token := session.PresignToken
	if err := r.launch(lang.Mark("mini program opens WeChat's own"), wxpay.EduPapayMiniProgram(token),
		nil); err != nil {
		return err
	}
	if err := r.opens(token); err != nil {
		return err
	}
	if err := r.agrees(token); err != nil {
		return err
	}
	contractID := ""
	if err := notified(r, lang.Mark("the payer signed"), func(got *event.EntrustSigning) {
		if got.ContractInformation != nil {
			contractID = got.ContractInformation.ContractID
			want(r, "contract_status", got.ContractInformation.ContractStatus, "ADD")
		}
		r.check(contractID != "", "%s is missing", "contract_id")
		want(r, "plan_id", got.PlanID, eduPlanID)
	}); err != nil {
		return err
	}
	query := func(status string) error {
		_, err := call(r, lang.Mark("queries the contract by its id"), func() (*edupapay.ContractResponse, error) {
			return api.Contracts.ID.ContractID(contractID).
				Get(r.ctx, &edupapay.ContractQuery{AppID: eduAppID, SubMchID: "1900000109", SubAppID: eduAppID})
		}, func(got *edupapay.ContractResponse) {
			want(r, "openid", got.OpenID, eduOpenID)
			r.check(got.ContractInformation != nil && got.ContractInformation.ContractStatus == status,
				"%s is not %s", "contract_status", status)
		})
		return err
	}
	if err := query("ADD"); err != nil {
		return err
	}
	if _, err := call(r, lang.Mark("queries the payer's contracts"), func() (*edupapay.UserContractsResponse, error) {
		return api.User.OpenID(eduOpenID).Contracts.Get(r.ctx, &edupapay.UserContractsQuery{AppID: eduAppID,
			PlanID: eduPlanID, SubMchID: "1900000109", SubAppID: eduAppID})
	}, func(got *edupapay.UserContractsResponse) {
		want(r, "total_count", got.TotalCount, 1)
		r.check(len(got.Data) == 1 && got.Data[0].ContractInformation != nil &&
			got.Data[0].ContractInformation.ContractID == contractID,
			"the list does not hold contract %s", contractID)
	}); err != nil {
		return err
	}
	if _, err := call(r, lang.Mark("terminates the contract"), func() (*wxpay.None, error) {
		return api.Contracts.ContractID(contractID).Delete(r.ctx)
	}, func(got *wxpay.None) { want(r, "status", got.Status(), 204) }); err != nil {
		return err
	}
	if err := notified(r, lang.Mark("the contract ended"), func(got *event.EntrustRelease) {
		r.check(got.ContractInformation != nil && got.ContractInformation.ContractStatus == "DELETE",
			"%s is not %s", "contract_status", "DELETE")
	}); err != nil {
		return err
	}
	return query("DELETE")
}

func (r *run) opens(token string) error {
	return r.acts(lang.Mark("opens the signing page"), func(p *sandbox.Payer) (any, error) {
		return shown(p.Open(token))
	})
}

func (r *run) agrees(token string) error {
	return r.acts(lang.Mark("agrees"), func(p *sandbox.Payer) (any, error) { return nil, r.signed(p.Agree(token)) })
}

func (r *run) signed(c *ledger.Contract, err error) error {
	if err == nil {
		want(r, "contract_state", c.State, ledger.ContractSigned)
	}
	return err
}

// shown is what of a page the payer reads.
func shown(page *ledger.Page, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return struct {
		Merchant string `json:"merchant"`
		Plan     string `json:"plan"`
		Account  string `json:"account"`
	}{page.Merchant, page.Plan, page.Account}, nil
}
