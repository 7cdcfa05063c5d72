package rows

import (
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A merchant's out_trade_no is of an order or of a debit, combined ones and their parts included. A
// provider's are each sub-merchant's own, but two debits of one product never have the same one,
// whoever they are paid to: some queries of debits name no sub-merchant.

// tradeNo is an out_trade_no with the merchants it is a number of.
type tradeNo struct{ mchID, subMchID, outTradeNo string }

// numberOf is an out_trade_no of a provider's or of a merchant's own, which some endpoints name a
// second time as the sub-merchant.
func numberOf(mchid, subMchID, outTradeNo string) tradeNo {
	if subMchID == mchid {
		subMchID = ""
	}
	return tradeNo{mchid, subMchID, outTradeNo}
}

func TradeKey(mchid, outTradeNo string) string { return "trade:" + Joined(mchid, outTradeNo) }

func (o *Order) TradeNos() []tradeNo {
	return append(tradeNosOf(o.SubOrders), numberOf(o.MchID, o.SubMchID, o.OutTradeNo))
}

func (d *Debit) TradeNos() []tradeNo {
	if len(d.Parts) > 0 {
		return append(tradeNosOf(d.Parts), numberOf(d.MchID, "", d.OutTradeNo))
	}
	return []tradeNo{numberOf(d.MchID, d.SubMchID, d.OutTradeNo)}
}

func tradeNosOf(parts []ledger.SubOrder) []tradeNo {
	out := make([]tradeNo, len(parts), len(parts)+1)
	for i, part := range parts {
		out[i] = numberOf(part.MchID, part.SubMchID, part.OutTradeNo)
	}
	return out
}

// NumbersTaken says whether an order or a debit of the merchant has one of the numbers already.
func NumbersTaken(tx store.Tx, mchid string, numbers []tradeNo) (bool, error) {
	taken, err := numbersOf[Order](tx, mchid, numbers)
	if taken || err != nil {
		return taken, err
	}
	return numbersOf[Debit](tx, mchid, numbers)
}

func numbersOf[E any, P interface {
	*E
	Entity
	TradeNos() []tradeNo
}](tx store.Tx, mchid string, numbers []tradeNo) (bool, error) {
	for _, n := range numbers {
		list, err := Find[E, P](tx, TradeKey(mchid, n.outTradeNo), 0)
		if err != nil {
			return false, err
		}
		for _, one := range list {
			if slices.Contains(one.TradeNos(), n) {
				return true, nil
			}
		}
	}
	return false, nil
}
