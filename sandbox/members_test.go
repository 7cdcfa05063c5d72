package sandbox_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// The members of a notification are those of its page's sample. Samples of REFUND.ABNORMAL and
// CLOSED have a success_time, which by the same pages is of a refund that succeeded; those of
// TRANSACTION.SUCCESS, FAIL and PAY_BACK are of several products at once, so nothing is held to
// them here.
func TestMembersOfNotifications(t *testing.T) {
	t.Parallel()
	const (
		refund = "mchid transaction_id out_trade_no refund_id out_refund_no refund_status " +
			"user_received_account amount"
		insurance = "appid contract_expired_time contract_id contract_signed_time contract_state " +
			"insured_display_name mchid openid out_contract_code out_user_code plan_id"
		papay = "contract_display_account contract_expired_time contract_id contract_signed_time contract_state " +
			"out_contract_code out_user_code plan_id appid mchid openid" // that of a merchant of their own
		edu = "sp_mchid appid sub_mchid sub_appid openid sub_openid plan_id contract_information"
	)
	named := func() object { return with(payFirst(insuranceBody()), "out_user_code", "user1") }
	for event, c := range map[string]struct {
		members string
		make    func(w *world)
	}{
		"ECOMMERCE_ENTRUST.SIGN": {"mchid out_contract_code plan_id appid openid contract_expired_time operate_time",
			func(w *world) { w.signCombine("A") }},
		"ECOMMERCE_ENTRUST.TERMINATE": {"mchid out_contract_code plan_id appid openid contract_termination_mode " +
			"operate_time", func(w *world) { w.ok(w.Payer(openID).Terminate(w.signCombine("A").ID)) }},
		"ENTRUST.SIGNING": {edu, func(w *world) {
			_, err := w.Payer(eduOpenID).Agree(w.must("POST", presignEdu, eduBody())["presign_token"].(string))
			w.ok(err)
		}},
		"ENTRUST.RELEASE": {edu, func(w *world) { w.ok(w.Payer(eduOpenID).Terminate(w.eduContract().ID)) }},
		"ENTRUST.SIGN": {papay, func(w *world) {
			token := w.must("POST", presignPapay, papayBody("A"))["pre_entrustweb_id"]
			_, err := w.Payer(papayOpenID).Agree(token.(string))
			w.ok(err)
		}},
		"ENTRUST.TERMINATE": {papay + " contract_terminate_info", func(w *world) {
			w.ok(w.Payer(papayOpenID).Terminate(w.signPapay("A").ID))
		}},
		"INSURANCE_ENTRUST.SIGN": {insurance, func(w *world) {
			_, err := w.Payer(openID).Agree(w.must("POST", insuranceSign+"app", named())["pre_entrustweb_id"].(string))
			w.ok(err)
		}},
		"INSURANCE_ENTRUST.RENEW": {insurance, func(w *world) {
			c := w.insured(named())
			w.until("2020-12-11", 10, 0)
			next := periods(4, 4800, "2020-12-12")
			w.must("POST", insuranceRenew(c), object{"appid": c.AppID, "policy_periods": next})
		}},
		"INSURANCE_ENTRUST.TERMINATE": {insurance + " contract_terminate_info", func(w *world) {
			w.insured(named())
			w.must("POST", insuranceCode+"/terminate", object{"contract_termination_remark": "x"})
		}},
		"REFUND.SUCCESS": {refund + " success_time", func(w *world) {
			w.paid(w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"])
			w.must("POST", domestic, refundBody("r1", 100))
			w.ok(w.Advance(time.Minute))
		}},
		"REFUND.ABNORMAL": {refund, func(w *world) {
			w.paid(w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"])
			w.ok(w.Payer(openID).FailNextRefund())
			w.must("POST", domestic, refundBody("r1", 100))
			w.ok(w.Advance(time.Minute))
		}},
		"REFUND.CLOSED": {refund, func(w *world) {
			w.paid(w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"])
			w.ok(w.Payer(openID).CloseNextRefund())
			w.must("POST", domestic, refundBody("r1", 100))
			w.ok(w.Advance(time.Minute))
		}},
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.make(w)
			var of []notification
			for _, n := range w.received() {
				if n.Event == event {
					of = append(of, n)
				}
			}
			if len(of) != 1 {
				t.Fatalf("%d came", len(of))
			}
			want := slices.Sorted(slices.Values(strings.Fields(c.members)))
			if got := slices.Sorted(maps.Keys(of[0].Resource)); !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}
