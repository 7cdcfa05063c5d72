// Package contracts is the life of a contract, whatever the product: a merchant asks (presign.go),
// the payer sees a page, or what keeps them from it (page.go), and agrees (sign.go), or is asked
// after they paid an order (bypaying.go); one side or time ends it (end.go). code.go says when an
// out_contract_code may be used again, notify.go which address hears of a contract. Products find
// contracts by find.go and, where out_contract_code is in their paths, by bycode.go. wechat.go has
// the addresses of WeChat's own pages.
//
// It stands on package engine and knows no product: what differs is in [engine.Product].
// Start reading at [Presign] and [Sign].
package contracts
