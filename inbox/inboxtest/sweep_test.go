package inboxtest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

type object = map[string]any

// merchant is a shop on a sandbox whose notifications go missing or come late.
type merchant struct {
	*world
	s   *sandbox.Sandbox
	c   *wxpay.Client
	box *inbox.Box
	err error // of the function, where it is to fail
}

func (w *world) merchant(cfg inbox.Config, lost fault.Name) *merchant {
	w.Helper()
	m := &merchant{world: w, s: sandbox.New(w.T, sandbox.At(time.Date(2026, 11, 28, 10, 0, 0, 0, time.FixedZone("",
		8*3600))))}
	m.c = m.s.Client()
	cfg.Now = m.s.Clock().Now
	cfg.Wait = func(context.Context, time.Duration) error { return nil }
	m.box = w.box(cfg)
	m.box.Otherwise(func(ctx context.Context, d *inbox.Delivery) error {
		if m.err != nil {
			return m.err
		}
		what := d.EventType
		if d.EventType == notify.V2Contract || d.EventType == notify.V2Payment {
			var told struct {
				Change string `xml:"change_type"`
				Result string `xml:"result_code"`
			}
			if err := d.Decode(&told); err != nil {
				return err
			}
			what += " " + told.Change + told.Result
		}
		if d.Swept {
			what += " swept"
		}
		return w.write(ctx, d, what)
	})
	r := notify.New(m.s.Keys(), notify.APIv2Key(m.c.MchID(), m.s.Merchants()[0].APIv2Key),
		notify.OnError(func(_ context.Context, e *notify.Error) { w.Logf("not handled: %v", e) }))
	m.box.Attach(r)
	if err := m.s.Receive("https://yourapp.com", r); err != nil {
		w.Fatal(err)
	}
	if lost != "" {
		if err := m.s.Inject(fault.Fault{Name: lost, Times: 100}); err != nil {
			w.Fatal(err)
		}
	}
	return m
}

func (m *merchant) expect(x inbox.Expected) {
	m.Helper()
	x.MchID = m.c.MchID()
	tx, err := m.db.BeginTx(m.Context(), nil)
	if err != nil {
		m.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := m.box.Expect(m.Context(), tx, x); err != nil {
		m.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		m.Fatal(err)
	}
}

func (m *merchant) post(path string, body any) map[string]any {
	m.Helper()
	res, err := m.c.Chain(path).Post(m.Context(), body)
	if err != nil {
		m.Fatal(err)
	}
	said, err := res.Map()
	if err != nil {
		m.Fatal(err)
	}
	return said
}

func (m *merchant) agree(token any) *ledger.Contract {
	m.Helper()
	c, err := m.s.Payer(payer).Agree(token.(string))
	if err != nil {
		m.Fatal(err)
	}
	return c
}

// sweep lets time pass and asks.
func (m *merchant) sweep(after time.Duration) inbox.Swept {
	m.Helper()
	if err := m.s.Advance(after); err != nil {
		m.Fatal(err)
	}
	s, err := m.box.Sweep(m.Context(), m.c)
	if err != nil {
		m.Fatal(err)
	}
	return s
}

func (m *merchant) wantEffects(want ...string) {
	m.Helper()
	slices.Sort(want)
	if got := m.effect(); !slices.Equal(got, want) {
		m.Errorf("effects %q, want %q", got, want)
	}
}

func (m *merchant) open() int { return m.count("SELECT COUNT(*) FROM ~expected") }

func papayBody(code string) object {
	return object{
		"sign_scene": "SIGN_SCENE_APP", "appid": sandbox.DefaultAppID, "plan_id": 12535, "out_contract_code": code,
		"contract_display_account": "用户A", "contract_notify_url": "https://yourapp.com/signed",
		"out_user_code": "user-1",
		"device_info": object{
			"device_type": "DEVICE_TYPE_PHONE", "device_os": "Android 16", "device_id": "device-1",
			"device_ip": "14.23.150.211", "weixin_installed": true, "device_running_as_root": false,
			"weixin_version":         "8.0.60",
			"days_since_first_login": "DAYS_SINCE_FIRST_LOGIN_MORE_THEN_180_DAYS",
		},
	}
}

// contracts are ways to sign one, and what is expected of it.
var contracts = map[string]struct {
	expected      inbox.Expected
	sign          func(m *merchant) *ledger.Contract
	signed, ended string
}{
	"papay": {inbox.Expected{Kind: inbox.PapayContract, PlanID: "12535", Number: "K1"},
		func(m *merchant) *ledger.Contract {
			return m.agree(m.post("v3/papay/sign/contracts/pre-entrust-sign", papayBody("K1"))["pre_entrustweb_id"])
		}, "ENTRUST.SIGN", "ENTRUST.TERMINATE"},
	"combined": {inbox.Expected{Kind: inbox.CombinedContract, PlanID: "12535", Number: "K1"},
		func(m *merchant) *ledger.Contract { return m.agree(m.presign(m.s, "K1")) },
		"ECOMMERCE_ENTRUST.SIGN", "ECOMMERCE_ENTRUST.TERMINATE"},
	"edu": {inbox.Expected{Kind: inbox.EduContract, PlanID: sandbox.DefaultEduPlanID, OpenID: payer,
		AppID: sandbox.DefaultEduAppID},
		func(m *merchant) *ledger.Contract {
			return m.agree(m.post("v3/edu-papay/contracts/presign", object{"appid": sandbox.DefaultEduAppID,
				"openid": payer, "plan_id": sandbox.DefaultEduPlanID, "user_id": "tony",
				"period_start_date": "2026-12-10",
				"trade_scene":       "EDUCATION_PERIOD"})["presign_token"])
		}, "ENTRUST.SIGNING", "ENTRUST.RELEASE"},
	"APIv2": {inbox.Expected{Kind: inbox.V2Contract, PlanID: sandbox.DefaultPlanID, Number: "K1",
		AppID: sandbox.DefaultAppID}, (*merchant).signV2, "V2.CONTRACT ADDSUCCESS", "V2.CONTRACT DELETESUCCESS"},
}

func (m *merchant) signV2() *ledger.Contract {
	return m.agree(m.post("v2/papay/preentrustweb", map[string]string{
		"appid": sandbox.DefaultAppID, "plan_id": sandbox.DefaultPlanID, "contract_code": "K1",
		"request_serial":           "1000",
		"contract_display_account": "微信代扣", "notify_url": "https://yourapp.com/v2", "version": "1.0",
		"timestamp": "1795831200"})["pre_entrustweb_id"])
}

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
			if s := m.sweep(time.Hour); s.Found != 2 {
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
			m.sweep(time.Hour)
			m.wantEffects(c.signed+" swept", c.ended)
			w.exec("DELETE FROM " + w.prefix + "contracts")
		}
	})
}

// Debits of APIv3 and APIv2: paid, failed, failed once more under the same number.
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
			m.post("v3/papay/pay/transactions/apply", object{
				"appid": sandbox.DefaultAppID, "out_trade_no": number, "contract_id": contract.ID,
				"description":            "one month",
				"transaction_notify_url": "https://yourapp.com/debited", "amount": object{"total": 100,
					"currency": "CNY"},
			})
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
			m.post("v2/pay/pappayapply", map[string]string{"appid": sandbox.DefaultAppID, "body": "x",
				"out_trade_no": number,
				"total_fee":    "888", "spbill_create_ip": "8.8.8.8", "notify_url": "https://yourapp.com/v2",
				"trade_type":  "PAP",
				"contract_id": contract.ID})
			if s := m.sweep(11 * time.Minute); s.Found != 1 {
				w.Errorf("%s: %+v", number, s)
			}
		}
		m.wantEffects("V2.PAYMENT SUCCESS swept", "V2.PAYMENT FAIL swept")
	})
}

// A failure that a query told and the notification of it are one; the next failure is another.
func TestAFailureThatWasSweptIsNotNews(t *testing.T) {
	onEach(t, func(w *world) {
		m := w.merchant(inbox.Config{}, fault.Late)
		contract := contracts["papay"].sign(m)
		if err := m.s.Payer(payer).FailNext(ledger.NotEnough); err != nil {
			w.Fatal(err)
		}
		m.expect(inbox.Expected{Kind: inbox.Debit, Number: "T1"})
		m.post("v3/papay/pay/transactions/apply", object{
			"appid": sandbox.DefaultAppID, "out_trade_no": "T1", "contract_id": contract.ID, "description": "one month",
			"transaction_notify_url": "https://yourapp.com/debited", "amount": object{"total": 100, "currency": "CNY"},
		})
		if s := m.sweep(11 * time.Minute); s.Found != 1 {
			w.Fatalf("%+v", s)
		}
		m.sweep(3 * time.Hour) // the notifications come
		m.wantEffects("TRANSACTION.FAIL swept", "ENTRUST.SIGN")
		again := unpaid("n2", "T1")
		again.MchID = m.c.MchID()
		if err := m.box.Take(w.Context(), again); err != nil {
			w.Fatal(err)
		}
		m.wantEffects("TRANSACTION.FAIL swept", "ENTRUST.SIGN", "TRANSACTION.FAIL")
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
