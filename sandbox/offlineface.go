package sandbox

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// faceTokenLife is how long the token of the signing mini program lives.
const faceTokenLife = 5 * time.Minute

// offlineFace is 刷脸支付 where no phone is at hand: a parent signs for a pupil, a
// device recognises the pupil, the merchant debits the parent. The organisation
// stands for the plan. Its users are in offlinefaceuser.go.
// https://pay.weixin.qq.com/wiki/doc/wxfacepay/develop/k12-development-guidelines.html
func offlineFace() *product {
	const root = "/v3/offlineface"
	const mch = "/v3/offlinefacemch"
	return &product{
		name:          OfflineFace,
		ttl:           faceTokenLife,
		token:         (*random).presignToken,
		id:            (*random).faceContractID,
		names:         names{plan: "facepay_user/organization_id"},
		signed:        event{eventType: "FACEPAY.USER_STATE_CHANGE", originalType: "facepay", summary: "用户签约状态变更"},
		ended:         event{eventType: "FACEPAY.USER_STATE_CHANGE", originalType: "facepay", summary: "用户签约状态变更"},
		templateURL:   true,
		retries:       genericSchedule,
		resource:      offlineFaceResource,
		alreadySigned: func() *refusal { return invalidRequest("用户已签约，请勿重复签约") },
		gone:          func() *refusal { return notFound("RESOURCE_NOT_EXISTS", "签约不存在") },
		noOrder:       func() *refusal { return notFound("RESOURCE_NOT_EXISTS", "订单不存在") },
		agreed:        offlineFaceAgreed,
		debits:        []*debitRules{offlineFaceDebits()},
		behaviours: map[string]behaviour{
			"POST " + root +
				"/contracts/presign": offlineFacePresign,
			"GET " + root +
				"/contracts/{contract_id}": offlineFaceQuery,
			"POST " + root +
				"/authinfo": offlineFaceAuthInfo,
			"POST " + root +
				"/transactions": offlineFaceDebit,
			"GET " + root +
				"/transactions/out-trade-no/{out_trade_no}": offlineFaceDebitByNo,
			"POST " + root +
				"/repayment-url": offlineFaceRepaymentURL,
			"GET " + root +
				"/face-collections": offlineFaceCollections,
			"GET " + root +
				"/face-collections/{collection_id}": offlineFaceCollection,
			"POST " + mch +
				"/tokens": offlineFaceToken,
			"GET " + mch +
				"/organizations": offlineFaceOrganization,
			"GET " + mch +
				"/organizations/{organization_id}/users/out-user-id/{out_user_id}": offlineFaceUser,
			"PATCH " + mch +
				"/organizations/{organization_id}/users/out-user-id/{out_user_id}": offlineFaceUpdateUser,
			"POST " + mch +
				"/organizations/{organization_id}/users/user-id/{user_id}/terminate-contract": offlineFaceTerminate,
		},
	}
}

func offlineFacePresign(c *call) (document, error) {
	user := object(c.body, "facepay_user")
	s, err := c.faceSession(textOf(user, "organization_id"), textOf(user, "out_user_id"), func(_ *call, s *sessionRow) error {
		card := object(c.body, "limit_bank_card")
		if mode := c.text("contract_mode"); card == nil && (mode == "LIMIT_BANK_CARD" || mode == "PRIORITY_BANK_CARD") {
			return badField("/limit_bank_card", "", "指定卡和优先卡签约需要填写签约银行卡")
		}
		s.RealName = textOf(card, "identification_name")
		s.IDNumber = textOf(object(card, "identification"), "identification_number")
		return nil
	})
	if err != nil {
		return nil, err
	}
	return document{"presign_token": s.Token}, nil
}

// offlineFaceToken is a presign without a bank card.
func offlineFaceToken(c *call) (document, error) {
	user := object(c.body, "web_init_data")
	s, err := c.faceSession(textOf(user, "organization_id"), textOf(user, "out_user_id"))
	if err != nil {
		return nil, err
	}
	return document{"token": s.Token}, nil
}

// faceSession opens a session for one user of an organisation. Any WeChat user
// may sign it: the call names nobody.
func (c *call) faceSession(organization, outUserID string, more ...func(*call, *sessionRow) error) (*sessionRow, error) {
	return c.presign(c.product, append(more, func(_ *call, s *sessionRow) error {
		s.PlanID, s.Account, s.UserCode, s.AppID = organization, outUserID, outUserID, c.merchant.firstAppID()
		if err := c.checkPlan(c.product, organization); err != nil {
			return err // before a user of no organisation is made
		}
		u, err := c.faceUserFor(organization, outUserID)
		if err != nil {
			return err
		}
		if contract, err := c.faceContract(u); err != nil || (contract != nil && contract.live()) {
			return orElse(err, c.product.alreadySigned().hinting("this out_user_id has a live contract"))
		}
		return put(c.Tx, u)
	})...)
}

func orElse(err error, otherwise *refusal) error {
	if err != nil {
		return err
	}
	return otherwise
}

// offlineFaceAgreed keeps two parents from signing for one pupil.
func offlineFaceAgreed(s *step, session *sessionRow, c *contractRow) error {
	u, err := s.faceUserOf(session.MchID, session.PlanID, session.UserCode)
	if err != nil {
		return forPeople(err, "There is no such person.")
	}
	if last, err := s.faceContract(u); err != nil {
		return err
	} else if last != nil && last.live() {
		return errSigned()
	}
	u.ContractID = c.ID
	return put(s.Tx, u)
}

func offlineFaceQuery(c *call) (document, error) {
	contract, err := c.ownContract(c.vars["contract_id"])
	if err != nil {
		return nil, err
	}
	if appid := c.query.Get("appid"); appid != "" && appid != contract.AppID {
		return nil, c.product.gone().hinting("the contract was signed under another appid")
	}
	u, err := c.faceUserOf(contract.MchID, contract.PlanID, contract.UserCode)
	if err != nil {
		return nil, err
	}
	mode := textOf(decodeBody(contract.Request), "contract_mode")
	setDefault(&mode, "LIMIT_NONE")
	out := document{
		"contract_id": contract.ID, "mchid": contract.MchID, "organization_id": contract.PlanID, "user_id": u.UserID,
		"openid": contract.OpenID, "contract_state": faceState(contract), "contract_mode": mode,
		"contract_signed_time":    wire.FormatTime(contract.SignedAt),
		"contract_bank_card_from": "MERCHANT_LIMITED_BANK_CARD",
	}
	if mode == "LIMIT_NONE" {
		out["contract_bank_card_from"] = "USER_SELECT_FREE"
	}
	if !contract.live() {
		out["contract_terminated_time"] = wire.FormatTime(contract.TerminatedAt)
	}
	return out, nil
}

// faceState is contract_state; nil is somebody who never signed.
func faceState(c *contractRow) string {
	switch {
	case c == nil:
		return "NOT_CONTRACTED"
	case c.live():
		return "CONTRACTED"
	}
	return "TERMINATED"
}

// offlineFaceResource does not say what the state became, as documented.
func offlineFaceResource(c *contractRow) document {
	at := c.SignedAt
	if !c.live() {
		at = c.TerminatedAt
	}
	return document{
		"user_id": faceUserID(c.MchID, c.PlanID, c.UserCode), "out_user_id": c.UserCode, "organization_id": c.PlanID,
		"mch_id":             c.MchID,
		"notify_create_time": wire.FormatTime(at), "appid": c.AppID, "openid": c.OpenID, "contract_id": c.ID,
	}
}

// offlineFaceTerminate ends the contract of the user of the path.
func offlineFaceTerminate(c *call) (document, error) {
	u, err := c.faceUserByID(c.vars["organization_id"], c.vars["user_id"])
	if err != nil {
		return nil, err
	}
	contract, err := c.faceContract(u)
	switch {
	case err != nil:
		return nil, err
	case contract == nil:
		return nil, c.product.gone().hinting("the user has not signed")
	}
	return nil, c.terminate(contract, ByMerchant, "")
}
