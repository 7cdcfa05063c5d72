package sandbox

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// offlineFaceDebits: tried within the call and, the same call being made again,
// up to five times a day. What could not be paid for lack of money is owed.
// https://pay.weixin.qq.com/wiki/doc/wxfacepay/develop/k12-development-guidelines.html
func offlineFaceDebits() *debitRules {
	return &debitRules{
		sync: true, several: true, again: 5,
		answers: answers{
			problemCount: {status: http.StatusTooManyRequests, code: "FREQUENCY_LIMITED", message: "频率超限"},
		},
		check: func(c *call, d *debitRow, contract *contractRow) error {
			u, err := c.faceUserOf(contract.MchID, contract.PlanID, contract.UserCode)
			if err == nil && u.Disabled {
				return invalidRequest("用户已被禁用").
					hinting("the user's status is DISABLED: change it with PATCH …/users/out-user-id/{out_user_id}")
			}
			return err
		},
		settled: func(s *step, d *debitRow, _ *contractRow) error {
			if d.State == DebitPaid {
				return s.clear(d)
			}
			if d.Failure != NotEnough {
				return nil
			}
			w, err := s.wallet(d.Person)
			if err != nil {
				return err
			}
			return s.owe(w, d)
		},
		cleared: func(s *step, d *debitRow) (err error) {
			if d.TransactionID, err = s.newTransactionID(); err != nil {
				return err
			}
			d.State, d.Failure = DebitPaid, ""
			return put(s.Tx, d)
		},
	}
}

// faceDevice is an authinfo: the right of a device to recognise an
// organisation's users for an hour.
type faceDevice struct {
	rev
	ID           string    `json:"id"`
	MchID        string    `json:"mchid"`
	SubMchID     string    `json:"sub_mchid"`
	Organization string    `json:"organization_id"`
	DeviceID     string    `json:"device_id"`
	ExpiresAt    time.Time `json:"expires_at"`
}

func (f *faceDevice) owner() string  { return f.MchID }
func (f *faceDevice) kind() string   { return "face-device" }
func (f *faceDevice) row() store.Row { return store.Row{ID: f.ID} }

// faceCode is an auth_code: somebody was recognised, and may be debited once.
type faceCode struct {
	rev
	ID         string `json:"id"`
	MchID      string `json:"mchid"`
	SubMchID   string `json:"sub_mchid"`
	ContractID string `json:"contract_id"`
	OutTradeNo string `json:"out_trade_no,omitempty"` // of the debit it is for
}

func (f *faceCode) owner() string  { return f.MchID }
func (f *faceCode) kind() string   { return "face-code" }
func (f *faceCode) row() store.Row { return store.Row{ID: f.ID} }

func offlineFaceAuthInfo(c *call) (document, error) {
	if err := c.checkApps(); err != nil {
		return nil, err
	}
	organization := c.text("organization_id")
	if c.merchant.plan(OfflineFace, organization) == nil {
		return nil, badField("/organization_id", organization, "organization_id非法").
			hinting("the merchant has no such organisation: it is a plan of product offline-face")
	}
	device := &faceDevice{
		MchID: c.merchant.MchID, SubMchID: c.text("sub_mchid"), Organization: organization,
		DeviceID: c.text("device_id"), ExpiresAt: c.now.Add(time.Hour),
	}
	var err error
	draw := func() string { return c.random.roll(letters, 64) }
	if device.ID, err = c.free("authinfo", draw, c.rowOf(device.kind())); err != nil {
		return nil, err
	}
	return document{"authinfo": device.ID}, put(c.Tx, device)
}

func offlineFaceDebit(c *call) (document, error) {
	if err := c.checkMchID("/sp_mchid", c.text("sp_mchid")); err != nil {
		return nil, err
	}
	if err := c.checkApps(); err != nil {
		return nil, err
	}
	outTradeNo := c.text("out_trade_no")
	code, err := get[faceCode](c.Tx, c.text("auth_code"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, invalidRequest("扣款凭证不合法").
			hinting("no device of the merchant's handed out this auth_code: Sandbox.ShowFace or POST " +
				"/sandbox/faces/show")
	case err != nil:
		return nil, err
	case code.SubMchID != c.text("sub_mchid"):
		return nil, invalidRequest("参数内容和扣款凭证内容不一致").hinting("the auth_code is of another sub-merchant's device: the " +
			"authinfo and the debit must name the same sub_mchid")
	case code.OutTradeNo != "" && code.OutTradeNo != outTradeNo:
		return nil, invalidRequest("扣款凭证不合法").hinting("the auth_code was used for another out_trade_no")
	}
	d, err := c.debit(&debitRow{Debit: Debit{
		ContractID: code.ContractID, OutTradeNo: outTradeNo, Total: fen(object(c.body, "amount"), "total"),
		AppID: c.text("sp_appid"), SubMchID: c.text("sub_mchid"), SubAppID: c.text("sub_appid"),
		Description: c.text("description"), Attach: c.text("attach"),
	}})
	if err != nil {
		return nil, err
	}
	code.OutTradeNo = outTradeNo
	return offlineFaceTransaction(d), put(c.Tx, code)
}

func offlineFaceDebitByNo(c *call) (document, error) {
	if err := c.checkMchID("sp_mchid", c.query.Get("sp_mchid")); err != nil {
		return nil, err
	}
	d, err := c.debitByNo(c.vars["out_trade_no"])
	if err != nil {
		return nil, err
	}
	business := object(decodeBody(d.Request), "business")
	if d.SubMchID != c.query.Get("sub_mchid") ||
		textOf(business, "business_product_id") != c.query.Get("business_product_id") {
		return nil, c.noOrder().hinting("sub_mchid or business_product_id is not the order's")
	}
	return offlineFaceTransaction(d), nil
}

// offlineFaceTransaction is a debit in replies and queries. The words of
// debt_state are inferred.
func offlineFaceTransaction(d *debitRow) document {
	asked := decodeBody(d.Request)
	payer := document{"sp_openid": d.OpenID}
	payer.set("sub_openid", d.SubOpenID)
	out := document{
		"sp_appid": d.AppID, "sp_mchid": d.MchID, "sub_mchid": d.SubMchID, "out_trade_no": d.OutTradeNo, "payer": payer,
		"amount": document{"total": d.Total, "currency": "CNY"}, "trade_type": "AUTH",
		"trade_state": d.word(), "trade_state_description": d.text(),
	}
	if scene := object(asked, "scene_info"); scene != nil {
		out["scene_info"] = scene
	}
	out.set("sub_appid", d.SubAppID)
	out.set("description", d.Description)
	out.set("attach", d.Attach)
	if d.State == DebitFailed {
		out["trade_state"], out["error_type"] = "PAYERROR", string(d.Failure)
		if d.Failure == NotEnough {
			out["debt_state"] = "DEBT"
		}
		return out
	}
	out["transaction_id"], out["bank_type"], out["success_time"] = d.TransactionID, "OTHERS", wire.FormatTime(d.EndedAt)
	if !d.RepaidAt.IsZero() {
		out["debt_state"], out["repayment_transaction_id"] = "REPAID", d.TransactionID
		out["success_time"] = wire.FormatTime(d.RepaidAt)
		if d.Refunded == 0 {
			out["trade_state"], out["trade_state_description"] = "SUCCESS", "支付成功"
		}
	}
	return out
}

// offlineFaceRepaymentURL is a page of WeChat Pay's for whoever signed for the
// user: what they owe they repay with Payer.Repay.
func offlineFaceRepaymentURL(c *call) (document, error) {
	u, err := c.faceUserOf(c.merchant.MchID, c.text("organization_id"), c.text("out_user_id"))
	if err != nil {
		return nil, err
	}
	return document{
		"repayment_url": "https://" + signingHost + "/sandbox/repay?user_id=" + u.UserID +
			"&t=" + strconv.FormatInt(c.now.Unix(), 10),
		"expire_at": wire.FormatTime(c.now.Add(time.Hour)),
	}, nil
}

// showFace is [Sandbox.ShowFace].
func (s *step) showFace(authinfo, outUserID string) (authCode string, err error) {
	device, err := get[faceDevice](s.Tx, authinfo)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", &PageError{Reason: PageUnknown, Message: "This device is not authorised."}
	case err != nil:
		return "", err
	case !s.now.Before(device.ExpiresAt):
		return "", &PageError{Reason: PageExpired, Message: "This device's authorisation has expired."}
	}
	u, err := s.faceUserOf(device.MchID, device.Organization, outUserID)
	if err != nil {
		return "", forPeople(err, "Nobody was recognised.")
	}
	if u.ContractID == "" {
		return "", &PageError{Reason: PageUnknown, Message: "Nobody was recognised."}
	}
	code := &faceCode{MchID: device.MchID, SubMchID: device.SubMchID, ContractID: u.ContractID}
	draw := func() string { return "CgVTS0VZ" + s.random.roll(letters, 120) }
	if code.ID, err = s.free("auth_code", draw, s.rowOf(code.kind())); err != nil {
		return "", err
	}
	return code.ID, put(s.Tx, code)
}
