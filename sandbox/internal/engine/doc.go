// Package engine is the machine that every product of the sandbox runs on: one transaction for
// whatever happens, the clock, who is known, contracts, debits, orders, refunds and bills; the
// two protocols that calls come in; the notifications that go out; the faults. The subject comes
// first in a file's name, so that what belongs together stands together:
//
//   - the ground: step.go, entity.go, registry.go, clock.go, due.go (what falls due), product.go
//     (all that a product says of itself) and call.go (what a behaviour is given);
//   - contract*.go, debit*.go, order*.go, refund*.go, bill*.go, people.go and wallet.go on it;
//   - the front: serve.go, the way of every call, with protocolv3.go and protocolv2.go, the journal
//     and what it blanks (redact*.go);
//   - the outbox: push*.go;
//   - faults: fault*.go.
//
// It knows no product, no payer's door and no admin: what is played is given to [New] as a
// [Repertoire], and the package may import the store, the views of package ledger, the catalogue
// and the signatures, and nothing that lies above it. Start reading at [Engine.ServeHTTP] in
// serve.go, and at [Product] for what a product can say.
package engine
