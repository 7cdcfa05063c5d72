// Package outbox sends notifications, at their time: it claims what is due (claim.go), finds where
// an address leads (routes.go) and what may be dialled (dial.go), seals, signs and posts, and
// judges the answer (deliver.go; xml.go for APIv2), to a server or to a handler of this process
// (handler.go), and writes down what came of it. worker.go does so in the background, walk.go for a
// test that moves the clock. laid.go has the routes of programs that listen, hold.go keeps
// notifications back and releases them. ask.go puts a question whose answer counts. fault.go is
// what faults do on the way.
//
// It stands on package engine and takes notifications from the store, whoever wrote them. It knows
// no product. Start reading at [Outbox], then worker.go.
package outbox
