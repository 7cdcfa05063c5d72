package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const (
	presignScheduled = "v3/papay/scheduled-deduct-sign/contracts/pre-entrust-sign/"
	presignPartner   = "v3/papay/scheduled-deduct-sign/partner/contracts/pre-entrust-sign/"
	schedulesByID    = "v3/papay/pay/schedules/contract-id/"
)

func scheduledBody(code string) object {
	return object{
		"appid": "wxd678efh567hg6787", "openid": papayOpenID, "plan_id": 12537, "out_contract_code": code,
		"contract_display_account": "微信代扣用户A", "contract_notify_url": "https://yourapp.com/signed",
		"deduct_schedule": object{
			"estimated_deduct_date": "2020-09-12", "estimated_deduct_amount": object{"total": 1990, "currency": "CNY"},
			"description": "小乔",
		},
	}
}

func partnerBody(code string) object {
	body := with(with(scheduledBody(code), "appid", nil), "openid", nil)
	return with(with(with(body, "sp_appid", "wxd678efh567hg6787"), "sp_openid", papayOpenID), "sub_mchid", "1900000110")
}

func bookBody(total int) object {
	return object{"appid": "wxd678efh567hg6787", "schedule_amount": object{"total": total, "currency": "CNY"}}
}

func (w *world) signScheduled(code string) *ledger.Contract {
	w.t.Helper()
	token := w.must("POST", presignScheduled+"app", scheduledBody(code))["pre_entrustweb_id"].(string)
	c, err := w.Payer(papayOpenID).Agree(token)
	w.ok(err)
	return c
}

func TestScheduledDeductFromPresignToItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	contract := w.signScheduled("S1")
	n := w.receivedOne("ENTRUST.SIGN")
	signed := as[event.EntrustSign](w, n)
	if s := signed.DeductSchedule; n.Path != "/signed" || s.ScheduleState != "NO_SCHEDULED" ||
		s.EstimatedDeductDate != "2020-09-12" || s.EstimatedDeductAmount.Total != 1990 {
		t.Errorf("ENTRUST.SIGN at %s carries %v", n.Path, n.Resource)
	}
	book := schedulesByID + contract.ID + "/schedule"
	w.refused(400, "INVALID_REQUEST", "POST", book, bookBody(1990)) // two days before
	w.at(1, 8*time.Hour-time.Second)
	w.refused(400, "INVALID_REQUEST", "POST", book, bookBody(1990))
	w.at(1, 8*time.Hour)
	w.refused(400, "INVALID_REQUEST", "POST", book, bookBody(1991))
	// it does not recur
	w.refused(400, "INVALID_REQUEST", "POST", "v3/papay/contracts/"+contract.ID+"/notify", noticeBody(1990))
	if got := w.must("POST", book, bookBody(1990)); got["schedule_state"] != "SCHEDULED" ||
		got["deduct_start_date"] != "2020-09-12" ||
		got["deduct_end_date"] != "2020-09-12" || got["scheduled_amount"].(object)["total"] != 1990.0 {
		t.Errorf("book: got %v", got)
	}
	w.refused(400, "INVALID_REQUEST", "POST", book, bookBody(1))
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-1", 1990)) // not its day
	w.at(2, 0)
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-1", 1989))
	w.ok(w.Payer(papayOpenID).FailNext(ledger.BankError))
	w.must("POST", applyPapay, applyBody(contract.ID, "debit-1", 1990)) // at midnight: any hour will do
	w.receivedOne("TRANSACTION.FAIL")
	if got := w.must("GET", schedulesByID+contract.ID, nil); got["schedule_state"] != "SCHEDULED" {
		t.Errorf("after a failure: got %v", got)
	}
	w.refused(400, "ORDER_CLOSED", "POST", applyPapay, applyBody(contract.ID, "debit-1", 1990))
	w.must("POST", applyPapay, applyBody(contract.ID, "debit-2", 1990))
	got := w.received()
	if len(got) != 2 || got[0].Event != "TRANSACTION.SUCCESS" || got[1].Event != "ENTRUST.TERMINATE" ||
		got[1].Path != "/notify" {
		t.Fatalf("got %v, want the success and the end of the contract", got)
	}
	ended := as[event.EntrustTerminate](w, got[1])
	if ended.ContractTerminateInfo.ContractTerminationMode != "SYSTEM_TERMINATE" ||
		ended.DeductSchedule.ScheduleState != "PAID" ||
		ended.DeductSchedule.DeductAmount.Total != 1990 || ended.DeductSchedule.DeductDate != "2020-09-12" {
		t.Errorf("ENTRUST.TERMINATE carries %v", got[1].Resource)
	}
	if got := w.must("GET", schedulesByID+contract.ID, nil); got["schedule_state"] != "PAID" ||
		got["deduct_amount"].(object)["total"] != 1990.0 {
		t.Errorf("at the end: got %v", got)
	}
	if w.tradeState("debit-2") != "SUCCESS" {
		t.Error("the debit is not found as an order")
	}
	queried := w.must("GET", "v3/papay/sign/contracts/plan-id/12537/out-contract-code/S1", nil)
	if queried["contract_state"] != "TERMINATED" || queried["deduct_schedule"].(object)["schedule_state"] != "PAID" {
		t.Errorf("query: got %v", queried)
	}
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-3", 1990))
	renewed := scheduledBody("S1") // burnt, whatever the day
	renewed["deduct_schedule"].(object)["estimated_deduct_date"] = "2020-10-12"
	w.refused(400, "INVALID_REQUEST", "POST", presignScheduled+"app", renewed)
}

// Nobody books it, or books it and never debits: the contract ends by itself at
// eight in the morning of the next day.
//
// Booking ends at 19:30, as the page of the call and that of the product say; 19:00 is when the
// presign has to have been made by.
// https://pay.weixin.qq.com/docs/merchant/products/entrusted-payment/introduction.html
func TestScheduledDeductForgotten(t *testing.T) {
	t.Parallel()
	for _, booked := range []bool{false, true} {
		w := newWorld(t)
		contract := w.signScheduled("S1")
		w.receivedOne("ENTRUST.SIGN")
		book := schedulesByID + contract.ID + "/schedule"
		if booked {
			w.at(1, 19*time.Hour+30*time.Minute-time.Second)
			w.must("POST", book, bookBody(1990))
		} else {
			w.at(1, 19*time.Hour+30*time.Minute)
			w.refused(400, "INVALID_REQUEST", "POST", book, bookBody(1990))
			w.at(2, 12*time.Hour)
			w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-1", 1990))
		}
		w.at(3, 8*time.Hour-time.Second)
		w.refused(400, "INVALID_REQUEST", "POST", book, bookBody(1990))
		w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-1", 1990))
		if got := w.must("GET", schedulesByID+contract.ID, nil); got["schedule_state"] != "EXPIRED" ||
			len(w.received()) != 0 {
			t.Errorf("a day later: got %v", got)
		}
		w.ok(w.Advance(time.Second))
		n := w.receivedOne("ENTRUST.TERMINATE")
		ended := as[event.EntrustTerminate](w, n)
		if ended.ContractTerminateInfo.ContractTerminationMode != "SYSTEM_TERMINATE" ||
			ended.DeductSchedule.ScheduleState != "EXPIRED" ||
			ended.ContractTerminateInfo.ContractTerminatedTime != "2020-09-13T08:00:00+08:00" {
			t.Errorf("ENTRUST.TERMINATE carries %v", n.Resource)
		}
	}
}

// The four scenes differ in what is launched; everything after is the same.
func TestScheduledDeductScenes(t *testing.T) {
	t.Parallel()
	for _, role := range []struct {
		root string
		body func(string) object
	}{{presignScheduled, scheduledBody}, {presignPartner, partnerBody}} {
		for _, scene := range []string{"app", "mini-program", "jsapi", "h5"} {
			w := newWorld(t)
			body := role.body("S1")
			if scene == "h5" {
				body = with(body, "jump_control", object{"jump_appid": "wxd678efh567hg6787"})
			}
			got := w.must("POST", role.root+scene, body)
			payer := w.Payer(papayOpenID)
			token, _ := got["pre_entrustweb_id"].(string)
			if url, ok := got["redirect_url"].(string); ok {
				page, err := payer.OpenURL(url)
				w.ok(err)
				token = page.Token
			}
			if scene == "mini-program" && (got["redirect_appid"] != "wxbd687630cd02ce1d" ||
				got["redirect_path"] == nil) {
				t.Errorf("mini program: got %v", got)
			}
			if scene == "app" && got["miniprogram_path"] == nil {
				t.Errorf("app: got %v", got)
			}
			w.ok(w.Advance(10*time.Minute - time.Second))
			w.ok(payer.Decline(token))
			if again := w.must("POST", role.root+scene, body); again["pre_entrustweb_id"] != got["pre_entrustweb_id"] ||
				again["redirect_url"] != got["redirect_url"] {
				t.Errorf("%s: the same call again got %v, want %v", scene, again, got)
			}
			_, err := payer.Agree(token)
			w.ok(err)
			w.receivedOne("ENTRUST.SIGN")
			w.refused(400, "INVALID_REQUEST", "POST", role.root+scene, body)
		}
	}
}

func TestScheduledDeductPresignRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	app := presignScheduled + "app"
	w.refused(400, "PARAM_ERROR", "POST", app, with(scheduledBody("S1"), "deduct_schedule", nil))
	w.refused(400, "PARAM_ERROR", "POST", presignScheduled+"jsapi", with(scheduledBody("S1"), "openid", nil))
	w.refused(400, "PARAM_ERROR", "POST", presignPartner+"jsapi", with(partnerBody("S1"), "sp_openid", nil))
	w.refused(400, "INVALID_REQUEST", "POST", app, with(scheduledBody("S1"), "plan_id", 12536)) // it recurs
	w.refused(403, "NO_AUTH", "POST", presignPartner+"app", with(partnerBody("S1"), "sub_mchid", "1999999999"))
	late := scheduledBody("S1")
	late["deduct_schedule"].(object)["estimated_deduct_date"] = "2020-09-10"
	w.refused(400, "PARAM_ERROR", "POST", app, late)
	late["deduct_schedule"].(object)["estimated_deduct_date"] = "2020-09-11"
	w.must("POST", app, late) // may be booked until 19:30 today
	w.at(0, 19*time.Hour+30*time.Minute)
	w.refused(400, "PARAM_ERROR", "POST", app, with(late, "out_contract_code", "S2"))

	// Ten minutes, and no event when they are over.
	token := w.must("POST", app, scheduledBody("S3"))["pre_entrustweb_id"].(string)
	w.ok(w.Advance(10 * time.Minute))
	_, err := w.Payer(papayOpenID).Agree(token)
	w.page(err, ledger.PageExpired)
	if got := w.received(); len(got) != 0 {
		t.Errorf("an expired session notified: %v", got)
	}
	if again := w.must("POST", app, scheduledBody("S3"))["pre_entrustweb_id"]; again == token {
		t.Error("the same call after ten minutes got the expired session")
	}
	w.ok(w.Payer(papayOpenID).BlockNextSigning())
	_, err = w.Payer(papayOpenID).Agree(w.must("POST", app, scheduledBody("S3"))["pre_entrustweb_id"].(string))
	w.page(err, ledger.PageBlocked)
	w.refused(400, "INVALID_REQUEST", "POST", app, scheduledBody("S3"))
	if got := w.must("GET", "v3/papay/sign/contracts/plan-id/12537/out-contract-code/S3",
		nil); got["contract_state"] != "SIGN_FAILED" {
		t.Errorf("query: got %v", got)
	}
	_, err = w.Payer(papayOpenID).SignElsewhere(ledger.Papay, "12535")
	w.ok(err)
	w.refused(400, "INVALID_REQUEST", "POST", app,
		with(with(scheduledBody("S4"), "plan_id", 12535), "deduct_schedule", nil))
}

func TestScheduledDeductOfAProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	token := w.must("POST", presignPartner+"app", partnerBody("S1"))["pre_entrustweb_id"].(string)
	contract, err := w.Payer(papayOpenID).Agree(token)
	w.ok(err)
	n := w.receivedOne("ENTRUST.SIGN")
	if e := as[event.EntrustSign](w, n); e.SPMchID != "1900000109" || e.SubMchID != "1900000110" ||
		e.SPOpenID != papayOpenID || n.Resource["mchid"] != nil || n.Resource["openid"] != nil {
		t.Errorf("ENTRUST.SIGN carries %v", n.Resource)
	}
	const byCode = "v3/papay/sign/partner/contracts/plan-id/12537/out-contract-code/S1"
	if got := w.must("GET", byCode+"?sub_mchid=1900000110", nil); got["sp_mchid"] != "1900000109" ||
		got["sub_mchid"] != "1900000110" || got["deduct_schedule"] == nil {
		t.Errorf("query: got %v", got)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", byCode+"?sub_mchid=1230000109", nil)
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", "v3/papay/sign/contracts/plan-id/12537/out-contract-code/S1", nil)

	const schedules = "v3/papay/pay/partner/schedules/contract-id/"
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", schedules+contract.ID+"?sub_mchid=1230000109", nil)
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", schedulesByID+contract.ID, nil)
	book := object{"sp_appid": "wxd678efh567hg6787", "sub_mchid": "1900000110",
		"schedule_amount": object{"total": 1990}}
	w.at(1, 12*time.Hour)
	if got := w.must("POST", schedules+contract.ID+"/schedule", book); got["schedule_state"] != "SCHEDULED" {
		t.Errorf("book: got %v", got)
	}
	if got := w.must("GET", schedules+contract.ID+"?sub_mchid=1900000110", nil); got["schedule_state"] != "SCHEDULED" {
		t.Errorf("query the booking: got %v", got)
	}
	w.at(2, 23*time.Hour+59*time.Minute)
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(contract.ID, "debit-1", 1990)) // in the wrong role
	apply := with(with(with(applyBody(contract.ID, "debit-1", 1990), "appid", nil), "sp_appid", "wxd678efh567hg6787"),
		"sub_mchid", "1900000110")
	w.must("POST", "v3/papay/pay/partner/transactions/apply", apply)
	got := w.received()
	if len(got) != 2 || got[1].Event != "ENTRUST.TERMINATE" {
		t.Fatalf("got %v", got)
	}
	if p := as[event.TransactionSuccess](w, got[0]); p.SPMchID != "1900000109" || p.SubMchID != "1900000110" ||
		p.Payer.SPOpenID != papayOpenID || got[0].Resource["mchid"] != nil {
		t.Errorf("TRANSACTION.SUCCESS carries %v", got[0].Resource)
	}
	// it is a provider's
	w.refused(404, "ORDER_NOT_EXIST", "GET", "v3/pay/transactions/out-trade-no/debit-1?mchid=1900000109", nil)
	const byNo = "v3/pay/partner/transactions/out-trade-no/debit-1?sp_mchid=1900000109&sub_mchid="
	w.refused(404, "ORDER_NOT_EXIST", "GET", byNo+"1230000109", nil)
	if got := w.must("GET", byNo+"1900000110", nil); got["trade_state"] != "SUCCESS" || got["trade_type"] != "PAP" ||
		got["sub_mchid"] != "1900000110" {
		t.Errorf("query the debit: got %v", got)
	}
}

// A provider's contract that recurs: notice, failure, end.
func TestPartnerPapay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	body := with(with(partnerBody("S1"), "plan_id", 12535), "deduct_schedule", nil)
	token := w.must("POST", presignPartner+"mini-program", body)["pre_entrustweb_id"].(string)
	contract, err := w.Payer(papayOpenID).Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGN")
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", "v3/papay/pay/partner/schedules/contract-id/"+contract.ID+
		"?sub_mchid=1900000110", nil)
	w.refused(400, "INVALID_REQUEST", "POST", "v3/papay/pay/partner/schedules/contract-id/"+contract.ID+"/schedule",
		object{"sp_appid": "wxd678efh567hg6787", "sub_mchid": "1900000110", "schedule_amount": object{"total": 1}})

	parties := func() object {
		return object{"sp_mchid": "1900000109", "sp_appid": "wxd678efh567hg6787", "sub_mchid": "1900000110"}
	}
	notice := with(parties(), "estimated_amount", object{"amount": 100})
	root := "v3/partner-papay/contracts/" + contract.ID
	w.must("POST", root+"/notify", notice)
	w.refused(400, "RESOURCE_ALREADY_EXISTS", "POST", root+"/notify", notice)
	w.refused(403, "NO_AUTH", "POST", root+"/notify", with(with(parties(), "estimated_amount", object{"amount": 100}),
		"sub_mchid", "1999999999"))
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", "v3/papay/contracts/"+contract.ID+"/notify", noticeBody(100))
	w.at(2, 9*time.Hour)
	w.ok(w.Payer(papayOpenID).RunOut())
	apply := with(with(with(applyBody(contract.ID, "debit-1", 100), "appid", nil), "sp_appid", "wxd678efh567hg6787"),
		"sub_mchid", "1900000110")
	w.must("POST", "v3/papay/pay/partner/transactions/apply", apply)
	w.receivedOne("TRANSACTION.FAIL")
	w.must("POST", root+"/fail-notify", parties())

	end := with(object{"contract_termination_remark": "x"}, "sub_mchid", "1900000110")
	const byCode = "v3/papay/sign/partner/contracts/plan-id/12535/out-contract-code/S1"
	if got := w.must("POST", byCode+"/terminate", end); got["contract_state"] != "TERMINATED" ||
		got["sp_mchid"] != "1900000109" {
		t.Errorf("terminate: got %v", got)
	}
	w.receivedOne("ENTRUST.TERMINATE")
	w.refused(400, "INVALID_REQUEST", "POST", byCode+"/terminate", end)
}
