package sandbox

// How a product debits.
//
// A product that debits gives its [product] a debitRules value and writes one
// behaviour per endpoint. The behaviour of a debit names what is asked,
//
//	d, err := c.debit(&Debit{ContractID: …, OutTradeNo: …, Total: …, NotifyURL: …})
//
// and turns d into its reply; everything between is the machine's: the same call
// again has the same outcome, other parameters are refused, the contract must be
// alive and the merchant's, hours, notice, bookings, limits and counts are
// checked (debitcheck.go), the payer is charged at once or when the clock gets
// there (debitcharge.go), the contract's counters move, and the notification is
// written in the same transaction. Queries are debitByNo and debitByTransaction.
// docs/adding-a-product.md walks through one.

import (
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// debitRow is a Debit as the store has it, with what the rules need to know.
type debitRow struct {
	rev
	Debit
	Rules       string `json:"rules"` // name of the debitRules it runs under
	Person      string `json:"person"`
	Forgiven    int64  `json:"forgiven,omitempty"` // fen of an advanced debit that refunds took off the debt
	Fingerprint string `json:"fingerprint"`
}

// knownFailure says whether a charge may fail so.
func knownFailure(f Failure) bool { return failureText(f) != "" }

// failureText is the failure as merchants read it.
func failureText(f Failure) string {
	switch f {
	case NotEnough:
		return "余额不足"
	case RiskRejected:
		return "交易金额或次数超出限制，请检查后再试"
	case BankError:
		return "银行系统异常"
	case AccountAbnormal:
		return "用户账户异常"
	case AccountError:
		return "用户账户异常或已注销"
	case UserNotExist:
		return "用户不存在"
	case TradeError:
		return "交易错误"
	case ContractGone:
		return "协议不存在或已解约"
	case SystemFailure:
		return "系统异常，请稍后重试"
	}
	return ""
}

func (d *debitRow) kind() string { return "debit" }

func (d *debitRow) row() store.Row {
	keys := []string{"mchid:" + d.MchID, "contract:" + d.ContractID, tradeKey(d.MchID, d.OutTradeNo)}
	if d.TransactionID != "" {
		keys = append(keys, "transaction:"+d.TransactionID)
	}
	for _, part := range d.Parts {
		keys = append(keys, tradeKey(d.MchID, part.OutTradeNo))
		if part.TransactionID != "" {
			keys = append(keys, "transaction:"+part.TransactionID)
		}
	}
	row := store.Row{ID: d.ID, Keys: keys}
	if d.State == DebitAccepted {
		fallDue(&row, d.ExecuteAt, d.CreatedAt)
	}
	return row
}

func debitID(p Product, mchid, outTradeNo string) string {
	return joined(string(p), mchid, outTradeNo)
}

// owed is what the payer owes of an advanced debit, in fen, as long as they owe it.
func (d *debitRow) owed() int64 { return d.Total - d.Forgiven }

// word is trade_state in the words most products use.
func (d *debitRow) word() string {
	switch {
	case d.State == DebitPaid && d.Refunded > 0:
		return "REFUND"
	case d.State == DebitPaid && !d.RepaidAt.IsZero():
		return "PAY_BACK"
	}
	return string(d.State)
}

// failureText is trade_state_desc.
func (d *debitRow) text() string {
	switch d.word() {
	case "SUCCESS":
		return "支付成功"
	case "REFUND":
		return "转入退款"
	case "PAY_BACK":
		return "用户已还款"
	case "REVOKED":
		return "已撤销"
	case "PAY_FAIL":
		return failureText(d.Failure)
	}
	return "扣款请求已受理"
}
