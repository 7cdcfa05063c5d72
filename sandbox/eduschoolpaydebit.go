package sandbox

import (
	"github.com/wxpay-go/wxpay/internal/wire"
)

// schoolDebtLimit is how many debits a payer may owe before no more are made:
// the pages only say "a certain limit", their sample is FORBIDDEN with 2.
const schoolDebtLimit = 2

// eduSchoolPayDebits: accepted and debited a moment later, or within the call
// when payment_mode is SYNC; at any hour, side by side; an empty account is
// advanced.
// https://pay.weixin.qq.com/docs/partner/apis/campus-easy-pay/transactions/create-transaction.html
func eduSchoolPayDebits() []*debitRules {
	rules := func(name string, sync bool) *debitRules {
		return &debitRules{
			name: name, sync: sync, delay: debitTakes, several: true, advances: schoolDebtLimit,
			answers: answers{
				problemGone: {status: 404, code: "NOT_FOUND", message: "未找到对应合约"},
			},
			check:    eduSchoolPayMayDebit,
			settled:  func(s *step, d *debitRow, _ *contractRow) error { return s.schoolDebtChanged(d, d.Advanced) },
			cleared:  eduSchoolPayCleared,
			paid:     event{eventType: "TRANSACTION.INDUSTRY_SUCCESS", originalType: "transaction", summary: "校园轻松付扣款成功"},
			failed:   event{eventType: "TRANSACTION.INDUSTRY_FAILED", originalType: "transaction", summary: "校园轻松付扣款失败"},
			retries:  campusSchedule,
			resource: eduSchoolPayTransaction,
		}
	}
	return []*debitRules{rules(string(EduSchoolPay), false), rules(string(EduSchoolPay)+" sync", true)}
}

func eduSchoolPayDebit(c *call) (document, error) {
	if err := c.checkApps(); err != nil {
		return nil, err
	}
	rules := c.product.debits[0]
	if c.text("payment_mode") == "SYNC" {
		rules = c.product.debits[1]
	}
	d, err := c.debit(&debitRow{Debit: Debit{ContractID: c.text("contract_id"), OutTradeNo: c.text("out_trade_no"),
		Total: fen(object(c.body, "amount"), "total"), AppID: c.text("appid"), SubMchID: c.text("sub_mchid"),
		SubAppID: c.text("sub_appid"), Description: c.text("description"), Attach: c.text("attach"),
		NotifyURL: c.text("notify_url")}, Rules: rules.name})
	if err != nil {
		return nil, err
	}
	return eduSchoolPayTransaction(d), nil
}

// eduSchoolPayMayDebit checks a debit against the pupil, the school and the debts.
func eduSchoolPayMayDebit(c *call, d *debitRow, contract *contractRow) error {
	school := textOf(object(c.body, "scene_info"), "school_id")
	w, err := c.wallet(contract.Person)
	if err != nil {
		return err
	}
	switch plan := c.planOf(contract); {
	case contract.Deleted:
		return c.product.gone().hinting("the payer has deleted the contract from their list")
	case d.AppID != contract.AppID:
		return badField("/appid", d.AppID, "appid与签约时不一致").hinting("the contract was signed under another appid")
	case c.text("user_id") != contract.Account:
		return badField("/user_id", c.text("user_id"), "学生账户与合约不匹配").hinting("user_id is not that of the contract")
	case plan != nil && plan.Owner != "" && plan.Owner != school:
		return badField("/scene_info/school_id", school, "学校与签约模板不匹配").
			hinting("the contract's plan belongs to another school")
	case w.owes(EduSchoolPay) >= schoolDebtLimit:
		return invalidRequest("用户欠款超过限制，暂不可扣款").
			hinting("the payer is FORBIDDEN until they repay what WeChat Pay advanced: Payer.Repay, or POST " +
				"/sandbox/payers/{openid}/repay")
	}
	return nil
}

// eduSchoolPayCleared tells about one repaid debit and what the payer still owes. Of one that was
// refunded the refund tells.
func eduSchoolPayCleared(s *step, d *debitRow) error {
	if d.RepaidAt.IsZero() {
		return s.schoolDebtChanged(d, true)
	}
	if err := s.notify(&pushRow{Push: Push{MchID: d.MchID, URL: d.NotifyURL, Event: "TRANSACTION.PAY_BACK",
		OriginalType: "transaction", Summary: "校园轻松付用户还款", Resource: encodeJSON(eduSchoolPayTransaction(d)),
		About: d.ID}, retries: campusSchedule}); err != nil {
		return err
	}
	return s.schoolDebtChanged(d, true)
}

// schoolDebtChanged tells every merchant who has a contract with the debit's
// payer what they owe now, at the URL of the contract's plan.
func (s *step) schoolDebtChanged(d *debitRow, changed bool) error {
	if !changed {
		return nil
	}
	w, err := s.wallet(d.Person)
	if err != nil {
		return err
	}
	contracts, err := find[contractRow](unscoped(s.Tx), "person:"+d.Person, 0)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for _, c := range contracts {
		plan := s.planOf(c)
		if c.Product != EduSchoolPay || !c.live() || plan == nil || told[c.MchID+"|"+c.AppID] {
			continue
		}
		told[c.MchID+"|"+c.AppID] = true
		if err := s.notify(&pushRow{Push: Push{MchID: c.MchID, URL: plan.NotifyURL,
			Event: "EDU_SCHOOL_PAY.USER_DEBT_STATE_UPDATE", OriginalType: "edu_school_pay", Summary: "用户欠款状态变化",
			Resource: encodeJSON(schoolDebt(c, w)), About: c.ID}, retries: campusSchedule}); err != nil {
			return err
		}
	}
	return nil
}

// schoolDebt is what a payer owes, as the merchant of one of their contracts is
// told.
func schoolDebt(c *contractRow, w *walletRow) document {
	state, at := "NORMAL", c.SignedAt
	if w.owes(EduSchoolPay) >= schoolDebtLimit {
		state = "FORBIDDEN"
	}
	if !w.DebtsAt.IsZero() {
		at = w.DebtsAt
	}
	return document{
		"appid": c.AppID, "openid": c.OpenID, "state": state, "debt_count": w.owes(EduSchoolPay),
		"update_time": wire.FormatTime(at),
	}
}

// eduSchoolPayDebtState tells only of payers who have signed with the merchant:
// their contract says under which appid the openid is.
func eduSchoolPayDebtState(c *call) (document, error) {
	contracts, err := find[contractRow](c.Tx, "person:"+c.registry.person(c.vars["openid"]).id, 0)
	if err != nil {
		return nil, err
	}
	for _, contract := range contracts {
		if contract.Product == EduSchoolPay && contract.OpenID == c.vars["openid"] {
			w, err := c.wallet(contract.Person)
			if err != nil {
				return nil, err
			}
			return schoolDebt(contract, w), nil
		}
	}
	return nil, notFound("NOT_FOUND", "用户未签约").hinting("this openid has no contract of this product with this merchant")
}

func eduSchoolPayDebitByNo(c *call) (document, error) {
	d, err := c.debitByNo(c.vars["out_trade_no"])
	return c.eduSchoolPayFound(d, err)
}

func eduSchoolPayDebitByID(c *call) (document, error) {
	d, err := c.debitByTransaction(c.vars["transaction_id"])
	return c.eduSchoolPayFound(d, err)
}

// eduSchoolPayFound shows a debit to the sub-merchant it was for.
func (c *call) eduSchoolPayFound(d *debitRow, err error) (document, error) {
	return c.shownToSub(d, err, eduSchoolPayTransaction)
}

// eduSchoolPayTransaction is a debit in replies, queries and notifications. What
// WeChat Pay advanced has no bank of its own.
func eduSchoolPayTransaction(d *debitRow) document {
	out := eduTransaction(d)
	out["mchid"], out["trade_type"], out["trade_state_desc"] = d.MchID, "AUTH", d.text()
	if device := object(decodeBody(d.Request), "device_info"); device != nil {
		out["device_info"] = device
	}
	if d.State == DebitPaid && d.Advanced {
		out["bank_type"] = "BPA"
	}
	return out
}
