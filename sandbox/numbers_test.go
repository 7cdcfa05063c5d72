package sandbox_test

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// uuid5 is the shape of the notification ids that were seen in production.
var uuid5 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// stuck is a source of randomness that counts, save in reads of these lengths: what the first of a
// length gave, the next times of them give again.
type stuck struct {
	lengths []int
	times   int

	n       uint64
	repeats map[int]int
	last    map[int][]byte
}

func stuckAt(times int, lengths ...int) *stuck {
	return &stuck{lengths: lengths, times: times, repeats: map[int]int{}, last: map[int][]byte{}}
}

func (s *stuck) Read(p []byte) (int, error) {
	if s.last[len(p)] != nil && s.repeats[len(p)] < s.times {
		s.repeats[len(p)]++
		return copy(p, s.last[len(p)]), nil
	}
	for i := 0; i < len(p); i += 8 {
		s.n++
		var block [8]byte
		binary.LittleEndian.PutUint64(block[:], s.n*0x9e3779b97f4a7c15)
		copy(p[i:], block[:])
	}
	if slices.Contains(s.lengths, len(p)) {
		s.last[len(p)], s.repeats[len(p)] = bytes.Clone(p), 0
	}
	return len(p), nil
}

// drawn is a kind of number: how many random bytes one takes, read by read, and what draws the
// next.
type drawn struct {
	lengths []int
	next    func(w *world, no string) error
}

func numbers() map[string]drawn {
	agree := func(w *world, no string) error {
		reply, err := w.do("POST", presignCombine, with(combineBody(), "out_contract_code", no))
		if err != nil {
			return err
		}
		_, err = w.Payer("payer" + no).Agree(reply["pre_entrustweb_id"].(string))
		return err
	}
	order := func(w *world, path, no string) (object, error) {
		return w.do("POST", path, with(with(orderBody(), "out_trade_no", no), "payer", nil))
	}
	pay := func(w *world, no string) error {
		reply, err := w.do("POST", "v3/pay/transactions/jsapi", with(orderBody(), "out_trade_no", no))
		if err != nil {
			return err
		}
		_, err = w.Payer(openID).Pay(reply["prepay_id"].(string))
		return err
	}
	return map[string]drawn{
		"session token":   {[]int{4, 25}, agree},
		"contract_id":     {[]int{10}, agree},
		"notification id": {[]int{16}, agree},
		"prepay_id": {[]int{16}, func(w *world, no string) error {
			_, err := w.do("POST", "v3/pay/transactions/jsapi", with(orderBody(), "out_trade_no", no))
			return err
		}},
		"payment link": {[]int{9}, func(w *world, no string) error {
			_, err := order(w, "v3/pay/transactions/native", no)
			return err
		}},
		"transaction_id": {[]int{8, 10}, func(w *world, no string) error { return pay(w, no) }},
		"refund_id": {[]int{8, 10}, func(w *world, no string) error {
			if no == "number1" {
				w.ok(pay(w, "order1"))
			}
			_, err := w.do("POST", "v3/refund/domestic/refunds", object{
				"out_trade_no": "order1", "out_refund_no": no,
				"amount": object{"refund": 1, "total": 100, "currency": "CNY"},
			})
			return err
		}},
		"payment code": {[]int{16}, func(w *world, _ string) error {
			_, err := w.Payer(openID).ShowCode()
			return err
		}},
		"out_contract_code": {[]int{16}, func(w *world, no string) error {
			_, err := w.Payer("payer"+no).SignElsewhere(ledger.CombinePapay, sandbox.DefaultPlanID)
			return err
		}},
		"authinfo": {[]int{64}, func(w *world, _ string) error {
			_, err := w.do("POST", face+"authinfo", object{
				"sp_appid": sandbox.DefaultAppID, "sub_mchid": "1230000109", "device_id": "d", "raw_data": "x",
				"organization_id": sandbox.DefaultOrganizationID,
			})
			return err
		}},
	}
}

// A number that is in use is drawn again, and nothing else is done again for it.
func TestNumbersInUseAreDrawnAgain(t *testing.T) {
	t.Parallel()
	for what, number := range numbers() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *sandbox.Config) { c.Rand = stuckAt(30, number.lengths...) })
			for _, no := range []string{"number1", "number2", "number3"} {
				w.ok(number.next(w, no))
			}
		})
	}
}

// When numbers run out, the error says which.
func TestNumbersRunOut(t *testing.T) {
	t.Parallel()
	for what, number := range numbers() {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *sandbox.Config) {
				c.Rand = stuckAt(1<<30, number.lengths...)
			})
			w.ok(number.next(w, "number1"))
			err := number.next(w, "number2")
			if err == nil {
				t.Fatal("two got the same number")
			}
			var said strings.Builder
			calls, errJournal := w.Journal(0, 0)
			w.ok(errJournal)
			for _, x := range calls {
				said.WriteString(x.Hint)
			}
			if told := err.Error() + said.String(); !strings.Contains(told, "there is no free "+what+": ") {
				t.Errorf("got %s", told)
			}
		})
	}
}
