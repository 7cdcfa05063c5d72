// Package ledger has the nouns of the imaginary WeChat Pay that package sandbox runs: what it is
// told, merchants with their plans and keys, and what it shows, contracts, sessions, debits,
// orders, refunds, notifications and what a payer sees.
//
// Their JSON is that of the admin's REST calls. What only the rules need to know of them is not
// here: the store's rows embed these types, and may change without them.
//
// The package knows the SDK's wxpay.Secret and the names of faults, and nothing of the machine.
// Start reading at [Merchant] and [Contract].
package ledger
