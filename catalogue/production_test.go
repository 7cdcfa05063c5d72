package catalogue_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/catalogue"
)

// What production answered to the same mistakes, as people pasted it into public issues: the
// message, and the detail of the answer.
func TestViolationsAsProductionAnswersThem(t *testing.T) {
	t.Parallel()
	c := embedded(t)
	const (
		order    = "POST /v3/pay/transactions/jsapi"
		partner  = "POST /v3/pay/partner/transactions/jsapi"
		refund   = "POST /v3/refund/domestic/refunds"
		closing  = "POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close"
		goodBody = `{"appid":"wxd678efh567hg6787","mchid":"1230000109","description":"Image","out_trade_no":"20150806125346",` +
			`"notify_url":"https://yourapp.com/paid","attach":"a","amount":{"total":100},"payer":{"openid":"oUpF8"}}`
	)
	body := func(id, old, new string) func() *catalogue.Violation {
		return func() *catalogue.Violation {
			text := goodBody
			if id == partner {
				text = strings.NewReplacer(`"appid"`, `"sp_appid"`, `"mchid":"1230000109"`,
					`"sp_mchid":"1230000109","sub_mchid":"1900000109"`, `{"openid"`, `{"sp_openid"`).Replace(text)
			}
			return c.Operation(id).CheckBody([]byte(strings.Replace(text, old, new, 1)))
		}
	}
	for what, row := range map[string]struct {
		check           func() *catalogue.Violation
		message, detail string
	}{
		// https://github.com/TheNorthMemory/wechatpay-axios-plugin/issues/38: the body has an unknown
		// member, too, which the error of a type comes before.
		"a fraction": {body(order, `"mchid":"1230000109"`, `"mch_id":"1230000109"`),
			"请求中含有未在API文档中定义的参数", `{"location":null,"value":["/body/mch_id"]}`},
		"a fraction before an unknown member": {func() *catalogue.Violation {
			return c.Operation(order).CheckBody([]byte(`{"mch_id":"1230000109","amount":{"total":0.01}}`))
		}, "无法将 JSON 输入源“/body/amount/total”映射到目标字段“总金额”中，此字段需要一个合法的 64 位有符号整数",
			`{"location":"body","value":0.01}`},
		"a number for a string": {body(order, `"openid":"oUpF8"`, `"openid":4`),
			"无法将 JSON 输入源“/body/payer/openid”映射到目标字段“用户标识”中，此字段需要一个 string 类型的 Json 值",
			`{"location":"body","value":4}`},
		// https://github.com/w7corp/easywechat/issues/2954
		"too short": {body(order, "20150806125346", "1"),
			"输入源“/body/out_trade_no”映射到值字段“商户订单号”字符串规则校验失败，字节数 1，小于最小值 6",
			`{"location":"body","value":1}`},
		"too long": {body(order, `"attach":"a"`, `"attach":"`+strings.Repeat("附", 67)+`aa"`),
			"输入源“/body/attach”映射到值字段“附加数据”字符串规则校验失败，字节数 203，大于最大值 128",
			`{"location":"body","value":203}`},
		"Chinese characters": {body(order, "20150806125346", "订单号"),
			"输入源“/body/out_trade_no”映射到值字段“商户订单号”字符串规则校验失败，字符串必须匹配正则表达式“^[0-9a-zA-Z_\\-\\|\\*]+$”",
			`{"location":"body","value":"订单号"}`},
		"a blank before an address": {body(order, "https://yourapp.com/paid", " https://yourapp.com/paid"),
			"输入源“/body/notify_url”映射到值字段“通知地址”字符串规则校验失败，字符串必须匹配正则表达式“^https?://([^\\s/?#\\[\\]\\@]+\\@)?" +
				"([^\\s/?#\\@:]+)(?::\\d{2,5})?([^\\s?#\\[\\]]*)$”",
			`{"location":"body","value":" https://yourapp.com/paid"}`},
		// https://pay.weixin.qq.com/doc/v3/merchant/4012791869
		"nothing to pay": {body(order, `"total":100`, `"total":0`),
			"输入源“/body/amount/total”映射到数值字段“总金额”规则校验失败，值低于最小值 1", `{"location":"body","value":0}`},
		// https://github.com/wechatpay-apiv3/wechatpay-java/issues/365
		"missing": {body(partner, `"sp_appid":"wxd678efh567hg6787",`, ""),
			"输入源“/body/sp_appid”映射到字段“服务商应用ID”必填性规则校验失败，此字段为必填项", `{"location":"body","value":""}`},
		"all missing": {func() *catalogue.Violation { return c.Operation(order).CheckBody([]byte("{}")) },
			"输入源“/body/appid”映射到字段“公众号ID”必填性规则校验失败，此字段为必填项", `{"location":"body","value":""}`},
		// https://github.com/minibear2021/wechatpayv3/pull/87
		"unknown in an object": {body(partner, `{"sp_openid":"oUpF8"}`, `{"openid":"oUpF8"}`),
			"请求中含有未在API文档中定义的参数", `{"location":null,"value":["/body/payer/openid"]}`},
		// https://github.com/ArtisanCloud/PowerWeChat/issues/5
		"unknown, and others missing": {func() *catalogue.Violation {
			return c.Operation(refund).CheckBody([]byte(`{"appid":"wx1","mchid":"1230000109","out_refund_no":"1"}`))
		}, "请求中含有未在API文档中定义的参数", `{"location":null,"value":["/body/appid","/body/mchid"]}`},
		"too long in a path": {func() *catalogue.Violation {
			return c.Operation(closing).CheckPath(map[string]string{"out_trade_no": strings.Repeat("1", 35)})
		}, "输入源“/uri_template/out_trade_no”映射到值字段“商户订单号”字符串规则校验失败，字节数 35，大于最大值 32",
			`{"location":"uri_template","value":35}`},
		"too small in a query": {func() *catalogue.Violation {
			return c.Operation("GET /v3/edu-papay/user/{openid}/contracts").CheckQuery(url.Values{"appid": {"wx1"},
				"plan_id": {"1"}, "limit": {"0"}})
		}, "输入源“/query/limit”映射到数值字段“分页大小”规则校验失败，值低于最小值 1", `{"location":"query","value":0}`},
		// of APIv2's unifiedorder, whose validator is the same
		"a word for a number in APIv2": {func() *catalogue.Violation {
			return c.Operation("POST /papay/querycontract").CheckFields(map[string]string{"appid": "wx1", "mch_id": "1",
				"plan_id": "x", "contract_code": "c", "version": "1.0", "sign": "S"})
		}, "无法将输入源“/body/xml/plan_id”映射到目标字段“模板id”中，此字段需要一个合法的 64 位有符号整数",
			`{"location":"body","value":"x"}`},
	} {
		v := row.check()
		if v == nil {
			t.Errorf("%s: nothing wrong", what)
			continue
		}
		detail, err := json.Marshal(v)
		if err != nil || v.Message != row.message || string(detail) != row.detail {
			t.Errorf("%s: %v\ngot  %s %s\nwant %s %s", what, err, v.Message, detail, row.message, row.detail)
		}
	}
	// The sentence for people does not repeat the value.
	v := body(order, "20150806125346", "订单号")()
	if strings.Contains(v.Error(), "订单号") || !strings.Contains(v.Error(), "/out_trade_no") {
		t.Errorf("got %v", v)
	}
}

// The first broken rule is the first in the order of definition, wherever it stands in the body.
func TestTheFirstBrokenRule(t *testing.T) {
	t.Parallel()
	o := embedded(t).Operation("POST /v3/pay/transactions/jsapi")
	for body, field := range map[string]string{
		`{"amount":{"total":0},"description":"x","appid":""}`:                                                                             "/appid",
		`{"amount":{"total":0},"out_trade_no":"1","description":"x","appid":"wx1","mchid":"1230000109"}`:                                  "/out_trade_no",
		`{"amount":{"currency":"XYZ"},"out_trade_no":"123456","description":"x","appid":"wx1","mchid":"1","notify_url":"https://a.cn/b"}`: "/amount/total",
	} {
		if v := o.CheckBody([]byte(body)); v == nil || v.Field != field {
			t.Errorf("%s: got %v, want %s", body, v, field)
		}
	}
}
