// Package trigger sends notifications about what never happened, for those who try out a receiver.
//
// What a notification says is written by the code that tells of what does happen: the products make
// up a contract, a debit, an order or a refund (engine.Made), and store nothing of it. What no
// product plays is written from the catalogue (sample.go). What is asked for may then change it
// (set.go, minimal.go), and faults may strike it (variant.go).
//
// It stands on payments, debits and contracts, and knows products by what they say of themselves.
// Start reading at [Kinds] and [Send].
package trigger
