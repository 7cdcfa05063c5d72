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
// # Calling
//
// Every endpoint can be called in three spellings, each at once or as a
// [Promise]. The typed chain lives in the packages under api, one per product
// family, and the index in api itself:
//
//	edupapay.Of(c).Contracts.Presign.Post(ctx, &edupapay.PresignRequest{…})
//	c.Chain("v3/edu-papay/contracts/presign").Post(ctx, body)
//	api.Index(c)["v3/edu-papay/contracts/presign"].Post(ctx, body)
//
// # What is promised
//
// The body is marshalled once; those bytes are signed and sent. Every success
// is verified by the key its Wechatpay-Serial names, over the bytes received,
// within five minutes of the clock, a 204 with its empty body too. There is no
// switch to turn this off. Refusals that WeChat Pay signs are verified as
// well; [Error.Verified] tells them from those no one signed.
//
// The client does not retry, for only the caller knows whether the same numbers
// may be used again. [TransportError.Sent] and [Error.Temporary] say when it is
// safe. (Below it, net/http sends again what an idle connection refused to take,
// and a GET that got no answer; both are the same bytes.)
//
// # Testing
//
// WeChat Pay has no sandbox for v3. Package sandbox is one: sandbox.New(t)
// gives a client and a WeChat Pay to go with it, in milliseconds.
package wxpay
