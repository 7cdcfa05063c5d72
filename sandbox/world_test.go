package sandbox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t,
		sandbox.WithPlan(ledger.Plan{ID: "900", Product: ledger.CombinePapay}),
		sandbox.WithSubMerchant(ledger.SubMerchant{MchID: "1999999999", AppIDs: []string{"wx1"}}))
	token := w.must("POST", presignCombine, with(combineBody(), "plan_id", 900))["pre_entrustweb_id"].(string)
	w.must("POST", presignEdu, with(with(eduBody(), "sub_mchid", "1999999999"), "sub_appid", "wx1"))
	w.refused(400, "PARAM_ERROR", "POST", presignEdu,
		with(with(eduBody(), "sub_mchid", "1999999999"), "sub_appid", "wx2"))

	// A plan without URL: its termination has nowhere to go, and says so.
	c, err := w.Payer(openID).Agree(token)
	w.ok(err)
	w.receivedOne("ECOMMERCE_ENTRUST.SIGN")
	w.ok(w.Payer(openID).Terminate(c.ID))
	pushes, err := w.Pushes()
	w.ok(err)
	if p := pushes[1]; p.State != ledger.PushUndeliverable || !strings.Contains(p.Problem, "Plan.NotifyURL") {
		t.Errorf("got %s, %q", p.State, p.Problem)
	}
	w.ok(w.AddPlan("1900000109", ledger.Plan{ID: "900", Product: ledger.CombinePapay, Disabled: true}))
	w.refused(403, "NO_AUTH", "POST", presignCombine,
		with(with(combineBody(), "plan_id", 900), "out_contract_code", "B"))

	own := newWorld(t, sandbox.WithMerchant(ledger.Merchant{MchID: sandbox.DefaultMchID, Name: "Mine",
		AppIDs: []string{sandbox.DefaultAppID}}))
	// its plans are gone with the default merchant
	own.refused(400, "PARAM_ERROR", "POST", presignCombine, combineBody())
	if list := own.Merchants(); len(list) != 1 || list[0].Name != "Mine" {
		t.Errorf("merchants: got %v", list)
	}
	if err := own.Terminate("x", "BY_MAGIC", ""); err == nil {
		t.Error("an unknown way to terminate was taken")
	}
	own.page(own.Terminate("x", ledger.ByConsole, ""), ledger.PageUnknown)
	own.page(own.Redeliver("x"), ledger.PageUnknown)
	if err := own.Receive("https://yourapp.com", nil); err == nil {
		t.Error("no handler was taken for one")
	}
}

func TestOrdersThatCannotBeDecorated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := func(no string) (object, string) {
		body := with(orderBody(), "out_trade_no", no)
		return body, w.must("POST", "v3/pay/transactions/jsapi", body)["prepay_id"].(string)
	}
	_, paid := order("paid-order")
	_, err := w.Payer(openID).Pay(paid)
	w.ok(err)
	w.refused(400, "INVALID_REQUEST", "POST", presignAfterPay, afterPayBody(paid))
	_, err = w.Payer(openID).AgreeAfterPay(paid)
	w.page(err, ledger.PageNoPrompt)

	_, other := order("other-appid")
	w.refused(400, "INVALID_REQUEST", "POST", presignAfterPay, with(afterPayBody(other), "appid", "wx8888888888888888"))
	_, old := order("old-order")
	w.ok(w.Advance(2 * time.Hour))
	w.refused(400, "INVALID_REQUEST", "POST", presignAfterPay, afterPayBody(old))
	_, err = w.Payer(openID).AgreeAfterPay("nonsense")
	w.page(err, ledger.PageUnknown)
}

// What lies outside of what an order may live is moved inside, not refused.
// https://github.com/wechatpay-apiv3/wechatpay-skills
func TestHowLongOrdersLive(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		way, asked string
		life       time.Duration
	}{
		{"jsapi", "", 7 * aDay},
		{"jsapi", "2020-09-10T10:30:00+08:00", 30 * time.Minute},
		{"jsapi", "2020-09-10T10:00:30+08:00", time.Minute},
		{"jsapi", "2019-09-10T10:00:00+08:00", time.Minute},
		{"jsapi", "2030-09-10T10:00:00+08:00", 15 * aDay},
		{"native", "2030-09-10T10:00:00+08:00", 7 * aDay},
	} {
		w := newWorld(t)
		body := orderBody()
		if row.asked != "" {
			body["time_expire"] = row.asked
		}
		if row.way == "native" {
			delete(body, "payer")
		}
		w.must("POST", directRoot+row.way, body)
		state := func() any { return w.must("GET", directRoot+byNo+"?mchid=1900000109", nil)["trade_state"] }
		w.ok(w.Advance(row.life - time.Second))
		before := state()
		w.ok(w.Advance(time.Second))
		if after := state(); before != "NOTPAY" || after != "CLOSED" {
			t.Errorf("%s, time_expire %q: %v, and after %v %v", row.way, row.asked, before, row.life, after)
		}
	}
}

// The very same order with a presign's token gives a usable prepay_id again, also when the session
// of the token is over: then paying signs nothing.
func TestAnOrderOutlivesItsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: openID}))
	token := w.must("POST", presignPapay, with(papayBody("A1"), "openid", openID))["pre_entrustweb_id"]
	body := with(orderBody(), "contract_info", object{"token": token})
	w.must("POST", directRoot+"jsapi-with-contract", body)
	w.ok(w.Advance(2*time.Hour + time.Minute))
	again := w.must("POST", directRoot+"jsapi-with-contract", body)["prepay_id"].(string)
	receipt, err := w.Payer(openID).Pay(again)
	w.ok(err)
	if receipt.Contract != nil {
		t.Errorf("a token of a session that is over signed %+v", receipt.Contract)
	}
	w.refused(400, "PARAM_ERROR", "POST", directRoot+"jsapi", with(with(orderBody(), "out_trade_no", "whole-day"),
		"time_expire", "2020-09-12T10:00:00-24:00"))
}

func TestOrdersRunOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := with(orderBody(), "time_expire", "2020-09-10T10:30:00+08:00")
	prepay := w.must("POST", "v3/pay/transactions/jsapi", body)["prepay_id"].(string)
	w.ok(w.Advance(30 * time.Minute))
	_, err := w.Payer(openID).Pay(prepay)
	w.page(err, ledger.PageClosed)
	w.refused(400, "ORDER_CLOSED", "POST", "v3/pay/transactions/jsapi", body)
	if got := w.must("GET", "v3/pay/transactions/out-trade-no/20150806125346?mchid=1900000109",
		nil); got["trade_state"] != "CLOSED" {
		t.Errorf("query: got %v", got["trade_state"])
	}
}

// keep is a store that outlives its sandbox.
type keep struct{ store.Store }

func (keep) Close() error { return nil }

func TestRestart(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	first := newWorld(t, sandbox.WithStore(kept))
	first.inbox.answer = func() int { return 500 }
	first.signCombine("A")
	first.ok(first.Settle())
	first.ok(first.Close())

	// A day later: one attempt at once, instead of all that were missed, and the
	// notification is given up, for its schedule is over.
	second := newWorld(t, sandbox.WithStore(kept), sandbox.At(start.Add(24*time.Hour)))
	second.inbox.answer = func() int { return 500 }
	second.ok(second.Settle())
	if p := second.onlyPush(); p.State != ledger.PushGivenUp || len(p.Attempts) != 2 {
		t.Errorf("got %s after %d attempts", p.State, len(p.Attempts))
	}
	second.refused(400, "INVALID_REQUEST", "POST", presignCombine, with(combineBody(), "out_contract_code", "A"))
	journal, err := second.Journal(0, 0)
	second.ok(err)
	if len(journal) != 2 {
		t.Errorf("the journal has %d entries, want one from before and one from now", len(journal))
	}
}

func TestRunningClockIsMoved(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t)
	w := &world{t, sb, sb.Client(), nil}
	token := w.must("POST", presignEdu, eduBody())["presign_token"].(string)
	w.ok(w.Advance(3 * time.Hour))
	_, err := w.Payer(eduOpenID).Open(token)
	w.page(err, ledger.PageExpired)
	w.ok(w.Clock().Set(start))
	if off := w.Clock().Now().Sub(start); off < 0 || off > time.Minute {
		t.Errorf("set to %v, runs at %v", start, w.Clock().Now())
	}
	w.must("POST", presignEdu, with(eduBody(), "user_id", "x")) // the client has the same clock
}

func TestSeedRepeats(t *testing.T) {
	t.Parallel()
	sign := func() []string {
		w := newWorld(t, sandbox.Seed(7))
		token := w.must("POST", presignEdu, eduBody())["presign_token"].(string)
		c, err := w.Payer(eduOpenID).Agree(token)
		w.ok(err)
		return []string{token, c.ID, w.receivedOne("ENTRUST.SIGNING").ID}
	}
	if a, b := sign(), sign(); !slices.Equal(a, b) {
		t.Errorf("the same seed made %v and %v", a, b)
	}
}

func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// A name that claims to be this machine is not believed before it is dialled.
	w.ok(w.Forward("https://elsewhere.example", "http://localhost:1"))
	token := w.must("POST", presignCombine, with(combineBody(), "notify_url",
		"https://elsewhere.example/x"))["pre_entrustweb_id"].(string)
	_, err := w.Payer(openID).Agree(token)
	w.ok(err)
	w.ok(w.Settle())
	if p := w.onlyPush(); p.State != ledger.PushPending || !strings.Contains(p.Attempts[0].Error,
		"cannot be reached") {
		t.Errorf("got %s, %+v", p.State, p.Attempts)
	}
}
