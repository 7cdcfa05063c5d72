package notify_test

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// page is what a merchant signs for a payer who has chosen the value of one
// member. It has every member that a signing page may have.
func page(member, chosen string) wire.Fields {
	f := wire.Fields{
		"appid": "wxcbda96de0b165486", "clientip": "119.145.83.6", "contract_code": "100000",
		"contract_display_account": "微信代扣", "deviceid": "12345",
		"mch_id": "1900000109", "mobile": "13800000000", "notify_url": "https://yourapp.com/notify", "openid": openid,
		"outerid": "x1",
		"plan_id": "12535", "request_serial": "1000", "return_app": "1", "timestamp": "1893456000", "version": "1.0",
	}
	f[member] = chosen
	return f
}

// joined is the string that APIv2 signs, without the key.
func joined(f wire.Fields) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if f[name] != "" {
			parts = append(parts, name+"="+f[name])
		}
	}
	return strings.Join(parts, "&")
}

var memberStart = regexp.MustCompile(`(?:^|&)([A-Za-z_][A-Za-z0-9_.-]*)=`)

// cuts visits every way to read s as members whose names ascend, which is every
// message that has the sign of s.
func cuts(s string, visit func(wire.Fields)) {
	starts := memberStart.FindAllStringSubmatchIndex(s, -1)
	name := func(i int) string { return s[starts[i][2]:starts[i][3]] }
	var open func(i int, f wire.Fields)
	open = func(i int, f wire.Fields) {
		for j := i + 1; j <= len(starts); j++ {
			end := len(s)
			if j < len(starts) {
				end = starts[j][0]
			}
			if starts[i][1] >= end {
				continue
			}
			f[name(i)] = s[starts[i][1]:end]
			if j == len(starts) {
				visit(f)
			} else if name(j) > name(i) {
				open(j, f)
			}
			delete(f, name(i))
		}
	}
	open(0, wire.Fields{})
}

// payers are names that cut a page into every kind of message there is, with the
// end of the page put into another member each time.
var payers = []string{
	"x&out_trade_no=T1&result_code=SUCCESS&return_code=SUCCESS&total_fee=9900&transaction_id=42",
	"x&out_trade_no=T1&result_code=SUCCESS&return_code=SUCCESS&total_fee=9900&transaction_id=",
	"x&attach=a&mch_id=1900000109&out_trade_no=T1&return_code=SUCCESS&total_fee=1&z=",
	"x&attach=&return_code=SUCCESS&out_trade_no=T1",
	"x&change_type=ADD&contract_id=9&mch_id=1900000109&return_code=SUCCESS&z=",
	"x&change_type=ADD&contract_display_account=y&return_code=SUCCESS&return_msg=",
	"x&change_type=DELETE&contract_termination_remark=y&return_code=SUCCESS&z=",
	"x&mch_id=1900000109&refund_id=1&req_info=z&return_code=SUCCESS",
	`x&combine_mch_id=1900000109&return_code=SUCCESS&sub_order_list=[{"a":"`,
	"x&event_ciphertext=c&event_id=1&event_type=CHECK.SUCCESS&mch_id=1900000109&z=",
	"x&plate_number=A1&vehicle_event_createtime=20300101000000&vehicle_event_type=NORMAL",
	"x&return_code=FAIL&return_msg=&sign_type=MD5&timestamp=1&zz=",
}

// forger has two receivers and sends them what a payer can make of a page.
type forger struct {
	*testing.T
	receivers []*notify.Receiver
}

func newForger(t *testing.T) forger {
	key := notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key))
	return forger{t, []*notify.Receiver{notify.New(nil, key), notify.New(nil, key, notify.APIv2Vehicles())}}
}

// passes says that a receiver which looks at the sign, at whose the message is,
// and that it is one at all, takes a cut.
func passes(f wire.Fields) bool {
	return f["mch_id"] == "1900000109" && (f["return_code"] != "" || f["event_ciphertext"] != "" ||
		f["plate_number"] != "")
}

// try cuts a page up and sends the cuts: of those that pass and of the others,
// about as many as it is told.
func (t forger) try(f wire.Fields, most int) (dangerous int) {
	sign := f.Digest(apiV2Key, wire.SignMD5)
	count := map[bool]int{}
	cuts(joined(f), func(f wire.Fields) { count[passes(f)]++ })
	seen := map[bool]int{}
	cuts(joined(f), func(cut wire.Fields) {
		kind := passes(cut)
		if seen[kind]++; seen[kind]%(count[kind]/most+1) != 0 {
			return
		}
		m := maps.Clone(cut)
		m["sign"] = sign
		if cut["sign"] == "" && !m.Verify(apiV2Key) { // a sign among the signed is the payer's, and not this one
			t.Fatalf("a cut that is no cut: %v", m)
		}
		for _, r := range t.receivers {
			if n, err := r.Parse(nil, m.XML()); err == nil {
				t.Errorf("%s was taken for %s: %s", joined(f), n.EventType, n.Plaintext)
			}
		}
	})
	return count[true]
}

// A payer who holds a signed page sends every message that its sign fits. None
// may be taken, whichever member the payer has chosen. There are six million
// cuts of these names; the test sends some of each kind.
func TestNoCutOfAPageIsANotification(t *testing.T) {
	t.Parallel()
	forger, dangerous := newForger(t), 0
	for member := range page("appid", "x") {
		if member == "timestamp" {
			continue // Client.URL and ContractExtraData fill it in, and no payer does
		}
		for _, chosen := range payers {
			dangerous += forger.try(page(member, chosen), 40)
		}
	}
	if dangerous < 50_000 {
		t.Errorf("only %d cuts are dangerous: the names no longer try what they should", dangerous)
	}
}

func FuzzNoCutOfAPageIsANotification(f *testing.F) {
	for i, chosen := range payers {
		f.Add(uint8(i), chosen)
	}
	// The members that every page has, without timestamp: the others only multiply the cuts.
	members := []string{"appid", "contract_code", "contract_display_account", "mch_id", "notify_url", "plan_id",
		"request_serial", "version"}
	f.Fuzz(func(t *testing.T, member uint8, chosen string) {
		if strings.Count(chosen, "=") > 6 {
			return // more cuts than there is time for
		}
		f := page(members[int(member)%len(members)], chosen)
		maps.DeleteFunc(f, func(name, _ string) bool { return name != "timestamp" && !slices.Contains(members, name) })
		newForger(t).try(f, 20)
	})
}

// What WeChat Pay echoes of merchants and payers may hold separators.
func TestLawfulSeparators(t *testing.T) {
	t.Parallel()
	payment := wire.Fields{
		"appid": "wx1", "mch_id": "1900000109", "result_code": "SUCCESS", "out_trade_no": "T1", "transaction_id": "42",
		"total_fee": "1",
	}
	contract := wire.Fields{
		"mch_id": "1900000109", "result_code": "SUCCESS", "change_type": "ADD", "contract_code": "c",
		"contract_id": "9", "plan_id": "1",
		"openid": openid, "operate_time": "2030-01-01 10:00:00",
	}
	with := func(f wire.Fields, name, value string) wire.Fields {
		f = maps.Clone(f)
		f[name] = value
		return f
	}
	for what, c := range map[string]struct {
		f     wire.Fields
		taken bool
	}{
		"attach like a query":         {with(payment, "attach", "uid=1&pid=2"), true},
		"attach of a contract":        {with(contract, "attach", "uid=1&pid=2"), false},
		"an account":                  {with(contract, "contract_display_account", "Tom & Jerry"), true},
		"an account like a query":     {with(contract, "contract_display_account", "a&b=c"), true},
		"an account of a payment":     {with(payment, "contract_display_account", "a&b=c"), false},
		"a remark":                    {with(contract, "contract_termination_remark", "a&b=c"), true},
		"a remark of a payment":       {with(payment, "contract_termination_remark", "a&b=c"), false},
		"an unknown member":           {with(payment, "later", "a&b=c"), false},
		"an unknown member, harmless": {with(payment, "later", "a&b &=c&&d"), true},
		"a list of orders": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "SUCCESS", "combine_out_trade_no": "T1",
			"sub_order_list": `[{"attach":"a&b=c","transaction_id":"42"}]`,
		}, true},
		"a list of orders, in an object": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "SUCCESS", "combine_out_trade_no": "T1",
			"sub_order_list": `{"order_num": 1, "order_list": [{"attach":"a&b=c","transaction_id":"42"}]}`,
		}, true},
		"a list behind a blank": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "SUCCESS", "combine_out_trade_no": "T1",
			"sub_order_list": " [{\"attach\":\"a&b=c\",\"transaction_id\":\"42\"}]",
		}, true},
		"a reply about orders that are paid": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "SUCCESS", "combine_out_trade_no": "T1",
			"sub_order_list": `{"order_num": 1, "order_list": [{"attach":"a&b=c","trade_state":"SUCCESS","transaction_id":"42"}]}`,
		}, false},
		"a reply about orders that are not paid": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "SUCCESS", "combine_out_trade_no": "T1",
			"sub_order_list": `[{"trade_state":"SUCCESS"},{"trade_state":"NOTPAY"}]`,
		}, false},
		"such a reply, in an object": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "SUCCESS", "combine_out_trade_no": "T1",
			"sub_order_list": `{"order_list":[{"trade_state":"NOTPAY"}]}`,
		}, false},
		"a list that is none": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "SUCCESS", "combine_out_trade_no": "T1",
			"sub_order_list": `[{"attach":"a&b=c`,
		}, false},
		"a paid debit":                     {with(payment, "trade_state", "SUCCESS"), true},
		"a debit, paid and refunded since": {with(payment, "trade_state", "REFUND"), true},
		"an unpaid order":                  {with(payment, "trade_state", "NOTPAY"), false},
		"an accepted debit":                {with(payment, "trade_state", "ACCEPT"), false},
		"orders that failed together": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "FAIL", "combine_out_trade_no": "T1",
			"err_code":       "NOTENOUGH",
			"sub_order_list": `{"order_num": 1, "order_list": [{"attach":"a&b=c"}]}`,
		}, true},
		"orders that succeeded, and why not": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "SUCCESS", "combine_out_trade_no": "T1",
			"err_code": "NOTENOUGH", "sub_order_list": `{"order_num": 1, "order_list": [{"attach":"a"}]}`,
		}, false},
		"a reply about orders that nobody paid": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "SUCCESS", "combine_out_trade_no": "T1",
			"sub_order_list": `{"order_num": 1, "order_list": [{"out_trade_no":"S1","total_fee":1}]}`,
		}, false},
		"orders of no list": {wire.Fields{
			"combine_mch_id": "1900000109", "result_code": "SUCCESS", "combine_out_trade_no": "T1",
		}, false},
		"a query's reply":  {with(with(payment, "trade_state", "SUCCESS"), "trade_state_desc", "支付成功"), false},
		"a refund's reply": {with(with(payment, "out_refund_no", "R1"), "refund_id", "5"), false},
		"an order's reply": {with(payment, "prepay_id", "wx1"), false},
		"a debit's reply":  {with(payment, "transaction_id", ""), false},
		"a debit's failure": {wire.Fields{
			"mch_id": "1900000109", "result_code": "FAIL", "contract_id": "9", "out_trade_no": "T1",
			"err_code": "NOTENOUGH",
		}, true},
		"the reply to ending a contract": {wire.Fields{"mch_id": "1900000109", "result_code": "SUCCESS",
			"contract_id": "9", "plan_id": "1"}, false},
		"a contract's state": {wire.Fields{
			"mch_id": "1900000109", "result_code": "SUCCESS", "contract_id": "9", "contract_state": "0",
		}, false},
		"a page's member": {with(payment, "notify_url", "https://yourapp.com"), false},
		"a time":          {with(payment, "timeStamp", "1"), false},
	} {
		_, err := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key))).
			Parse(nil, signedV2(c.f, wire.SignMD5))
		if (err == nil) != c.taken {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestReturnCodeIsExact(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	for code, taken := range map[string]bool{"SUCCESS": true, "FAIL": true, "": false, "success": false,
		"SUCCESS&a": false, "OK": false, "SUCCESSFUL": false} {
		f := addV2()
		f["return_code"] = code
		f["sign"] = f.Digest(apiV2Key, wire.SignMD5)
		if _, err := r.Parse(nil, f.XML()); (err == nil) != taken {
			t.Errorf("return_code %q: %v", code, err)
		}
	}
}

// A sealed refund is opened before it is looked at.
func TestARefundIsLookedAtInside(t *testing.T) {
	t.Parallel()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
	for inner, taken := range map[string]bool{
		"<root><refund_id>5</refund_id><refund_status>SUCCESS</refund_status></root>":             true,
		"<root><refund_id>5</refund_id><timestamp>1</timestamp></root>":                           false,
		"<root><refund_id>5</refund_id><attach><![CDATA[a&b=c]]></attach></root>":                 false,
		"<root><refund_id>5</refund_id><refund_recv_accout>a &amp; b</refund_recv_accout></root>": true,
	} {
		if _, err := r.Parse(nil, refundBody(inner)); (err == nil) != taken {
			t.Errorf("%s: %v", inner, err)
		}
	}
}

func TestVehiclesOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	key := notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key))
	signed := func(f wire.Fields) []byte {
		f["mch_id"], f["appid"], f["sign_type"] = "1900000109", "wx1", "HMAC-SHA256"
		f["sign"] = f.Digest(apiV2Key, wire.SignHMAC)
		return f.XML()
	}
	for what, c := range map[string]struct {
		f     wire.Fields
		taken bool
	}{
		"a number plate": {wire.Fields{"plate_number": "粤A00000", "vehicle_event_type": "NORMAL",
			"vehicle_event_createtime": "20300101100000"}, true},
		"plates": {wire.Fields{"plate_number_info": `{"plate_number_info":[{"plate_number":"粤B888888"}]}`,
			"vehicle_event_createtime": "20300101100000"}, true},
		"an event": {wire.Fields{"event_id": "1", "event_type": "CHECK.SUCCESS", "event_ciphertext": "c",
			"event_nonce": "n"}, true},
		"a separator": {wire.Fields{"plate_number": "A&b=c", "vehicle_event_createtime": "20300101100000"}, false},
		"an attach": {wire.Fields{"plate_number": "A", "vehicle_event_createtime": "20300101100000",
			"attach": "A&b=c"}, false},
		"a page": {wire.Fields{"plate_number": "A", "vehicle_event_createtime": "20300101100000",
			"timestamp": "1"}, false},
		"half of one": {wire.Fields{"plate_number": "A"}, false},
	} {
		body := signed(c.f)
		if _, err := notify.New(nil, key).Parse(nil, body); err == nil {
			t.Errorf("%s: taken unasked", what)
		}
		n, err := notify.New(nil, key, notify.APIv2Vehicles()).Parse(nil, body)
		if (err == nil) != c.taken || err == nil && n.EventType != notify.V2Vehicle {
			t.Errorf("%s: %v, %v", what, n, err)
		}
	}
	// An event is told by its id, however its seal is made for an attempt.
	ids := map[string]bool{}
	for _, nonce := range []string{"n", "o"} {
		n, err := notify.New(nil, key, notify.APIv2Vehicles()).Parse(nil, signed(wire.Fields{"event_id": "1",
			"event_type": "CHECK.SUCCESS", "event_ciphertext": "c" + nonce, "event_nonce": nonce}))
		if err != nil {
			t.Fatal(err)
		}
		ids[n.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("two attempts of one event have the ids %v", ids)
	}
}

// A key proves the words of its own merchant and of nobody else.
func TestAKeyIsOneMerchants(t *testing.T) {
	t.Parallel()
	const otherKey = "ffffffffffffffffffffffffffffffff"
	log := newErrorLog()
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)),
		notify.APIv2Key("1900009999", wxpay.NewSecret(otherKey)), log.option())
	var of []string
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		of = append(of, n.MchID)
		return nil
	})
	send := func(what, mchID, key string, ok bool) {
		t.Helper()
		f := addV2()
		f["mch_id"], f["contract_id"] = mchID, what
		f["sign"] = f.Digest(key, wire.SignMD5)
		if a := r.Receive(t.Context(), http.Header{}, f.XML()); (a.Status == 200) != ok {
			t.Errorf("%s: answered %d", what, a.Status)
		}
		log.take(t)
	}
	send("its own", "1900000109", apiV2Key, true)
	send("the other's own", "1900009999", otherKey, true)
	send("in another's name", "1900000109", otherKey, false)
	send("in another's name, too", "1900009999", apiV2Key, false)
	send("a stranger", "1900001111", apiV2Key, false)
	send("nobody", "", apiV2Key, false)
	if !slices.Equal(of, []string{"1900000109", "1900009999"}) {
		t.Errorf("handled for %q", of)
	}
	// A refund's mch_id is signed by nobody: its seal says whose it is.
	refund := func(mchID, key string) []byte {
		return wire.Fields{"return_code": "SUCCESS", "mch_id": mchID,
			"req_info": wire.SealReqInfo(key, []byte("<root><refund_id>1</refund_id></root>"))}.XML()
	}
	if n, err := r.Parse(nil, refund("1900009999", otherKey)); err != nil || n.MchID != "1900009999" {
		t.Errorf("got %v, %v", n, err)
	}
	if n, err := r.Parse(nil, refund("1900000109", otherKey)); err == nil {
		t.Errorf("another's seal was taken for %s's", n.MchID)
	}
}
