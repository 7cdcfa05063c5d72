package inboxtest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A contract of which no notification ever comes is found signed, and found ended.
func TestTheSweeperFindsContracts(t *testing.T) {
	onEach(t, func(w *world) {
		for name, c := range contracts {
			w.exec("DELETE FROM " + w.effects())
			m := w.merchant(inbox.Config{Recheck: 24 * time.Hour}, fault.Lost)
			m.expect(c.expected)
			if s := m.sweep(time.Minute); s.Asked != 0 {
				w.Errorf("%s: asked before its time: %+v", name, s)
			}
			if s := m.sweep(10 * time.Minute); s.Asked != 1 || s.Found != 0 || s.Failed != 0 {
				w.Errorf("%s: not signed yet: %+v", name, s)
			}
			contract := c.sign(m)
			if s := m.sweep(time.Hour); s.Found != 1 {
				w.Errorf("%s: signed: %+v", name, s)
			}
			m.wantEffects(c.signed + " swept")
			if s := m.sweep(25 * time.Hour); s.Asked != 1 || s.Found != 0 {
				w.Errorf("%s: still in force: %+v", name, s)
			}
			if err := m.s.Payer(payer).Terminate(contract.ID); err != nil {
				w.Fatal(err)
			}
			if s := m.sweep(25 * time.Hour); s.Found != 1 {
				w.Errorf("%s: ended: %+v", name, s)
			}
			m.wantEffects(c.signed+" swept", c.ended+" swept")
			if n := m.open(); n != 0 {
				w.Errorf("%s: %d are expected still", name, n)
			}
			w.exec("DELETE FROM " + w.prefix + "contracts") // the next product's have the same code
		}
	})
}

// Signed and ended before anybody asked: both are found, in that order.
func TestTheSweeperFindsAContractThatHasEnded(t *testing.T) {
	onEach(t, func(w *world) {
		for name, c := range contracts {
			w.exec("DELETE FROM " + w.effects())
			m := w.merchant(inbox.Config{}, fault.Lost)
			m.expect(c.expected)
			contract := c.sign(m)
			if err := m.s.Payer(payer).Terminate(contract.ID); err != nil {
				w.Fatal(err)
			}
			if s := m.sweep(49 * time.Hour); s.Found != 2 {
				w.Errorf("%s: %+v", name, s)
			}
			m.wantEffects(c.signed+" swept", c.ended+" swept")
			w.exec("DELETE FROM " + w.prefix + "contracts")
		}
	})
}

// The notification that comes after the query is a repeat, and nobody asks for what came by itself.
func TestAnEventIsHandledOnceWhicheverWayItComes(t *testing.T) {
	onEach(t, func(w *world) {
		for name, c := range contracts {
			w.exec("DELETE FROM " + w.effects())
			m := w.merchant(inbox.Config{}, fault.Late) // an hour
			m.expect(c.expected)
			contract := c.sign(m)
			if s := m.sweep(11 * time.Minute); s.Found != 1 {
				w.Errorf("%s: %+v", name, s)
			}
			if s := m.sweep(2 * time.Hour); s.Asked != 0 { // it came meanwhile
				w.Errorf("%s: %+v", name, s)
			}
			m.wantEffects(c.signed + " swept")
			m.s.ClearFaults()
			if name != "edu" { // of which a list tells, of what was signed since
				m.expect(c.expected) // after it was heard of: nothing will come
				if s := m.sweep(11 * time.Minute); s.Asked != 1 || s.Found != 0 || m.open() != 0 {
					w.Errorf("%s: %+v, %d expected", name, s, m.open())
				}
			}
			if err := m.s.Payer(payer).Terminate(contract.ID); err != nil {
				w.Fatal(err)
			}
			m.sweep(49 * time.Hour)
			m.wantEffects(c.signed+" swept", c.ended)
			w.exec("DELETE FROM " + w.prefix + "contracts")
		}
	})
}

// Debits: paid, failed, given back, never made.
func TestTheSweeperFindsDebits(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		contract := contracts["papay"].sign(m)
		debit := func(number string, failure ledger.Failure) {
			w.Helper()
			m.expect(inbox.Expected{Kind: inbox.Debit, Number: number})
			if failure != "" {
				if err := m.s.Payer(payer).FailNext(failure); err != nil {
					w.Fatal(err)
				}
			}
			m.debit(number, contract)
			if s := m.sweep(11 * time.Minute); s.Found != 1 {
				w.Errorf("%s: %+v", number, s)
			}
		}
		debit("T0", ledger.NotEnough)
		debit("T1", "")
		m.wantEffects("TRANSACTION.SUCCESS swept", "TRANSACTION.FAIL swept")
		if n := m.open(); n != 0 {
			w.Errorf("%d are expected still", n)
		}
		m.expect(inbox.Expected{Kind: inbox.Refund, Number: "R1"})
		m.post("v3/refund/domestic/refunds", object{"out_trade_no": "T1", "out_refund_no": "R1",
			"notify_url": "https://yourapp.com/refunded", "amount": object{"refund": 50, "total": 100,
				"currency": "CNY"}})
		if s := m.sweep(time.Hour); s.Found != 1 {
			w.Errorf("refund: %+v", s)
		}
		m.wantEffects("TRANSACTION.SUCCESS swept", "TRANSACTION.FAIL swept", "REFUND.SUCCESS swept")
		m.expect(inbox.Expected{Kind: inbox.Debit, Number: "T3"}) // the call was never made
		for range 200 {
			m.sweep(6 * time.Hour)
		}
		if n := m.open(); n != 0 {
			w.Errorf("%d are asked for without end", n)
		}
	})
}

func TestTheSweeperFindsDebitsOfAPIv2(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		contract := m.signV2()
		for _, number := range []string{"T0", "T1"} {
			m.expect(inbox.Expected{Kind: inbox.V2Debit, Number: number, AppID: sandbox.DefaultAppID})
			if number == "T0" {
				if err := m.s.Payer(payer).FailNext(ledger.NotEnough); err != nil {
					w.Fatal(err)
				}
			}
			m.debitV2(number, contract)
			if s := m.sweep(11 * time.Minute); s.Found != 1 {
				w.Errorf("%s: %+v", number, s)
			}
		}
		m.wantEffects("V2.PAYMENT SUCCESS swept", "V2.PAYMENT FAIL swept")
	})
}

// A failure that a query told and the notification of it are one.
func TestAFailureThatWasSweptIsNotNews(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Late)
		contract := contracts["papay"].sign(m)
		if err := m.s.Payer(payer).FailNext(ledger.NotEnough); err != nil {
			w.Fatal(err)
		}
		m.expect(inbox.Expected{Kind: inbox.Debit, Number: "T1"})
		m.debit("T1", contract)
		if s := m.sweep(11 * time.Minute); s.Found != 1 {
			w.Fatalf("%+v", s)
		}
		m.sweep(3 * time.Hour) // the notifications come
		m.wantEffects("TRANSACTION.FAIL swept", "ENTRUST.SIGN")
	})
}

// What is found and cannot be handled is a dead letter in the end, and is asked for no longer.
func TestWhatIsSweptMayBeADeadLetter(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{Attempts: 2, OnDead: func(context.Context, inbox.Dead) {}}, fault.Lost)
		c := contracts["combined"]
		m.expect(c.expected)
		c.sign(m)
		m.err = context.DeadlineExceeded
		if err := m.s.Advance(time.Hour); err != nil {
			w.Fatal(err)
		}
		if s, err := m.box.Sweep(w.Context(), m.c); err == nil || s.Failed != 1 {
			w.Fatalf("%+v, %v", s, err)
		}
		if s := m.sweep(time.Hour); s.Found != 0 || m.open() != 0 {
			w.Errorf("%+v, %d expected", s, m.open())
		}
		m.err = nil
		letters, err := m.box.Dead(w.Context(), 10)
		if err != nil || len(letters) != 1 {
			w.Fatal(letters, err)
		}
		if err := m.box.Replay(w.Context(), letters[0].MchID, letters[0].ID); err != nil {
			w.Fatal(err)
		}
		m.wantEffects(c.signed + " swept")
	})
}

// Where WeChat Pay does not answer the sweep ends early, and nothing is lost.
func TestTheSweeperGivesWayToAnOutage(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		for _, number := range strings.Split("T1 T2 T3 T4 T5 T6 T7 T8", " ") {
			m.expect(inbox.Expected{Kind: inbox.Debit, Number: number})
		}
		if err := m.s.Inject(fault.Fault{Name: fault.Error, Times: 100, Status: http.StatusInternalServerError,
			Code: "SYSTEM_ERROR"}); err != nil {
			w.Fatal(err)
		}
		if err := m.s.Advance(time.Hour); err != nil {
			w.Fatal(err)
		}
		s, err := m.box.Sweep(w.Context(), m.c)
		if err == nil || s.Asked != 5 || s.Failed != 5 || m.open() != 8 {
			w.Errorf("%+v, %v, %d expected", s, err, m.open())
		}
	})
}

// APIv2 says so under HTTP 200. It is no answer, least of all the last one.
func TestAnOutageOfAPIv2IsNoAnswer(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Lost)
		for _, number := range strings.Split("T1 T2 T3 T4 T5 T6 T7 T8", " ") {
			m.expect(inbox.Expected{Kind: inbox.V2Debit, Number: number, AppID: sandbox.DefaultAppID,
				Until: m.s.Clock().Now().Add(time.Hour)})
		}
		if err := m.s.Inject(fault.Fault{Name: fault.Error, Times: 100, Code: "SYSTEMERROR"}); err != nil {
			w.Fatal(err)
		}
		if err := m.s.Advance(61 * time.Minute); err != nil {
			w.Fatal(err)
		}
		s, err := m.box.Sweep(w.Context(), m.c)
		if err == nil || s.Asked != 5 || s.Failed != 5 || s.GivenUp != 0 || m.open() != 8 {
			w.Errorf("%+v, %v, %d expected", s, err, m.open())
		}
	})
}
