// Package payments is orders, from the call that places one (order.go) to the payer who pays
// (pay.go), refunds of whatever was paid, an order or a debit (refund.go), and the bills of a day
// (bill.go).
//
// It stands on packages engine and debits, and knows neither the endpoints of orders, which are a
// product's, nor what they say. Start reading at [Place], [Pay] and [Refund].
package payments
