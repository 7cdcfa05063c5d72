package sandbox_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// The twins of what production was recorded to answer in APIv3: the same mistake has the same
// status, the same bytes, the same headers and the same number at the end of Request-ID. Those of
// callers whom WeChat Pay cannot tell are in TestStrangersAreAnsweredAsRecorded, those of APIv2 in
// TestAnswersAsRecordedInAPIv2.
//
// Where the sandbox differs, it is on purpose:
//   - Endpoints of transfers, profit sharing, customs, applyments and payscore are not played; their
//     sentences about lengths and numbers are those of the same validator.
//   - What a merchant may do at all (a product not opened, a merchant barred from receiving, an
//     APIv3 key never set, a certificate voided) is no state of a sandbox's merchant: a fault with
//     the code and the message plays it, as below.
//   - Older wordings of the same answer are not played: of GET certificates in the first days of
//     public keys (证书不存在) and with the address of an older page, of a signature in 2019
//     (issue directly under detail), of a serial number without its last sentence.
//   - The page of the general rules shows a detail with field and issue; no answer recorded has it.
//   - 商户号格式错误, of one note about a placeholder of an mchid, has no place: whatever the body
//     names is not the merchant that signed.
//   - 子单appid不等于combine_appid: parts of a combined order have no appid in APIv3.
//   - A code_url has nine characters behind pr=; one project's log has sixteen.
//   - Server and Keep-Alive are those of Go's server, which sorts the headers: X-Sandbox says who
//     answered.
//   - Numbers that came without the mistake they are of (270924337, 269546525) have no place. An
//     answer that a fault gives has the number of its code; JSAPI支付必须传openid (268501013) is the
//     validator's sentence about /body/payer, as it was recorded of other members; 该订单已支付 has
//     268449538 also where 268498689 was listed beside it; and 500 has that of the merchant, for
//     no page lists one.
//   - A refund that the merchant's balance does not cover (NOT_ENOUGH) or whose payer closed the
//     account (USER_ACCOUNT_ABNORMAL), and a certificate that has expired (商户证书已过期。) are
//     faults with the code and the message: a balance has no bounds here, certificates are made anew.
//   - A NO_AUTH with the detail of a signature was one client's own test input.
//   - The gateway's page is that of nginx today; a fixture of an older one has a colour and no
//     carriage returns. An address outside /v3 answers 404 without a body, as one inside does.
//   - Request-ID was a UUID in 2019.
//   - Delays of bindings, rates of calls and the word that a query is sure after thirty seconds are
//     nothing that an answer shows; a call is limited by a fault. Without an APIv3 key WeChat Pay
//     notifies nobody: a sandbox's merchant always has one.
func TestAnswersAsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const (
		order   = "/v3/pay/transactions/jsapi"
		native  = "/v3/pay/transactions/native"
		partner = "/v3/pay/partner/transactions/jsapi"
		refund  = "/v3/refund/domestic/refunds"
		combine = "/v3/combine-transactions/jsapi"

		ofParam, ofUnknown, ofNothing = "268435461", "270924358", "268512771"
	)
	text := func(body object) []byte {
		out, err := json.Marshal(body)
		w.ok(err)
		return out
	}
	post := func(uri string, body object) raw { return raw{uri: uri, body: text(body)} }
	scanned := func(name string, value any) object { return with(with(orderBody(), "payer", nil), name, value) }
	inAmount := func(total any) object { return with(orderBody(), "amount", object{"total": total}) }
	param := func(message, detail string) string {
		return `{"code":"PARAM_ERROR","detail":` + detail + `,"message":` + strconv.Quote(message) + "}"
	}
	said := func(code, message string) string { return `{"code":"` + code + `","message":"` + message + `"}` }
	inPart := func(name string, value any) object { // the first part of the combined order
		body := combinedBody()
		parts := body["sub_orders"].([]any)
		parts[0] = with(parts[0].(object), name, value)
		return body
	}
	const unknown = "请求中含有未在API文档中定义的参数"

	// A paid order, one that nobody paid, and a combined one.
	w.paid(w.must("POST", order[1:], with(orderBody(), "out_trade_no", "paid-1"))["prepay_id"])
	w.must("POST", order[1:], with(orderBody(), "out_trade_no", "unpaid-1"))
	w.must("POST", combine[1:], combinedBody())

	for what, row := range map[string]struct {
		raw    raw
		status int
		body   string
		number string
	}{
		// https://github.com/TheNorthMemory/wechatpay-axios-plugin/issues/38
		"a fraction, beside an unknown member": {post(native, with(with(with(inAmount(0.01), "mchid", nil),
			"mch_id", "1900000109"), "payer", nil)), 400,
			param("无法将 JSON 输入源“/body/amount/total”映射到目标字段“总金额”中，此字段需要一个合法的 64 位有符号整数",
				`{"location":"body","value":0.01}`), ofParam},
		"an openid that is a number": {post(order, with(orderBody(), "payer", object{"openid": 4})), 400,
			param("无法将 JSON 输入源“/body/payer/openid”映射到目标字段“用户标识”中，此字段需要一个 string 类型的 Json 值",
				`{"location":"body","value":4}`), ofParam},
		// https://github.com/w7corp/easywechat/issues/2954
		"a number of one byte": {post(order, with(orderBody(), "out_trade_no", "1")), 400,
			param("输入源“/body/out_trade_no”映射到值字段“商户订单号”字符串规则校验失败，字节数 1，小于最小值 6",
				`{"location":"body","value":1}`), ofParam},
		"a number in Chinese": {post(order, with(orderBody(), "out_trade_no", "订单号")), 400,
			param("输入源“/body/out_trade_no”映射到值字段“商户订单号”字符串规则校验失败，字符串必须匹配正则表达式“"+
				`^[0-9a-zA-Z_\-\|\*]+$”`, `{"location":"body","value":"订单号"}`), ofParam},
		"a blank before an address": {post(order, with(orderBody(), "notify_url",
			" https://merchant.example/wxpay/pay.php")), 400,
			param("输入源“/body/notify_url”映射到值字段“通知地址”字符串规则校验失败，字符串必须匹配正则表达式“"+
				`^https?://([^\s/?#\[\]\@]+\@)?([^\s/?#\@:]+)(?::\d{2,5})?([^\s?#\[\]]*)$”`,
				`{"location":"body","value":" https://merchant.example/wxpay/pay.php"}`), ofParam},
		"35 bytes in a path": {raw{uri: "/v3/pay/transactions/out-trade-no/" + strings.Repeat("1", 35) + "/close",
			body: text(object{"mchid": "1900000109"})}, 400,
			param("输入源“/uri_template/out_trade_no”映射到值字段“商户订单号”字符串规则校验失败，字节数 35，大于最大值 32",
				`{"location":"uri_template","value":35}`), ofParam},
		// https://pay.weixin.qq.com/doc/v3/merchant/4012791869
		"nothing to pay": {post(order, inAmount(0)), 400,
			param("输入源“/body/amount/total”映射到数值字段“总金额”规则校验失败，值低于最小值 1", `{"location":"body","value":0}`),
			ofParam},
		"203 bytes of attach": {post(native, scanned("attach", strings.Repeat("附", 67)+"aa")), 400,
			param("输入源“/body/attach”映射到值字段“附加数据”字符串规则校验失败，字节数 203，大于最大值 128",
				`{"location":"body","value":203}`), ofParam},
		// https://github.com/wechatpay-apiv3/wechatpay-java/issues/365
		"no sp_appid": {post(partner, with(partnerOrder(), "sp_appid", nil)), 400,
			param("输入源“/body/sp_appid”映射到字段“服务商应用ID”必填性规则校验失败，此字段为必填项",
				`{"location":"body","value":""}`), ofParam},
		"an empty object": {raw{uri: order, body: []byte("{}")}, 400,
			param("输入源“/body/appid”映射到字段“公众号ID”必填性规则校验失败，此字段为必填项",
				`{"location":"body","value":""}`), ofParam},
		"a code without its scene": {raw{uri: "/v3/pay/transactions/codepay",
			body: text(with(codeBody("130061098828009406"),
				"scene_info", nil))}, 400,
			param("输入源“/body/scene_info”映射到字段“场景信息”必填性规则校验失败，此字段为必填项",
				`{"location":"body","value":""}`), ofParam},
		"an openid in the path and in the query": {raw{method: "GET",
			uri: "/v3/edu-papay/user/oUpF8/contracts?appid=wx8888888888888888&plan_id=1&openid=oUpF8"}, 400,
			param("输入源“/query/openid”映射到的字段“服务商APPID下的用户标识”并非多重字段但被输入源“/uri_template/openid”映射过了",
				`{"location":"query","value":"oUpF8"}`), ofParam},
		// https://github.com/minibear2021/wechatpayv3/pull/87
		"a partner's openid": {post(partner, with(partnerOrder(), "payer", object{"openid": "o"})), 400,
			param(unknown, `{"location":null,"value":["/body/payer/openid"]}`), ofUnknown},
		// https://github.com/ArtisanCloud/PowerWeChat/issues/5
		"appid and mchid of a refund": {raw{uri: refund,
			body: []byte(`{"appid":"wx1","mchid":"1900000109","out_refund_no":"1"}`)}, 400,
			param(unknown, `{"location":null,"value":["/body/appid","/body/mchid"]}`), ofUnknown},
		"a trade_type": {post(native, scanned("trade_type", "NATIVE")), 400,
			param(unknown, `{"location":null,"value":["/body/trade_type"]}`), ofUnknown},
		"profit_sharing at the top": {post(order, with(orderBody(), "profit_sharing", true)), 400,
			param(unknown, `{"location":null,"value":["/body/profit_sharing"]}`), ofUnknown},
		// https://pay.weixin.qq.com/doc/v3/merchant/4012791869
		"another's mchid": {post(order, with(orderBody(), "mchid", "1230000109")), 400,
			said("PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配"), ofParam},
		// https://github.com/wechatpay-apiv3/wechatpay-apache-httpclient/issues/47
		"sealed under a number in decimal": {raw{uri: order, body: text(identified("x")),
			header: map[string]string{wire.HeaderSerial: "528764537854"}}, 400,
			said("PARAM_ERROR", "平台证书序列号Wechatpay-Serial错误"), ofParam},
		// https://pay.weixin.qq.com/doc/v3/partner/4012365874
		"sealed, and no key named": {post(order, identified("x")), 400,
			said("PARAM_ERROR", "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)"), ofParam},
		"a refund of an order that nobody paid": {post(refund, with(with(refundBody("r1", 1), "transaction_id",
			nil), "out_trade_no", "unpaid-1")), 404,
			said("RESOURCE_NOT_EXISTS", "原订单不存在"), ofNothing},
		"a refund of no order": {post(refund, with(with(refundBody("r2", 1), "transaction_id", nil),
			"out_trade_no", "nothing-1")), 404,
			said("RESOURCE_NOT_EXISTS", "订单不存在"), ofNothing},
		"a refund of another total": {raw{uri: refund, body: text(object{"out_trade_no": "paid-1",
			"out_refund_no": "r3",
			"amount":        object{"refund": 1, "total": 99, "currency": "CNY"}})}, 400,
			said("INVALID_REQUEST", "您的请求参数与订单信息不一致"), ofParam},
		"a refund that there is not": {raw{method: "GET", uri: refund + "/none"}, 404,
			said("RESOURCE_NOT_EXISTS", "退款单不存在"), ofNothing},
		"an order that there is not": {raw{method: "GET",
			uri: "/v3/pay/transactions/out-trade-no/nothing-1?mchid=1900000109"},
			404, said("ORDER_NOT_EXIST", "订单不存在"), ofNothing},
		"a combined order, as a plain one": {raw{method: "GET",
			uri: "/v3/pay/transactions/out-trade-no/P20150806125346?mchid=1900000109"},
			404, said("ORDER_NOT_EXIST", "订单不存在"), ofNothing},
		"a number used": {post(order, with(with(orderBody(), "out_trade_no", "unpaid-1"), "description",
			"another")), 403, said("OUT_TRADE_NO_USED", "商户订单号重复"), "268498688"},
		// https://github.com/wechatpay-apiv3/wechatpay-skills
		"a combined order, settled otherwise": {post(combine, inPart("settle_info",
			object{"profit_sharing": true})), 403, said("OUT_TRADE_NO_USED", "重复下单且结算信息不一致"), "268498688"},
		"a part of somebody who did not agree": {post(combine, with(inPart("mchid", "1888888888"),
			"combine_out_trade_no", "another-1")), 403, said("NO_AUTH", "特约子商户商户号未授权服务商的产品权限"), "268443715"},
		"closing one part of two": {raw{uri: "/v3/combine-transactions/out-trade-no/P20150806125346/close",
			body: []byte(`{"combine_appid":"wxd678efh567hg6787","sub_orders":[{"mchid":"1900000109",` +
				`"out_trade_no":"P20150806125346-part1"}]}`)}, 500, said("SYSTEM_ERROR", "系统繁忙，请稍后重试"), "268443715"},
	} {
		p, answer := w.exchange(row.raw)
		if p.StatusCode != row.status || string(answer) != row.body ||
			!strings.HasSuffix(p.Header.Get("Request-Id"), "-"+row.number) {
			t.Errorf("%s: %d, Request-ID %s\ngot  %s\nwant %s", what, p.StatusCode, p.Header.Get("Request-Id"), answer,
				row.body)
		}
		asRecorded(t, w, what, p, answer)
	}
}

// What is answered when all is well, and when WeChat Pay is not: by faults.
func TestOtherAnswersAsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const native = "/v3/pay/transactions/native"
	body, err := json.Marshal(with(orderBody(), "payer", nil))
	w.ok(err)
	p, answer := w.exchange(raw{uri: native, body: body})
	if !regexp.MustCompile(`^{"code_url":"weixin://wxpay/bizpayurl\?pr=[0-9A-Za-z]{9}"}$`).Match(answer) ||
		len(answer) != 52 || p.StatusCode != 200 || !strings.HasSuffix(p.Header.Get("Request-Id"), "-0") {
		t.Errorf("an order: got %d %s, Request-ID %s", p.StatusCode, answer, p.Header.Get("Request-Id"))
	}
	asRecorded(t, w, "an order", p, answer)
	p, answer = w.exchange(raw{method: "GET", uri: "/v3/certificates"})
	if p.StatusCode != 200 || !strings.HasSuffix(p.Header.Get("Request-Id"), "-0") {
		t.Errorf("certificates: got %d %s", p.StatusCode, answer)
	}
	asRecorded(t, w, "certificates", p, answer)

	for what, row := range map[string]struct {
		fault  fault.Fault
		status int
		body   string
	}{
		"out of order":   {fault.Fault{Name: fault.Error}, 500, `{"code":"SYSTEM_ERROR","message":"系统繁忙，请稍后重试"}`},
		"too many calls": {fault.Fault{Name: fault.RateLimit}, 429, `{"code":"FREQUENCY_LIMITED","message":"频率超限"}`},
		"a product not opened": {fault.Fault{Name: fault.Error, Code: "NO_AUTH", Message: "商户号该产品权限未开通"}, 403,
			`{"code":"NO_AUTH","message":"商户号该产品权限未开通"}`},
		"a merchant barred": {fault.Fault{Name: fault.Error, Code: "NO_AUTH", Message: "此商家的收款功能已被限制，暂无法支付。"}, 403,
			`{"code":"NO_AUTH","message":"此商家的收款功能已被限制，暂无法支付。"}`},
		"something wrong, who knows what": {fault.Fault{Name: fault.Error, Code: "PARAM_ERROR", Message: "参数错误"}, 400,
			`{"code":"PARAM_ERROR","message":"参数错误"}`},
	} {
		w.ok(w.Inject(row.fault))
		p, answer := w.exchange(raw{uri: native, body: body})
		if p.StatusCode != row.status || string(answer) != row.body {
			t.Errorf("%s: got %d %s", what, p.StatusCode, answer)
		}
		asRecorded(t, w, what, p, answer)
	}
	// What stands before WeChat Pay answers in HTML.
	w.ok(w.Inject(fault.Fault{Name: fault.Gateway, Status: 404}))
	p, answer = w.exchange(raw{uri: native, body: body})
	if want := "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1>" +
		"</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"; p.StatusCode != 404 ||
		string(answer) != want || p.Header.Get(wire.HeaderSignature) != "" {
		t.Errorf("a gateway: got %d %s", p.StatusCode, answer)
	}

	// https://github.com/wechatpay-apiv3/wechatpay-java/issues/400
	public := newWorld(t, sandbox.WithKeyMode(ledger.KeysPublic))
	p, answer = public.exchange(raw{method: "GET", uri: "/v3/certificates?algorithm_type=RSA"})
	want := `{"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。` +
		`可查看指引https://pay.weixin.qq.com/doc/v3/merchant/4012153196"}`
	if p.StatusCode != 404 || string(answer) != want {
		t.Errorf("certificates of the public key: got %d %s", p.StatusCode, answer)
	}
	asRecorded(t, public, "certificates of the public key", p, answer)
}

// asRecorded checks the headers of an answer to a call whose signature held.
// https://github.com/wechatpay-apiv3/wechatpay-apache-httpclient/issues/129
func asRecorded(t *testing.T, w *world, what string, p *http.Response, answer []byte) {
	t.Helper()
	for name, pattern := range map[string]string{
		"Content-Type": `application/json; charset=utf-8`, "Content-Length": strconv.Itoa(len(answer)),
		"Cache-Control": `no-cache, must-revalidate`, "X-Content-Type-Options": `nosniff`,
		"Content-Language": `zh-CN`, "Request-Id": `08[0-9A-F]{38}-[0-9]+`, "Wechatpay-Nonce": `[0-9a-f]{32}`,
		"Wechatpay-Signature": `[0-9A-Za-z+/]{342}==`, "Wechatpay-Serial": `[0-9A-F]{40}|PUB_KEY_ID_[0-9]{34}`,
		"Wechatpay-Timestamp": strconv.FormatInt(start.Unix(), 10), "Date": ".+",
		"Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
	} {
		if !regexp.MustCompile("^(" + pattern + ")$").MatchString(p.Header.Get(name)) {
			t.Errorf("%s: %s is %q, want %s", what, name, p.Header.Get(name), pattern)
		}
	}
}
