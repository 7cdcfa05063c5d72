// Package wxpay calls WeChat Pay APIv3 as a merchant, with the contract
// products (委托代扣, 免密支付, 教育续费通) in the first row.
//
// # Setting up
//
// A [Client] is made once from a [Config] and shared by the whole program. New
// checks everything that can be checked without asking WeChat Pay and says
// which value is wrong and where the right one is found.
//
//	key, err := wxpay.LoadPrivateKey("apiclient_key.pem")
//	…
//	platform, err := wxpay.LoadPublicKey("PUB_KEY_ID_…", "pub_key.pem")
//	…
//	c, err := wxpay.New(wxpay.Config{
//		MchID: "1900000109", SerialNo: "…", PrivateKey: key,
//		PlatformKeys: []wxpay.PlatformKey{platform}, APIv3Key: wxpay.NewSecret("…"),
//	})
//
// # Keys
//
// Messages of WeChat Pay are verified with its public key or its platform certificates, by the id
// that each names. The public key stands in [Config.PlatformKeys]. Certificates need not: a Client
// downloads them where it needs them, verified and at most once for all who wait. Nothing runs in
// the background unless [Client.Start] is called. [Client.Replace] gives a running client new keys
// of the merchant's, and [Client.Expiries] says when certificates end. [Client.Keys] is all of
// this for a receiver of notifications, which follows it.
//
// # Calling
//
// Every endpoint can be called in three spellings, each at once or as a
// [Promise]. The typed chain lives in the packages under api, one per product
// family, and the index in api itself:
//
//	edupapay.Of(c).Contracts.Presign.Post(ctx, &edupapay.PresignRequest{…})
//	c.Chain("v3/edu-papay/contracts/presign").Post(ctx, body)
//	index["v3/edu-papay/contracts/presign"].Post(ctx, body) // index := api.Index(c), made once
//
// An optional field of a request that holds its zero value is not sent. Where a 0
// or a false is meant, the option [Zero] of the call names the field:
//
//	combinepapay.Of(c).Contracts.PreEntrustSign.Post(ctx, in, wxpay.Zero("/return_app"))
//
// # What is promised
//
// The body is marshalled once; those bytes are signed and sent. Every success
// is verified by the key its Wechatpay-Serial names, over the bytes received,
// within five minutes of the clock, a 204 with its empty body too. There is no
// switch to turn this off. Refusals that WeChat Pay signs are verified as
// well; [Error.Verified] tells them from those no one signed.
//
// A call that failed goes out again, up to [Config.Attempts] times, where that can do nothing
// twice and may help; never another one in its place: the same numbers, the same bytes of the body,
// signed afresh.
//
//   - It never left this machine ([TransportError.Sent] is false): it goes to the host's twin
//     ([Config.BackupHost]), and where there is none, or it was there, it is sent after a pause.
//   - WeChat Pay answered that there were too many calls (429, FREQUENCY_LIMITED,
//     RATELIMIT_EXCEEDED): it is sent after a pause, five such calls of a client a second.
//   - WeChat Pay answered SYSTEM_ERROR (APIv2: SYSTEMERROR), to which its rules say: send the same
//     call with the same numbers. It is sent after a pause.
//   - It is a GET of APIv3, which changes nothing, and got no whole answer, or a gateway's from 500:
//     it goes to the twin.
//
// Of a call that can change something (POST, PUT, PATCH, DELETE, and every call of APIv2 but its
// bill) the second and third count only where WeChat Pay signed the answer. Whatever else became of
// it, such as an answer that is lost, does not verify, or is a gateway's, it goes out no more. So a
// debit is sent twice only where WeChat Pay asks for it, and then by the number by which WeChat Pay
// tells that it is one.
//
// A pause is half a second at first and twice as long each time, less up to its half, and none is
// begun that would not end before the context does. A client repeats ten calls while none succeeds,
// and in the long run one for ten that do, so that an outage is not multiplied; what no host got
// anything of may go to the other besides. [Attempts](1), or [Config.Attempts], turns all of it
// off.
//
// [OutcomeUnknown] tells of a call that failed whether it may have taken effect all the same, in
// any of its attempts, so that a query has to settle it; [Client.Resolve] makes the query, and says
// what became of the call. [Error.Temporary] says when the same call is worth sending again, later.
//
// Below the client, net/http may send a GET again, the same bytes: when the
// connection had been kept from an earlier call and ends before the answer begins.
// A GET changes nothing; that of v2/papay/h5entrustweb opens the same page for the payer again.
// An attempt of a call that can change something goes out at most once; net/http
// moves it to another connection only where not a byte of it went out on the first.
//
// That is so for HTTP/1.1, which is all that the client's own transport speaks. A
// Transport of your own in [Config.HTTPClient] may speak HTTP/2; then net/http
// sends a call of any method again, the same bytes, when the server says that it
// did not process it (REFUSED_STREAM, GOAWAY) or resets it with PROTOCOL_ERROR, which says
// nothing of what was processed. [OutcomeUnknown] is true of what was sent twice and refused.
//
// # What is printed
//
// Errors and results print no body, and of what WeChat Pay repeats of a call what [Error.Error]
// says. net/http has a log of its own: where a server sends more than its Content-Length, it
// writes the beginning of the rest to the standard logger (package log), and no Transport can turn
// that off. A program that may not log it gives log.SetOutput a writer that drops such lines.
//
// # Testing
//
// WeChat Pay has no sandbox for v3. Package sandbox is one: sandbox.New(t)
// gives a client and a WeChat Pay to go with it, in milliseconds.
//
// # The code
//
// The package depends on the standard library alone. Start reading at call.go, the way of every
// call; docs/hops.md follows one through it, docs/architecture.md says what stands in which file.
package wxpay
