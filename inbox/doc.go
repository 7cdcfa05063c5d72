// Package inbox handles each of WeChat Pay's notifications once, in the transaction of your own
// database: PostgreSQL, MySQL or MariaDB, or SQLite, by database/sql and the driver you have.
//
//	box, err := inbox.New(db, inbox.Config{Dialect: inbox.Postgres})
//	inbox.On(box, func(ctx context.Context, d *inbox.Delivery, e *event.EntrustSign) error {
//		_, err := d.Tx.ExecContext(ctx, "UPDATE subscription SET active = $1 WHERE code = $2",
//			!d.Contract.Ended, e.OutContractCode)
//		return err
//	})
//	r := notify.New(client.Keys())
//	box.Attach(r)
//	http.Handle("/notify", r)
//
// Its tables are a migration of yours: see [Schema].
//
// # What is committed together
//
// What your function writes through [Delivery].Tx and the row that says the notification was
// handled are committed together, or neither is. So there are two moments at which a process may
// die, and both are harmless. Between your write and the commit the database undoes both; WeChat
// Pay was not answered, sends the notification again, and your function runs on it as if for the
// first time. Between the commit and the answer the repeat finds the row and is answered with a
// success without running anything.
//
// A database may undo the whole transaction for one statement of it: MySQL for a deadlock, SQLite
// for a write that its own context interrupted, or where a constraint says ON CONFLICT ROLLBACK. A
// function that hides the error and writes on loses what it wrote before and what it writes after,
// on all three databases: it has not handled anything, and runs again.
//
// What a function does elsewhere, a call, a mail, a message, no database can undo, and it is done
// again where the transaction is. Put such work into a queue that lives in the same database, in
// the same transaction: the example in the folder examples/river does that with River.
//
// # What is one notification
//
// APIv3 gives each an id, the same for every attempt, and package notify makes one for APIv2 of
// what the message says. The key is that id, with the merchant. A unique key and a row lock decide
// between replicas that get it in the same moment: the second waits for the first one's commit, and
// is then a repeat, or runs if the first was undone.
//
// Besides the id goes what happened. A payment happens once, also one of combined orders, and so do
// each outcome of a refund, the signature of a contract, and its end: a second notification of it
// under another id is a repeat, and so is the one of what a query told before ([Box.Sweep]).
//
// A number under which a debit failed is closed, and WeChat Pay takes the next try under a new one.
// So of a number that a query told to have failed every notification of a failure is a repeat.
// Payments by face may fail again under their number; the inbox asks no query about those, and two
// of their notifications are two failures.
//
// APIv2's refunds are sealed and not signed, and somebody with a copy of one can make others (see
// package notify): nothing else is believed done because of one, and a function should query what
// it says.
//
// One sign of APIv2 proves one message, in whichever process it came: another message with the
// sign of one that was handled is refused ([ErrCut]) and not stored.
//
// # The same bytes again
//
// A receiver without a box answers the same bytes 409, for its memory knows that this process
// answered them, and that WeChat Pay signs every attempt afresh. With a box they are answered with
// a success, by the process that handled them as by any other: the one that committed may have
// died before it answered, and a gateway that sends the same bytes to another process must hear
// that they were handled. Nothing runs twice for it. So [Box.Attach] makes the receiver durable
// ([notify.Receiver.Durable]), and what was handled is the database's to say.
//
// # In which order
//
// WeChat Pay promises none. The box keeps a row of each contract: when it was signed, when it
// ended. The function sees the contract with this notification in it, [Delivery].Contract, and the
// newest of the same payer and plan, [Delivery].Current. Both are told from the rows alone, so they
// end the same whichever order notifications come in and however often: set your own row to what
// they say, or leave it as it is where the notification is [Delivery].Late.
//
// # What cannot be handled
//
// A function that fails, a message that does not decode, an event without a function: the
// transaction is undone, the failure is entered in one of its own, and WeChat Pay is told to send
// the notification again. When it has failed [Config.Attempts] times it becomes a dead letter and
// is answered with a success: nothing is lost, and the attempts end. So does what still fails when
// WeChat Pay has given it up ([Box.Work]). [Box.Dead] lists them with the reason, which names
// nobody whom the notification names; [Box.Replay] handles one now, [Box.Requeue] and `wxpay inbox
// replay` have it handled by [Box.Work] in a process that has the functions.
//
// What the database does to a transaction is no failure: a deadlock, a serialization failure, a
// busy SQLite. It runs again, eight times at most. When the function ran and was undone each time,
// that is one failed attempt.
//
// # What never comes
//
// [Box.Expect], in the transaction in which you enter an order or the number of a contract, says
// that something is to come. [Box.Sweep] asks WeChat Pay for what has not, and hands what it finds
// to the same functions on the same way. What was created before something was expected does not
// end it, but for the contract that a payer has in force. PAYERROR is no failure: it is asked for
// until that is decided. At [Expected.Until] the questions end: what was found and never handled is
// a dead letter then, and once more after [Config.KeepDead] where WeChat Pay is asked for longer.
// With [Config.Recheck] it also asks whether contracts that it saw signed have ended.
//
// # What is kept, and for how long
//
// Of a notification that was handled: its id, type and times, for [Config.Keep] and at most
// [Config.KeepEvents]; a hash of what happened and of APIv2's sign, for [Config.Keep], or
// [Config.KeepDead] where that is longer, however many there are. Of a contract: its id and code,
// when it was signed and ended, a hash of the openid, as long after its end and while a query tells
// of it. Of one that failed the whole notification, which names the payer, until it is handled,
// discarded, or [Config.KeepDead] is over. Of what is expected: the numbers you gave, until it
// comes. [Box.Prune] deletes what is kept no longer, in batches; [Box.Forget] erases what is stored
// of a person.
//
// # Running it
//
// Three calls keep it going, in any number of processes, every minute or so:
//
//	box.Work(ctx)          // what was asked to be replayed
//	box.Sweep(ctx, client) // what never came
//	box.Prune(ctx)         // what is kept no longer; once an hour is enough
//
// The default isolation of each database is right: READ COMMITTED in PostgreSQL, REPEATABLE READ in
// MySQL and MariaDB, the single writer of SQLite. So are stricter ones. Give SQLite a busy_timeout.
//
// # The code
//
// The package knows the client, package notify and the wire, and no driver. Start reading at
// delivery.go, which takes a notification and records what fails; once.go is its transaction,
// guard.go keeps SQLite from committing what it is not told to, told.go reads what it tells,
// contract.go follows contracts; failed.go, pack.go and dead.go are what could not be handled;
// expect.go, question.go and sweep.go are what never came, prune.go and forget.go what is kept;
// dialect.go is how the databases differ.
package inbox
