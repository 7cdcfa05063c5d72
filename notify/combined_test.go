package notify_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
)

// A message about orders that were placed together is signed by the one who placed them. Of another
// merchant's order that the receiver knows it is taken where it is said that they combine.
func TestOrdersOfSeveralMerchants(t *testing.T) {
	t.Parallel()
	w := newWechat(t)
	keyA, keyB := strings.Repeat("a", 32), strings.Repeat("b", 32)
	const a, b = "1900000109", "1900000222"
	ofA, ofB := notify.APIv2Key(a, wxpay.NewSecret(keyA)), notify.APIv2Key(b, wxpay.NewSecret(keyB))
	v3 := w.keysOf(t, b, keyB)
	both := `{"order_num":2,"order_list":[{"mch_id":"` + a + `","transaction_id":"42"},{"mch_id":"` + b +
		`","transaction_id":"43"}]}`
	two, combine := []notify.Option{ofA, ofB}, notify.APIv2Combines(a, b)
	for what, c := range map[string]struct {
		list    string
		options []notify.Option
		taken   bool
	}{
		"the keys of the one alone": {both, []notify.Option{ofA}, true},
		"the keys of both":          {both, two, false},
		"the other's of APIv3":      {both, []notify.Option{ofA, notify.Keys(v3)}, false},
		"who combine":               {both, []notify.Option{ofA, ofB, combine}, true},
		"who combine, of APIv3":     {both, []notify.Option{ofA, notify.Keys(v3), combine}, true},
		"who combine the other way": {both, []notify.Option{ofA, ofB, notify.APIv2Combines(b, a)}, false},
		"their own":                 {`[{"mch_id":"` + a + `","transaction_id":"42"}]`, two, true},
		"a number":                  {`[{"mch_id":` + b + `,"transaction_id":"42"}]`, two, false},
		"a number with a point":     {`[{"mch_id":` + b + `.0,"transaction_id":"42"}]`, two, false},
		"a number with an exponent": {`[{"mch_id":` + b[:1] + "." + b[1:] + `e9,"transaction_id":"42"}]`, two, false},
		"named twice": {`[{"mch_id":"` + b + `","mch_id":"` + a + `","transaction_id":"42"}]`,
			two, false},
		"named in capitals beside": {`[{"mch_id":"` + b + `","MCH_ID":"` + a + `","transaction_id":"42"}]`,
			two, false},
		"named in a list of the same name": {`{"order_list":[{"mch_id":"` + b + `"}],"ORDER_LIST":[{"mch_id":"` + a +
			`","transaction_id":"1"}]}`, two, false},
	} {
		f := wire.Fields{"return_code": "SUCCESS", "result_code": "SUCCESS", "combine_mch_id": a,
			"combine_out_trade_no": "CT1", "sub_order_list": c.list}
		f["sign"] = f.Digest(keyA, wire.SignMD5)
		n, err := notify.New(nil, c.options...).Parse(nil, f.XML())
		var refused *notify.Error
		switch {
		case c.taken && (err != nil || n.EventType != notify.V2Combined || n.MchID != a):
			t.Errorf("%s: %v, %v", what, n, err)
		case !c.taken && (!errors.As(err, &refused) || refused.Check != wxpay.CheckSignature ||
			!strings.Contains(err.Error(), "APIv2Combines")):
			t.Errorf("%s: taken, %v", what, err)
		}
	}
}

// An err_code that means success, which a copy may have been given, makes no other notification.
func TestAnErrCodeOfSuccessIsNotInTheID(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("a", 32)
	r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(key)))
	ids := map[string]bool{}
	for _, code := range []string{"", "OK", "0", "SUCCESS"} {
		f := wire.Fields{"return_code": "SUCCESS", "result_code": "SUCCESS", "mch_id": "1900000109",
			"out_trade_no": "T1", "transaction_id": "42", "bank_type": "CMC", "total_fee": "1", "err_code": code}
		f["sign"] = f.Digest(key, wire.SignMD5)
		n, err := r.Parse(nil, f.XML())
		if err != nil {
			t.Fatal(err)
		}
		ids[n.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("got %d ids", len(ids))
	}
}
