package rows

import (
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Debit is a Debit as the store has it, with what the rules need to know.
type Debit struct {
	Rev
	ledger.Debit
	Rules       string `json:"rules"` // name of the DebitRules it runs under
	Person      string `json:"person"`
	Forgiven    int64  `json:"forgiven,omitempty"` // fen of an advanced debit that refunds took off the debt
	Owing       bool   `json:"owing,omitempty"`    // not paid, and not advanced: the payer owes it to the merchant
	Fingerprint string `json:"fingerprint"`
}

// KnownFailure says whether a charge may fail so.
func KnownFailure(f ledger.Failure) bool { return FailureText(f) != "" }

// FailureText is the failure as merchants read it.
func FailureText(f ledger.Failure) string {
	switch f {
	case ledger.NotEnough:
		return "余额不足"
	case ledger.RiskRejected:
		return "交易金额或次数超出限制，请检查后再试"
	case ledger.BankError:
		return "银行系统异常"
	case ledger.AccountAbnormal:
		return "用户账户异常"
	case ledger.AccountError:
		return "用户账户异常或已注销"
	case ledger.UserNotExist:
		return "用户不存在"
	case ledger.TradeError:
		return "交易错误"
	case ledger.ContractGone:
		return "签约协议不存在，请检查传入的签约协议是否正确"
	case ledger.SystemFailure:
		return "系统繁忙，请稍后重试"
	}
	return ""
}

func (d *Debit) RowKind() string { return "debit" }

func (d *Debit) Row() store.Row {
	keys := []string{"contract:" + d.ContractID, TradeKey(d.MchID, d.OutTradeNo)}
	if d.TransactionID != "" {
		keys = append(keys, "transaction:"+d.TransactionID)
	}
	for _, part := range d.Parts {
		keys = append(keys, TradeKey(d.MchID, part.OutTradeNo))
		if part.TransactionID != "" {
			keys = append(keys, "transaction:"+part.TransactionID)
		}
	}
	row := store.Row{ID: d.ID, Keys: keys}
	switch d.State {
	case ledger.DebitAccepted:
		fallDue(&row, d.ExecuteAt, d.CreatedAt)
	case ledger.DebitPaid:
		moved(&row, d.MchID, d.PaidAt())
	}
	return row
}

// PaidAt is when the merchant had the money of a debit that is paid.
func (d *Debit) PaidAt() time.Time {
	if !d.Advanced && !d.RepaidAt.IsZero() {
		return d.RepaidAt // there was nothing before
	}
	return d.EndedAt
}

func DebitID(p ledger.Product, mchid, outTradeNo string) string {
	return Joined(string(p), mchid, outTradeNo)
}

// Owed is what the payer owes of an advanced debit, in fen, as long as they owe it.
func (d *Debit) Owed() int64 { return d.Total - d.Forgiven }

// Word is trade_state in the words most products use.
func (d *Debit) Word() string {
	switch {
	case d.State == ledger.DebitPaid && d.Refunded > 0:
		return "REFUND"
	case d.State == ledger.DebitPaid && !d.RepaidAt.IsZero():
		return "PAY_BACK"
	}
	return string(d.State)
}

// Text is trade_state_desc.
func (d *Debit) Text() string {
	switch d.Word() {
	case "SUCCESS":
		return "支付成功"
	case "REFUND":
		return "转入退款"
	case "PAY_BACK":
		return "用户已还款"
	case "REVOKED":
		return "已撤销"
	case "PAY_FAIL":
		return FailureText(d.Failure)
	}
	return "扣款请求已受理"
}

// sound finds what nobody can go on from.
func (d *Debit) sound() error {
	switch d.State {
	case ledger.DebitAccepted, ledger.DebitPaid, ledger.DebitFailed, ledger.DebitReversed:
	default:
		return unknownState(d, string(d.State))
	}
	if d.Total < 1 || d.Refunded < 0 || d.Refunded > d.Total || d.Forgiven < 0 || d.Forgiven > d.Total {
		return Misread(d, "is of %d fen, of which %d went back and %d are not owed", d.Total, d.Refunded, d.Forgiven)
	}
	return soundParts(d, d.Parts, d.Total)
}
