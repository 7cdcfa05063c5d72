package inbox

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// told is what a notification tells, as far as the inbox goes by it.
type told struct {
	// fact says what happened to a payment or refund, "" where nothing but the notification's id
	// can tell it from another. Two notifications of one fact that happens once are one; of any
	// other they are two, unless a query told it: then both are what the query told.
	fact        string
	happensOnce bool
	// expected are the names of what this was expected as.
	expected []string

	signed, ended bool // it is about a contract's beginning, its end
	contract      contract
}

// contract is a row of a contract, of which members may be unknown. What happens to one happens
// once: its row says whether it did.
type contract struct {
	subMchID, id, code string
	key, group         string // of the contract; of the payer and plan
	signedAt, endedAt  int64  // in microseconds; 0: not known; endedAt -1: ended, not known when
	person, subPerson  string
	signed             int // 1: its signature was told of, not only when it was
}

// signs and ends are the events that begin a contract and end it. V2.CONTRACT says which in its
// change_type. Others, such as a renewal, change no contract.
var signs = map[string]bool{
	"ECOMMERCE_ENTRUST.SIGN": true, "ENTRUST.SIGN": true, "ENTRUST.SIGNING": true, "INSURANCE_ENTRUST.SIGN": true,
	"PAPAY.SIGN": true, "PAYSCORE.USER_OPEN_SERVICE": true, "CREDIT_REPAYMENT.SIGN_CONTRACT": true,
}

var ends = map[string]bool{
	"ECOMMERCE_ENTRUST.TERMINATE": true, "ENTRUST.TERMINATE": true, "ENTRUST.RELEASE": true,
	"INSURANCE_ENTRUST.TERMINATE": true, "PAPAY.TERMINATE": true, "PAYSCORE.USER_CLOSE_SERVICE": true,
	"CREDIT_REPAYMENT.TERMINATE_CONTRACT": true,
}

// payments says of the events of payments whether they succeeded.
var payments = map[string]bool{
	"TRANSACTION.SUCCESS": true, "TRANSACTION.INDUSTRY_SUCCESS": true, "CREDIT_REPAYMENT.DEDUCTION_PAY": true,
	"TRANSACTION.FAIL": false, "TRANSACTION.INDUSTRY_FAILED": false,
}

// members are those of a JSON object. Nothing of them needs to be as documented.
type members map[string]json.RawMessage

// get is the first of these members that is a text or a number, and not empty.
func (m members) get(names ...string) string {
	for _, name := range names {
		var value wire.Loose
		if raw := m[name]; len(raw) > 0 && value.UnmarshalJSON(raw) == nil && value != "" {
			return string(value)
		}
	}
	return ""
}

// object is a member that is an object, or one without members.
func (m members) object(name string) (inner members) {
	_ = json.Unmarshal(m[name], &inner) // what is none stays nil
	return inner
}

// tellOf reads what a notification tells. It fails on nothing: what it does not understand it does
// not go by, and the notification's id is then what keeps it from being handled twice.
func tellOf(n *notify.Notification) (t told) {
	var m members
	if json.Unmarshal(n.Plaintext, &m) != nil || isShare(n) {
		return told{}
	}
	succeeded, isPayment := payments[n.EventType]
	switch {
	case signs[n.EventType], n.EventType == notify.V2Contract && m.get("change_type") == "ADD":
		t.signed = true
	case ends[n.EventType], n.EventType == notify.V2Contract && m.get("change_type") == "DELETE":
		t.ended = true
	case n.EventType == notify.V2Payment, n.EventType == notify.V2Combined:
		t.payment(m, m.get("result_code") == "SUCCESS")
	case isPayment:
		t.payment(m, succeeded)
	case strings.HasPrefix(n.EventType, "REFUND.") && m.get("refund_id") != "":
		// What became of a refund happens once. Of APIv2's, which anybody can make who has a copy
		// of one, nothing is believed that would keep the genuine one out.
		t.fact, t.happensOnce = "refund/"+m.get("refund_id"), true
		t.expected = []string{nameOf(string(Refund), m.get("sub_mchid"), m.get("out_refund_no"))}
	}
	if t.signed || t.ended {
		t.aboutContract(n, m)
	}
	return t
}

func (t *told) payment(m members, succeeded bool) {
	sub, number := m.get("sub_mchid", "sub_mch_id"), m.get("out_trade_no")
	ids := []string{m.get("transaction_id")}
	combined := m.get("combine_out_trade_no")
	if combined != "" {
		// What is paid together has an id of its own for every part. Some parts may be paid later
		// than others, which is then another payment.
		sub, number, ids = "", combined, m.transactions()
	}
	switch {
	case succeeded && combined != "" && len(ids) > 0:
		t.fact, t.happensOnce = "combined/"+hash(append(ids, combined)...), true
	case succeeded && combined == "" && ids[0] != "":
		t.fact, t.happensOnce = "paid/"+ids[0], true
	case succeeded && number != "":
		t.fact = "paid/" + sub + "/" + number
	case number != "":
		// Of a kind that is expected a number fails once. Of others, such as a face's, it may be
		// tried again and fail again.
		t.fact = "unpaid/" + sub + "/" + number
	}
	t.expected = []string{nameOf(payment, sub, number)}
}

// transactions are the ids of the parts that were paid together, sorted.
func (m members) transactions() (ids []string) {
	var parts []members
	_ = json.Unmarshal(m["sub_orders"], &parts)                 // what is no list has no parts
	if text := []byte(m.get("sub_order_list")); len(text) > 0 { // APIv2's, a JSON text
		var list struct {
			Parts []members `json:"order_list"`
		}
		if json.Unmarshal(text, &list) == nil {
			parts = list.Parts
		} else {
			_ = json.Unmarshal(text, &parts)
		}
	}
	for _, part := range parts {
		if id := part.get("transaction_id"); id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (t *told) aboutContract(n *notify.Notification, m members) {
	c := &t.contract
	inner := m.object("contract_information")
	c.subMchID = m.get("sub_mchid", "sub_mch_id")
	c.code, c.id = m.get("out_contract_code", "contract_code"), m.get("contract_id")
	if c.id == "" {
		c.id = inner.get("contract_id")
	}
	if strings.HasPrefix(n.EventType, "ECOMMERCE_ENTRUST.") {
		c.id = "" // its notifications have none, and a query that stands for one has
	}
	plan := m.get("plan_id", "service_id")
	c.person = personOf(m.get("openid", "sp_openid"))
	c.subPerson = personOf(m.get("sub_openid"))
	switch {
	case c.id != "":
		c.key = key(nameOf("id", c.id))
		t.expected = append(t.expected, nameOf(contractByID, c.id))
	case c.code != "":
		c.key = key(nameOf("code", c.subMchID, plan, c.code))
	default:
		*t = told{}
		return
	}
	c.group = c.key
	if payer := either(c.person, c.subPerson); payer != "" {
		c.group = key(nameOf("payer", c.subMchID, plan, payer, m.get("out_user_code")))
	}
	if c.code != "" {
		t.expected = append(t.expected, nameOf(contractByCode, c.subMchID, plan, c.code))
	}
	if c.person != "" {
		t.expected = append(t.expected, nameOf(contractByPayer, c.subMchID, plan, c.person))
	}
	created := micros(n.CreateTime)
	if t.signed {
		c.signedAt = first(timeOf(m.get("contract_signed_time")), timeOf(m.get("operate_time")),
			timeOf(inner.get("create_time")), timeOf(m.get("create_time")), created)
	} else {
		c.signedAt = first(timeOf(m.get("contract_signed_time")), timeOf(inner.get("create_time")))
		c.endedAt = first(timeOf(m.get("contract_terminated_time")),
			timeOf(m.object("contract_terminate_info").get("contract_terminated_time")),
			timeOf(m.get("operate_time")), created, -1)
	}
}

// nameOf joins the parts of a name so that no two names are the same by what is in a part.
func nameOf(kind string, parts ...string) string { return kind + "/" + hash(parts...)[:48] }

// personOf keeps of an openid what finds it again and tells nobody.
func personOf(openid string) string {
	if openid == "" {
		return ""
	}
	return hash("person", openid)
}

func first(times ...int64) int64 {
	for _, t := range times {
		if t != 0 {
			return t
		}
	}
	return 0
}

// timeOf reads a time as WeChat Pay writes them, 0 where it is none.
func timeOf(s string) int64 {
	if s == "" {
		return 0
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UnixMicro()
	}
	if t, err := time.ParseInLocation(time.DateTime, s, wire.Beijing); err == nil {
		return t.UnixMicro()
	}
	return 0
}
