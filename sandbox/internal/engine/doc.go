// Package engine is the ground that everything in the sandbox happens on:
//
//   - step.go: one transaction for whatever happens; due.go: what falls due and when it happens;
//     aside.go: stored rows that nothing can be made of are set aside
//   - product.go and debitrules.go: all that a product may say of itself
//   - call.go: what a behaviour is given; parties.go: whom a call is for, and who pays or signs;
//     refusal.go: how WeChat Pay says no; numbers.go: numbers that nobody has yet
//   - find.go, views.go: what is stored, for whoever needs it; charge.go: a payer's money
//   - remember.go, rememberpeople.go, rememberkeys.go: who was registered while the sandbox ran
//   - telling.go, made.go: notifications about what never happened, and what they tell of
//   - sign.go: what WeChat Pay signs, with what it does wrong where faults want that
//
// It knows what is kept (package rows) and who is who (package registry), and no product, no way in
// or out: contracts, debits, payments and notifications are rooms that stand on it, and calls come
// in by package front. What is played is given to [New] as a [Repertoire], and what happens by
// itself as [Timer]s. Start reading at [Product], [Call] and [Engine.Step].
package engine
