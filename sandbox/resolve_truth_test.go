package sandbox_test

import (
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// truth is what the ledger says became of a call, whoever brought it about: by the numbers of the
// call, and without any query.
func (c *halted) truth(w *world) wxpay.Outcome {
	w.t.Helper()
	switch {
	case c.isOf("/refunds", "/refunds/apply", "/pay/refund"):
		return refunded(calledRefund(w, c), ledger.RefundAbnormal, wxpay.Pending)
	case c.isOf("/apply-abnormal-refund"):
		return refunded(calledRefund(w, c), ledger.RefundAbnormal, wxpay.DidNotHappen)
	case c.isOf("/return-advance"):
		return happened(!calledRefund(w, c).ReturnedAt.IsZero())
	case c.isOf("/close", "/closeorder"):
		return happened(slices.ContainsFunc(calledOrders(w, c), func(o *ledger.Order) bool {
			return o.State == ledger.OrderClosed
		}))
	case c.isOf("/reverse"):
		return happened(slices.ContainsFunc(calledOrders(w, c), func(o *ledger.Order) bool {
			return o.State == ledger.OrderReversed
		}) || slices.ContainsFunc(calledDebits(w, c), func(d *ledger.Debit) bool {
			return d.State == ledger.DebitReversed
		}))
	case c.isOf("terminate", "terminate-contract", "deletecontract") || c.op.Method == "DELETE":
		return happened(calledContract(w, c).State == ledger.ContractTerminated)
	case c.isOf("/schedule"):
		b := bookedOf(calledContract(w, c), c.vars["policy_period_id"])
		return happened(b != nil && !b.BookedAt.IsZero())
	case c.isOf("/batch-create"):
		return happened(bookedOf(calledContract(w, c), c.says("out_record_id")) != nil)
	case strings.Contains(c.op.Path, "pre-entrust-sign"), c.isOf("/preentrustweb"):
		sessions, err := w.Sessions()
		w.ok(err)
		code := c.says("out_contract_code") + c.says("contract_code")
		return happened(slices.ContainsFunc(sessions, func(s *ledger.Session) bool {
			combined := s.Product == ledger.CombinePapay
			return s.Code == code && combined == (c.op.Family.Name == "combine-papay")
		}))
	case c.isOf("pappayapply", "/transactions/apply", "papay/transactions", "eduschoolpay/transactions",
		"/deduct-orders", "offlineface/transactions"):
		list := calledDebits(w, c)
		if len(list) == 0 {
			return wxpay.DidNotHappen
		}
		return debited(list[0])
	case c.isOf("/codepay"):
		return happened(slices.ContainsFunc(calledOrders(w, c), func(o *ledger.Order) bool {
			return o.State == ledger.OrderPaid
		}))
	case c.isOf("/jsapi", "/app", "/h5", "/native", "/miniprogram", "/scannedpos", "-with-contract", "/unifiedorder",
		"/contractorder"):
		return happened(len(calledOrders(w, c)) > 0)
	}
	w.t.Fatalf("%s has an outcome, and nobody says where the ledger has it: add it to truth", c.op.ID())
	return wxpay.Pending
}

func happened(yes bool) wxpay.Outcome {
	if yes {
		return wxpay.Happened
	}
	return wxpay.DidNotHappen
}

func debited(d *ledger.Debit) wxpay.Outcome {
	switch {
	case d.State == ledger.DebitPaid:
		return wxpay.Happened
	case d.State == ledger.DebitAccepted, d.State == ledger.DebitFailed && !d.Closed:
		return wxpay.Pending // of the second WeChat Pay does not know itself
	}
	return wxpay.DidNotHappen
}

func refunded(r *ledger.Refund, open ledger.RefundState, as wxpay.Outcome) wxpay.Outcome {
	switch r.State {
	case ledger.RefundSuccess:
		return wxpay.Happened
	case ledger.RefundProcessing:
		return wxpay.Pending
	case open:
		return as
	}
	return wxpay.DidNotHappen
}

// calledRefund is the refund of the call's number, an empty one where there is none.
func calledRefund(w *world, c *halted) *ledger.Refund {
	w.t.Helper()
	list, err := w.Refunds()
	w.ok(err)
	for _, r := range list {
		if no := c.says("out_refund_no"); no != "" && r.OutRefundNo == no || r.RefundID == c.vars["refund_id"] {
			return r
		}
	}
	return &ledger.Refund{}
}

func calledOrders(w *world, c *halted) []*ledger.Order {
	w.t.Helper()
	list, err := w.Orders()
	w.ok(err)
	return slices.DeleteFunc(list, func(o *ledger.Order) bool {
		return o.OutTradeNo != c.number() || !o.Combined && o.SubMchID != c.says("sub_mchid")+c.says("sub_mch_id")
	})
}

func calledDebits(w *world, c *halted) []*ledger.Debit {
	w.t.Helper()
	list, err := w.Debits()
	w.ok(err)
	return slices.DeleteFunc(list, func(d *ledger.Debit) bool { return d.OutTradeNo != c.number() })
}

// number is the order's, of a combined one that of the whole.
func (c *halted) number() string {
	if no := c.says("combine_out_trade_no"); no != "" {
		return no
	}
	return c.says("out_trade_no")
}

// calledContract is the contract that the call names, or the only one there is.
func calledContract(w *world, c *halted) *ledger.Contract {
	w.t.Helper()
	list, err := w.Contracts()
	w.ok(err)
	for _, contract := range list {
		code := c.says("out_contract_code") + c.says("contract_code")
		if contract.ID == c.says("contract_id") || code != "" && contract.Code == code {
			return contract
		}
	}
	if len(list) != 1 {
		w.t.Fatalf("%s: it names none of %d contracts", c.op.ID(), len(list))
	}
	return list[0]
}

func bookedOf(c *ledger.Contract, id string) *ledger.Booking {
	for i := range c.Bookings {
		if c.Bookings[i].ID == id {
			return &c.Bookings[i]
		}
	}
	return nil
}
