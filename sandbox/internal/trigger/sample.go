package trigger

import (
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What no product plays is told of by the examples of the catalogue, in which the parties, numbers,
// times and amounts are those of the merchant and the moment.

// combined is the one of these that is of APIv2.
const combined = "V2.COMBINED"

// sampled tells of an event that is not played.
func sampled(e *catalogue.Event) engine.Telling {
	if e.Type == combined {
		return engine.Telling{Event: e.Type, Family: e.Family.Name, Choices: [][]string{{"paid", "failed"}},
			Write: tellCombinedXML}
	}
	return engine.Telling{Event: e.Type, Family: e.Family.Name, Write: func(s *engine.Step, m *engine.Made) error {
		f, err := newFacts(s, m)
		if err != nil {
			return err
		}
		return push.Notify(s, &push.Row{Push: ledger.Push{MchID: m.Merchant.MchID, URL: m.Address, Event: e.Type,
			OriginalType: e.OriginalType, Summary: e.Title, Resource: rows.EncodeJSON(f.object(e.Resource)),
			About: f.named["out_trade_no"]}, Retries: rows.GenericSchedule})
	}}
}

// facts are what members say, by their names.
type facts struct {
	now   time.Time
	named map[string]string
}

func newFacts(s *engine.Step, m *engine.Made) (*facts, error) {
	transaction, err := s.NewTransactionID()
	if err != nil {
		return nil, err
	}
	refund, err := s.NewRefundID()
	f := &facts{s.Now, map[string]string{
		"mchid": m.Merchant.MchID, "sp_mchid": m.Merchant.MchID, "appid": m.AppID, "sp_appid": m.AppID,
		"openid": m.OpenID, "sp_openid": m.OpenID, "contract_id": s.Number(), "out_trade_no": s.Number(),
		"out_refund_no": s.Number(), "transaction_id": transaction, "refund_id": refund,
	}}
	if m.Partner {
		f.named["sub_mchid"], f.named["sub_appid"], f.named["sub_openid"] = m.SubMchID, m.SubAppID, m.SubOpenID
	}
	return f, err
}

// object is one of the members that have a value. A merchant who is called sp_mchid is not called
// mchid as well.
func (f *facts) object(schema *catalogue.Field) engine.Document {
	out := engine.Document{}
	for _, m := range schema.Fields {
		if m.Name == "mchid" && schema.Field("sp_mchid") != nil {
			continue
		}
		if v := f.value(m); v != nil {
			out[m.Name] = v
		}
	}
	return out
}

// value is what a member says, nil where nothing is known that it could.
func (f *facts) value(m *catalogue.Field) any {
	switch {
	case m.Type == catalogue.Object:
		if inner := f.object(m); len(inner) > 0 {
			return inner
		}
		return nil
	case m.Type == catalogue.Array:
		return nil // of discounts, which not every payment has
	case f.named[m.Name] != "":
		return f.named[m.Name]
	case strings.HasSuffix(m.Name, "_time") || m.Name == "time_end":
		return f.moment(m)
	case m.Type == catalogue.Integer && amounts.MatchString(m.Name):
		if refunds(m.Name) {
			return 50
		}
		return 100
	case m.Example != nil:
		return m.Example
	case len(m.Enum) > 0:
		return m.Enum[0]
	}
	return nil
}

// moment is a time: what begins does so half an hour before.
func (f *facts) moment(m *catalogue.Field) any {
	at := f.now
	for _, begins := range []string{"start", "create", "pay_"} {
		if strings.HasPrefix(strings.TrimPrefix(m.Name, "refund_"), begins) {
			at = at.Add(-30 * time.Minute)
		}
	}
	if m.Type == catalogue.Integer {
		return at.Unix()
	}
	return wire.FormatTime(at)
}

// tellCombinedXML tells that two orders were paid together, or failed.
// https://pay.weixin.qq.com/wiki/doc/api/combine.php?chapter=24_4
func tellCombinedXML(s *engine.Step, m *engine.Made) error {
	number, failed := s.Number(), m.Says["failed"]
	out := wire.Fields{"return_code": "SUCCESS", "return_msg": "OK", "result_code": "SUCCESS", "result_msg": "OK",
		"combine_appid": m.AppID, "combine_mch_id": m.Merchant.MchID, "combine_openid": m.OpenID,
		"combine_out_trade_no": number, "trade_type": "JSAPI", "bank_type": "OTHERS"}
	if failed {
		delete(out, "bank_type")
		delete(out, "result_msg")
		out["result_code"], out["err_code"], out["err_code_des"] = "FAIL", "NOTENOUGH", "余额不足"
	}
	type order struct {
		MchID         string `json:"mch_id"`
		OutTradeNo    string `json:"out_trade_no"`
		Total         int64  `json:"total_fee"`
		TransactionID string `json:"transaction_id,omitempty"` // of what was paid, as what follows
		Cash          int64  `json:"cash_fee,omitempty"`
		End           string `json:"time_end,omitempty"`
	}
	list := struct {
		Num  int     `json:"order_num"`
		List []order `json:"order_list"`
	}{}
	for _, suffix := range []string{"1", "2"} {
		o := order{MchID: m.Merchant.MchID, OutTradeNo: number + suffix, Total: 100}
		if !failed {
			id, err := s.NewTransactionID()
			if err != nil {
				return err
			}
			o.TransactionID, o.Cash, o.End = id, o.Total, s.Now.In(wire.Beijing).Format("20060102150405")
		}
		list.Num++
		list.List = append(list.List, o)
	}
	out["sub_order_list"] = string(rows.EncodeJSON(list))
	return push.NotifyXML(s, &push.Row{Push: ledger.Push{MchID: m.Merchant.MchID, URL: m.Address, Event: combined,
		Summary: "合单支付通知", About: number}, Retries: rows.GenericSchedule}, out)
}
