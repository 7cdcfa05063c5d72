// Package payments is orders, from the call that places one (order.go) to the payer who pays
// (pay.go) or shows a code to be scanned (code.go), refunds of whatever was paid (refund.go;
// refunded.go finds the order or debit, or the part of one), and the bills of a day: bill.go says
// who may have which and for how long, billlines.go what stands in one. former.go brings the
// stores of former versions up to date.
//
// It stands on packages engine and debits. The endpoints of orders and refunds, and how long a
// refund takes, are those of products. Start reading at [Place], [Pay] and [Refund].
package payments
