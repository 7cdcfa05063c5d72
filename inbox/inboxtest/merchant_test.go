package inboxtest

import (
	"context"
	"errors"
	"net/http"
	"slices"
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
	// failing is how often it is to fail on what a query told.
	failing int
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
		if d.Swept && m.failing > 0 {
			m.failing--
			return errors.New("the shop's database is away")
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
	if res.Status == http.StatusNoContent {
		return nil
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

// later lets time pass.
func (m *merchant) later(d time.Duration) {
	m.Helper()
	if err := m.s.Advance(d); err != nil {
		m.Fatal(err)
	}
}

// ends has the payer end a contract.
func (m *merchant) ends(c *ledger.Contract) {
	m.Helper()
	if err := m.s.Payer(payer).Terminate(c.ID); err != nil {
		m.Fatal(err)
	}
}

// sweep lets time pass and asks.
func (m *merchant) sweep(after time.Duration) inbox.Swept {
	m.Helper()
	m.later(after)
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
	"APIv2 partner": {inbox.Expected{Kind: inbox.V2PartnerContract, PlanID: sandbox.DefaultPlanID, Number: "K1",
		AppID: sandbox.DefaultAppID, SubMchID: subMerchant},
		func(m *merchant) *ledger.Contract {
			return m.agree(m.post("v2/papay/partner/preentrustweb", entryV2("sub_mch_id",
				subMerchant))["pre_entrustweb_id"])
		}, "V2.CONTRACT ADDSUCCESS", "V2.CONTRACT DELETESUCCESS"},
	"partner": {inbox.Expected{Kind: inbox.PapayPartnerContract, PlanID: "12537", Number: "K1", SubMchID: subMerchant},
		func(m *merchant) *ledger.Contract {
			return m.agree(m.post("v3/papay/scheduled-deduct-sign/partner/contracts/pre-entrust-sign/app", object{
				"sp_appid": sandbox.DefaultAppID, "sp_openid": payer, "sub_mchid": subMerchant, "plan_id": 12537,
				"out_contract_code": "K1", "contract_display_account": "用户A",
				"contract_notify_url": "https://yourapp.com/signed", "deduct_schedule": object{
					"estimated_deduct_date": "2026-12-01", "description": "小乔",
					"estimated_deduct_amount": object{"total": 1990, "currency": "CNY"}}})["pre_entrustweb_id"])
		}, "ENTRUST.SIGN", "ENTRUST.TERMINATE"},
	"password-exempt": {inbox.Expected{Kind: inbox.PasswordExemptContract, PlanID: "12535", Number: "K1"},
		func(m *merchant) *ledger.Contract {
			return m.agree(m.post("v3/password-exempt-contract/contracts/normal/pre-entrust-sign/mini-program", object{
				"appid": sandbox.DefaultAppID, "openid": payer, "service_id": 12535, "out_contract_code": "K1",
				"notify_url": "https://yourapp.com/notify", "contract_display_account": "用户A"})["pre_entrustweb_id"])
		}, "ENTRUST.SIGN", "ENTRUST.TERMINATE"},
	"insurance": {inbox.Expected{Kind: inbox.InsuranceContract, PlanID: "12535", Number: "K1"},
		func(m *merchant) *ledger.Contract {
			return m.agree(m.post("v3/papay/insurance-sign/contracts/pre-entrust-sign/app", object{
				"appid": sandbox.DefaultAppID, "openid": payer, "plan_id": 12535, "out_contract_code": "K1",
				"insured_display_name": "*明", "contract_notify_url": "https://yourapp.com/signed",
				"policy_start_date": "2026-11-28", "policy_end_date": "2027-11-27", "can_auto_insure": true,
				"policy_periods": []object{{"policy_period_id": 1, "estimated_deduct_date": "2026-12-12",
					"estimated_deduct_amount": object{"total": 4800, "currency": "CNY"}}},
			})["pre_entrustweb_id"])
		}, "INSURANCE_ENTRUST.SIGN", "INSURANCE_ENTRUST.TERMINATE"},
}

const subMerchant = "1900000110"

// entryV2 is what APIv2 presigns with.
func entryV2(more ...string) map[string]string {
	f := map[string]string{
		"appid": sandbox.DefaultAppID, "plan_id": sandbox.DefaultPlanID, "contract_code": "K1",
		"request_serial":           "1000",
		"contract_display_account": "微信代扣", "notify_url": "https://yourapp.com/v2", "version": "1.0",
		"timestamp": "1795831200"}
	for i := 0; i < len(more); i += 2 {
		f[more[i]] = more[i+1]
	}
	return f
}

func (m *merchant) signV2() *ledger.Contract {
	return m.agree(m.post("v2/papay/preentrustweb", entryV2())["pre_entrustweb_id"])
}

// debitV2 is what is expected of a debit of APIv2.
var debitV2 = inbox.Expected{Kind: inbox.V2Debit, Number: "T0", AppID: sandbox.DefaultAppID}

func (m *merchant) debit(number string, contract *ledger.Contract) {
	m.Helper()
	m.post("v3/papay/pay/transactions/apply", object{
		"appid": sandbox.DefaultAppID, "out_trade_no": number, "contract_id": contract.ID, "description": "one month",
		"transaction_notify_url": "https://yourapp.com/debited", "amount": object{"total": 100, "currency": "CNY"},
	})
}

func (m *merchant) debitV2(number string, contract *ledger.Contract) {
	m.Helper()
	m.post("v2/pay/pappayapply", map[string]string{"appid": sandbox.DefaultAppID, "body": "x", "out_trade_no": number,
		"total_fee": "888", "spbill_create_ip": "8.8.8.8", "notify_url": "https://yourapp.com/v2", "trade_type": "PAP",
		"contract_id": contract.ID})
}
