package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const hour, aDay = time.Hour, 24 * time.Hour

// eduContract is a contract signed at start.
func (w *world) eduContract() *ledger.Contract {
	w.t.Helper()
	token := w.must("POST", presignEdu, eduBody())["presign_token"].(string)
	c, err := w.Payer(eduOpenID).Agree(token)
	w.ok(err)
	w.receivedOne("ENTRUST.SIGNING")
	return c
}

func eduNotice(c *ledger.Contract) (path string, body object) {
	return "v3/edu-papay/user-notifications/" + c.ID + "/send", object{"appid": c.AppID, "sub_mchid": c.SubMchID}
}

func eduDebitBody(c *ledger.Contract, no string) object {
	return object{
		"appid": c.AppID, "sub_mchid": c.SubMchID, "body": "新东方-语文课程", "attach": "自定义数据", "out_trade_no": no,
		"notify_url": "https://yourapp.com/debited", "contract_id": c.ID, "trade_scene": "EDUCATION_PERIOD",
		"amount": object{"total": 888, "currency": "CNY"}, "device_information": object{"device_ip": "123.12.12.123"},
	}
}

const eduDebits = "v3/edu-papay/transactions"

func TestEduPapayDebit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.eduContract()
	body := eduDebitBody(c, "term-1")
	w.refused(400, "INVALID_REQUEST", "POST", eduDebits, body) // not announced

	path, notice := eduNotice(c)
	w.must("POST", path, notice)
	w.refused(400, "ALREADY_EXISTS", "POST", path, notice)
	w.refused(400, "INVALID_REQUEST", "POST", path, with(notice, "sub_mchid", nil))
	w.refused(400, "INVALID_REQUEST", "POST", eduDebits, body) // announced today, so not before tomorrow

	w.ok(w.Advance(aDay))
	w.must("POST", eduDebits, body)
	w.must("POST", eduDebits, body)
	w.refused(400, "INVALID_REQUEST", "POST", eduDebits, with(eduDebitBody(c, "term-1"), "attach", "x"))
	w.refused(400, "INVALID_REQUEST", "POST", eduDebits, eduDebitBody(c, "term-1b")) // the first is under way
	byNo := eduDebits + "/out-trade-no/term-1?sub_mchid=" + c.SubMchID
	if got := w.must("GET", byNo, nil); got["trade_state"] != "ACCEPTED" || got["transaction_id"] != nil {
		t.Errorf("accepted: got %v", got)
	}
	if got := w.received(); len(got) != 0 {
		t.Errorf("notified before the payer was charged: %v", got)
	}
	w.ok(w.Advance(time.Minute))
	paid := w.receivedOne("TRANSACTION.SUCCESS")
	if r := paid.Resource; paid.Path != "/debited" || r["trade_state"] != "SUCCESS" ||
		r["success_time"] != "2020-09-11T10:00:05+08:00" || r["attach"] != "自定义数据" {
		t.Errorf("TRANSACTION.SUCCESS: got %+v", paid)
	}
	byID := eduDebits + "/id/" + paid.Resource["transaction_id"].(string) + "?sub_mchid=" + c.SubMchID
	if got := w.must("GET", byID, nil); got["out_trade_no"] != "term-1" || got["trade_state"] != "SUCCESS" {
		t.Errorf("by id: got %v", got)
	}
	w.must("POST", eduDebits, body) // the same call again, the same outcome
	w.refused(404, "NOT_FOUND", "GET", eduDebits+"/out-trade-no/none", nil)
	w.refused(404, "NOT_FOUND", "GET", eduDebits+"/id/none", nil)
	// without its sub_mchid
	w.refused(404, "NOT_FOUND", "GET", eduDebits+"/out-trade-no/term-1", nil)
	// the notice is used up
	w.refused(400, "INVALID_REQUEST", "POST", eduDebits, eduDebitBody(c, "term-2"))
	// no such contract
	w.refused(404, "NOT_FOUND", "POST", eduDebits, with(eduDebitBody(c, "x"), "contract_id", c.ID+"0"))
	w.refused(403, "NO_AUTH", "POST", eduDebits, with(eduDebitBody(c, "x"), "sub_mchid", "999"))

	w.must("DELETE", "v3/edu-papay/contracts/"+c.ID, nil)
	w.refused(404, "NOT_FOUND", "POST", eduDebits, eduDebitBody(c, "term-3"))
	w.refused(404, "NOT_FOUND", "POST", path, notice)
}

func TestEduPapayNoticeHasItsDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		after time.Duration
		ok    bool
	}{
		{"the same day", 4 * hour, false},
		{"the next morning, too early", 20 * hour, false}, // 06:00
		{"the next morning", 21 * hour, true},             // 07:00
		{"the last evening", 3*aDay + 12*hour - time.Second, true},
		{"the last night", 3*aDay + 12*hour, false}, // 22:00
		{"the day after", 4 * aDay, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			contract := w.eduContract()
			path, notice := eduNotice(contract)
			w.must("POST", path, notice)
			w.ok(w.Advance(c.after))
			if c.ok {
				w.must("POST", eduDebits, eduDebitBody(contract, "1"))
			} else {
				w.refused(400, "INVALID_REQUEST", "POST", eduDebits, eduDebitBody(contract, "1"))
			}
		})
	}
}

func TestAFailedDebitClosesAndNeedsANewNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.eduContract()
	path, notice := eduNotice(c)
	w.must("POST", path, notice)
	w.ok(w.Advance(aDay))
	payer := w.Payer(eduOpenID)
	w.ok(payer.RunOut())
	w.must("POST", eduDebits, eduDebitBody(c, "1"))
	w.ok(w.Advance(time.Minute))
	failed := w.receivedOne("TRANSACTION.FAIL")
	if r := failed.Resource; r["trade_state"] != "PAY_FAIL" || r["trade_state_description"] != "余额不足" ||
		r["transaction_id"] != nil {
		t.Errorf("TRANSACTION.FAIL carries %v", r)
	}
	w.ok(payer.Fund(1000))
	w.refused(400, "ORDER_CLOSED", "POST", eduDebits, eduDebitBody(c, "1"))
	w.must("POST", eduDebits, eduDebitBody(c, "2")) // the notice still counts
	w.ok(w.Advance(time.Minute))
	w.receivedOne("TRANSACTION.SUCCESS")
	if wallet, err := payer.Wallet(); err != nil || wallet.Balance != 112 {
		t.Errorf("the payer has %+v, %v, want 112 fen left", wallet, err)
	}
	debits, err := w.Debits()
	w.ok(err)
	if len(debits) != 2 || debits[0].Failure != ledger.NotEnough || !debits[0].Closed ||
		debits[1].State != ledger.DebitPaid {
		t.Errorf("got debits %+v", debits)
	}
}

func TestEveryReasonToFail(t *testing.T) {
	t.Parallel()
	for _, reason := range []ledger.Failure{
		ledger.NotEnough, ledger.RiskRejected, ledger.BankError, ledger.AccountAbnormal, ledger.AccountError,
		ledger.UserNotExist, ledger.TradeError, ledger.SystemFailure,
	} {
		t.Run(string(reason), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.eduContract()
			path, notice := eduNotice(c)
			w.must("POST", path, notice)
			w.ok(w.Advance(aDay))
			w.ok(w.Payer(eduOpenID).FailNext(reason))
			w.must("POST", eduDebits, eduDebitBody(c, "1"))
			w.ok(w.Advance(time.Minute))
			w.receivedOne("TRANSACTION.FAIL")
			w.must("POST", eduDebits, eduDebitBody(c, "2")) // it was applied once
			w.ok(w.Advance(time.Minute))
			w.receivedOne("TRANSACTION.SUCCESS")
		})
	}
	if err := newWorld(t).Payer(openID).FailNext("BORED"); err == nil {
		t.Error("failing for no known reason was taken")
	}
}

func TestTheContractEndsWhileADebitWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.eduContract()
	path, notice := eduNotice(c)
	w.must("POST", path, notice)
	w.ok(w.Advance(aDay))
	w.must("POST", eduDebits, eduDebitBody(c, "1"))
	w.ok(w.Payer(eduOpenID).Terminate(c.ID))
	w.ok(w.Advance(time.Minute))
	got := w.received()
	if len(got) != 2 || got[0].Event != "ENTRUST.RELEASE" || got[1].Resource["trade_state"] != "PAY_FAIL" {
		t.Errorf("got %v", got)
	}
}

func TestRiskControlRefusesANotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.eduContract()
	path, notice := eduNotice(c)
	w.ok(w.Payer(eduOpenID).RefuseNextNotice())
	w.refused(400, "RULELIMIT", "POST", path, notice)
	w.must("POST", path, notice)
}
