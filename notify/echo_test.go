package notify_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// echoing is a kind of genuine message: the members that others write, and what else somebody
// who has a copy may add to it where the message lacks it, as the package comment says.
type echoing struct {
	genuine      wire.Fields
	others, adds string
}

func echoings() map[string]echoing {
	payment := func(more wire.Fields) wire.Fields {
		f := wire.Fields{
			"appid": "wx1", "attach": "order 7", "device_info": "d", "mch_id": "1900000109", "nonce_str": "n",
			"openid": openid, "out_trade_no": "T1", "result_code": "SUCCESS", "return_code": "SUCCESS",
			"total_fee": "1", "trade_type": "PAP",
		}
		maps.Copy(f, more)
		return f
	}
	contract := func(more wire.Fields) wire.Fields {
		f := wire.Fields{
			"contract_code": "K", "contract_id": "C1", "mch_id": "1900000109", "openid": openid,
			"operate_time": "2030-01-01 00:00:00", "plan_id": "5", "request_serial": "9", "result_code": "SUCCESS",
			"return_code": "SUCCESS",
		}
		maps.Copy(f, more)
		return f
	}
	const device = "fee_type is_subscribe err_code_des"
	const code = "contract_display_account contract_expired_time"
	return map[string]echoing{
		"paid": {payment(wire.Fields{"bank_type": "CMC", "cash_fee": "1", "fee_type": "CNY", "is_subscribe": "N",
			"time_end": "20300101100000", "transaction_id": "42"}), "attach device_info", device},
		"debit": {payment(wire.Fields{"bank_type": "CMC", "cash_fee": "1", "contract_id": "C1",
			"trade_state": "SUCCESS", "transaction_id": "42"}), "attach device_info", device},
		"failed debit": {payment(wire.Fields{"contract_id": "C1", "err_code": "NOTENOUGH", "err_code_des": "no",
			"result_code": "FAIL"}), "attach device_info", device + " bank_type cash_fee cash_fee_type"},
		"combined": {wire.Fields{"bank_type": "CMC", "combine_appid": "wx1", "combine_mch_id": "1900000109",
			"combine_openid": openid, "combine_out_trade_no": "T1", "device_info": "d", "nonce_str": "n",
			"result_code": "SUCCESS", "result_msg": "OK", "return_code": "SUCCESS", "sub_order_list": "",
			"trade_type": "MWEB"}, "device_info sub_order_list", "err_code_des"},
		"signed": {contract(wire.Fields{"change_type": "ADD", "contract_display_account": "me",
			"contract_expired_time": "2031-01-01 00:00:00"}),
			"contract_code contract_display_account request_serial", code},
		"ended": {contract(wire.Fields{"change_type": "DELETE", "contract_display_account": "me",
			"contract_termination_mode": "2", "contract_termination_remark": "r"}),
			"contract_code contract_display_account contract_termination_remark request_serial", code},
		"ended, of nobody": {contract(wire.Fields{"change_type": "DELETE", "contract_termination_mode": "2",
			"contract_termination_remark": "r"}), "contract_code contract_termination_remark request_serial", code},
	}
}

// recuts visits the ways to read s as members whose names ascend, where only the members that
// may ever hold another swallow any.
func recuts(s string, visit func(wire.Fields)) {
	starts := memberStart.FindAllStringSubmatchIndex(s, -1)
	starts = append(starts, []int{len(s), len(s), len(s), len(s)})
	var open func(i int, f wire.Fields)
	open = func(i int, f wire.Fields) {
		if i == len(starts)-1 {
			visit(f)
			return
		}
		name := s[starts[i][2]:starts[i][3]]
		last := i + 1
		if slices.Contains(strings.Fields("attach contract_display_account contract_termination_remark sub_order_list"),
			name) {
			last = len(starts) - 1
		}
		for j := i + 1; j <= last; j++ {
			if starts[i][1] < starts[j][0] && (j == len(starts)-1 || s[starts[j][2]:starts[j][3]] > name) {
				f[name] = s[starts[i][1]:starts[j][0]]
				open(j, f)
				delete(f, name)
			}
		}
	}
	open(0, wire.Fields{})
}

// meaningful are the members of a message that a function of the receiver's is told.
func meaningful(message any) (names []string) {
	for i := range reflect.TypeOf(message).NumField() {
		name, _, _ := strings.Cut(reflect.TypeOf(message).Field(i).Tag.Get("xml"), ",")
		names = append(names, name)
	}
	return names
}

// differs names a member that a copy says something else in than the genuine message does, and
// that others did not write. What they wrote may be longer, or end before an &name=.
func (e echoing) differs(genuine, cut wire.Fields, names []string) string {
	for _, name := range names {
		switch lacked := genuine[name] == ""; {
		case genuine[name] == cut[name]:
		case name == "contract_code" && strings.HasPrefix(genuine[name], cut[name]+"&"):
			next, _, _ := strings.Cut(genuine[name][len(cut[name])+1:], "=")
			if genuine[next] != "" { // what it loses becomes a member that the message has
				return name
			}
		case name != "contract_code" && slices.Contains(strings.Fields(e.others), name):
		case lacked && slices.Contains(strings.Fields(e.adds), name):
		case lacked && name == "err_code" && cut[name] == "SUCCESS" && genuine["result_code"] == "SUCCESS":
		default:
			return name
		}
	}
	return ""
}

// Whatever others write into the values that WeChat Pay echoes, and however they cut a copy of
// the message then: what is taken says nothing else than the genuine one.
func TestEchoesMakeNoOtherMessage(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)), notify.APIv2Vehicles())
	random := rand.New(rand.NewPCG(1, 2))
	names := map[string][]string{
		notify.V2Payment: meaningful(event.V2Payment{}), notify.V2Contract: meaningful(event.V2Contract{}),
		notify.V2Combined: meaningful(event.V2Combined{}),
	}
	likely := strings.Fields("bank_type cash_fee contract_display_account contract_id err_code mch_id openid plan_id")
	others := slices.Concat(strings.Fields("a b combine_mch_id sub_order_list zz"), names[notify.V2Payment],
		names[notify.V2Contract])
	values := strings.Fields("1 SUCCESS FAIL ADD DELETE 1900000109 V T2 [] x 99999 NOTENOUGH CMC C1")
	text := func() string {
		members := map[string]bool{}
		for range random.IntN(3) {
			members[likely[random.IntN(len(likely))]] = true
		}
		for range random.IntN(3) {
			members[others[random.IntN(len(others))]] = true
		}
		s := "x"
		for _, name := range slices.Sorted(maps.Keys(members)) {
			s += "&" + name + "=" + values[random.IntN(len(values))]
		}
		return s
	}
	all := echoings()
	kinds := slices.Sorted(maps.Keys(all))
	taken := map[string]int{}
	for range 6000 {
		kind := kinds[random.IntN(len(kinds))]
		genuine := maps.Clone(all[kind].genuine)
		for _, name := range strings.Fields(all[kind].others) {
			if random.IntN(3) > 0 {
				genuine[name] = text()
			}
			if name == "sub_order_list" {
				genuine[name] = fmt.Sprintf(`[{"attach":%q,"transaction_id":"42"}]`, genuine[name])
			}
		}
		sign := genuine.Digest(apiV2Key, wire.SignMD5)
		recuts(joined(genuine), func(f wire.Fields) {
			cut := maps.Clone(f)
			cut["sign"] = sign
			if n, err := r.Parse(nil, cut.XML()); err == nil {
				taken[kind]++
				want := notify.V2Payment
				if genuine["change_type"] != "" {
					want = notify.V2Contract
				} else if kind == "combined" {
					want = notify.V2Combined
				}
				if name := all[kind].differs(genuine, cut, names[want]); name != "" || n.EventType != want {
					t.Errorf("%s: %s is taken as %s with another %s: %v", kind, joined(genuine), n.EventType, name, cut)
				}
			}
		})
	}
	for _, kind := range kinds {
		if taken[kind] < 30 {
			t.Errorf("only %d messages of kind %q were taken, not even the genuine ones", taken[kind], kind)
		}
	}
}

// Values other than an attach are echoed too, such as a device_info that came from the payer's
// device. What they hold must not become a member by way of the attach, nor by themselves.
func TestNoOtherEchoBringsMembers(t *testing.T) {
	t.Parallel()
	payment := func(device string, more wire.Fields) wire.Fields {
		f := wire.Fields{
			"appid": "wx1", "attach": "order 7", "bank_type": "CMC", "cash_fee": "1", "device_info": device,
			"mch_id": "1900000109", "nonce_str": "n", "out_trade_no": "T1", "result_code": "SUCCESS",
			"return_code": "SUCCESS", "total_fee": "1", "transaction_id": "42",
		}
		maps.Copy(f, more)
		return f
	}
	contract := func(change string) wire.Fields {
		return wire.Fields{
			"change_type": change, "contract_code": "V&contract_display_account=x", "contract_display_account": "me",
			"contract_id": "C1", "mch_id": "1900000109", "plan_id": "1", "result_code": "SUCCESS",
			"return_code": "SUCCESS",
		}
	}
	account := wire.Fields{"contract_code": "V", "contract_display_account": "x&contract_display_account=me"}
	for what, c := range map[string]struct{ genuine, changed wire.Fields }{
		"another amount": {payment("x&bank_type=A&cash_fee=99999", wire.Fields{"fee_type": "CNY"}),
			wire.Fields{"attach": "order 7&bank_type=CMC&cash_fee=1&device_info=x", "bank_type": "A",
				"cash_fee": "99999", "device_info": ""}},
		"a contract": {payment("x&bank_type=A&contract_id=V12345", nil),
			wire.Fields{"attach": "order 7&bank_type=CMC&cash_fee=1&device_info=x", "bank_type": "A", "cash_fee": "",
				"contract_id": "V12345", "device_info": ""}},
		"another contract": {payment("x&bank_type=A&contract_id=V12345", wire.Fields{"contract_id": "C1"}),
			wire.Fields{"attach": "order 7&bank_type=CMC&cash_fee=1&contract_id=C1&device_info=x", "bank_type": "A",
				"cash_fee": "", "contract_id": "V12345", "device_info": ""}},
		"another contract of a failure": {
			wire.Fields{"attach": "order 7", "contract_id": "C1", "device_info": "x&contract_id=V12345",
				"err_code": "NOTENOUGH", "mch_id": "1900000109", "out_trade_no": "T1", "result_code": "FAIL",
				"return_code": "SUCCESS"},
			wire.Fields{"attach": "order 7&contract_id=C1&device_info=x", "contract_id": "V12345", "device_info": ""}},
		"a failure": {payment("x&err_code=NOTENOUGH", wire.Fields{"fee_type": "CNY"}),
			wire.Fields{"device_info": "x", "err_code": "NOTENOUGH"}},
		"another contract_code":            {contract("ADD"), account},
		"another contract_code at its end": {contract("DELETE"), account},
	} {
		c.genuine["sign"] = c.genuine.Digest(apiV2Key, wire.SignMD5)
		r, handled := counting()
		if a := r.Receive(t.Context(), nil, recut(t, c.genuine, c.changed).XML()); a.Status == 200 || *handled != 0 {
			t.Errorf("%s: the cut was answered %d, handled %d times", what, a.Status, *handled)
		}
	}
}

// Some successes have an err_code, which says so.
func TestASuccessMayHaveACode(t *testing.T) {
	t.Parallel()
	for code, taken := range map[string]bool{"": true, "0": true, "ok": true, "SUCCESS": true, "NOTENOUGH": false} {
		r, handled := counting()
		f := signedFields(wire.Fields{"bank_type": "CMC", "err_code": code, "out_trade_no": "T1"})
		if a := r.Receive(t.Context(), nil, f.XML()); (*handled == 1) != taken {
			t.Errorf("err_code %q: answered %d, handled %d times", code, a.Status, *handled)
		}
	}
}
