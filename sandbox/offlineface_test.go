package sandbox_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const (
	face        = "v3/offlineface/"
	presignFace = face + "contracts/presign"
	debitFace   = face + "transactions"
	faceUsers   = "v3/offlinefacemch/organizations/" + sandbox.DefaultOrganizationID + "/users/"
)

func faceBody(pupil string) object {
	return object{"business_name": "K12", "facepay_user": object{"out_user_id": pupil,
		"organization_id": sandbox.DefaultOrganizationID, "phone": "13800138000"}}
}

func (w *world) signFace(pupil string) *ledger.Contract {
	w.t.Helper()
	c, err := w.Payer(openID).Agree(w.must("POST", presignFace, faceBody(pupil))["presign_token"].(string))
	w.ok(err)
	w.receivedOne("FACEPAY.USER_STATE_CHANGE")
	return c
}

func (w *world) authInfo() string {
	w.t.Helper()
	return w.must("POST", face+"authinfo", object{
		"sp_appid": sandbox.DefaultAppID, "sub_mchid": "1230000109", "device_id": "canteen-1", "raw_data": "x",
		"organization_id": sandbox.DefaultOrganizationID,
	})["authinfo"].(string)
}

func faceDebit(authCode, no string) object {
	return object{
		"auth_code": authCode, "sp_appid": sandbox.DefaultAppID, "sp_mchid": sandbox.DefaultMchID,
		"sub_mchid": "1230000109", "out_trade_no": no,
		"amount": object{"total": 888, "currency": "CNY"}, "scene_info": object{"device_ip": "14.23.150.211"},
		"description": "lunch", "attach": "x",
		"business": object{"business_product_id": 2, "business_scene_id": 6},
	}
}

func faceByNo(no string) string {
	return debitFace + "/out-trade-no/" + no + "?sp_mchid=" + sandbox.DefaultMchID +
		"&sub_mchid=1230000109&business_product_id=2"
}

func TestFaceContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const pupil = faceUsers + "out-user-id/pupil0001"
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", pupil, nil)
	token := w.must("POST", presignFace, faceBody("pupil0001"))["presign_token"].(string)
	if got := w.must("GET", pupil, nil); got["contract_state"] != "NOT_CONTRACTED" || got["face_image_ok"] != false ||
		got["contract_id"] != nil {
		t.Errorf("before signing: got %v", got)
	}
	w.ok(w.Payer(openID).Decline(token))
	c, err := w.Payer(openID).Agree(token) // the call names nobody: any parent may sign
	w.ok(err)
	signed := w.receivedOne("FACEPAY.USER_STATE_CHANGE")
	userID := signed.Resource["user_id"].(string)
	if r := signed.Resource; r["contract_id"] != c.ID || r["out_user_id"] != "pupil0001" || r["openid"] != openID ||
		r["organization_id"] != sandbox.DefaultOrganizationID ||
		r["mch_id"] != sandbox.DefaultMchID || signed.Path != "/notify" || len(userID) != 16 {
		t.Errorf("signing: got %+v", signed)
	}
	byID := face + "contracts/" + c.ID
	got := w.must("GET", byID+"?appid="+sandbox.DefaultAppID, nil)
	if got["contract_state"] != "CONTRACTED" || got["user_id"] != userID || got["contract_mode"] != "LIMIT_NONE" ||
		got["contract_bank_card_from"] != "USER_SELECT_FREE" || got["contract_terminated_time"] != nil {
		t.Errorf("query: got %v", got)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", byID+"?appid=wx0000000000000000", nil)
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", face+"contracts/CI8CD208Z7e9906f89", nil)
	w.refused(400, "INVALID_REQUEST", "POST", presignFace, faceBody("pupil0001"))
	w.signFace("pupil0002") // a brother

	w.refused(404, "RESOURCE_NOT_EXISTS", "POST", faceUsers+"user-id/pupil0001/terminate-contract", nil)
	w.must("POST", faceUsers+"user-id/"+userID+"/terminate-contract", nil)
	w.receivedOne("FACEPAY.USER_STATE_CHANGE") // which does not say what happened
	if got := w.must("GET", byID, nil); got["contract_state"] != "TERMINATED" ||
		got["contract_terminated_time"] == nil {
		t.Errorf("terminated: got %v", got)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "POST", faceUsers+"user-id/"+userID+"/terminate-contract", nil)

	// Signing again makes a contract of its own, this time with a token.
	again := object{"scene": "WEBSESSION", "web_init_data": object{"out_user_id": "pupil0001",
		"organization_id": sandbox.DefaultOrganizationID}}
	token = w.must("POST", "v3/offlinefacemch/tokens", again)["token"].(string)
	c, err = w.Payer(openID).Agree(token)
	w.ok(err)
	if got := w.must("GET", pupil, nil); got["contract_state"] != "CONTRACTED" || got["contract_id"] != c.ID {
		t.Errorf("again: got %v", got)
	}
	w.ok(w.Payer(openID).Terminate(c.ID))
	if got := w.received(); len(got) != 2 {
		t.Errorf("signed and ended: got %v", got)
	}
}

// A repayment is by the payer's own hand, outside of the plan's limits.
func TestRepaymentsCountTowardsNoLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: sandbox.DefaultOrganizationID, Product: ledger.OfflineFace,
		NotifyURL: sandbox.DefaultNotifyURL, Limits: ledger.Limits{PerDay: 1000}}))
	w.signFace("pupil0001")
	payer := w.Payer(openID)
	w.ok(payer.RunOut())
	for _, no := range []string{"lunch-1", "lunch-2", "lunch-3"} {
		if no == "lunch-3" {
			w.ok(payer.Fund(10_000))
			w.ok(payer.Repay())
		}
		code, err := w.ShowFace(w.authInfo(), "pupil0001")
		w.ok(err)
		w.must("POST", debitFace, faceDebit(code, no))
	}
	if wallet, err := payer.Wallet(); err != nil || wallet.Balance != 10_000-3*888 {
		t.Errorf("got %+v, %v", wallet, err)
	}
}

// A try counts whatever came of it: five times a day are five, whether or not anything is known of
// the debit.
func TestFaceTriesOfUnknownOutcomeCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signFace("pupil0001")
	payer := w.Payer(openID)
	code, err := w.ShowFace(w.authInfo(), "pupil0001")
	w.ok(err)
	lunch := faceDebit(code, "lunch-1")
	w.ok(payer.FailNext(ledger.SystemFailure, ledger.SystemFailure, ledger.BankError, ledger.SystemFailure,
		ledger.SystemFailure))
	w.refused(500, "SYSTEM_ERROR", "POST", debitFace, lunch)
	w.refused(500, "SYSTEM_ERROR", "POST", debitFace, lunch)
	w.must("POST", debitFace, lunch)
	w.refused(500, "SYSTEM_ERROR", "POST", debitFace, lunch)
	w.refused(500, "SYSTEM_ERROR", "POST", debitFace, lunch)
	w.refused(429, "FREQUENCY_LIMITED", "POST", debitFace, lunch)
	w.ok(w.Advance(24 * time.Hour))
	if got := w.must("POST", debitFace, lunch); got["trade_state"] != "SUCCESS" {
		t.Errorf("the next day: got %v", got)
	}
}

func TestFacePresignRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unknown := faceBody("p")
	unknown["facepay_user"].(object)["organization_id"] = "O1"
	w.refused(400, "PARAM_ERROR", "POST", presignFace, unknown)
	w.refused(400, "PARAM_ERROR", "POST", presignFace, with(faceBody("p"), "contract_mode", "LIMIT_BANK_CARD"))

	// Two parents, one child.
	first := w.must("POST", presignFace, faceBody("p"))["presign_token"].(string)
	second := w.must("POST", presignFace, with(faceBody("p"), "contract_mode", "LIMIT_NONE"))["presign_token"].(string)
	_, err := w.Payer(openID).Agree(first)
	w.ok(err)
	_, err = w.Payer(eduOpenID).Agree(second)
	w.page(err, ledger.PageSigned)

	// A card of somebody else's.
	w.ok(w.Payer(openID).Identify("李四", ""))
	card := object{"bank_card_number": "6222020000000000000", "identification_name": "张三", "bank_type": "CMC",
		"identification": object{"identification_type": "IDCARD", "identification_number": "440101199001011234"}}
	body := func(pupil string) object {
		return with(with(faceBody(pupil), "contract_mode", "PRIORITY_BANK_CARD"), "limit_bank_card", card)
	}
	_, err = w.Payer(openID).Agree(w.must("POST", presignFace, body("q"))["presign_token"].(string))
	w.page(err, ledger.PageIdentity)
	w.ok(w.Payer(openID).Identify("张三", "440101199001011234"))
	c, err := w.Payer(openID).Agree(w.must("POST", presignFace, with(body("q"), "business_name",
		"K-12"))["presign_token"].(string))
	w.ok(err)
	if got := w.must("GET", face+"contracts/"+c.ID, nil); got["contract_mode"] != "PRIORITY_BANK_CARD" ||
		got["contract_bank_card_from"] != "MERCHANT_LIMITED_BANK_CARD" {
		t.Errorf("with a card: got %v", got)
	}

	late := w.must("POST", presignFace, faceBody("late"))["presign_token"].(string)
	w.ok(w.Advance(5 * time.Minute))
	_, err = w.Payer(openID).Agree(late)
	w.page(err, ledger.PageExpired)
}

func TestFaceDebit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signFace("pupil0001")
	device := w.authInfo()
	payer := w.Payer(openID)
	show := func() string {
		w.t.Helper()
		code, err := w.ShowFace(device, "pupil0001")
		w.ok(err)
		return code
	}
	w.rule("a code is good for one debit", func() {
		code := show()
		got := w.must("POST", debitFace, faceDebit(code, "lunch-1"))
		if got["trade_state"] != "SUCCESS" || got["trade_type"] != "AUTH" || got["transaction_id"] == nil ||
			got["debt_state"] != nil || got["error_type"] != nil {
			w.t.Errorf("debit: got %v", got)
		}
		if again := w.must("POST", debitFace,
			faceDebit(code, "lunch-1")); again["transaction_id"] != got["transaction_id"] {
			w.t.Errorf("the same call again: got %v", again)
		}
		w.refused(400, "INVALID_REQUEST", "POST", debitFace, faceDebit(code, "lunch-2"))
		w.refused(400, "INVALID_REQUEST", "POST", debitFace, faceDebit("nonsense", "lunch-2"))
		w.refused(400, "INVALID_REQUEST", "POST", debitFace,
			with(faceDebit(show(), "lunch-2"), "sub_mchid", "1900000110"))
		w.refused(403, "NO_AUTH", "POST", debitFace, with(faceDebit(show(), "lunch-2"), "sub_mchid", "999"))
		w.refused(400, "PARAM_ERROR", "POST", debitFace, with(faceDebit(show(), "lunch-2"), "sp_mchid", "999"))
		w.refused(404, "RESOURCE_NOT_EXISTS", "GET", faceByNo("lunch-9"), nil)
		w.refused(404, "RESOURCE_NOT_EXISTS", "GET", strings.Replace(faceByNo("lunch-1"), "product_id=2",
			"product_id=11",
			1), nil)
	})
	w.rule("a debit that fails is tried five times a day by the same call", func() {
		// A debit that fails may be tried five times a day, by the same call.
		w.ok(payer.RunOut())
		owed := faceDebit(show(), "lunch-2")
		for i := range 5 {
			why := "NOTENOUGH"
			if i == 3 { // it is owed, whatever goes wrong next
				why = "BANKERROR"
				w.ok(payer.FailNext(ledger.BankError))
			}
			if got := w.must("POST", debitFace, owed); got["trade_state"] != "PAYERROR" ||
				got["error_type"] != why || got["debt_state"] != "DEBT" {
				w.t.Errorf("no money: got %v", got)
			}
		}
		w.refused(429, "FREQUENCY_LIMITED", "POST", debitFace, owed)
		w.ok(w.Advance(24 * time.Hour))
		w.ok(payer.Fund(888))
		if got := w.must("POST", debitFace, owed); got["trade_state"] != "SUCCESS" || got["debt_state"] != nil {
			w.t.Errorf("the next day: got %v", got)
		}
		if wallet, err := payer.Wallet(); err != nil || len(wallet.Debts) != 0 {
			w.t.Errorf("still owes %v, %v", wallet.Debts, err)
		}
	})
	w.rule("or repaid on a page", func() {
		// Or be repaid on a page of WeChat Pay's.
		device = w.authInfo()
		w.must("POST", debitFace, faceDebit(show(), "lunch-3"))
		page := w.must("POST", face+"repayment-url", object{"out_user_id": "pupil0001",
			"organization_id": sandbox.DefaultOrganizationID})
		if !strings.HasPrefix(page["repayment_url"].(string), "https://") ||
			page["expire_at"] != "2020-09-11T11:00:00+08:00" {
			w.t.Errorf("repayment: got %v", page)
		}
		w.refused(404, "RESOURCE_NOT_EXISTS", "POST", face+"repayment-url", object{"out_user_id": "nobody",
			"organization_id": sandbox.DefaultOrganizationID})
		w.ok(payer.Fund(888))
		w.ok(payer.Repay())
		if got := w.must("GET", faceByNo("lunch-3"), nil); got["trade_state"] != "SUCCESS" ||
			got["debt_state"] != "REPAID" || got["repayment_transaction_id"] == nil {
			w.t.Errorf("repaid: got %v", got)
		}
	})
	w.rule("a device needs a fresh authinfo and knows its users only", func() {
		// The device needs a fresh authinfo every hour, and knows its users only.
		w.ok(w.Advance(time.Hour))
		_, err := w.ShowFace(device, "pupil0001")
		w.page(err, ledger.PageExpired)
		_, err = w.ShowFace(w.authInfo(), "nobody")
		w.page(err, ledger.PageUnknown)
		_, err = w.ShowFace("nonsense", "pupil0001")
		w.page(err, ledger.PageUnknown)

		device = w.authInfo()
	})
	w.rule("a user that is disabled, or whose contract ended, does not pay", func() {
		w.must("PATCH", faceUsers+"out-user-id/pupil0001", object{"status": "DISABLED", "user_name": "张三",
			"user_type": "STUDENT", "student_info": object{"class_name": "高中一年三班"}, "phone": "13900139000"})
		w.refused(400, "INVALID_REQUEST", "POST", debitFace, faceDebit(show(), "lunch-4"))
		w.must("PATCH", faceUsers+"out-user-id/pupil0001", object{"status": "NORMAL"})
		if got := w.must("GET", faceUsers+"out-user-id/pupil0001", nil); got["status"] != "NORMAL" ||
			got["user_name"] != "张三" || got["student_info"].(object)["class_name"] != "高中一年三班" {
			w.t.Errorf("changed: got %v", got)
		}
		w.ok(w.Terminate(c.ID, ledger.ByCustomerService, ""))
		w.refused(400, "INVALID_REQUEST", "POST", debitFace, faceDebit(show(), "lunch-4"))
	})
}

func TestFaceOrganizationsAndCollections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const organizations = "v3/offlinefacemch/organizations"
	if got := w.must("GET", organizations+"?organization_id="+sandbox.DefaultOrganizationID,
		nil); got["organization_name"] != "南山中兴小学部" {
		t.Errorf("organisation: got %v", got)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", organizations+"?organization_id=O1", nil)
	w.refused(400, "INVALID_REQUEST", "GET", organizations, nil)

	w.signFace("pupil0001")
	_, err := w.RetakeFace(sandbox.DefaultOrganizationID, "nobody")
	w.page(err, ledger.PageUnknown)
	f, err := w.RetakeFace(sandbox.DefaultOrganizationID, "pupil0001")
	w.ok(err)
	for _, want := range []string{"COLLECTION_REQUIRED", "PHOTO_UPLOADED", "COMPLETE"} {
		if got := w.must("GET", face+"face-collections/"+f.ID, nil); got["collection_state"] != want {
			t.Errorf("got %v, want %s", got, want)
		}
		if list := w.must("GET", face+"face-collections?offset=0&limit=20&organization_id="+
			sandbox.DefaultOrganizationID, nil); len(list["face_collections"].([]any)) != 1 {
			t.Errorf("list: got %v", list)
		}
		_, err = w.RetakeFace(sandbox.DefaultOrganizationID, "pupil0001")
		w.ok(err)
	}
	w.refused(404, "RESOURCE_NOT_EXISTS", "GET", face+"face-collections/FC2353ZJIHOJKHOIIOIJ", nil)
	w.refused(400, "PARAM_ERROR", "POST", face+"authinfo", object{"sp_appid": sandbox.DefaultAppID,
		"sub_mchid": "1230000109", "device_id": "d", "raw_data": "x", "organization_id": "O1"})
}

// What happens before a device is one call for other languages too.
func TestFaceOverREST(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signFace("pupil0001")
	post := func(path string, body object) (int, object) {
		w.t.Helper()
		raw, _ := json.Marshal(body)
		answer, err := http.Post(w.AdminURL()+path, "application/json", bytes.NewReader(raw))
		w.ok(err)
		defer answer.Body.Close()
		var out object
		w.ok(json.NewDecoder(answer.Body).Decode(&out))
		return answer.StatusCode, out
	}
	_, shown := post("/sandbox/faces/show", object{"authinfo": w.authInfo(), "out_user_id": "pupil0001"})
	w.must("POST", debitFace, faceDebit(shown["auth_code"].(string), "lunch-1"))
	if status, _ := post("/sandbox/faces/show", object{}); status != 400 {
		t.Errorf("nothing shown: got %d", status)
	}
	if _, got := post("/sandbox/faces/retake", object{"organization_id": sandbox.DefaultOrganizationID,
		"out_user_id": "pupil0001"}); got["collection_state"] != "COLLECTION_REQUIRED" {
		t.Errorf("retake: got %v", got)
	}
}

// A debit that failed may be tried again under its number, and one that is owed is paid later: that
// its answer was lost and the query says PAYERROR decides nothing.
func TestResolveOfAFaceDebitThatFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, err := wxpay.New(w.ClientConfig())
	w.ok(err)
	w.signFace("pupil0001")
	payer := w.Payer(openID)
	w.ok(payer.RunOut())
	code, err := w.ShowFace(w.authInfo(), "pupil0001")
	w.ok(err)
	w.ok(w.Inject(fault.Fault{Name: fault.Cut, Committed: true, Endpoint: "POST /" + debitFace}))
	_, lost := c.Chain(debitFace).Post(t.Context(), faceDebit(code, "lunch-1"))
	became, err := c.Resolve(t.Context(), lost)
	if err != nil || became.Outcome != wxpay.Pending || became.State != "PAYERROR" {
		t.Errorf("owed: got %v, %v", became, err)
	}
	w.ok(payer.Fund(888))
	w.ok(payer.Repay())
	if became, err = c.Resolve(t.Context(), lost); err != nil || became.Outcome != wxpay.Happened {
		t.Errorf("repaid: got %v, %v", became, err)
	}
}
