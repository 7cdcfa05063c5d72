package sandbox_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// ways are how the clock may get past what falls due.
var ways = map[string]func(*sandbox.Sandbox, time.Duration) error{
	"walks": (*sandbox.Sandbox).Advance,
	"jumps": func(sb *sandbox.Sandbox, d time.Duration) error {
		return errors.Join(jump(sb, d), sb.Settle())
	},
	"jumps, and somebody acts": func(sb *sandbox.Sandbox, d time.Duration) error {
		return errors.Join(jump(sb, d), sb.Payer("oAnother").Fund(1))
	},
	"jumps, and somebody looks": jump,
}

func jump(sb *sandbox.Sandbox, d time.Duration) error { return sb.Clock().Set(sb.Clock().Now().Add(d)) }

// passes tests every way past what falls due soon: exactly onto its moment, and well past it.
func passes(t *testing.T, soon time.Duration, test func(t *testing.T, pass func(*sandbox.Sandbox))) {
	t.Helper()
	for how, pass := range ways {
		for where, d := range map[string]time.Duration{"onto it": soon, "past it": soon + 20*time.Hour} {
			t.Run(how+" "+where, func(t *testing.T) {
				t.Parallel()
				test(t, func(sb *sandbox.Sandbox) {
					t.Helper()
					if err := pass(sb, d); err != nil {
						t.Fatal(err)
					}
				})
			})
		}
	}
}

func planOfTwoDays() sandbox.Option {
	return sandbox.WithPlan(ledger.Plan{ID: "700", Product: ledger.Papay, Mode: ledger.DebitAfterADay, Days: 2,
		NotifyURL: sandbox.DefaultNotifyURL})
}

// signTwoDays signs at 10:00 for two days, and asks for a debit at hour of the second day.
func (w *xmlWorld) signTwoDays(hour int) *ledger.Contract {
	w.t.Helper()
	w.ok(w.Payer(openID).Fund(10000))
	session := w.must("papay/preentrustweb", with2(entryXML(), "plan_id", "700"))
	contract, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	w.ok(err)
	w.receivedOne()
	w.ok(w.Advance(time.Duration(24+hour-10) * time.Hour))
	w.must("pay/pappayapply", applyXML(contract.ID, "A1"))
	return contract
}

func (w *xmlWorld) wantDebit(state ledger.DebitState, failure ledger.Failure, ended time.Time) {
	w.t.Helper()
	list, err := w.Debits()
	w.ok(err)
	if d := list[0]; d.State != state || d.Failure != failure || !d.EndedAt.Equal(ended) {
		w.t.Errorf("got %s %s at %v, want %s %s at %v", d.State, d.Failure, d.EndedAt, state, failure, ended)
	}
}

// A contract's term ends before its debit is due, or the debit is due first: what comes of them is
// the same when the clock goes past both at once.
func TestDebitsAndTheEndOfTheirContract(t *testing.T) {
	t.Parallel()
	passes(t, 24*time.Hour, func(t *testing.T, pass func(*sandbox.Sandbox)) {
		late := newXMLWorld(t, planOfTwoDays())
		contract := late.signTwoDays(11)
		pass(late.Sandbox)
		late.wantDebit(ledger.DebitFailed, ledger.ContractGone, start.Add(49*time.Hour))
		if wallet, err := late.Payer(openID).Wallet(); err != nil || wallet.Balance != 10000 {
			t.Errorf("the payer has %d fen, %v", wallet.Balance, err)
		}
		list, err := late.Contracts()
		late.ok(err)
		if c := list[0]; c.State != ledger.ContractTerminated || !c.TerminatedAt.Equal(contract.ExpiresAt) {
			t.Errorf("the contract is %s since %v, and its term ended at %v", c.State, c.TerminatedAt,
				contract.ExpiresAt)
		}

		early := newXMLWorld(t, planOfTwoDays())
		early.signTwoDays(9)
		pass(early.Sandbox)
		early.wantDebit(ledger.DebitPaid, "", start.Add(47*time.Hour))

		same := newXMLWorld(t, planOfTwoDays())
		same.signTwoDays(10)
		pass(same.Sandbox)
		same.wantDebit(ledger.DebitFailed, ledger.ContractGone, start.Add(48*time.Hour))
	})
}

// The sandbox was down while the contract ended and the debit fell due.
func TestADebitAfterItsContractAndARestart(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	first := newXMLWorld(t, planOfTwoDays(), sandbox.WithStore(kept))
	first.signTwoDays(11)
	first.ok(first.Close())
	second := newXMLWorld(t, planOfTwoDays(), sandbox.WithStore(kept), sandbox.At(start.Add(96*time.Hour)))
	second.ok(second.Settle())
	second.wantDebit(ledger.DebitFailed, ledger.ContractGone, start.Add(49*time.Hour))
	// What is told of it is told from now on, with all of the schedule's attempts before it.
	pushes, err := second.Pushes()
	second.ok(err)
	if last := pushes[len(pushes)-1]; !last.CreatedAt.Equal(start.Add(96 * time.Hour)) {
		t.Errorf("notified at %v", last.CreatedAt)
	}
}

// A refund that is due before a debit gives the money that the debit takes.
func TestARefundPaysALaterDebit(t *testing.T) {
	t.Parallel()
	passes(t, 24*time.Hour, func(t *testing.T, pass func(*sandbox.Sandbox)) {
		w := newXMLWorld(t, planOfTwoDays())
		v3 := &world{t, w.Sandbox, w.client, &inbox{t: t, keys: w.Keys()}}
		w.ok(w.Payer(openID).Fund(888))
		const elsewhere = "https://elsewhere.example/v3" // this world reads messages of APIv2
		body := with(with(orderBody(), "notify_url", elsewhere), "amount", object{"total": 888, "currency": "CNY"})
		_, err := w.Payer(openID).Pay(v3.must("POST", directRoot+"jsapi", body)["prepay_id"].(string))
		w.ok(err)
		session := w.must("papay/preentrustweb", with2(entryXML(), "plan_id", "700"))
		contract, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
		w.ok(err)
		w.ok(w.Clock().Set(start.Add(23 * time.Hour)))
		w.must("pay/pappayapply", applyXML(contract.ID, "A1"))
		refund := with(refundBody("r1", 888), "notify_url", elsewhere)
		v3.must("POST", domestic, with(refund, "amount", object{"refund": 888, "total": 888, "currency": "CNY"}))
		pass(w.Sandbox)
		w.wantDebit(ledger.DebitPaid, "", start.Add(47*time.Hour))
	})
}

func limited(l ledger.Limits) ledger.Plan {
	return ledger.Plan{ID: sandbox.DefaultEduPlanID, Product: ledger.EduSchoolPay, Owner: sandbox.DefaultSchoolID,
		NotifyURL: sandbox.DefaultNotifyURL, Limits: l}
}

func debitOf(contract, no string, fen int) object {
	return with(schoolDebit(contract, no), "amount", object{"total": fen, "currency": "CNY"})
}

// What falls due before somebody acts has happened by then, however the clock got there.
func TestActsAfterAJump(t *testing.T) {
	t.Parallel()
	passes(t, 5*time.Second, func(t *testing.T, pass func(*sandbox.Sandbox)) {
		left := newWorld(t)
		contract := left.signSchool("C1")
		left.must("POST", debitSchool, debitOf(contract.ID, "first00001", 100))
		pass(left.Sandbox)
		left.ok(left.Payer(eduOpenID).Terminate(contract.ID))
		if list, err := left.Debits(); err != nil || list[0].State != ledger.DebitPaid ||
			!list[0].EndedAt.Equal(start.Add(5*time.Second)) {
			t.Errorf("the debit is %s %s since %v, %v", list[0].State, list[0].Failure, list[0].EndedAt, err)
		}

		// Of yesterday's 60 fen nothing counts today, and today's 100 are not forgotten for
		// them.
		day := newWorld(t)
		day.ok(day.AddPlan(sandbox.DefaultMchID, limited(ledger.Limits{PerDay: 100})))
		contract = day.signSchool("C1")
		day.ok(day.Advance(14*time.Hour - 6*time.Second)) // to 23:59:54
		day.must("POST", debitSchool, debitOf(contract.ID, "late000001", 60))
		pass(day.Sandbox)
		day.ok(day.Clock().Set(start.Add(36 * time.Hour)))
		day.must("POST", debitSchool, with(debitOf(contract.ID, "today00001", 100), "payment_mode", "SYNC"))
		day.ok(day.Settle())
		day.refused(400, "RULELIMIT", "POST", debitSchool, with(debitOf(contract.ID, "today00002", 1),
			"payment_mode", "SYNC"))

	})
	passes(t, time.Minute, func(t *testing.T, pass func(*sandbox.Sandbox)) {
		back := newWorld(t)
		contract := back.signSchool("C1")
		back.ok(back.Payer(eduOpenID).Fund(100))
		back.must("POST", debitSchool, with(debitOf(contract.ID, "first00001", 100), "payment_mode", "SYNC"))
		back.must("POST", domestic, with(with(with(refundBody("r1", 100), "out_trade_no", "first00001"),
			"sub_mchid", "1900000109"), "transaction_id", nil))
		pass(back.Sandbox)
		back.must("POST", debitSchool, with(debitOf(contract.ID, "second0001", 100), "payment_mode", "SYNC"))
		if list, err := back.Debits(); err != nil || list[1].Advanced {
			t.Errorf("the payer had the refund, and the second debit was advanced: %v", err)
		}
	})
}

// What falls due as soon as it was asked for has not happened for those who come while the clock
// stands, however it got there.
func TestDueAtOnceStandsWhileTheClockDoes(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	w.ok(w.Clock().Set(start.Add(time.Minute)))
	contract := w.signXML("100")
	w.must("pay/pappayapply", applyXML(contract.ID, "A1"))
	w.wantDebit(ledger.DebitAccepted, "", time.Time{})
	w.ok(w.Settle())
	w.wantDebit(ledger.DebitPaid, "", start.Add(time.Minute))
}

// Nothing is paid without a password under a contract whose term is over, not even before anything
// made its end happen.
func TestNoPasswordFreePaymentAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: sandbox.DefaultPlanID, Product: ledger.PasswordExempt,
		Days: 1, NotifyURL: sandbox.DefaultNotifyURL}))
	token := w.must("POST", presignExempt+"normal/pre-entrust-sign/mini-program",
		exemptBody("normal"))["pre_entrustweb_id"].(string)
	c, err := w.Payer(openID).Agree(token)
	w.ok(err)
	free := with(orderBody(), "contract_info", object{"password_free_contract_id": c.ID})
	placed := w.must("POST", directRoot+"jsapi-with-contract", free)["prepay_id"].(string)
	later := with(with(orderBody(), "out_trade_no", "after1"), "contract_info",
		object{"password_free_contract_id": c.ID})
	w.ok(w.Clock().Set(start.Add(24 * time.Hour)))
	w.refused(400, "INVALID_REQUEST", "POST", directRoot+"jsapi-with-contract", later)
	if r, err := w.Payer(openID).Pay(placed); err == nil && r.PasswordFree {
		t.Error("it was paid without a password")
	}
}
