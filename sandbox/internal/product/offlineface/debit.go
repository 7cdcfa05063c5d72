package offlineface

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// debits: tried within the call and, the same call being made again,
// up to five times a day. What could not be paid for lack of money is owed.
// https://pay.weixin.qq.com/wiki/doc/wxfacepay/develop/k12-development-guidelines.html
func rules() *engine.DebitRules {
	return &engine.DebitRules{
		Trade: engine.TradeAuth, Sync: true, Several: true, Again: 5,
		Answers: engine.Answers{
			rows.ProblemCount: {Status: http.StatusTooManyRequests, Code: "FREQUENCY_LIMITED", Message: "频率超限"},
		},
		Check: func(c *engine.Call, d *rows.Debit, contract *rows.Contract) error {
			u, err := faceUserOf(c.Step, contract.MchID, contract.PlanID, contract.UserCode)
			if err == nil && u.Disabled {
				return engine.InvalidRequest("用户已被禁用").
					Hinting("the user's status is DISABLED: change it with PATCH …/users/out-user-id/{out_user_id}")
			}
			return err
		},
		Settled: func(s *engine.Step, d *rows.Debit, _ *rows.Contract) error {
			if d.State == ledger.DebitPaid {
				return debits.Clear(s, d)
			}
			if d.Failure != ledger.NotEnough {
				return nil
			}
			w, err := s.Wallet(d.Person)
			if err != nil {
				return err
			}
			d.Owing = true
			if err := rows.Put(s.Tx, d); err != nil {
				return err
			}
			return debits.Owe(s, w, d)
		},
		Cleared: func(s *engine.Step, d *rows.Debit) (err error) {
			if d.TransactionID, err = s.NewTransactionID(); err != nil {
				return err
			}
			d.State, d.Failure = ledger.DebitPaid, ""
			return rows.Put(s.Tx, d)
		},
	}
}

// faceDevice is an authinfo: the right of a device to recognise an
// organisation's users for an hour.
type faceDevice struct {
	rows.Rev
	ID           string    `json:"id"`
	MchID        string    `json:"mchid"`
	SubMchID     string    `json:"sub_mchid"`
	Organization string    `json:"organization_id"`
	DeviceID     string    `json:"device_id"`
	ExpiresAt    time.Time `json:"expires_at"`
}

func (f *faceDevice) Owner() string   { return f.MchID }
func (f *faceDevice) RowKind() string { return "face-device" }
func (f *faceDevice) Row() store.Row  { return store.Row{ID: f.ID} }

// faceCode is an auth_code: somebody was recognised, and may be debited once.
type faceCode struct {
	rows.Rev
	ID         string `json:"id"`
	MchID      string `json:"mchid"`
	SubMchID   string `json:"sub_mchid"`
	ContractID string `json:"contract_id"`
	OutTradeNo string `json:"out_trade_no,omitempty"` // of the debit it is for
}

func (f *faceCode) Owner() string   { return f.MchID }
func (f *faceCode) RowKind() string { return "face-code" }
func (f *faceCode) Row() store.Row  { return store.Row{ID: f.ID} }

func authInfo(c *engine.Call) (engine.Document, error) {
	if err := c.CheckApps(); err != nil {
		return nil, err
	}
	organization := c.Text("organization_id")
	if c.Merchant.Plan(ledger.OfflineFace, organization) == nil {
		return nil, engine.BadField("/organization_id", "organization_id非法").
			Hinting("the merchant has no such organisation: it is a plan of product offline-face")
	}
	device := &faceDevice{
		MchID: c.Merchant.MchID, SubMchID: c.Text("sub_mchid"), Organization: organization,
		DeviceID: c.Text("device_id"), ExpiresAt: c.Now.Add(time.Hour),
	}
	var err error
	draw := func() string { return c.Random.Roll(random.Letters, 64) }
	if device.ID, err = c.Free("authinfo", draw, c.RowOf(device.RowKind())); err != nil {
		return nil, err
	}
	return engine.Document{"authinfo": device.ID}, rows.Put(c.Tx, device)
}

func debit(c *engine.Call) (engine.Document, error) {
	if err := c.CheckMchID("/sp_mchid", c.Text("sp_mchid")); err != nil {
		return nil, err
	}
	if err := c.CheckApps(); err != nil {
		return nil, err
	}
	outTradeNo := c.Text("out_trade_no")
	code, err := rows.Get[faceCode](c.Tx, c.Text("auth_code"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, engine.InvalidRequest("扣款凭证不合法").
			Hinting("no device of the merchant's handed out this auth_code: Sandbox.ShowFace or POST " +
				"/sandbox/faces/show")
	case err != nil:
		return nil, err
	case code.SubMchID != c.Text("sub_mchid"):
		return nil, engine.InvalidRequest("参数内容和扣款凭证内容不一致").
			Hinting("the auth_code is of another sub-merchant's device: the " +
				"authinfo and the debit must name the same sub_mchid")
	case code.OutTradeNo != "" && code.OutTradeNo != outTradeNo:
		return nil, engine.InvalidRequest("扣款凭证不合法").Hinting("the auth_code was used for another out_trade_no")
	}
	d, err := debits.Ask(c, &rows.Debit{Debit: ledger.Debit{
		ContractID: code.ContractID, OutTradeNo: outTradeNo, Total: engine.Fen(engine.Object(c.Body, "amount"),
			"total"),
		AppID: c.Text("sp_appid"), SubMchID: c.Text("sub_mchid"), SubAppID: c.Text("sub_appid"),
		Description: c.Text("description"), Attach: c.Text("attach"),
	}})
	if err != nil {
		return nil, err
	}
	code.OutTradeNo = outTradeNo
	return transaction(d), rows.Put(c.Tx, code)
}

func debitByNo(c *engine.Call) (engine.Document, error) {
	if err := c.CheckMchID("sp_mchid", c.Query.Get("sp_mchid")); err != nil {
		return nil, err
	}
	d, err := debits.ByNo(c, c.Vars["out_trade_no"])
	if err != nil {
		return nil, err
	}
	business := engine.Object(engine.DecodeBody(d.Request), "business")
	if d.SubMchID != c.Query.Get("sub_mchid") ||
		engine.TextOf(business, "business_product_id") != c.Query.Get("business_product_id") {
		return nil, debits.NoOrder(c).Hinting("sub_mchid or business_product_id is not the order's")
	}
	return transaction(d), nil
}

// transaction is a debit in replies and queries. The words of
// debt_state are inferred.
func transaction(d *rows.Debit) engine.Document {
	asked := engine.DecodeBody(d.Request)
	payer := engine.Document{"sp_openid": d.OpenID}
	payer.Set("sub_openid", d.SubOpenID)
	out := engine.Document{
		"sp_appid": d.AppID, "sp_mchid": d.MchID, "sub_mchid": d.SubMchID, "out_trade_no": d.OutTradeNo, "payer": payer,
		"amount": engine.Document{"total": d.Total, "currency": "CNY"}, "trade_type": string(engine.TradeAuth),
		"trade_state": d.Word(), "trade_state_description": d.Text(),
	}
	if scene := engine.Object(asked, "scene_info"); scene != nil {
		out["scene_info"] = scene
	}
	out.Set("sub_appid", d.SubAppID)
	out.Set("description", d.Description)
	out.Set("attach", d.Attach)
	if d.State == ledger.DebitFailed {
		out["trade_state"], out["error_type"] = "PAYERROR", string(d.Failure)
		if d.Owing {
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

// repaymentURL is a page of WeChat Pay's for whoever signed for the
// user: what they owe they repay with Payer.Repay.
func repaymentURL(c *engine.Call) (engine.Document, error) {
	u, err := faceUserOf(c.Step, c.Merchant.MchID, c.Text("organization_id"), c.Text("out_user_id"))
	if err != nil {
		return nil, err
	}
	return engine.Document{
		"repayment_url": "https://" + contracts.SigningHost + "/sandbox/repay?user_id=" + u.UserID +
			"&t=" + strconv.FormatInt(c.Now.Unix(), 10),
		"expire_at": wire.FormatTime(c.Now.Add(time.Hour)),
	}, nil
}

// ShowFace is Sandbox.ShowFace.
func ShowFace(s *engine.Step, authinfo, outUserID string) (authCode string, err error) {
	device, err := rows.Get[faceDevice](s.Tx, authinfo)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", &ledger.PageError{Reason: ledger.PageUnknown, Message: "This device is not authorised."}
	case err != nil:
		return "", err
	case !s.Now.Before(device.ExpiresAt):
		return "", &ledger.PageError{Reason: ledger.PageExpired, Message: "This device's authorisation has expired."}
	}
	u, err := faceUserOf(s, device.MchID, device.Organization, outUserID)
	if err != nil {
		return "", forPeople(err, "Nobody was recognised.")
	}
	if u.ContractID == "" {
		return "", &ledger.PageError{Reason: ledger.PageUnknown, Message: "Nobody was recognised."}
	}
	code := &faceCode{MchID: device.MchID, SubMchID: device.SubMchID, ContractID: u.ContractID}
	draw := func() string { return "CgVTS0VZ" + s.Random.Roll(random.Letters, 120) }
	if code.ID, err = s.Free("auth_code", draw, s.RowOf(code.RowKind())); err != nil {
		return "", err
	}
	return code.ID, rows.Put(s.Tx, code)
}
