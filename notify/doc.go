// Package notify receives WeChat Pay's notifications so that none is forged, lost, or handled
// twice.
//
//	r := notify.New(client.Keys())
//	notify.On(r, func(ctx context.Context, n *notify.Notification, e *event.EcommerceEntrustSign) error {
//		return contracts.Signed(ctx, n.ID, e.OutContractCode, e.OpenID)
//	})
//	r.Otherwise(func(ctx context.Context, n *notify.Notification) error {
//		return archive(ctx, n.ID, n.EventType, n.Plaintext)
//	})
//	http.Handle("/notify", r)
//
// The receiver follows the client's keys: it knows certificates that the client has downloaded, and
// has one downloaded that a message names and nobody knew, if the message opens with the APIv3 key.
//
// # What happens to a message
//
// The body is read whole, at most [MaxBody] bytes, before anything looks into it. The Wechatpay-*
// headers must be there, the timestamp within five minutes of the clock, the key they name known,
// and the signature of these very bytes; then the envelope is read, its resource opened with the
// APIv3 key and decoded, and your function runs. [Error] tells which check failed.
//
// WECHATPAY/SIGNTEST/ probes, by which WeChat Pay learns whether a receiver verifies, fail the
// signature check like any forgery. That is the right answer to them, and there is nothing to
// configure.
//
// APIv2's notifications, XML under the APIv2 key, arrive at the same receiver when it has
// [APIv2Key]; it tells the two apart by itself. Every message is checked against the keys of the
// merchant it names.
//
// # What a payer could forge in APIv2
//
// APIv2 signs name=value&name=value, sorted by name, without escaping. A merchant signs the
// addresses and parameters that open WeChat's signing pages with the key that signs notifications,
// and hands them to the payer; one of the values, such as contract_display_account, is often a name
// the payer chose. A payer named "x&out_trade_no=T1&result_code=SUCCESS&return_code=SUCCESS&…" can
// cut the same signed string into other members, and send the receiver a payment that never was,
// rightly signed. So a genuine sign is not enough:
//
//   - return_code must be exactly SUCCESS or FAIL. No page has one, so the payer
//     must bring it in, inside the value they chose.
//   - No member may be called notify_url, timestamp, time_stamp or timeStamp.
//     Every page of a contract or a payment has one of the times, and no
//     notification does. The payer cannot leave it out, since it is signed, so they
//     must hide it inside another member's value, which then has "&timestamp=" in it.
//   - So no member, known or unknown, may have "&name=" in its value. WeChat Pay
//     echoes three values that merchants and payers write: attach, and of a
//     contract contract_display_account and contract_termination_remark. These
//     may, attach only in a message about an order (out_trade_no), the other two
//     only where there is a change_type. That opens no door: the members of a
//     message are signed in the order of their names. An attach that hides the
//     page's end would be the last member, and return_code, which sorts after it,
//     would have no place; and a change_type has to stand before contract_code,
//     which the payer cannot reach. sub_order_list, of orders paid together, may where
//     it is JSON, a list or an object with one, since the end of a page is none; their
//     attach stands in it.
//   - 车主服务 and parking notify without return_code. They are refused unless
//     [APIv2Vehicles] asks for them, and then need members of their own, and have
//     no exceptions. Their launch parameters have no time, and a plate_number that
//     the payer typed in: a message with plate_number and return_code that is not
//     about an order is refused.
//   - Replies to calls are signed with that key too. What has a member that only
//     they have (trade_state_desc, refund_id, prepay_id and the like), or says in
//     one breath that it succeeded and, in a trade_state other than SUCCESS and
//     REFUND, that the order is not paid, or is about a payment without its
//     transaction_id, of orders paid together one for each, or about a contract and
//     not what became of it, is refused: the reply about a refund is no payment. So
//     are orders paid together with a trade_state, which only replies have, and one
//     of a merchant whose keys the receiver has and who did not sign, unless
//     [APIv2Combines] lets the one who signed tell of it.
//   - What a refund's req_info holds is looked at after it was opened.
//
// A refund is sealed and not signed, by AES-ECB, of which every block of 16 bytes opens by itself.
// So a copy of one, without any key, can be made into any number of others: see [APIv2Key]. What
// has numbers that WeChat Pay does not write is refused, the rest nobody could tell from a genuine
// one. Let a function for [V2Refund] query the refund and book that, under a unique key.
//
// The client, for its part, signs no page with such a value. What a call sends (Post) no payer
// sees, so it is left as it is; but WeChat Pay repeats it in the notification. So give no call a
// device_info, contract_code or request_serial with "&name=" in it, no order an attach with
// "&bank_type=" or "&sub_order_list=", no debit one with "&device_info=" or with "&" and the name
// of a member that a failure has ("&err_code=", "&contract_id="), and no contract a
// contract_display_account or remark with mch_id or a member of a contract ("&contract_id="): the
// message about it, of that debit the one that it failed, would be refused, and only a query
// tells.
//
// Somebody who has a copy of a genuine message, off a plain http address or out of a log, can cut
// that one anew as well, and what they wrote into one of its values helps them: an attach, a
// device_info that came from the payer's device, a contract_code. So a sign that was handled makes
// no second message ([CheckReplay]), and empty members, which nobody signs, are dropped. What a cut
// puts into a value that may hold members begins with those right behind it. So that value may not
// hold the first of them that a genuine message always has, not even where one of that name stands
// outside as well: bank_type in an attach, mch_id and the members of a contract in the other two.
// A failed debit has no bank_type. Its attach may hold neither device_info nor sub_order_list, in
// which others write, nor bank_type, nor a contract_id, err_code, err_code_des, combine_mch_id or
// combine_appid that the message has nowhere else. Any other name an attach may hold: "a=1&b=2" is
// handled.
//
// A payment that succeeded and says in its err_code why it failed is refused. So is a message with
// an attach and a change_type: an attach sorts before the members of a contract, so whoever wrote
// the one of an order could turn its notification into one of any contract.
//
// What such a copy can still change nobody could tell from a genuine message:
//
//   - the attach, contract_display_account and contract_termination_remark
//     themselves, and a device_info, contract_code or request_serial that had "&name="
//     in it, which ends there, and brings what followed;
//   - members that mean nothing in such a message;
//   - members that the message lacked, where the value in front of them, written by
//     others, had them: a contract's contract_display_account and
//     contract_expired_time; a payment's fee_type, is_subscribe and err_code_des, and
//     an err_code that means success, by its device_info; and of a failed debit, by the attach,
//     bank_type, cash_fee and cash_fee_type. A failure without contract_id or
//     err_code could be given one, but WeChat Pay's have both.
//
// No order, total_fee, result or contract_id is among them, nor the cash_fee of what has a
// bank_type. So decide on those, not on an attach that came over a road others can read, and query
// a contract for its end. The reply to a call that names no order, refund or contract is taken for
// a [V2Other], which says nothing; one about a paid order, such as of customs, may be taken for its
// payment once more, without a total_fee.
//
// # What is answered
//
// APIv2 is answered in its own XML, 200 and return_code SUCCESS, or FAIL. What follows is about
// APIv3. 204 and no body once your function has returned nil. Otherwise a status that is not 2xx,
// so that WeChat Pay sends the message again on its schedule, and {"code":"FAIL","message":"…"}:
// 4xx where the message is at fault, 5xx where this side is, as with an error or a panic of your
// function, a wrong APIv3 key, or an event that no function takes. The answer never carries your
// error's text; the function given to [OnError] gets it, or else the log.
//
// # Once, and in doubt again
//
// WeChat Pay repeats a notification until it likes the answer, and its id stays the same while
// every attempt is signed afresh. A [Receiver] remembers what it handled for 25 hours, an hour more
// than the longest schedule:
//
//   - a new attempt of a handled notification is answered 204 without running
//     your function;
//   - the same bytes again, which only a third party would send, are refused
//     ([CheckReplay]); APIv2 sends them itself, and they are answered as handled;
//   - attempts that overlap, as when your function takes longer than the 5
//     seconds WeChat Pay waits, share one run and its outcome;
//   - what failed is forgotten: the next attempt runs your function again.
//
// The memory is that of one Receiver and ends with its process. Two receivers do not know of each
// other, in one process either, nor do several processes behind one address, nor does one know what
// was handled before it started, or what [Remember] had no room for, which is counted apart for
// APIv3, for what APIv2 signs and for its refunds. So make one and keep it, and let your function
// be repeatable: book under a unique key, Notification.ID or the contract code, and treat "already
// there" as done. Order is not guaranteed either: a contract's end may arrive before its beginning.
// Query what you doubt; the query is always right.
//
// Package inbox does all of that in your own database. With it the receiver is [Receiver.Durable]:
// it remembers only what is running, and the same bytes again are answered with a success.
//
// # Your function's context
//
// It has the values of the request's context, but does not end when WeChat Pay hangs up or the
// server shuts down: that would cut off a booking halfway for no gain. It ends after [Deadline], 30
// seconds unless set. Let [net/http.Server.Shutdown] wait for what is running. Work that takes
// longer than a few seconds is better stored first and done afterwards.
//
// # Frameworks
//
// The receiver must see the body as it came: mount it before anything that reads, decompresses or
// re-encodes it, and let the proxy pass Wechatpay-* headers on.
//
//	gin      router.POST("/notify", gin.WrapH(r))
//	echo     e.POST("/notify", echo.WrapHandler(r))
//	chi      mux.Method(http.MethodPost, "/notify", r)
//	go-zero  rest.Route{Method: http.MethodPost, Path: "/notify", Handler: r.ServeHTTP}
//	fiber    app.Post("/notify", adaptor.HTTPHandler(r))
//
// Their limits, logs and timeouts have traps of their own: the folder examples/recipes of the
// repository has receivers that run, with tests.
//
// Where there is no http.Request, as behind a gateway that passes headers and bytes on,
// [Receiver.Receive] does the same and returns the answer to give. [Receiver.Parse] only verifies,
// opens and reads: it runs nothing and remembers nothing.
//
// # Testing
//
// A sandbox (package sandbox) sends genuine notifications, probes, repeats and retries to any
// address, this receiver's included.
//
// # The code
//
// The package knows the client's keys and errors, the wire and the notification types, and nothing
// of a sandbox. Start reading at serve.go, which answers; parse.go reads APIv3's messages, v2.go
// and forgery.go APIv2's, once.go handles each of them once, durable.go leaves that to a database,
// and run.go finds the function for it and calls it.
package notify
