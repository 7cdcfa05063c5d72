package sandbox_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/api/papay"
	"github.com/wxpay-go/wxpay/api/scheduleddeduct"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const (
	presignPapay = "v3/papay/sign/contracts/pre-entrust-sign"
	papayByCode  = "v3/papay/sign/contracts/plan-id/12535/out-contract-code/"
	applyPapay   = "v3/papay/pay/transactions/apply"
	papayOpenID  = "oYobu0MVnQfWpSMOYJz2AHPG_gQw"
)

func papayBody(code string) object {
	return object{
		"sign_scene": "SIGN_SCENE_APP", "appid": "wxd678efh567hg6787", "openid": papayOpenID, "plan_id": 12535,
		"out_contract_code": code, "contract_display_account": "微信代扣用户A",
		"contract_notify_url": "https://yourapp.com/signed", "out_user_code": "用户A",
		"device_info": object{
			"device_type": "DEVICE_TYPE_PHONE", "device_os": "HarmonyOS", "device_id": "d",
			"device_running_as_root": false,
			"device_ip":              "14.23.150.211", "weixin_installed": true, "weixin_version": "8.0.51",
			"days_since_first_login": "DAYS_SINCE_FIRST_LOGIN_UNKNOW",
		},
	}
}

func noticeBody(amount int) object {
	return object{"mchid": "1900000109", "appid": "wxd678efh567hg6787", "estimated_amount": object{"amount": amount,
		"currency": "CNY"}}
}

func applyBody(contractID, no string, total int) object {
	return object{
		"appid": "wxd678efh567hg6787", "out_trade_no": no, "description": "Monthly",
		"transaction_notify_url": "https://yourapp.com/debited",
		"contract_id":            contractID, "amount": object{"total": total, "currency": "CNY"}, "attach": "x",
	}
}

// signPapay signs a recurring contract and forgets its notification.
func (w *world) signPapay(code string) *ledger.Contract {
	w.t.Helper()
	token := w.must("POST", presignPapay, papayBody(code))["pre_entrustweb_id"].(string)
	c, err := w.Payer(papayOpenID).Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGN")
	return c
}

// at moves the clock on to an hour of a later day, seen from the start's.
func (w *world) at(days int, hour time.Duration) {
	w.t.Helper()
	w.ok(w.Advance(start.Add(-10*time.Hour).AddDate(0, 0, days).Add(hour).Sub(w.Clock().Now())))
}

// hinted wants every refusal so far to have come with a hint.
func (w *world) hinted() {
	w.t.Helper()
	entries, err := w.Journal(0, 0)
	w.ok(err)
	for _, e := range entries {
		if e.Status >= 400 && e.Hint == "" {
			w.t.Errorf("%s %s was refused with %d and no hint: %s", e.Method, e.URI, e.Status, e.Reply)
		}
	}
}

func as[T any](w *world, n notification) (out T) {
	w.t.Helper()
	raw, err := json.Marshal(n.Resource)
	w.ok(err)
	w.ok(json.Unmarshal(raw, &out))
	return out
}

func TestPapayFromPresignToTermination(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", papayByCode+"A1", nil)
	presigned := w.must("POST", presignPapay, papayBody("A1"))
	token := presigned["pre_entrustweb_id"].(string)
	if !strings.Contains(presigned["mini_program_path"].(string), token) || presigned["redirect_url"] != nil {
		t.Errorf("presign of an app: got %v", presigned)
	}
	if again := w.must("POST", presignPapay, papayBody("A1")); again["pre_entrustweb_id"] != token {
		t.Error("the same call again opened another session")
	}
	w.refused(400, "INVALID_REQUEST", "POST", presignPapay, with(papayBody("A1"), "return_url",
		"https://yourapp.com/back"))
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", papayByCode+"A1", nil)
	w.refused(400, "INVALID_REQUEST", "POST", papayByCode+"A1/terminate", object{"contract_termination_remark": "x"})

	payer := w.Payer(papayOpenID)
	w.ok(payer.Decline(token))
	if got := w.received(); len(got) != 0 {
		t.Errorf("declining notified: %v", got)
	}
	_, err := w.Payer("somebody-else").Agree(token)
	w.page(err, ledger.PageWrongUser)
	contract, err := payer.Agree(token)
	w.ok(err)
	n := w.receivedOne("ENTRUST.SIGN")
	signed := as[event.EntrustSign](w, n)
	if n.Path != "/signed" || signed.ContractID != contract.ID || signed.MchID != "1900000109" ||
		signed.OpenID != papayOpenID ||
		signed.OutUserCode != "用户A" || signed.ContractState != "SIGNED" || n.Resource["sp_mchid"] != nil {
		t.Errorf("ENTRUST.SIGN at %s carries %v", n.Path, n.Resource)
	}
	w.refused(400, "INVALID_REQUEST", "POST", presignPapay, papayBody("A2")) // they have signed already
	other := papayBody("A3")
	w.must("POST", presignPapay, with(other, "out_user_code", "用户B")) // another account of theirs may

	got := w.must("GET", papayByCode+"A1", nil)
	if got["contract_id"] != contract.ID || got["contract_state"] != "SIGNED" || got["deduct_schedule"] != nil {
		t.Errorf("query: got %v", got)
	}
	harmony := w.must("GET", "v3/papay/sign/contracts/harmony-plan-id/12535/out-contract-code/A1", nil)
	if harmony["mask_wxid"] != "oY***Qw" || harmony["contract_id"] != contract.ID {
		t.Errorf("HarmonyOS query: got %v", harmony)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET",
		"v3/papay/sign/partner/contracts/plan-id/12535/out-contract-code/A1?sub_mchid=1900000110", nil)
	w.refused(400, "INVALID_REQUEST", "POST",
		"v3/papay/sign/partner/contracts/plan-id/12535/out-contract-code/A1/terminate",
		object{"sub_mchid": "1900000110", "contract_termination_remark": "x"})

	ended := w.must("POST", papayByCode+"A1/terminate", object{"contract_termination_remark": "用户解约"})
	if info := ended["contract_terminate_info"].(object); info["contract_termination_mode"] != "MCH_API_TERMINATE" ||
		info["contract_termination_remark"] != "用户解约" {
		t.Errorf("terminate: got %v", ended)
	}
	n = w.receivedOne("ENTRUST.TERMINATE")
	if e := as[event.EntrustTerminate](w, n); n.Path != "/notify" || e.ContractState != "TERMINATED" ||
		e.ContractTerminateInfo.ContractTerminationMode != "MCH_API_TERMINATE" {
		t.Errorf("ENTRUST.TERMINATE at %s carries %v", n.Path, n.Resource)
	}
	w.refused(400, "INVALID_REQUEST", "POST", papayByCode+"A1/terminate", object{"contract_termination_remark": "x"})
	w.refused(400, "INVALID_REQUEST", "POST", presignPapay, papayBody("A1")) // burnt
	w.must("POST", presignPapay, papayBody("A4"))
}

func TestPapayTerminationModes(t *testing.T) {
	t.Parallel()
	for by, end := range map[ledger.Termination]func(*world, string) error{
		ledger.ByUser:    func(w *world, id string) error { return w.Payer(papayOpenID).Terminate(id) },
		ledger.ByConsole: func(w *world, id string) error { return w.Terminate(id, ledger.ByConsole, "x") },
		ledger.ByCustomerService: func(w *world, id string) error {
			return w.Terminate(id, ledger.ByCustomerService,
				"x")
		},
		ledger.BySystem: func(w *world, id string) error { return w.Terminate(id, ledger.BySystem, "x") },
	} {
		w := newWorld(t)
		w.ok(end(w, w.signPapay("A1").ID))
		e := as[event.EntrustTerminate](w, w.receivedOne("ENTRUST.TERMINATE"))
		info := w.must("GET", papayByCode+"A1", nil)["contract_terminate_info"].(object)
		if string(by) != e.ContractTerminateInfo.ContractTerminationMode ||
			info["contract_termination_mode"] != string(by) {
			t.Errorf("%s: the notification says %s, the query %v", by, e.ContractTerminateInfo.ContractTerminationMode,
				info)
		}
	}
}

func TestPapayPresignRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithPlan(ledger.Plan{ID: "77", Product: ledger.Papay, Disabled: true}))
	defer w.hinted()
	w.refused(400, "PARAM_ERROR", "POST", presignPapay, with(papayBody("A1"), "plan_id", 99))
	w.refused(403, "NO_AUTH", "POST", presignPapay, with(papayBody("A1"), "plan_id", 77))
	w.refused(400, "PARAM_ERROR", "POST", presignPapay, with(papayBody("A1"), "appid", "wx1"))
	w.refused(400, "PARAM_ERROR", "POST", presignPapay, with(papayBody("A-1"), "out_user_code", "x"))
	w.refused(400, "INVALID_REQUEST", "POST", presignPapay, with(papayBody("A1"), "plan_id", 12537)) // a scheduled one

	// A code is shown on a television: whoever scans it may sign, within two hours.
	code := with(with(papayBody("A1"), "sign_scene", "SIGN_SCENE_QRCODE"), "openid", nil)
	url := w.must("POST", presignPapay, code)["redirect_url"].(string)
	page, err := w.Payer("anybody").OpenURL(url)
	w.ok(err)
	w.ok(w.Advance(2 * time.Hour))
	_, err = w.Payer("anybody").Agree(page.Token)
	w.page(err, ledger.PageExpired)
}

func TestPapayAgreedInVain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	payer := w.Payer(papayOpenID)
	w.ok(payer.BlockNextSigning())
	token := w.must("POST", presignPapay, papayBody("A1"))["pre_entrustweb_id"].(string)
	_, err := payer.Agree(token)
	w.page(err, ledger.PageBlocked)
	if got := w.received(); len(got) != 0 {
		t.Errorf("a blocked signing notified: %v", got)
	}
	got := w.must("GET", papayByCode+"A1", nil)
	if got["contract_state"] != "SIGN_FAILED" || got["contract_signed_time"] != nil {
		t.Errorf("query: got %v", got)
	}
	w.refused(400, "INVALID_REQUEST", "POST", papayByCode+"A1/terminate", object{"contract_termination_remark": "x"})
	w.refused(400, "INVALID_REQUEST", "POST", presignPapay, papayBody("A1"))
	w.refused(400, "CONTRACT_NOT_EXIST", "POST", "v3/papay/contracts/"+got["contract_id"].(string)+"/notify",
		noticeBody(1))
	w.refused(400, "INVALID_REQUEST", "POST", applyPapay, applyBody(got["contract_id"].(string), "debit-1", 1))
	w.signPapay("A2")
}

// One contract with the typed chain: what an IDE would complete.
func TestPapayTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	ctx, v3 := context.Background(), api.V3(w.client).Papay
	contract := w.signPapay("A1")
	_, err := v3.Contracts.ContractID(contract.ID).Notify.Post(ctx, &papay.NotifyRequest{
		MchID: "1900000109", AppID: "wxd678efh567hg6787",
		EstimatedAmount: papay.NotifyRequestEstimatedAmount{Amount: 1990, Currency: "CNY"},
	})
	w.ok(err)
	w.at(2, 7*time.Hour)
	applied, err := v3.Pay.Transactions.Apply.Post(ctx, &scheduleddeduct.ApplyRequest{
		AppID: "wxd678efh567hg6787", OutTradeNo: "debit-1", Description: "Monthly",
		TransactionNotifyURL: "https://yourapp.com/debited",
		ContractID:           contract.ID, Amount: scheduleddeduct.Amount{Total: 1990},
	})
	w.ok(err)
	paid := as[event.TransactionSuccess](w, w.receivedOne("TRANSACTION.SUCCESS"))
	if applied.OutTradeNo != "debit-1" || paid.OutTradeNo != "debit-1" || paid.TradeType != "PAP" {
		t.Errorf("got %+v, notified of %+v", applied, paid)
	}
	got, err := v3.Sign.Contracts.PlanID.PlanID(12535).OutContractCode.OutContractCode("A1").Get(ctx)
	w.ok(err)
	if got.ContractState != "SIGNED" || got.ContractID != contract.ID {
		t.Errorf("query: got %+v", got)
	}
}
