// Command crash kills a sandbox again and again while merchants and payers are at work, and checks
// what it kept: script/crash runs it against the binary.
//
// A round: the sandbox is started on the folder of the round before, several callers sign
// contracts, have orders paid, debit, terminate and refund through the SDK and the admin, and at a
// moment that is drawn it is killed with SIGKILL. What was answered with a success by then is
// written down. After the last round the sandbox is started once more, sends what it still has to
// send, and is judged:
//
//   - every acknowledged step is there, as it was acknowledged;
//   - nothing is there by half: a session that was signed has its contract and a contract its
//     session, an order paid has its transaction, and the payer's money is what they had less
//     what was taken and not given back;
//   - every change was notified: each contract signed and each ended, each order paid and each
//     refund, to a receiver of package notify that answered 2xx.
//
// It fails where one of them does not hold, and prints what it did as a row of figures.
//
// Start reading at run.
package main
