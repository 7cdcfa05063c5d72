// Package rows is what the sandbox keeps: sessions, contracts, debits, orders, refunds, wallets,
// each a row of the store, which embeds what is shown of it (package ledger) and adds what the
// rules need to know. How rows are read, looked for and written is in entity.go, what becomes of
// one that nothing can be made of in misread.go, and whose they are in scope.go.
//
// It knows the store and the ledger, and decides nothing: what may happen to a row is said by the
// rooms on package engine. Start reading at [Entity], [Get] and [Put].
package rows
