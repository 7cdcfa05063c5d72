// Package sandbox is an imaginary WeChat Pay: the server side of the contract
// products, for merchants who cannot test against the real one, because there is
// none to test against.
//
//	func TestSubscribe(t *testing.T) {
//		sb := sandbox.New(t)
//		app := myapp.New(sb.Client())
//		sb.Receive("https://yourapp.com", app)
//		token := app.Subscribe("oUpF8uMuAJOM2pxb1Q")
//		sb.Payer("oUpF8uMuAJOM2pxb1Q").Agree(token)
//		sb.Settle()
//		// … and app knows about the contract.
//	}
//
// [New] is ready in milliseconds, on this machine only, in memory, and gone when
// the test is. [Start] is the same for a program that runs longer.
//
// # What it checks
//
// Every request as WeChat Pay does, in the same order. The Authorization header,
// its scheme, its timestamp (five minutes either way, see Time below), the
// serial number of the API certificate, the signature over the very bytes that
// came; each failure has the documented 401, which is not signed. Then the body
// and query, against the catalogue: types, lengths, alphabets, unknown members, no
// emoji; the 400 PARAM_ERROR names the field. Then appid, plan, service and
// sub-merchant, against the registry (see [ledger.Merchant]). What belongs to another
// merchant does not exist for the caller: its ids are answered like ids that
// nobody ever had. Only then the product's own rules: a code is signed with once,
// a user has one live contract under a plan, a session lives two hours, the same
// call again gets the same session.
//
// Of an upload it is the part meta that has to be signed, and the hash in it that
// of the file that came; a file that is too large or of another kind is refused.
//
// Replies are signed as documented: the key is the one named in the request's
// Wechatpay-Serial, a 204 is signed over its empty body, and business refusals
// are signed like successes.
//
// # What it explains
//
// WeChat Pay answers a wrong signature with the words "wrong signature". The
// sandbox holds the merchant's public key: it opens the signature, finds what was
// signed, and says in the X-Sandbox-Hint header which mistake it was: the query
// left out, the body encoded twice, milliseconds, another merchant's key. A word for
// it stands in X-Sandbox-Mistake, "unknown" where it is none of the mistakes that
// docs/mistakes.md lists. The journal ([Sandbox.Journal]) keeps every exchange with the
// same hint, the word, and the hint in Chinese.
//
// An endpoint it does not play answers 404 with X-Sandbox-Unsupported: that says
// something about the sandbox and nothing about WeChat Pay.
//
// # The payer
//
// Contracts are made by people. [Sandbox.Payer] is one: it opens the signing page,
// agrees, declines, pays an order and takes or leaves the offer on the page after
// it, and terminates. What would stop them in WeChat comes back as a [*ledger.PageError],
// a sentence as they would read it. Declining notifies nobody, as in reality; a
// merchant who wants to know has to query.
//
// # Notifications
//
// The notification of a change is written in the change's own transaction, sealed
// with the merchant's APIv3 key, signed afresh for every attempt, and sent until
// it is answered 2xx within five seconds or the product's schedule is used up.
// Signing goes to the notify_url of the call. Termination goes to the URL
// configured with the plan ([ledger.Plan].NotifyURL), and so does everything of products
// whose calls have no notify_url.
//
// Merchants give WeChat Pay public addresses, and a sandbox calls nobody but this
// machine. A loopback address is called as it is. Any other has to be given a
// handler ([Sandbox.Receive]) or a local target ([Sandbox.Forward]); until then
// its notifications wait, marked undeliverable, with a sentence about what to do.
// The sandbox's own listeners are never called, and the admin of another one takes
// no notification.
//
// [Sandbox.Trigger] sends any notification that has a type, about something that never happened, in
// the variants that a receiver has to cope with. [Sandbox.Hold] keeps notifications back, and
// [Sandbox.Release] sends them in another order, or more than once.
//
// # Time
//
// The clock ([Sandbox.Clock]) is the machine's, moved by an offset, or stopped
// ([At]), and goes from 1971 to 2261. It is the time of what happens, and in a
// sandbox that was started with [Start] not that of signatures: those have the
// machine's clock, so that moving this one cuts no other process off (see [Clock]
// and [TwoClocks]). [Sandbox.Advance] moves it and makes every attempt on the way
// at its moment, so that a day of retries takes milliseconds. [Sandbox.Settle]
// makes the attempts that are due now and waits for all under way. No test has to
// sleep.
// While the clock runs, attempts are also made in the background as they fall due;
// under a stopped one these two make all of them, but for the question of
// [Payer.Leave], which is put at once.
//
// # APIv2
//
// 委托代扣 is mostly signed and debited in APIv2, and the sandbox plays that too:
// on the same address, under /papay/, /pay/ and /secapi/, in XML, under
// [ledger.Merchant].APIv2Key. It checks mch_id and the sign, MD5 or HMAC-SHA256, then the
// fields, appid, plan and sub-merchant, then the product's rules; and it says in
// X-Sandbox-Hint what was wrong with a sign: another key, the other digest, values
// signed encoded, a field added after signing. Everything is answered 200, as
// there; return_code and result_code tell.
//
// What cannot be understood fails at return_code, unsigned and in the words of production's
// validator; what breaks a rule fails at result_code, signed. The bill of downloadbill is text,
// which nobody signs; all that it refuses fails at return_code with a number, error_code.
//
// The page entrustweb is opened by a person, [Payer.OpenURL], and so is the redirect_url
// that the call h5entrustweb answers with; [Payer.OpenMiniProgram] is for the mini program.
// A contract
// signed in APIv2 is notified in APIv2, and debited by pappayapply whether or not
// the notice before it came from APIv3. Notifications are XML, and only XML that
// says SUCCESS ends their attempts.
//
// Refunds need the merchant's certificate in the TLS handshake. A plain connection
// has none, and the answer says so; over TLS ([Sandbox.TLSURL]) it is looked at.
//
// # WeChat Pay's own hosts
//
// The address of the API takes plain HTTP, TLS, and the CONNECT of clients whose proxy it is. A
// program that calls https://api.mch.weixin.qq.com or another of WeChat Pay's hosts, and whose
// client trusts [Sandbox.Authority], finds the sandbox there and need not be changed:
// [Sandbox.TLSConfig] shows it in Go, docs/proxy.md in other languages. Every tunnel ends here.
// What is meant for others, the admin among them, is a 403 with a sentence, and nobody is called
// for it.
//
// # Faults
//
// [Sandbox.Inject] makes it misbehave as WeChat Pay and the way to it sometimes
// do: errors before or after the work was done, connections cut, rate limits,
// pages of gateways, wrong signatures, notifications lost, late, doubled or out of
// order. [fault.Fault] says which, where and how often; [fault.Chaos] is a bit of everything.
// What happens to keys, [Sandbox.ResetAPIv3Key] and its neighbours do. All failures
// that merchants are known to meet are in docs/failures.md, one by one, with the
// line that makes each happen.
//
// # The admin
//
// Everything a Go test can do, other programs do over REST, on a port of its own
// ([Sandbox.AdminURL]):
//
//	GET  /sandbox/                               all of these
//	GET  /sandbox/health
//	GET  /sandbox/clock
//	POST /sandbox/clock/advance                  {"duration": "2h"}
//	POST /sandbox/clock/set                      {"time": "2020-09-10T10:00:00+08:00"}
//	POST /sandbox/settle
//	POST /sandbox/payers                         {"openids": {appid: openid}}
//	POST /sandbox/payers/{openid}/open           {"token", "ip"}; also agree, decline
//	POST /sandbox/payers/{openid}/open-url       {"url"}; APIv2's pages
//	POST /sandbox/payers/{openid}/open-mini-program {"extra_data"}
//	POST /sandbox/payers/{openid}/launch         {"path"}; a miniprogram_path
//	POST /sandbox/payers/{openid}/pay            {"prepay_id"}; also pay-without-signing
//	POST /sandbox/payers/{openid}/agree-after-pay {"prepay_id"}; also decline-after-pay
//	POST /sandbox/payers/{openid}/show-code      their payment code, {"auth_code"}
//	POST /sandbox/payers/{openid}/terminate      {"contract_id"}; also stay-insured, leave, delete-contract
//	GET  /sandbox/payers/{openid}                their wallet
//	POST /sandbox/payers/{openid}/fund           {"amount"}; also run-out, unlimit
//	POST /sandbox/payers/{openid}/fail-next      {"reason", "times"}
//	POST /sandbox/payers/{openid}/refuse-next-notice, block-next-signing, fail-next-refund, close-next-refund, repay
//	POST /sandbox/payers/{openid}/identify       {"name", "id_number"}
//	POST /sandbox/payers/{openid}/sign-elsewhere {"product", "plan_id"}
//	POST /sandbox/faces/show, faces/retake       before a device that recognises faces
//	GET  /sandbox/sessions, contracts, orders, debits, refunds, pushes; each by its id too, contracts/{id}
//	GET  /sandbox/journal                        ?after=&newest=
//	POST /sandbox/contracts/{id}/terminate       {"mode", "remark"}
//	POST /sandbox/pushes/{id}/retry
//	GET  /sandbox/events                         what can be triggered
//	POST /sandbox/events                         a Trigger; answers with the notification
//	GET  /sandbox/attempts                       ?after=&wait=&listener=; what was sent, and what was answered
//	GET  /sandbox/holds                          those in force
//	POST /sandbox/holds                          a Hold
//	POST /sandbox/release                        a Release; answers with the ids that were sent
//	GET  /sandbox/listeners                      who listens
//	POST /sandbox/listeners                      a Listener; answers with its id
//	DELETE /sandbox/listeners/{id}
//	GET  /sandbox/merchants                      without secrets
//	GET  /sandbox/merchants/{mchid}/credentials  with them
//	POST /sandbox/merchants                      a Merchant; answers with its keys
//	POST /sandbox/plans                          a Plan, and {"mchid"}
//	GET  /sandbox/forwards                       {prefix: target}
//	POST /sandbox/forwards                       {"prefix", "target"}
//	GET  /sandbox/faults                         what was injected, and how often it was applied
//	POST /sandbox/faults                         a Fault
//	DELETE /sandbox/faults, faults/{id}
//	POST /sandbox/chaos                          arms Chaos
//	POST /sandbox/merchants/{mchid}/certificate  replaces the API certificate, answers with the keys
//	POST /sandbox/merchants/{mchid}/api-v3-key   resets the APIv3 key, answers with the keys
//	POST /sandbox/merchants/{mchid}/key-mode     {"mode"}: certificate, moving, public-key
//	POST /sandbox/platform-certificate           rotates WeChat Pay's
//
// Changes are sent with Content-Type: application/json. A call takes the members
// named here and no others; {} passes for no body. A member or parameter that it
// does not take is a 400 that names it. Lists come as {"data"}, errors as
// {"error": a sentence}. From sessions to pushes they are filtered by any member that
// is a string, true or false, ?trade_state=SUCCESS, and come in pages by ?limit=; "next"
// is then what ?after= goes on from. What is on them are the views of this package,
// [Contract] and the others, in the JSON of their tags. No other call than those that say so
// answers with keys: where a merchant wrote one into something else, it is blanked. Web pages of
// other sites and the notifications of sandboxes are turned away, and beyond this machine whoever
// calls the admin by a name that a web site may have.
//
// # What is kept
//
// Contracts, orders, debits and refunds are kept for good, and so are the sessions that contracts
// were signed in and those that burnt. Notifications that were delivered or given up, and sessions
// that expired, go 30 days later by the sandbox's clock, and earlier, the oldest first, where there
// are more than 10,000 of their sort; a code whose session is gone is used again as one whose
// session expired. Pictures of complaints go after 30 days and bills after five minutes, a few with
// each that is added. The journal has the newest 1000 calls (Config.JournalSize) of 400 days: a
// year of a contract, and a month to look at it. Under a stopped clock notifications and sessions
// go in Advance.
//
// # Guard rails
//
// Nothing here is WeChat Pay and nothing must be taken for it. What came from
// outside is shown clipped and escaped, in one line, wherever the sandbox logs or
// explains it. The journal blanks keys, former ones included, also escaped for
// JSON, URLs or XML, in Base64 and in hexadecimal of one piece, and in the names
// of headers. Fields that travel encrypted are blanked in the journal and in the
// bodies that the admin shows, whatever type they came in, and no refusal repeats
// them. Every reply and notification carries X-Sandbox, save what net/http
// answers to what is no request. Listeners and targets are on this machine unless
// [Config].AllowNonLoopback says otherwise. Keys are made fresh, or, for tests,
// are published ones that protect nothing; certificates that look as if WeChat
// Pay had issued them are refused. What the sandbox plays from inference rather
// than from documents is listed in docs/fidelity.md.
//
// # Stores
//
// State lives behind a store.Store: store.NewMemory, or an SQL database in the
// binary. A store of one's own is ready when it passes storetest.Run.
//
// # The code
//
// Start reading at sandbox.go, or at internal/front/serve.go for the way of every call. played.go
// lists what is played, and docs/architecture.md the rooms behind this door. No room of the sandbox
// imports api, so that one mistake of the generator cannot hide on both sides.
package sandbox
