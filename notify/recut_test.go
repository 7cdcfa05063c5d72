package notify_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// recut makes other members of a signed message: "" takes a member out.
func recut(t *testing.T, genuine, changed wire.Fields) wire.Fields {
	t.Helper()
	f := maps.Clone(genuine)
	for name, value := range changed {
		if f[name] = value; value == "" {
			delete(f, name)
		}
	}
	if !f.Verify(apiV2Key) {
		t.Fatal("the sign does not hold, so it shows nothing")
	}
	return f
}

// Whoever wrote the attach of an order and has its notification must not make one
// of a contract of it, not even where the receiver never saw the genuine one.
func TestAnAttachBringsNoContract(t *testing.T) {
	t.Parallel()
	order := func(attach string) wire.Fields {
		return signedFields(wire.Fields{
			"appid": "wx1", "attach": attach, "bank_type": "CMC", "cash_fee": "1", "fee_type": "CNY", "nonce_str": "n",
			"openid":       openid,
			"out_trade_no": "T1", "time_end": "20300101100000", "total_fee": "1", "transaction_id": "42",
		})
	}
	const contract = "change_type=DELETE&contract_code=V&contract_id=I"
	const behind = "y&bank_type=CMC&cash_fee=1&fee_type=CNY"
	for name, c := range map[string]struct {
		attach  string
		changed wire.Fields
	}{
		"under mch_id": {"x&" + contract + "&contract_termination_remark=y",
			wire.Fields{"contract_termination_remark": behind}},
		"under combine_mch_id": {
			"x&change_type=DELETE&combine_mch_id=1900000109&contract_code=V&contract_id=I&contract_termination_remark=y",
			wire.Fields{
				"combine_mch_id": "1900000109", "contract_termination_remark": behind +
					"&mch_id=1900000109&nonce_str=n&openid=" + openid + "&out_trade_no=T1",
				"mch_id": "", "nonce_str": "", "openid": "", "out_trade_no": "",
			},
		},
	} {
		r, handled := counting()
		maps.Copy(c.changed, wire.Fields{
			"attach": "x", "change_type": "DELETE", "contract_code": "V", "contract_id": "I", "bank_type": "",
			"cash_fee": "", "fee_type": "",
		})
		genuine := order(c.attach)
		if a := r.Receive(t.Context(), nil, recut(t, genuine, c.changed).XML()); *handled != 0 {
			t.Errorf("%s: the cut is answered %d", name, a.Status)
		}
		if a := r.Receive(t.Context(), nil, genuine.XML()); *handled != 1 {
			t.Errorf("%s: the genuine one is answered %d", name, a.Status)
		}
	}
}

// A debit that failed has no bank_type, and is not to lose why it failed either.
func TestAnAttachSwallowsNoFailure(t *testing.T) {
	t.Parallel()
	r, handled := counting()
	genuine := wire.Fields{
		"attach": "a=1&b", "contract_id": "C", "err_code": "NOTENOUGH", "mch_id": "1900000109", "out_trade_no": "T1",
		"result_code": "FAIL", "return_code": "SUCCESS",
	}
	genuine["sign"] = genuine.Digest(apiV2Key, wire.SignMD5)
	cut := recut(t, genuine, wire.Fields{"attach": "a=1&b&contract_id=C&err_code=NOTENOUGH", "contract_id": "",
		"err_code": ""})
	if a := r.Receive(t.Context(), nil, cut.XML()); *handled != 0 {
		t.Errorf("the cut is answered %d", a.Status)
	}
	if a := r.Receive(t.Context(), nil, genuine.XML()); *handled != 1 {
		t.Errorf("the genuine one is answered %d", a.Status)
	}
}

// Coupons (商家券) are launched with parameters that have no time.
func TestACouponIsNoNotification(t *testing.T) {
	t.Parallel()
	r, handled := counting()
	f := signedFields(wire.Fields{"out_trade_no": "T1", "send_coupon_merchant": "1900000109", "stock_id": "1"})
	if a := r.Receive(t.Context(), nil, f.XML()); *handled != 0 {
		t.Errorf("answered %d", a.Status)
	}
}

// Whatever a copy of a genuine message is cut into, the receiver takes it for the
// same event about the same thing, or not at all: also where it comes first.
func TestACopyStaysWhatItWas(t *testing.T) {
	t.Parallel()
	base := map[string]wire.Fields{
		"attach": {
			"attach": "", "bank_type": "CMC", "cash_fee": "1", "contract_id": "Wx1", "mch_id": "1900000109",
			"nonce_str":    "n",
			"out_trade_no": "T1", "result_code": "SUCCESS", "return_code": "SUCCESS", "total_fee": "1",
			"transaction_id": "42",
		},
		"attach of a failure": {
			"attach": "", "contract_id": "Wx1", "err_code": "NOTENOUGH", "mch_id": "1900000109", "nonce_str": "n",
			"out_trade_no": "T1", "result_code": "FAIL", "return_code": "SUCCESS",
		},
		"contract_display_account": {
			"change_type": "ADD", "contract_code": "c", "contract_display_account": "", "contract_id": "Wx1",
			"mch_id": "1900000109",
			"openid": openid, "operate_time": "2030-01-01 10:00:00", "plan_id": "1", "result_code": "SUCCESS",
			"return_code": "SUCCESS",
		},
		"contract_termination_remark": {
			"change_type": "DELETE", "contract_code": "c", "contract_id": "Wx1", "contract_termination_mode": "2",
			"contract_termination_remark": "", "mch_id": "1900000109", "openid": openid,
			"operate_time": "2030-01-01 10:00:00",
			"plan_id":      "1", "result_code": "SUCCESS", "return_code": "SUCCESS",
		},
	}
	texts := append([]string{
		"x&change_type=DELETE&contract_code=V&contract_id=I&contract_termination_remark=y",
		"x&contract_id=FORGED&contract_termination_remark=",
		"x&contract_id=FORGED", "x&bank_type=a&cash_fee=2", "a=1&b=2", "x&err_code=OTHER",
		"x&combine_mch_id=1900000109&d=", "x&change_type=ADD&d=e",
		"x&mch_id=1900000109&out_trade_no=T2", "x&return_code=FAIL&total_fee=0", "x&zz=1",
	}, payers...)
	taken := 0
	for where, f := range base {
		member, _, _ := strings.Cut(where, " ")
		for _, text := range texts {
			genuine := maps.Clone(f)
			genuine[member] = text
			sign := genuine.Digest(apiV2Key, wire.SignMD5)
			cuts(joined(genuine), func(cut wire.Fields) {
				m := maps.Clone(cut)
				m["sign"] = sign
				r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)), notify.APIv2Vehicles())
				if _, err := r.Parse(nil, m.XML()); err != nil {
					return
				}
				taken++
				for _, name := range []string{
					"change_type", "contract_code", "contract_id", "err_code", "out_trade_no", "result_code",
					"total_fee", "transaction_id",
				} {
					// of a contract it says nothing
					if m[name] != f[name] && (name != "err_code" || f["change_type"] == "") {
						t.Errorf("%s %q: a copy is taken with %s %q for %q: %v", where, text, name, m[name], f[name],
							cut)
						return
					}
				}
			})
		}
	}
	if taken < len(texts) {
		t.Errorf("%d messages were taken: not even the genuine ones", taken)
	}
}

// An attach beside a list of orders must not swallow everything up to another attach,
// within the list, that brings the members of a payment.
func TestAnAttachReachesNoOtherAttach(t *testing.T) {
	t.Parallel()
	r, handled := counting()
	const before, after = `[{"mch_id":"1","attach":"x`, `","total_fee":1}]`
	f := wire.Fields{
		"mch_id": "1900000109", "out_trade_no": "VICTIM", "result_code": "SUCCESS", "return_code": "SUCCESS",
		"total_fee":      "9900",
		"transaction_id": "42", "bank_type": "CMC", "zz": after,
	}
	genuine := signedFields(wire.Fields{
		"attach": "x", "combine_mch_id": "1900000109", "combine_out_trade_no": "T1",
		"sub_order_list": before +
			"&bank_type=CMC&mch_id=1900000109&out_trade_no=VICTIM&result_code=SUCCESS&return_code=SUCCESS" +
			"&total_fee=9900&transaction_id=42&zz=" + after,
	})
	f["attach"] = "x&combine_mch_id=1900000109&combine_out_trade_no=T1&mch_id=1900000109" +
		"&result_code=SUCCESS&return_code=SUCCESS&sub_order_list=" + before
	f["combine_mch_id"], f["combine_out_trade_no"], f["sub_order_list"] = "", "", ""
	cut := recut(t, genuine, f)
	if a := r.Receive(t.Context(), nil, cut.XML()); a.Status == 200 || *handled != 0 {
		t.Errorf("the cut was answered %d, handled %d times", a.Status, *handled)
	}
}

// A copy of a combined order, cut at a sub-order's attach, is refused, and the genuine message is
// not lost by it.
func TestACutListOfSubOrders(t *testing.T) {
	t.Parallel()
	r, handled := counting()
	genuine := signedFields(wire.Fields{
		"combine_mch_id": "1900000109", "combine_out_trade_no": "T1",
		"sub_order_list": `[{"mch_id":"1","attach":"x&total_fee=1&transaction_id=FORGED&zz=","total_fee":100,"transaction_id":"42"}]`,
	})
	cut := recut(t, genuine, wire.Fields{
		"sub_order_list": `[{"mch_id":"1","attach":"x`, "total_fee": "1", "transaction_id": "FORGED",
		"zz": `","total_fee":100,"transaction_id":"42"}]`,
	})
	if a := r.Receive(t.Context(), nil, cut.XML()); a.Status == 200 || *handled != 0 {
		t.Errorf("the cut was answered %d, handled %d times", a.Status, *handled)
	}
	if a := r.Receive(t.Context(), nil, genuine.XML()); a.Status != 200 || *handled != 1 {
		t.Errorf("the genuine one was answered %d, handled %d times", a.Status, *handled)
	}
}

// What a stranger wrote is not read before its sign is: a list of orders may be long.
func TestTheSignComesFirst(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	f := signedFields(wire.Fields{"combine_out_trade_no": "T1", "sub_order_list": `[{"trade_state":"NOTPAY"}]`})
	for says, sign := range map[string]string{"reply to a call": f["sign"], "sign is not of these": "0"} {
		f["sign"] = sign
		if _, err := r.Parse(nil, f.XML()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want it to say %q", err, says)
		}
	}
}
