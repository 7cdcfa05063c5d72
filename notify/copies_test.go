package notify_test

import (
	"context"
	"maps"
	"net/http"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// counting is a receiver of APIv2 that counts what it handles.
func counting() (r *notify.Receiver, handled *int) {
	handled = new(int)
	r = notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
		notify.OnError(func(context.Context, *notify.Error) {}))
	r.Otherwise(func(context.Context, *notify.Notification) error { *handled++; return nil })
	return r, handled
}

func signedFields(f wire.Fields) wire.Fields {
	f["mch_id"], f["return_code"], f["result_code"] = "1900000109", "SUCCESS", "SUCCESS"
	if f["out_trade_no"] != "" {
		f["transaction_id"] = "42"
	}
	f["sign"] = f.Digest(apiV2Key, wire.SignMD5)
	return f
}

// Whoever has a genuine message can change it where its sign does not look.
func TestChangedCopiesAreNotHandled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		genuine, changed wire.Fields // changed: "" takes a member out, " " leaves it empty
	}{
		"a member of no name we know goes into the attach": {
			wire.Fields{"attach": "x", "color": "red"}, wire.Fields{"attach": "x&color=red", "color": ""},
		},
		"an empty member more": {wire.Fields{"color": "red"}, wire.Fields{"x": " "}},
		"an attach takes the contract in": {
			wire.Fields{"attach": "course 7", "bank_type": "CMC", "contract_id": "Wx15", "out_trade_no": "T1",
				"transaction_id": "42"},
			wire.Fields{"attach": "course 7&bank_type=CMC&contract_id=Wx15", "bank_type": "", "contract_id": ""},
		},
		"a name brings another contract": {
			wire.Fields{"change_type": "ADD",
				"contract_display_account": "x&contract_id=FORGED&contract_termination_remark=",
				"contract_expired_time":    "2031-01-01 00:00:00", "contract_id": "REAL"},
			wire.Fields{"contract_display_account": "x", "contract_id": "FORGED",
				"contract_termination_remark": "&contract_expired_time=2031-01-01 00:00:00&contract_id=REAL",
				"contract_expired_time":       ""},
		},
	} {
		r, handled := counting()
		f := signedFields(maps.Clone(c.genuine))
		first := r.Receive(t.Context(), nil, f.XML()).Status
		before := *handled
		for member, value := range c.changed {
			switch f[member] = value; value {
			case "":
				delete(f, member)
			case " ":
				f[member] = ""
			}
		}
		if !f.Verify(apiV2Key) {
			t.Fatalf("%s: the sign does not hold, so it shows nothing", name)
		}
		second := r.Receive(t.Context(), nil, f.XML()).Status
		if *handled != before {
			t.Errorf("%s: handled again (%d, %d)", name, first, second)
		}
	}
}

// Of a kind that we do not know, a copy cut at its attach is refused, and the genuine
// message is handled whichever comes first.
func TestACopyDoesNotKeepTheGenuineOneOut(t *testing.T) {
	t.Parallel()
	r, handled := counting()
	genuine := signedFields(wire.Fields{"attach": "x", "color": "red"})
	cut := maps.Clone(genuine)
	cut["attach"] = "x&color=red"
	delete(cut, "color")
	for i, f := range []wire.Fields{cut, genuine, cut} {
		if a := r.Receive(t.Context(), nil, f.XML()); (a.Status == 200) != (i == 1) || *handled != min(i, 1) {
			t.Errorf("message %d: answered %d, handled %d", i, a.Status, *handled)
		}
	}
}

// What is honest keeps its freedom.
func TestHonestEchoesAreHandled(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]wire.Fields{
		"of a contract": {"attach": "u=1&contract_id=Wx15&z=2", "bank_type": "CMC", "contract_id": "Wx15",
			"out_trade_no": "T1"},
		"of no contract": {"attach": "u=1&contract_id=Wx15&z=2", "bank_type": "CMC", "out_trade_no": "T1"},
		"of no reply":    {"attach": "uid=7&return_code=0", "bank_type": "CMC", "out_trade_no": "T1"},
		"of a failed debit": {"attach": "uid=7&fee_type=CNY&contract_id=C&os=ios", "contract_id": "C",
			"err_code": "NOTENOUGH", "out_trade_no": "T1"},
		"of a paid order": {"attach": "uid=7&cash_fee=1&device_info=ios", "bank_type": "CMC", "device_info": "d",
			"out_trade_no": "T1"},
		"of combined orders": {"bank_type": "CMC", "combine_out_trade_no": "T1",
			"sub_order_list": `[{"attach":"a=1&bank_type=x","transaction_id":"42"}]`},
		"a name of a member": {"change_type": "ADD", "contract_display_account": "Tom&contract_x=1",
			"contract_id": "1"},
		"an account": {"change_type": "ADD", "contract_display_account": "a&b=c", "contract_id": "1"},
		"a remark of contracts": {"change_type": "DELETE", "contract_id": "1",
			"contract_termination_remark": "a&b=c&contract 5"},
	} {
		r, handled := counting()
		genuine := signedFields(f)
		if f["err_code"] != "" {
			f["result_code"] = "FAIL"
			f["sign"] = f.Digest(apiV2Key, wire.SignMD5)
		}
		if a := r.Receive(t.Context(), nil, genuine.XML()); *handled != 1 {
			t.Errorf("%s: answered %d", name, a.Status)
		}
	}
}

// A second failure of one number is heard, a second copy of one is not.
func TestEveryFailureOfADebitIsHeard(t *testing.T) {
	t.Parallel()
	r, handled := counting()
	failure := func(nonce string) []byte {
		f := wire.Fields{"contract_id": "1", "err_code": "NOTENOUGH", "out_trade_no": "T1", "nonce_str": nonce,
			"mch_id": "1900000109", "return_code": "SUCCESS", "result_code": "FAIL"}
		f["sign"] = f.Digest(apiV2Key, wire.SignMD5)
		return f.XML()
	}
	for i, body := range [][]byte{failure("a"), failure("a"), failure("b"), failure("a")} {
		if a := r.Receive(t.Context(), nil, body); a.Status != 200 || *handled != []int{1, 1, 2, 2}[i] {
			t.Errorf("message %d: answered %d, handled %d", i, a.Status, *handled)
		}
	}
}

// A nil context must not leave a delivery behind that never ends.
func TestReceiveWithoutContext(t *testing.T) {
	t.Parallel()
	r, handled := counting()
	f := signedFields(wire.Fields{"color": "red"})
	for range 2 {
		//lint:ignore SA1012 that is the test
		if a := r.Receive(nil, http.Header{}, f.XML()); a.Status != 200 {
			t.Errorf("answered %d", a.Status)
		}
	}
	if *handled != 1 {
		t.Errorf("handled %d times", *handled)
	}
}
