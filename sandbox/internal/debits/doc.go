// Package debits is what happens when a product debits. The product gives its [engine.Product] a
// [engine.DebitRules] and writes a behaviour for each endpoint; that of a debit names what is
// asked,
//
//	d, err := debits.Ask(c, &rows.Debit{Debit: ledger.Debit{ContractID: …, OutTradeNo: …, Total: …}})
//
// and turns d into its reply. Everything between is done here: the same call again has the same
// outcome, other parameters are refused, the contract must be alive and the merchant's, hours,
// notice, bookings, limits and counts are checked (check.go), the payer is charged at once or when
// the clock gets there (charge.go), counters move, and the notification is written in the same
// transaction.
//
// Beside that: limits.go says how much and how often, notice.go and booking.go what comes before a
// debit, owed.go what WeChat Pay paid for a payer and what is forgiven of it, first.go the payment
// that comes with a signing, exempt.go payments without a password, order.go debits in the queries
// of orders, document.go what several products say of a debit.
//
// It stands on packages engine and contracts, and knows no product. Start reading at [Ask];
// docs/adding-a-product.md walks through one.
package debits
