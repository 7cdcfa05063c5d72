// Package witness sees what a client does, and reports what is wrong with it.
//
// It is told of every API call as it comes and as it is answered, and of every attempt to deliver a
// notification as it begins and ends, in the order in which these happened: the times of a stopped
// clock are all the same. Of what they say it keeps the numbers and a sum, no bodies.
//
// What it reports is proved by these facts, and nothing is guessed: a client of whom it reports
// nothing may still have handled a notification twice, where that led to no call.
//
// Start reading at [Witness], and at [Witness.Report] for what is made of it.
package witness
