package sandbox_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// Amounts whose products do not fit 64 bits are compared all the same.
func TestLimitsOfHugeAmounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.insured(payFirst(insuranceBody()))
	w.until("2020-11-13", 10, 0)
	const wraps = 184467440737095517 + 4800 // a hundred times more than 4800 it is 84
	w.refused(400, "PARAM_ERROR", "POST", insuranceRenew(c), object{"appid": c.AppID,
		"policy_periods": periods(4, wraps, "2020-12-12", "2021-01-12")})

	body := insuranceBody()
	const third = 6148914691236517206 // three times as much is 2
	body["policy_periods"] = append(periods(1, 2, "2020-09-12"), periods(2, third, "2020-12-12", "2021-01-12")...)
	body["combined_deduct_period_count"] = 3
	newWorld(t).refused(400, "PARAM_ERROR", "POST", insuranceSign+"app", payFirst(body))
}

// A refund goes to who paid, also when the appid they paid under is no longer the merchant's.
func TestARefundOfAFormerAppID(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	m, err := w.AddMerchant(ledger.Merchant{MchID: "1900000222", AppIDs: []string{"wxold"}})
	w.ok(err)
	w.ok(w.AddPayer(map[string]string{"wxElsewhere": "oElsewhere"}))
	w.ok(w.Payer("oElsewhere").Fund(1000))
	as := func(w *world) *world {
		client := w.clientOf("1900000222")
		return &world{w.t, w.Sandbox, client, w.inbox}
	}
	order := with(with(with(with(orderBody(), "payer", nil), "out_trade_no", "no00000001"), "appid", "wxold"),
		"mchid", "1900000222")
	_, err = w.Payer("oElsewhere").Pay(as(w).must("POST", directRoot+"native", order)["code_url"].(string))
	w.ok(err)
	m.AppIDs = []string{"wxnew"}
	_, err = w.AddMerchant(m)
	w.ok(err)
	w.ok(w.Close())
	w = newWorld(t, sandbox.WithStore(kept))
	as(w).must("POST", domestic, with(refundBody("r1", 100), "out_trade_no", "no00000001"))
	w.ok(w.Advance(time.Minute))
	if wallet, err := w.Payer("oElsewhere").Wallet(); err != nil || wallet.Balance != 1000 {
		t.Errorf("the payer has %+v, %v", wallet, err)
	}
}

// Amounts that come as text are refused where 64 bits do not hold them, by the name of the field:
// they would be other amounts.
func TestTextAmountsBeyond64Bits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const huge = "88888888888888888888"
	wrong := func(field, to string, body object) {
		t.Helper()
		e := w.refused(400, "PARAM_ERROR", "POST", to, body)
		if at, why := e.Field(); at != field || !strings.Contains(why, "64 位") {
			t.Errorf("got %s", e.Message)
		}
	}
	wrong("/repayment_amount_limit", creditSign, with(creditBody(), "repayment_amount_limit", huge))
	c := w.creditContract()
	for _, name := range []string{"repayment_amount", "min_repayment_amount"} {
		wrong("/schedule_items/0/"+name, creditBook, creditBooking(c, "r1", func(i object) { i[name] = huge }))
	}
	w.must("POST", creditBook, creditBooking(c, "r1"))
	w.ok(w.Advance(2 * aDay))
	wrong("/deduct_amount", creditOrders, creditOrder(c, "r1", "t1", huge))
}

// A limit of a body may be as large as a number can be, and not negative.
func TestLimitsOfBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *sandbox.Config) { c.MaxBody = math.MaxInt64 })
	w.must("POST", presignCombine, combineBody())
	w.adminOK("POST", "/sandbox/faults", object{"name": "late"})
	sb, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), MaxBody: -1})
	if err == nil {
		w.ok(sb.Close())
	}
	if err == nil || !strings.Contains(err.Error(), "Config.MaxBody is negative") {
		t.Errorf("a negative limit: %v", err)
	}
}

// A page may begin and end anywhere.
func TestPagesOfAnySize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.insured(insuranceBody())
	w.eduContract()
	w.signSchool("A")
	w.signFace("pupil0001")
	_, err := w.RetakeFace(sandbox.DefaultOrganizationID, "pupil0001")
	w.ok(err)
	for list, member := range map[string]string{
		insuranceList + "?": "data",
		"v3/edu-papay/user/" + eduOpenID + "/contracts?appid=" + sandbox.DefaultEduAppID +
			"&plan_id=101164396123311331&contract_status=ADD&": "data",
		school + "users/" + eduOpenID + "/contracts?plan_id=101164396123311331&contract_status=ALL&": "data",
		face + "face-collections?organization_id=" + sandbox.DefaultOrganizationID +
			"&": "face_collections",
	} {
		all, most := len(w.must("GET", list, nil)[member].([]any)), "9223372036854775807"
		for page, want := range map[string]int{
			"offset=0&limit=" + most: all, "offset=1&limit=" + most: all - 1,
			"offset=" + most + "&limit=" + most: 0, "offset=" + most + "&limit=1": 0,
		} {
			got, err := w.do("GET", list+page, nil)
			if refused := (*wxpay.Error)(nil); errors.As(err, &refused) && refused.Status == 400 {
				continue // pages of this list have bounds of their own
			}
			w.ok(err)
			if rows := got[member].([]any); len(rows) != want {
				t.Errorf("%s%s: got %d rows, want %d", list, page, len(rows), want)
			}
		}
	}
}
