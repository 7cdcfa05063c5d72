package notify

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// The rules by which an APIv2 message is told from a page that the merchant
// signed with the same key; the package comment has the reasoning.

// pageMembers are members that pages have and notifications never: every page
// and every set of launch parameters has one of the times, save those of 车主服务
// and of coupons (商家券), which have send_coupon_merchant.
var pageMembers = [...]string{"notify_url", "timestamp", "time_stamp", "timeStamp", "send_coupon_merchant"}

// replyMembers are members that only the replies to calls have, which are signed with
// the same key: to queries (trade_state_desc, recall), orders and refunds.
var replyMembers = [...]string{
	"code_url", "mweb_url", "out_refund_no", "prepay_id", "recall", "refund_count", "refund_fee", "refund_id",
	"trade_state_desc",
}

// behindAttach are the members of a payment that sort behind its attach and before mch_id,
// and mean something. Of one that was paid, bank_type is the first.
var behindAttach = [...]string{
	"bank_type", "combine_appid", "combine_mch_id", "contract_id", "err_code", "err_code_des",
}

// behindCode are the members of a contract that sort behind its contract_code, up to the first that
// every message has behind its remark, mch_id.
var behindCode = [...]string{
	"contract_display_account", "contract_expired_time", "contract_id", "contract_signed_time", "contract_state",
	"contract_terminated_time", "contract_termination_mode", "contract_termination_remark", "mch_id",
}

// kindV2 is the kind of a signed message, or why it is not taken for one of
// WeChat Pay's.
func (r *Receiver) kindV2(kind string, f wire.Fields) (eventType, refused string) {
	switch code := f["return_code"]; {
	case isVehicle(f) && code != "", f["plate_number"] != "" && f["out_trade_no"] == "" && code != "":
		// The launch parameters of 车主服务 have a plate_number that the payer types in, and no time.
		return "", "it has a plate_number and a return_code, which no notification about one has: a payer sent it"
	case f["change_type"] != "" && f["attach"] != "":
		// An attach sorts before change_type, so whoever wrote the attach of an order, and
		// has a copy of its notification, could make it one of any contract.
		return "", "it has a change_type and an attach, which no notification has: it is cut from one of a payment"
	case f["trade_state"] != "" && f["result_code"] == "SUCCESS" && !wasPaid(f["trade_state"]):
		return "", notPaid
	case isReply(f):
		return "", "it is the reply to a call, which somebody has a copy of, and no notification"
	case (kind == V2Payment || kind == V2Combined) && f["result_code"] == "SUCCESS" && !meansSuccess(f["err_code"]):
		return "", "it says that a payment succeeded, and in its err_code why it failed: it is cut from another message"
	case code == "SUCCESS" || code == "FAIL":
		change := f["change_type"] != ""
		return kind, suspicious(f,
			allowed{"attach", kind == V2Payment}, allowed{"contract_display_account", change},
			allowed{"contract_termination_remark", change})
	case code != "":
		return "", "its return_code is neither SUCCESS nor FAIL"
	case !isVehicle(f):
		return "", "it has no return_code: it is something the merchant signed, such as the address of a " +
			"signing page, and not WeChat Pay's word"
	case !r.vehicles:
		return "", "it has the look of a notification of 车主服务 or parking, which have no return_code: " +
			"give notify.APIv2Vehicles if the merchant has these products"
	}
	return V2Vehicle, suspicious(f)
}

// isReply says that a message is what WeChat Pay answered to a call. The reply about an
// order that is not paid, or about a refund, must not be taken for the payment: whatever
// is paid has a transaction_id, and what is about a contract says what has changed.
func isReply(f wire.Fields) bool {
	return slices.ContainsFunc(replyMembers[:], func(name string) bool { return f[name] != "" }) ||
		f["contract_id"]+f["contract_state"] != "" && eventTypeV2(f) == V2Other ||
		f["contract_state"] != "" && f["change_type"] == "" ||
		eventTypeV2(f) == V2Payment && f["transaction_id"] == "" && f["result_code"] == "SUCCESS" ||
		eventTypeV2(f) == V2Combined && isReplyAboutOrders(f)
}

// isReplyAboutOrders is true of a message about orders that are paid together without any order, or
// with a trade_state, which replies to queries have, or where one lacks the transaction_id that
// whatever is paid has.
func isReplyAboutOrders(f wire.Fields) bool {
	orders := ordersOf(f["sub_order_list"])
	return len(orders) == 0 || f["trade_state"] != "" || slices.ContainsFunc(orders, func(o order) bool {
		return o.TradeState != nil || f["result_code"] == "SUCCESS" && (o.TransactionID == nil || o.TransactionID == "")
	})
}

// notPaid is what is wrong with a success of what is not paid, as a query replies.
const notPaid = "it says in one breath that it succeeded and, by its trade_state, that nothing is paid: it is the " +
	"reply to a query, which somebody has a copy of, and no notification"

// wasPaid is true of the states of what was paid, also where some of it went back since.
func wasPaid(state string) bool { return state == "SUCCESS" || state == "REFUND" }

// allowed is a member that may have "&name=" in it, where it may.
type allowed struct {
	name string
	here bool
}

// suspicious says why the members may be cut from a page, "" when they are not.
func suspicious(f wire.Fields, exceptions ...allowed) string {
	for _, name := range pageMembers {
		if _, ok := f[name]; ok {
			return "it has a " + name + ", which only what the merchant signs has: a payer sent it"
		}
	}
	if list := f["sub_order_list"]; list != "" && !isList(list) {
		return "its sub_order_list is not a list: a copy of a message was cut into other members"
	}
members:
	for name, value := range f {
		if !wire.HoldsMember(value) || name == "sub_order_list" && isList(value) {
			continue
		}
		for _, e := range exceptions {
			if e.here && e.name == name && !swallows(f, name) {
				continue members
			}
		}
		return "the value of a member has another member in it (&name=): it is cut from something the " +
			"merchant signed, and a payer sent it; or such a value was in a call of yours, and WeChat Pay repeats " +
			"it: query what it is about"
	}
	return ""
}

// swallows says that a genuine message may have been cut anew by somebody who has a copy, so
// that the members behind an exception became a part of its value: the sign stays right, and
// the message is another. What is swallowed begins right behind the exception, so it may not
// hold the first of the members that a genuine message always has there: bank_type behind the
// attach of what was paid, contract_id or mch_id in a contract. Nor may it where one of that name
// stands outside: a value further behind that others write as well may have brought that one.
//
// Behind the attach of a debit that failed, contract_id is the first. It may hold that, since
// its successes may, unless none is left outside, or it reaches to such a value, device_info.
// The list of orders paid together is one in whatever has it.
func swallows(f wire.Fields, name string) bool {
	within := func(member string) bool { return strings.Contains(f[name], "&"+member+"=") }
	missing := func(member string) bool { return f[member] == "" && within(member) }
	switch {
	case name != "attach":
		return slices.ContainsFunc(behindCode[:], within)
	case within("bank_type") || within("sub_order_list"):
		return true
	case f["result_code"] == "SUCCESS" && f["bank_type"] != "":
		return false
	}
	return within("device_info") || slices.ContainsFunc(behindAttach[:], missing)
}

// meansSuccess is true of an err_code that no failure has: some successes have one.
func meansSuccess(code string) bool {
	return code == "" || code == "0" || strings.EqualFold(code, "OK") || strings.EqualFold(code, "SUCCESS")
}

// isList says that a string is a list in JSON, or an object with one, which no page ends
// like.
func isList(s string) bool {
	s = strings.TrimSpace(s)
	return (strings.HasPrefix(s, "[") || strings.HasPrefix(s, "{")) && json.Valid([]byte(s))
}

// merchantsOf are the merchants that a sub_order_list names, however mch_id is written and however
// often: parsers differ in which they take.
func merchantsOf(list string) (out []string) {
	d := json.NewDecoder(strings.NewReader(list))
	d.UseNumber()
	for of := false; ; {
		token, err := d.Token()
		if err != nil {
			return out
		}
		if of {
			named := fmt.Sprint(token)
			if n, err := strconv.ParseFloat(named, 64); err == nil && n == math.Trunc(n) && n < 1<<53 {
				named = strconv.FormatFloat(n, 'f', -1, 64) // 1.9e9 is one to who reads numbers
			}
			out = append(out, strings.TrimSpace(named))
		}
		name, _ := token.(string)
		of = strings.EqualFold(name, "mch_id") || strings.EqualFold(name, "mchid") || of && token == json.Delim('[')
	}
}

// order is one of several that are paid together.
type order struct {
	TradeState    any `json:"trade_state"`
	TransactionID any `json:"transaction_id"`
}

// ordersOf are the orders of a sub_order_list: a list, or an object with one.
func ordersOf(list string) []order {
	var whole struct {
		OrderList []order `json:"order_list"`
	}
	if json.Unmarshal([]byte(list), &whole) != nil {
		_ = json.Unmarshal([]byte(list), &whole.OrderList)
	}
	return whole.OrderList
}

// isVehicle says that a message has the members of its kind: the state of a
// number plate, or a sealed event.
// https://pay.weixin.qq.com/doc/v2/merchant/4011987424
func isVehicle(f wire.Fields) bool {
	plate := f["plate_number"] + f["plate_number_info"] + f["plate_number_list"]
	sealed := f["event_id"] != "" && f["event_type"] != "" && f["event_ciphertext"] != ""
	return sealed || plate != "" && f["vehicle_event_createtime"] != ""
}
