// Package offlineface is 刷脸支付 of organisations such as schools as the sandbox plays it: users,
// whose face is taken, devices that recognise them, and debits by what a device says.
//
// It stands on the engine and knows no other product. Start reading at [Product]; user.go has
// the users, debit.go devices and debits.
package offlineface

import (
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/samples"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// faceTokenLife is how long the token of the signing mini program lives.
const faceTokenLife = 5 * time.Minute

// Product is 刷脸支付 where no phone is at hand: a parent signs for a pupil, a
// device recognises the pupil, the merchant debits the parent. The organisation
// stands for the plan. Its users are in user.go.
// https://pay.weixin.qq.com/wiki/doc/wxfacepay/develop/k12-development-guidelines.html
func Product() *engine.Product {
	const root = "/v3/offlineface"
	const mch = "/v3/offlinefacemch"
	const users = mch + "/organizations/{organization_id}/users"
	return &engine.Product{
		Name:    ledger.OfflineFace,
		Samples: []ledger.Plan{{ID: samples.OrganizationID, Name: "南山中兴小学部"}},
		TTL:     faceTokenLife,
		Token:   (*random.Random).PresignToken,
		ID:      (*random.Random).FaceContractID,
		Names:   engine.Names{Plan: "facepay_user/organization_id"},
		Signed: engine.Event{EventType: "FACEPAY.USER_STATE_CHANGE", OriginalType: "facepay",
			Summary: "用户签约状态变更"},
		Ended: engine.Event{EventType: "FACEPAY.USER_STATE_CHANGE", OriginalType: "facepay",
			Summary: "用户签约状态变更"},
		TemplateURL:   true,
		Retries:       rows.GenericSchedule,
		Resource:      resource,
		AlreadySigned: func() *engine.Refusal { return engine.InvalidRequest("用户已签约，请勿重复签约") },
		Gone:          func() *engine.Refusal { return engine.NotFound("RESOURCE_NOT_EXISTS", "签约不存在") },
		NoOrder:       func() *engine.Refusal { return engine.NotFound("RESOURCE_NOT_EXISTS", "订单不存在") },
		Agreed:        agreed,
		Make:          func(_ *engine.Made, c *rows.Contract) { c.UserCode = "student1" },
		Debits:        []*engine.DebitRules{rules()},
		Behaviours: map[string]engine.Behaviour{
			"POST " + root + "/contracts/presign":                       presign,
			"GET " + root + "/contracts/{contract_id}":                  query,
			"POST " + root + "/authinfo":                                authInfo,
			"POST " + root + "/transactions":                            debit,
			"GET " + root + "/transactions/out-trade-no/{out_trade_no}": debitByNo,
			"POST " + root + "/repayment-url":                           repaymentURL,
			"GET " + root + "/face-collections":                         offlineFaceCollections,
			"GET " + root + "/face-collections/{collection_id}":         collection,
			"POST " + mch + "/tokens":                                   token,
			"GET " + mch + "/organizations":                             offlineFaceOrganization,
			"GET " + users + "/out-user-id/{out_user_id}":               offlineFaceUser,
			"PATCH " + users + "/out-user-id/{out_user_id}":             updateUser,
			"POST " + users + "/user-id/{user_id}/terminate-contract":   offlineFaceTerminate,
		},
		Admin: map[string]engine.AdminCall{
			"POST /sandbox/faces/show":   engine.Takes(show, "authinfo", "out_user_id"),
			"POST /sandbox/faces/retake": engine.Takes(retake, "organization_id", "out_user_id"),
		},
	}
}

func presign(c *engine.Call) (engine.Document, error) {
	user := engine.Object(c.Body, "facepay_user")
	s, err := faceSession(c, engine.TextOf(user, "organization_id"), engine.TextOf(user, "out_user_id"),
		func(_ *engine.Call, s *rows.Session) error {
			card := engine.Object(c.Body, "limit_bank_card")
			if mode := c.Text("contract_mode"); card == nil &&
				(mode == "LIMIT_BANK_CARD" || mode == "PRIORITY_BANK_CARD") {
				return engine.BadField("/limit_bank_card", "指定卡和优先卡签约需要填写签约银行卡")
			}
			s.RealName = engine.TextOf(card, "identification_name")
			s.IDNumber = engine.TextOf(engine.Object(card, "identification"), "identification_number")
			return nil
		})
	if err != nil {
		return nil, err
	}
	return engine.Document{"presign_token": s.Token}, nil
}

// token is a presign without a bank card.
func token(c *engine.Call) (engine.Document, error) {
	user := engine.Object(c.Body, "web_init_data")
	s, err := faceSession(c, engine.TextOf(user, "organization_id"), engine.TextOf(user, "out_user_id"))
	if err != nil {
		return nil, err
	}
	return engine.Document{"token": s.Token}, nil
}

// faceSession opens a session for one user of an organisation. Any WeChat user
// may sign it: the call names nobody.
func faceSession(c *engine.Call, organization, outUserID string,
	more ...func(*engine.Call, *rows.Session) error) (*rows.Session, error) {
	return contracts.Presign(c, c.Product, append(more, func(_ *engine.Call, s *rows.Session) error {
		s.PlanID, s.Account, s.UserCode, s.AppID = organization, outUserID, outUserID, c.Merchant.FirstAppID()
		if err := c.CheckPlan(c.Product, organization); err != nil {
			return err // before a user of no organisation is made
		}
		u, err := faceUserFor(c, organization, outUserID)
		if err != nil {
			return err
		}
		if contract, err := faceContract(c.Step, u); err != nil || (contract != nil && contract.Live()) {
			return orElse(err, c.Product.AlreadySigned().Hinting("this out_user_id has a live contract"))
		}
		return rows.Put(c.Tx, u)
	})...)
}

func orElse(err error, otherwise *engine.Refusal) error {
	if err != nil {
		return err
	}
	return otherwise
}

// agreed keeps two parents from signing for one pupil.
func agreed(s *engine.Step, session *rows.Session, c *rows.Contract) error {
	u, err := faceUserOf(s, session.MchID, session.PlanID, session.UserCode)
	if err != nil {
		return forPeople(err, "There is no such person.")
	}
	if last, err := faceContract(s, u); err != nil {
		return err
	} else if last != nil && last.Live() {
		return contracts.ErrSigned()
	}
	u.ContractID = c.ID
	return rows.Put(s.Tx, u)
}

func query(c *engine.Call) (engine.Document, error) {
	contract, err := contracts.Own(c, c.Vars["contract_id"])
	if err != nil {
		return nil, err
	}
	if appid := c.Query.Get("appid"); appid != "" && appid != contract.AppID {
		return nil, c.Product.Gone().Hinting("the contract was signed under another appid")
	}
	u, err := faceUserOf(c.Step, contract.MchID, contract.PlanID, contract.UserCode)
	if err != nil {
		return nil, err
	}
	mode := engine.TextOf(engine.DecodeBody(contract.Request), "contract_mode")
	engine.SetDefault(&mode, "LIMIT_NONE")
	out := engine.Document{
		"contract_id": contract.ID, "mchid": contract.MchID, "organization_id": contract.PlanID, "user_id": u.UserID,
		"openid": contract.OpenID, "contract_state": faceState(contract), "contract_mode": mode,
		"contract_signed_time":    wire.FormatTime(contract.SignedAt),
		"contract_bank_card_from": "MERCHANT_LIMITED_BANK_CARD",
	}
	if mode == "LIMIT_NONE" {
		out["contract_bank_card_from"] = "USER_SELECT_FREE"
	}
	if !contract.Live() {
		out["contract_terminated_time"] = wire.FormatTime(contract.TerminatedAt)
	}
	return out, nil
}

// faceState is contract_state; nil is somebody who never signed.
func faceState(c *rows.Contract) string {
	switch {
	case c == nil:
		return "NOT_CONTRACTED"
	case c.Live():
		return "CONTRACTED"
	}
	return "TERMINATED"
}

// resource does not say what the state became, as documented.
func resource(c *rows.Contract) engine.Document {
	at := c.SignedAt
	if !c.Live() {
		at = c.TerminatedAt
	}
	return engine.Document{
		"user_id": faceUserID(c.MchID, c.PlanID, c.UserCode), "out_user_id": c.UserCode, "organization_id": c.PlanID,
		"mch_id":             c.MchID,
		"notify_create_time": wire.FormatTime(at), "appid": c.AppID, "openid": c.OpenID, "contract_id": c.ID,
	}
}

// offlineFaceTerminate ends the contract of the user of the path.
func offlineFaceTerminate(c *engine.Call) (engine.Document, error) {
	u, err := faceUserByID(c, c.Vars["organization_id"], c.Vars["user_id"])
	if err != nil {
		return nil, err
	}
	contract, err := faceContract(c.Step, u)
	switch {
	case err != nil:
		return nil, err
	case contract == nil:
		return nil, c.Product.Gone().Hinting("the user has not signed")
	}
	return nil, contracts.Terminate(c.Step, contract, ledger.ByMerchant, "")
}
