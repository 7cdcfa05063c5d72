// Package contracts is the life of a contract, whatever the product: a merchant asks (presign.go),
// the payer sees a page (page.go) and agrees (sign.go), or is asked after they paid (bypaying.go),
// and one side or time ends it (end.go). notify.go says which address hears of it. Products find
// contracts by find.go and, where out_contract_code is in their paths, by bycode.go.
//
// It stands on package engine and knows no product: what differs is in [engine.Product].
// Start reading at [Presign] and [Sign].
package contracts
