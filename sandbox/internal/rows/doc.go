// Package rows is what the sandbox keeps: sessions, contracts, debits, orders, refunds, wallets,
// each a row of the store, which embeds what is shown of it (package ledger) and adds what the
// rules need to know. entity.go reads, looks for and writes them; misread.go is the error of one
// that nothing can be made of, as each row's sound says; scope.go keeps merchants apart; tradeno.go
// says whose an out_trade_no is; usage.go counts a contract's debits; schedule.go says when
// notifications are tried.
//
// It knows the store and the ledger, and decides nothing else: what may happen to a row is said by
// the rooms on package engine. Start reading at [Entity], [Get] and [Put].
package rows
