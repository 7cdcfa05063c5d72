package payments

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// movement is a payment, or a refund of one that reached the payer: a line of
// the bills.
type movement struct {
	*payment
	at     time.Time
	mchID  string
	trade  ledger.TradeType
	refund *rows.Refund // nil of a payment
}

// movements are everything a merchant was paid and gave back, oldest first; with
// a sub-merchant only theirs.
func movements(c *engine.Call, subMchID string) ([]movement, error) {
	return movementsUnder(c, "mchid:"+c.Merchant.MchID, subMchID)
}

// movementsOn are those of a day.
func movementsOn(c *engine.Call, day, subMchID string) ([]movement, error) {
	return movementsUnder(c, rows.DayKey(c.Merchant.MchID, day), subMchID)
}

func movementsUnder(c *engine.Call, key, subMchID string) ([]movement, error) {
	all, err := paymentsUnder(c, key)
	if err != nil {
		return nil, err
	}
	paid := map[string]movement{}
	for _, m := range all {
		paid[m.transactionID] = m
	}
	refunds, err := rows.Find[rows.Refund](c.Tx, key, 0)
	if err != nil {
		return nil, err
	}
	for _, r := range refunds {
		if r.State != ledger.RefundSuccess {
			continue
		}
		m, found := paid[r.TransactionID]
		if !found { // of another day, perhaps
			if m, found, err = paymentBy(c, r.TransactionID); err != nil {
				return nil, err
			}
		}
		if found {
			m.at, m.refund = r.EndedAt, r
			all = append(all, m)
		}
	}
	if subMchID != "" {
		all = slices.DeleteFunc(all, func(m movement) bool { return m.subMchID != subMchID })
	}
	slices.SortStableFunc(all, func(a, b movement) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.transactionID, b.transactionID))
	})
	return all, nil
}

// paymentsUnder are the payments by the orders and debits with a key.
func paymentsUnder(c *engine.Call, key string) (all []movement, err error) {
	orders, err := rows.Find[rows.Order](c.Tx, key, 0)
	if err != nil {
		return nil, err
	}
	debited, err := rows.Find[rows.Debit](c.Tx, key, 0)
	if err != nil {
		return nil, err
	}
	add := func(payments []*payment, trade ledger.TradeType) {
		for _, p := range payments {
			all = append(all, movement{payment: p, at: p.paidAt, mchID: c.Merchant.MchID, trade: trade})
		}
	}
	for _, o := range orders {
		add(paymentsOfOrder(c.Step, o), o.PaidBy())
	}
	for _, d := range debited {
		if rules := debits.RulesOf(c.Step, d.Product, d.Rules); rules != nil && !rules.Foreign {
			add(paymentsOfDebit(d), cmp.Or(rules.Trade, "PAP"))
		}
	}
	return all, nil
}

// paymentBy finds a payment by WeChat Pay's number.
func paymentBy(c *engine.Call, transactionID string) (movement, bool, error) {
	all, err := paymentsUnder(c, "transaction:"+transactionID)
	for _, m := range all {
		if m.transactionID == transactionID {
			return m, true, err
		}
	}
	return movement{}, false, err
}

// tradeBillOf is a day's payments and refunds in the columns of the official
// file: every value behind a grave accent, amounts in yuan, a line of sums at the
// end; "" when there is nothing to tell.
func tradeBillOf(lines []movement, kind string) string {
	lines = slices.DeleteFunc(slices.Clone(lines), func(m movement) bool {
		return kind == "SUCCESS" && m.refund != nil || kind == "REFUND" && m.refund == nil || kind == "RECHARGE_REFUND"
	})
	if len(lines) == 0 {
		return ""
	}
	var t billTable
	columns := columnsOf(kind)
	t.head(strings.Join(columns, ","))
	var total, back int64
	for _, m := range lines {
		cells := cellsOf(m)
		values := make([]string, len(columns))
		for i, name := range columns {
			values[i] = cells[name]
		}
		t.line(values...)
		if m.refund == nil {
			total = rows.Plus(total, m.total)
		} else {
			back = rows.Plus(back, m.refund.Amount)
		}
	}
	t.head("总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额")
	t.line(strconv.Itoa(len(lines)), inYuan(total), inYuan(back), "0.00", "0.00000", inYuan(total), inYuan(back))
	return t.String()
}

// columnsOf are the columns of a trade bill. Those of a refund are in no bill of payments; when it
// was asked for and arrived only one of refunds tells.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_6
func columnsOf(kind string) []string {
	list := strings.Split("交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"+
		"应结订单金额,代金券金额,退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"+
		"商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注", ",")
	return slices.DeleteFunc(list, func(name string) bool {
		return kind == "SUCCESS" && strings.Contains(name, "退款") ||
			kind != "REFUND" && (name == "退款申请时间" || name == "退款成功时间")
	})
}

// cellsOf is a line of a trade bill by its columns.
func cellsOf(m movement) map[string]string {
	cells := map[string]string{
		"交易时间": stamp(m.at), "公众账号ID": m.appid, "商户号": m.mchID, "特约商户号": cmp.Or(m.subMchID, "0"),
		"微信订单号": m.transactionID, "商户订单号": m.outTradeNo, "用户标识": m.openid, "交易类型": string(m.trade),
		"交易状态": "SUCCESS", "付款银行": "OTHERS", "货币种类": "CNY", "应结订单金额": inYuan(m.total), "代金券金额": "0.00",
		"微信退款单号": "0", "商户退款单号": "0", "退款金额": "0.00", "充值券退款金额": "0.00", "商品名称": m.sold, "商户数据包": m.attach,
		"手续费": "0.00000", "费率": "0.00%", "订单金额": inYuan(m.total), "申请退款金额": "0.00",
	}
	if r := m.refund; r != nil {
		maps.Copy(cells, map[string]string{
			"交易状态": "REFUND", "应结订单金额": "0.00", "退款申请时间": stamp(r.CreatedAt), "退款成功时间": stamp(r.EndedAt),
			"微信退款单号": r.RefundID, "商户退款单号": r.OutRefundNo, "退款金额": inYuan(r.Amount), "退款类型": r.Way(),
			"退款状态": string(r.State), "订单金额": "0.00", "申请退款金额": inYuan(r.Amount),
		})
	}
	return cells
}

// fundFlowBillOf is a day's movements of the merchant's money. The balance counts
// from nothing on the first day.
func fundFlowBillOf(all []movement, day string) string {
	var t billTable
	t.head("记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号")
	var balance, in, out int64
	var incomes, expenses int
	for i, m := range all {
		id, name, way, amount, voucher := m.transactionID, "交易", "收入", m.total, m.outTradeNo
		if m.refund != nil {
			id, name, way, amount, voucher = m.refund.RefundID, "退款", "支出", m.refund.Amount, m.refund.OutRefundNo
			balance -= amount
		} else {
			balance = rows.Plus(balance, amount)
		}
		if clock.DateOf(m.at) != day {
			continue
		}
		if m.refund != nil {
			out, expenses = rows.Plus(out, amount), expenses+1
		} else {
			in, incomes = rows.Plus(in, amount), incomes+1
		}
		t.line(stamp(m.at), id, fmt.Sprintf("%s%06d", strings.ReplaceAll(day, "-", ""), i+1), name, name, way,
			inYuan(amount), inYuan(balance), "system", "", voucher)
	}
	if incomes+expenses == 0 {
		return ""
	}
	t.head("资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额")
	t.line(strconv.Itoa(incomes+expenses), strconv.Itoa(incomes), inYuan(in), strconv.Itoa(expenses), inYuan(out))
	return t.String()
}

// billTable writes the lines of a bill.
type billTable struct{ strings.Builder }

func (t *billTable) head(columns string) { t.WriteString(columns + "\r\n") }

func (t *billTable) line(values ...string) {
	for i, v := range values {
		if i > 0 {
			t.WriteByte(',')
		}
		t.WriteString("`" + strings.Map(func(r rune) rune {
			if r == ',' || r < ' ' {
				return ' '
			}
			return r
		}, v))
	}
	t.WriteString("\r\n")
}

func inYuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

func stamp(t time.Time) string { return t.In(wire.Beijing).Format(time.DateTime) }
