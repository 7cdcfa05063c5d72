package inboxtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// fails has a debit fail under a number that is expected.
func (m *merchant) fails(number string, why ledger.Failure) *ledger.Contract {
	m.Helper()
	contract := contracts["papay"].sign(m)
	m.failsOf(contract, number, why)
	return contract
}

func (m *merchant) failsOf(contract *ledger.Contract, number string, why ledger.Failure) {
	m.Helper()
	if err := m.s.Payer(payer).FailNext(why); err != nil {
		m.Fatal(err)
	}
	m.expect(inbox.Expected{Kind: inbox.Debit, Number: number})
	m.debit(number, contract)
}

// heard hands over the notification of a failure, created then, or at a time that it does not say.
func (m *merchant) heard(id, number string, created time.Time) {
	m.Helper()
	n := unpaid(id, number)
	n.MchID, n.CreateTime = m.c.MchID(), created
	if err := m.box.Take(m.Context(), n); err != nil {
		m.Fatal(err)
	}
}

// A number that is expected fails once: what a query told is told by no notification again, whoever
// says when, whenever it comes, and though the number is expected anew.
func TestAFailureThatWasSweptIsToldOnce(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		created := m.s.Clock().Now()
		m.fails("T1", ledger.NotEnough)
		if s := m.sweep(11 * time.Minute); s.Found != 1 {
			w.Fatalf("%+v", s)
		}
		m.heard("n1", "T1", created)
		m.heard("n2", "T1", time.Time{})
		m.expect(inbox.Expected{Kind: inbox.Debit, Number: "T1"})
		m.heard("n3", "T1", m.s.Clock().Now())
		if s := m.sweep(26 * time.Hour); s.Asked != 1 || s.Found != 0 || m.open() != 0 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
		m.heard("n4", "T1", m.s.Clock().Now())
		m.wantEffects("TRANSACTION.FAIL swept")
	})
}

// Numbers that nobody expects, such as a face's, may fail again: two notifications are two
// failures. A query that comes later tells nothing new, and no notification does after it.
func TestFailuresByNotificationsAlone(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		m.heard("n1", "T1", m.s.Clock().Now())
		m.heard("n2", "T1", time.Time{})
		m.wantEffects("TRANSACTION.FAIL", "TRANSACTION.FAIL")
		m.fails("T1", ledger.NotEnough)
		if s := m.sweep(11 * time.Minute); s.Asked != 1 || s.Found != 0 || m.open() != 0 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
		m.heard("n3", "T1", m.s.Clock().Now())
		m.wantEffects("TRANSACTION.FAIL", "TRANSACTION.FAIL")
	})
}

// That a number was paid is told although a query told that it failed: with an id of the payment or
// without one.
func TestASuccessAfterASweptFailure(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		contract := m.signV2()
		m.expect(debitV2)
		if err := m.s.Payer(payer).FailNext(ledger.NotEnough); err != nil {
			w.Fatal(err)
		}
		m.debitV2(debitV2.Number, contract)
		if s := m.sweep(11 * time.Minute); s.Found != 1 {
			w.Fatalf("%+v", s)
		}
		for id, transaction := range map[string]string{"n1": "", "n2": "4200"} {
			n := notified(id, notify.V2Payment, object{"mch_id": mchID, "out_trade_no": debitV2.Number,
				"transaction_id": transaction, "result_code": "SUCCESS"})
			if err := m.box.Take(w.Context(), n); err != nil {
				w.Error(err)
			}
		}
		m.wantEffects("V2.PAYMENT FAIL swept", "V2.PAYMENT SUCCESS", "V2.PAYMENT SUCCESS")
	})
}

// What a query told is a dead letter, and then the notification comes, or the letter is replayed
// first: one of the two is handled.
func TestASweptLetterBesideItsNotification(t *testing.T) {
	onEach(t, func(w *world) {
		for name, first := range map[string]bool{"the notification first": true, "the letter first": false} {
			m := w.merchant(inbox.Config{Attempts: 1, OnDead: func(context.Context, inbox.Dead) {}}, fault.Lost)
			created := m.s.Clock().Now()
			m.fails("T1", ledger.NotEnough)
			m.err = errors.New("the shop's database is away")
			m.sweep(11 * time.Minute)
			m.err = nil
			want := "TRANSACTION.FAIL swept"
			if first {
				m.heard("n2", "T1", created)
				want = "TRANSACTION.FAIL"
			}
			letters, err := m.box.Dead(w.Context(), 10)
			if err != nil || len(letters) != 1 {
				w.Fatalf("%s: %v, %v", name, letters, err)
			}
			if err := m.box.Replay(w.Context(), letters[0].MchID, letters[0].ID); err != nil {
				w.Errorf("%s: %v", name, err)
			}
			m.heard("n3", "T1", created)
			m.wantEffects(want)
			for _, table := range tables {
				w.exec("DELETE FROM " + w.prefix + table)
			}
			w.exec("DELETE FROM " + w.effects())
		}
	})
}

// The notification of one try comes after the next one is expected, and ends that for none: of a
// debit that failed, of a contract that was signed.
func TestWhatWasCreatedBeforeItWasExpectedEndsNothing(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		created := m.s.Clock().Now()
		if err := m.s.Advance(time.Minute); err != nil {
			w.Fatal(err)
		}
		for _, x := range []inbox.Expected{{Kind: inbox.Debit, Number: "T1"},
			{Kind: inbox.PapayContract, PlanID: "12535", Number: "K1"}} {
			m.expect(x)
		}
		m.heard("n1", "T1", created)
		sign := signed("n2", "C1", "K1", created.Format(time.RFC3339))
		sign.MchID, sign.CreateTime = m.c.MchID(), created
		if err := m.box.Take(w.Context(), sign); err != nil {
			w.Fatal(err)
		}
		if s := m.sweep(11 * time.Minute); s.Asked != 2 {
			w.Errorf("nobody asks for the next ones: %+v", s)
		}
		m.heard("n3", "T1", created.Add(2*time.Minute))
		if n := m.open(); n != 1 {
			w.Errorf("%d are expected after the debit's own notification", n)
		}
		m.wantEffects("TRANSACTION.FAIL", "ENTRUST.SIGN", "TRANSACTION.FAIL")
	})
}

// Where WeChat Pay does not know what became of a debit it has not failed: it is asked for until
// that is decided.
func TestAnUnknownOutcomeIsNoFailure(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		m.fails("T1", ledger.SystemFailure)
		if s := m.sweep(11 * time.Minute); s.Asked != 1 || s.Found != 0 || m.open() != 1 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
		if _, err := m.c.Chain("v3/pay/transactions/out-trade-no/T1/close").Post(w.Context(),
			object{"mchid": m.c.MchID()}); err != nil {
			w.Fatal(err)
		}
		if s := m.sweep(time.Hour); s.Found != 1 || m.open() != 0 {
			w.Errorf("closed: %+v, %d expected", s, m.open())
		}
		m.wantEffects("TRANSACTION.FAIL swept")
	})
}

// A payment of combined orders happens once, under however many ids it is told. Parts that are paid
// later are another payment, and a failure may come again.
func TestACombinedPaymentHappensOnce(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.writes(inbox.Config{})
		take := func(id, eventType string, paid ...string) {
			w.Helper()
			var parts []object
			for _, number := range []string{"S1", "S2"} {
				parts = append(parts, object{"mchid": mchID, "out_trade_no": number})
			}
			for i, transaction := range paid {
				parts[i]["transaction_id"] = transaction
			}
			var n *notify.Notification = notified(id, eventType, object{"combine_mchid": mchID,
				"combine_out_trade_no": "P1", "sub_orders": parts})
			if err := b.Take(w.Context(), n); err != nil {
				w.Error(err)
			}
		}
		take("n1", "TRANSACTION.FAIL")
		take("n2", "TRANSACTION.FAIL")
		take("n3", "TRANSACTION.SUCCESS", "4200")
		take("n4", "TRANSACTION.SUCCESS", "4200")
		take("n5", "TRANSACTION.SUCCESS", "4200", "4201")
		take("n6", "TRANSACTION.SUCCESS", "4200", "4201")
		m := &merchant{world: w}
		m.wantEffects("TRANSACTION.FAIL n1", "TRANSACTION.FAIL n2", "TRANSACTION.SUCCESS n3", "TRANSACTION.SUCCESS n5")
	})
}

// The clock of the process that gets a notification is minutes behind the one of who expected it:
// the notification is of what is expected, and of what a query told, all the same.
func TestAClockThatIsBehind(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		contract := m.fails("T1", ledger.NotEnough)
		ahead, behind := m.box, w.writes(inbox.Config{
			Now: func() time.Time { return m.s.Clock().Now().Add(-20 * time.Minute) }})
		m.box = behind
		m.heard("n1", "T1", time.Time{})
		if n := m.open(); n != 0 {
			w.Errorf("%d are expected still", n)
		}
		m.box = ahead
		if err := m.s.Advance(time.Minute); err != nil {
			w.Fatal(err)
		}
		created := m.s.Clock().Now()
		m.failsOf(contract, "T2", ledger.NotEnough)
		if s := m.sweep(11 * time.Minute); s.Found != 1 {
			w.Errorf("%+v", s)
		}
		m.box = behind
		m.heard("n2", "T2", created)
		m.wantEffects("TRANSACTION.FAIL n1", "TRANSACTION.FAIL swept")
	})
}
