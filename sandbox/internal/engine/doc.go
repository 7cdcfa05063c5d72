// Package engine is the ground that everything in the sandbox happens on: one transaction for
// whatever happens (step.go), the clock's moments (due.go), who is known, and what is remembered of
// them (remember*.go), numbers that nobody has yet (numbers.go), refusals (refusal.go), and what a
// product may say of itself (product.go, debitrules.go).
//
// It knows what is kept (package rows) and who is who (package registry), and no product, no way in
// or out: contracts, debits, payments and notifications are rooms that stand on it, and calls come
// in by package front. What is played is given to [New] as a [Repertoire], and what happens by
// itself as [Timer]s.
//
// Start reading at [Product], which is all that a product can say, at [Call], which is what a
// behaviour is given, and at [Engine.Step].
package engine
