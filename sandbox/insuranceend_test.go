package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestInsuranceThePayerThinksAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.hinted()
	c := w.insured(insuranceBody())
	payer := w.Payer(openID)
	w.page(payer.StayInsured(c.ID), ledger.PageUsed)
	w.ok(payer.Terminate(c.ID))
	if got := w.received(); len(got) != 0 {
		t.Errorf("a pending termination notified: %v", got)
	}
	if q := w.must("GET", insuranceCode, nil); q["contract_state"] != "TERMINATE_PENDING" ||
		q["revoke_terminate_contract_redirect_appid"] != "wxbd687630cd02ce1d" ||
		q["revoke_terminate_contract_redirect_url"] == nil {
		t.Errorf("query: got %v", q)
	}
	w.page(payer.Terminate(c.ID), ledger.PageUsed)
	w.page(w.Payer("another").StayInsured(c.ID), ledger.PageWrongUser)
	w.ok(payer.StayInsured(c.ID))
	w.ok(w.Advance(25 * hour))
	if q := w.must("GET", insuranceCode, nil); q["contract_state"] != "SIGNED" {
		t.Errorf("query: got %v", q)
	}

	w.adminOK("POST", "/sandbox/payers/"+openID+"/terminate", object{"contract_id": c.ID})
	w.adminOK("POST", "/sandbox/payers/"+openID+"/stay-insured", object{"contract_id": c.ID})
	w.adminRefuses(409, "POST", "/sandbox/payers/"+openID+"/stay-insured", object{"contract_id": c.ID})
	w.ok(payer.Terminate(c.ID))
	book := "v3/papay/insurance-pay/policy-periods/contract-id/" + c.ID + "/policy-period-id/1/schedule"
	w.refused(400, "INVALID_REQUEST", "POST", book, object{"appid": c.AppID, "scheduled_amount": object{"total": 4800}})
	w.ok(w.Advance(24 * hour))
	n := w.receivedOne("INSURANCE_ENTRUST.TERMINATE")
	if e := into[event.InsuranceEntrustTerminate](w, n); n.Path != "/notify" || e.ContractState != "TERMINATED" ||
		e.ContractTerminateInfo.ContractTerminationMode != "USER_TERMINATE" ||
		e.ContractTerminateInfo.ContractTerminatedTime != "2020-09-12T11:00:00+08:00" {
		t.Errorf("TERMINATE came to %s with %+v", n.Path, e)
	}
}

func TestInsuranceEndsInEveryMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []ledger.Termination{ledger.ByMerchant, ledger.ByConsole, ledger.ByCustomerService,
		ledger.BySystem} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			defer w.hinted()
			c := w.insured(insuranceBody())
			w.ok(w.Payer(openID).Terminate(c.ID)) // pending: others may end it at once
			if mode == ledger.ByMerchant {
				reply := w.must("POST", insuranceCode+"/terminate", object{"contract_termination_remark": "用户解约"})
				if reply["contract_state"] != "TERMINATED" ||
					reply["contract_terminate_info"].(object)["contract_termination_remark"] != "用户解约" {
					t.Errorf("terminate: got %v", reply)
				}
				w.refused(400, "INVALID_REQUEST", "POST", insuranceCode+"/terminate",
					object{"contract_termination_remark": "x"})
			} else {
				w.ok(w.Terminate(c.ID, mode, "x"))
			}
			ended := w.receivedOne("INSURANCE_ENTRUST.TERMINATE").Resource["contract_terminate_info"].(object)
			if got := ended["contract_termination_mode"]; got != string(mode) {
				t.Errorf("TERMINATE carries %v", ended)
			}
			w.ok(w.Advance(25 * hour))
			if got := w.received(); len(got) != 0 {
				t.Errorf("it ended twice: %v", got)
			}
		})
	}
}

func TestInsuranceEndsByItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		renewable bool
		days      int // after the last period's date
	}{"not renewable": {false, 30}, "renewable, and not renewed": {true, 31}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			defer w.hinted()
			w.insured(with(insuranceBody(), "can_auto_insure", c.renewable))
			last := time.Date(2020, 11, 12, 0, 0, 0, 0, time.FixedZone("", 8*3600))
			end := last.AddDate(0, 0, c.days)
			w.ok(w.Advance(end.Sub(start) - time.Second))
			if got := w.received(); len(got) != 0 {
				t.Errorf("it ended early: %v", got)
			}
			w.ok(w.Advance(time.Second))
			ended := w.receivedOne("INSURANCE_ENTRUST.TERMINATE").Resource["contract_terminate_info"].(object)
			if got := ended["contract_termination_mode"]; got != "SYSTEM_TERMINATE" {
				t.Errorf("TERMINATE carries %v", ended)
			}
		})
	}
}

func TestInsuranceChargesNobodyWhoIsLeaving(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.Payer(openID)
	w.ok(p.Fund(10000))
	c := w.insured(insuranceBody())
	w.until("2020-09-11", 10, 0)
	w.must("POST", insurancePeriod(c, "1")+"/schedule", insuranceBooking(4800))
	w.until("2020-09-12", 10, 0)
	w.must("POST", insuranceApply, insuranceDebit(c, 1, "debit1", 4800))
	w.ok(p.Terminate(c.ID))
	w.ok(w.Advance(time.Minute))
	w.failedWith(ledger.TradeError)
	if wallet, err := p.Wallet(); err != nil || wallet.Balance != 10000 {
		t.Errorf("the payer who asked to leave has %d fen, %v", wallet.Balance, err)
	}

	// Having thought again, they are debited as ever.
	w.ok(p.StayInsured(c.ID))
	w.must("POST", insuranceApply, insuranceDebit(c, 1, "debit2", 4800))
	w.ok(w.Advance(time.Minute))
	w.receivedOne("TRANSACTION.SUCCESS")
}

func TestInsuranceChargesNoVoidedBooking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.insured(insuranceBody())
	w.until("2020-10-10", 10, 0)
	w.must("POST", insurancePeriod(c, "1")+"/schedule", insuranceBooking(4800))
	w.until("2020-10-11", 10, 0)
	w.must("POST", insuranceApply, insuranceDebit(c, 1, "debit1", 4800))
	w.must("POST", insurancePeriod(c, "2")+"/schedule", insuranceBooking(4800))
	w.ok(w.Advance(time.Minute))
	w.failedWith(ledger.TradeError)
	if got := w.must("GET", insurancePeriod(c, "1"), nil)["policy_period_state"]; got != "EXPIRED" {
		t.Errorf("the voided period: got %v", got)
	}
}

// failedWith wants the only debit to have failed so, and the merchant to have heard.
func (w *world) failedWith(want ledger.Failure) {
	w.t.Helper()
	w.receivedOne("TRANSACTION.FAIL")
	debits, err := w.Debits()
	w.ok(err)
	if len(debits) != 1 || debits[0].State != ledger.DebitFailed || debits[0].Failure != want {
		w.t.Errorf("the debits are %+v", debits)
	}
}
