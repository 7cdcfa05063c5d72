package inbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
)

// Kind is what something expected is: it says which query tells of it, and which notification.
type Kind string

// The kinds there are. Those of contracts hear of the signature and, with [Config.Recheck], of the
// end; those of debits of success and failure; those of orders, which a payer may leave unpaid, of
// success alone.
const (
	PapayContract          Kind = "papay-contract"           // ENTRUST.SIGN, .TERMINATE
	PapayPartnerContract   Kind = "papay-partner-contract"   // the same, of a sub-merchant
	CombinedContract       Kind = "combined-contract"        // ECOMMERCE_ENTRUST.SIGN, .TERMINATE
	PasswordExemptContract Kind = "password-exempt-contract" // ENTRUST.SIGN, .TERMINATE
	InsuranceContract      Kind = "insurance-contract"       // INSURANCE_ENTRUST.SIGN, .TERMINATE
	EduContract            Kind = "edu-contract"             // ENTRUST.SIGNING, .RELEASE
	V2Contract             Kind = "v2-contract"              // V2.CONTRACT
	V2PartnerContract      Kind = "v2-partner-contract"      // the same, of a sub-merchant
	Debit                  Kind = "debit"                    // TRANSACTION.SUCCESS, .FAIL
	PartnerDebit           Kind = "partner-debit"            // the same, of a sub-merchant
	EduDebit               Kind = "edu-debit"                // the same, of 教育续费通
	V2Debit                Kind = "v2-debit"                 // V2.PAYMENT
	V2PartnerDebit         Kind = "v2-partner-debit"         // the same, of a sub-merchant
	Order                  Kind = "order"                    // TRANSACTION.SUCCESS
	PartnerOrder           Kind = "partner-order"            // the same, of a sub-merchant
	Refund                 Kind = "refund"                   // REFUND.SUCCESS, .CLOSED, .ABNORMAL
)

// question is how WeChat Pay is asked about a kind, and what the answer means.
type question struct {
	path string // of the query
	v2   bool   // it is a POST in XML
	// What the kind needs of Expected beside Number, and what its query gets.
	plan, sub, appID, byPayer bool
	refund                    bool
	query                     func(x Expected) map[string]string
	signed, ended             string // the events of a contract
	failed                    string // the event of a debit that failed
	then                      string // the query that knows it where the first does not
}

const (
	code   = "/out-contract-code/{out_contract_code}"
	byCode = "/plan-id/{plan_id}" + code
)

var questions = map[Kind]question{
	PapayContract: {path: "v3/papay/sign/contracts" + byCode, plan: true,
		signed: "ENTRUST.SIGN", ended: "ENTRUST.TERMINATE"},
	PapayPartnerContract: {path: "v3/papay/sign/partner/contracts" + byCode, plan: true, sub: true, query: subMerchant,
		signed: "ENTRUST.SIGN", ended: "ENTRUST.TERMINATE"},
	CombinedContract: {path: "v3/ecommerce/combine-papay/contracts" + byCode, plan: true,
		signed: "ECOMMERCE_ENTRUST.SIGN", ended: "ECOMMERCE_ENTRUST.TERMINATE"},
	PasswordExemptContract: {path: "v3/password-exempt-contract/contracts/service-id/{service_id}" + code, plan: true,
		signed: "ENTRUST.SIGN", ended: "ENTRUST.TERMINATE"},
	InsuranceContract: {path: "v3/papay/insurance-sign/contracts" + byCode, plan: true,
		signed: "INSURANCE_ENTRUST.SIGN", ended: "INSURANCE_ENTRUST.TERMINATE"},
	EduContract: {path: "v3/edu-papay/user/{openid}/contracts", plan: true, appID: true, byPayer: true,
		signed: "ENTRUST.SIGNING", ended: "ENTRUST.RELEASE", query: func(x Expected) map[string]string {
			return map[string]string{"appid": x.AppID, "plan_id": x.PlanID, "sub_mchid": x.SubMchID}
		}},
	V2Contract: {path: "v2/papay/querycontract", v2: true, plan: true, appID: true, signed: notify.V2Contract,
		ended: notify.V2Contract, query: contractV2},
	V2PartnerContract: {path: "v2/papay/partner/querycontract", v2: true, plan: true, appID: true, sub: true,
		signed: notify.V2Contract, ended: notify.V2Contract, query: contractV2},
	Debit: {path: "v3/pay/transactions/out-trade-no/{out_trade_no}", query: merchant, failed: "TRANSACTION.FAIL"},
	PartnerDebit: {path: "v3/pay/partner/transactions/out-trade-no/{out_trade_no}", sub: true, query: provider,
		failed: "TRANSACTION.FAIL"},
	EduDebit: {path: "v3/edu-papay/transactions/out-trade-no/{out_trade_no}", query: subMerchant,
		failed: "TRANSACTION.FAIL"},
	V2Debit: {path: "v2/pay/paporderquery", v2: true, appID: true, query: debitV2, failed: notify.V2Payment,
		then: orderV2},
	V2PartnerDebit: {path: "v2/pay/partner/paporderquery", v2: true, appID: true, sub: true, query: debitV2,
		failed: notify.V2Payment, then: orderV2},
	Order: {path: "v3/pay/transactions/out-trade-no/{out_trade_no}", query: merchant},
	PartnerOrder: {path: "v3/pay/partner/transactions/out-trade-no/{out_trade_no}", sub: true,
		query: provider},
	Refund: {path: "v3/refund/domestic/refunds/{out_refund_no}", refund: true, query: subMerchant},
}

// orderV2 knows a debit that failed, which is no debit order any more, while the query of debits
// knows one that goes on. https://pay.weixin.qq.com/wiki/doc/api/pap.php?chapter=18_10&index=14
const orderV2 = "v2/pay/orderquery"

func merchant(x Expected) map[string]string { return map[string]string{"mchid": x.MchID} }

func provider(x Expected) map[string]string {
	return map[string]string{"sp_mchid": x.MchID, "sub_mchid": x.SubMchID}
}

func subMerchant(x Expected) map[string]string { return map[string]string{"sub_mchid": x.SubMchID} }

func contractV2(x Expected) map[string]string {
	return map[string]string{"appid": x.AppID, "mch_id": x.MchID, "sub_mch_id": x.SubMchID, "plan_id": x.PlanID,
		"contract_code": x.Number, "version": "1.0"}
}

func debitV2(x Expected) map[string]string {
	return map[string]string{"appid": x.AppID, "mch_id": x.MchID, "sub_mch_id": x.SubMchID, "out_trade_no": x.Number}
}

// ask puts the question. The error is [unknown] where WeChat Pay knows nothing of it yet.
func (q question) ask(ctx context.Context, c *wxpay.Client, x Expected) (members, error) {
	fields := map[string]string{}
	if q.query != nil {
		fields = q.query(x)
	}
	maps.DeleteFunc(fields, func(_, value string) bool { return value == "" })
	if q.v2 {
		res, err := c.Chain(q.path).Post(ctx, maps.Clone(fields))
		if unknown(err) && q.then != "" {
			res, err = c.Chain(q.then).Post(ctx, fields)
		}
		if err != nil {
			return nil, err
		}
		said, err := res.Map()
		if err != nil {
			return nil, err
		}
		m := members{}
		for name, value := range said {
			if text, is := value.(string); is {
				m.put(name, text)
			}
		}
		return m, nil
	}
	if !q.byPayer {
		return q.get(ctx, c, x, fields)
	}
	var all []json.RawMessage
	for _, status := range []string{"ADD", "DELETE"} { // a list has those of one status
		fields["contract_status"] = status
		list, err := q.list(ctx, c, x, fields)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	text, err := json.Marshal(all)
	return members{"data": text}, err
}

// mostPages is far beyond the contracts of one payer under one plan.
const mostPages = 100

// list is all pages of a list, whose order WeChat Pay does not say.
func (q question) list(ctx context.Context, c *wxpay.Client, x Expected, fields map[string]string) (
	all []json.RawMessage, err error) {
	fields = maps.Clone(fields)
	for range mostPages {
		fields["offset"] = strconv.Itoa(len(all))
		m, err := q.get(ctx, c, x, fields)
		if err != nil && !unknown(err) {
			return nil, err
		}
		var page []json.RawMessage
		_ = json.Unmarshal(m["data"], &page) // what is no list has no contracts
		all = append(all, page...)
		if total, err := strconv.Atoi(m.get("total_count")); err != nil || len(page) == 0 || len(all) >= total {
			return all, nil
		}
	}
	return all, nil
}

func (q question) get(ctx context.Context, c *wxpay.Client, x Expected, fields map[string]string) (m members,
	err error) {
	var options []wxpay.Option
	for part := range strings.SplitSeq(q.path, "/") {
		variable, is := strings.CutPrefix(part, "{")
		if !is {
			continue
		}
		variable = strings.TrimSuffix(variable, "}")
		value := x.Number
		switch variable {
		case "plan_id", "service_id":
			value = x.PlanID
		case "openid":
			value = x.OpenID
		}
		options = append(options, wxpay.Path(variable, value))
	}
	for name, value := range fields {
		options = append(options, wxpay.Query(name, value))
	}
	res, err := c.Chain(q.path).Get(ctx, options...)
	if err != nil {
		return nil, err
	}
	return m, json.Unmarshal(res.Body, &m)
}

// put sets a member to a text.
func (m members) put(name, value string) { m[name], _ = json.Marshal(value) }

// with is a copy of a reply that says more.
func (m members) with(more map[string]string) json.RawMessage {
	all := maps.Clone(m)
	for name, value := range more {
		if value != "" {
			all.put(name, value)
		}
	}
	text, _ := json.Marshal(all) // raw JSON that was decoded
	return text
}

// unknown says whether an error is WeChat Pay's answer that there is no such thing, which it says
// of a contract that was not signed yet too.
func unknown(err error) bool {
	var refused *wxpay.Error
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return false
	}
	return refused.Verified && refused.Status < http.StatusInternalServerError && !refused.Temporary()
}

// read says which notifications the answer stands for, in the order in which they happened, how
// many of them are of former contracts, whether the others are what was expected, and whether
// nothing more is to be expected of it.
func (q question) read(e *expectation, m members) (found []*notify.Notification, former int, met, over bool) {
	tell := func(eventType, original string, plaintext json.RawMessage) {
		found = append(found, &notify.Notification{MchID: e.x.MchID, EventType: eventType, OriginalType: original,
			Plaintext: plaintext})
	}
	switch {
	case q.byPayer:
		return q.listed(e, m)
	case q.plan:
		signed, ended := m.get("contract_signed_time"), either(m.get("contract_terminated_time"),
			m.object("contract_terminate_info").get("contract_terminated_time"))
		over = m.get("contract_state") == "TERMINATED" || q.v2 && m.get("contract_state") == "1" && ended != ""
		inForce := q.v2 && m.get("contract_state") == "0"
		switch m.get("contract_state") {
		case "SIGNED", "TO_BE_RENEWED", "TERMINATE_PENDING":
			inForce = true
		}
		original := "entrust"
		add, remove := map[string]string{"operate_time": signed}, map[string]string{"operate_time": ended}
		if q.v2 {
			original, add["change_type"], remove["change_type"] = "xml", "ADD", "DELETE"
		}
		if (inForce || over) && e.watched == 0 { // of one that is watched it was told
			tell(q.signed, original, m.with(add))
		}
		if over {
			tell(q.ended, original, m.with(remove))
		}
		return found, 0, true, over
	case q.refund:
		state := m.get("status")
		if state == "SUCCESS" || state == "CLOSED" || state == "ABNORMAL" {
			tell("REFUND."+state, "refund", m.with(map[string]string{"refund_status": state}))
		}
		return found, 0, true, found != nil
	}
	over = q.paid(m, tell)
	return found, 0, true, over
}

func (q question) paid(m members, tell func(eventType, original string, plaintext json.RawMessage)) (over bool) {
	eventType, original, said := "TRANSACTION.SUCCESS", "transaction", map[string]string{}
	if q.v2 {
		eventType, original = notify.V2Payment, "xml"
	}
	switch m.get("trade_state") {
	case "SUCCESS", "REFUND": // what was given back since was paid
		said["trade_state"] = "SUCCESS"
		if q.v2 {
			said["result_code"] = "SUCCESS"
		}
	case "CLOSED", "REVOKED", "PAY_FAIL": // and not PAYERROR, which may be tried again: docs/outcomes.md
		if q.failed == "" {
			return true
		}
		eventType, said["trade_state"] = q.failed, "PAY_FAIL" // as its notification says, where a query says CLOSED
		if q.v2 {
			delete(said, "trade_state")
			said["result_code"], said["err_code"] = "FAIL", either(m.get("err_code"), m.get("trade_state"))
		}
	default:
		return false
	}
	tell(eventType, original, m.with(said))
	return true
}

// listed reads the list of a payer's contracts under a plan, which has former ones too, of which
// only the ends count. The others were signed since it was expected, as far as two clocks tell.
// Where the clocks do not tell, one that has ended may be a former one, and another may be to come.
func (q question) listed(e *expectation, m members) (found []*notify.Notification, former int, met, over bool) {
	var list []members
	_ = json.Unmarshal(m["data"], &list) // what is no list has no contracts
	signedAt := func(c members) int64 { return timeOf(c.object("contract_information").get("create_time")) }
	slices.SortStableFunc(list, func(a, b members) int { return cmp.Compare(signedAt(a), signedAt(b)) })
	for _, c := range list {
		tell := func(eventType string) {
			found = append(found, &notify.Notification{MchID: e.x.MchID, EventType: eventType, OriginalType: "entrust",
				Plaintext: c.with(nil)})
		}
		status := c.object("contract_information").get("contract_status")
		switch {
		case status == "ADD": // a payer has one in force, whenever it was signed
			tell(q.signed)
			met, over = true, false
		case status == "DELETE" && signedAt(c) < e.created-sameMoment:
			tell(q.ended)
			former = len(found)
		case status == "DELETE":
			tell(q.signed)
			tell(q.ended)
			over = signedAt(c) >= e.created || e.watched == 1
			met = met || over
		}
	}
	return found, former, met, over
}
