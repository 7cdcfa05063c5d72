// Command proof has thousands of contracts signed, debited and ended in a sandbox that loses,
// repeats, delays and reorders its notifications, notifies three receivers that are killed at
// random and at the worst moments, has an attacker forge what it can, and then compares the
// receivers' tables with the sandbox, contract by contract and debit by debit. script/proof runs
// it.
//
// The run is made twice. With package inbox the tables have to equal the sandbox; without it, the
// same receivers with the same functions, they must not, or the run would prove nothing.
//
// Five kinds of processes take part, all of this program:
//
//   - the driver, which starts the others, kills them, forwards each notification to the next
//     receiver, moves the sandbox's clock, and judges by SQL and by the sandbox's admin;
//   - the sandbox (sandbox.go), with its faults;
//   - the receivers (receiver.go), with the user's functions (book.go) and tables (tables.go);
//   - the shop (shop.go, life.go, calls.go), inside the driver, which calls WeChat Pay and enters what
//     it expects;
//   - the attacker (attacker.go), who sees copies of what passes the wire and has no key.
//
// The user's functions are not repeatable: each adds a row and adds to counters, so that an effect
// that happened twice, or half, or never, shows (judge.go).
//
// Start reading at run.go.
package main
