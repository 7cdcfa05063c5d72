package sandbox_test

import (
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestAgreeingInVainBurnsTheCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	w.ok(payer.BlockNextSigning())
	_, err := payer.Open(token)
	w.ok(err)
	_, err = payer.Agree(token)
	w.page(err, ledger.PageBlocked)
	if got := w.received(); len(got) != 0 {
		t.Errorf("a signing that failed was notified: %v", got)
	}
	_, err = payer.Agree(token)
	w.page(err, ledger.PageUsed)
	w.refused(400, "INVALID_REQUEST", "POST", presignCombine, combineBody())
	contracts, err := w.Contracts()
	w.ok(err)
	if len(contracts) != 0 {
		t.Errorf("got contracts %v, want none", contracts)
	}
	token = w.must("POST", presignCombine, with(combineBody(), "out_contract_code",
		"fresh"))["pre_entrustweb_id"].(string)
	_, err = payer.Agree(token)
	w.ok(err)
}

func TestSignedThroughAnotherApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	_, err := payer.SignElsewhere(ledger.CombinePapay, sandbox.DefaultPlanID)
	w.ok(err)
	w.receivedOne("ECOMMERCE_ENTRUST.SIGN")
	_, err = payer.Agree(token)
	w.page(err, ledger.PageSigned)
	if got := w.received(); len(got) != 0 {
		t.Errorf("the page's refusal was notified: %v", got)
	}
	_, err = payer.SignElsewhere(ledger.CombinePapay, "1")
	w.page(err, ledger.PageUnknown)
}

func TestPayingNeedsMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	prepay := w.must("POST", "v3/pay/transactions/jsapi", orderBody())["prepay_id"].(string)
	w.ok(payer.Fund(99))
	_, err := payer.Pay(prepay)
	w.page(err, ledger.PageNoMoney)
	w.ok(payer.FailNext(ledger.BankError))
	_, err = payer.Pay(prepay)
	w.page(err, ledger.PageFailed)
	w.ok(payer.Fund(1))
	_, err = payer.Pay(prepay)
	w.ok(err)
	wallet, err := payer.Wallet()
	w.ok(err)
	if wallet.Balance != 0 || !wallet.Limited {
		t.Errorf("got %+v, want an empty wallet", wallet)
	}
	if payer.Fund(-1) == nil {
		t.Error("funded with less than nothing")
	}
}

func TestAdminWallet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := "/sandbox/payers/" + openID
	if got := w.adminOK("GET", payer, nil); got["limited"] != false {
		t.Errorf("fresh: got %v", got)
	}
	if got := w.adminOK("POST", payer+"/fund", object{"amount": 500}); got["balance"] != 500.0 {
		t.Errorf("fund: got %v", got)
	}
	w.adminRefuses(400, "POST", payer+"/fund", object{"amount": -1})
	if got := w.adminOK("POST", payer+"/run-out", object{}); got["balance"] != nil || got["limited"] != true {
		t.Errorf("run-out: got %v", got)
	}
	w.adminOK("POST", payer+"/unlimit", object{})
	if got := w.adminOK("POST", payer+"/fail-next", object{"reason": "BANKERROR",
		"times": 2}); len(got["fail_next"].([]any)) != 2 {
		t.Errorf("fail-next: got %v", got)
	}
	w.adminRefuses(400, "POST", payer+"/fail-next", object{"reason": "BORED"})
	for _, what := range []string{"refuse-next-notice", "block-next-signing", "fail-next-refund"} {
		w.adminOK("POST", payer+"/"+what, object{})
	}
	got := w.adminOK("POST", payer+"/identify", object{"name": "张三", "id_number": "110101199003070134"})
	if got["refuse_notices"] != 1.0 || got["block_signing"] != 1.0 || got["fail_refunds"] != 1.0 ||
		got["name"] != "张三" {
		t.Errorf("got %v", got)
	}
	w.adminRefuses(409, "POST", payer+"/repay", object{})
	w.adminOK("POST", "/sandbox/payers/other/sign-elsewhere", object{"product": "combine-papay", "plan_id": "12535"})
	w.adminRefuses(400, "POST", payer+"/sign-elsewhere", object{})

	w.ok(w.Payer(openID).Unlimit())
	c, err := w.Payer("third").SignElsewhere(ledger.CombinePapay, "12535")
	w.ok(err)
	w.must("POST", combineDebits, combineDebitBody(c, "P1"))
	if got := w.adminOK("GET", "/sandbox/debits", nil)["data"].([]any); len(got) != 1 {
		t.Errorf("debits: got %v", got)
	}
	if got := w.adminOK("GET", "/sandbox/refunds", nil)["data"].([]any); len(got) != 0 {
		t.Errorf("refunds: got %v", got)
	}
}

// Under a running clock debits happen by themselves.
func TestDebitsInTheBackground(t *testing.T) {
	t.Parallel()
	sb := sandbox.New(t)
	in := &inbox{t: t, keys: sb.Keys()}
	w := &world{t, sb, sb.Client(), in}
	w.ok(w.Receive("https://yourapp.com", in))
	// To ten in the morning of tomorrow, whatever the time is here.
	w.ok(w.Clock().Set(start.AddDate(10, 0, 0)))
	c := w.eduContract()
	path, notice := eduNotice(c)
	w.must("POST", path, notice)
	w.ok(w.Clock().Set(start.AddDate(10, 0, 1)))
	w.must("POST", eduDebits, eduDebitBody(c, "1"))
	w.ok(w.Clock().Set(w.Clock().Now().Add(time.Minute)))
	w.receivedOne("TRANSACTION.SUCCESS")
}
