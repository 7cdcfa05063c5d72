package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// When notifications are tried, in seconds after the first time.
const (
	// 15s/15s/30s/180s/1800s/1800s/1800s/1800s/3600s, within four hours.
	shortTries = "0 15 30 60 240 2040 3840 5640 7440 11040"
	// 15s/15s/30s/3m/10m/20m/30m/30m/30m/60m/3h/3h/3h/6h/6h, within a day and four minutes.
	genericTries = "0 15 30 60 240 840 2040 3840 5640 7440 11040 21840 32640 43440 65040 86640"
)

// Other events are tried as their own pages print. The general list was also given for PAPAY.SIGN,
// ENTRUST.SIGN and ENTRUST.TERMINATE, whose own pages end within four hours, and for what is owed
// to a school, whose page has TestSchoolSchedule's.
func TestSchedulesOfTheirOwn(t *testing.T) {
	t.Parallel()
	// Every minute for ten minutes, then every five for fifty.
	const edu = "0 60 120 180 240 300 360 420 480 540 600 900 1200 1500 1800 2100 2400 2700 3000 3300 3600"
	quick := "0 10 20 30 60 90 120" // 10s/10s/10s/30s/30s/30s, then 300s
	for at := 420; at <= 120+23*300; at += 300 {
		quick += fmt.Sprint(" ", at)
	}
	for event, c := range map[string]struct {
		want string
		make func(w *world)
	}{
		"ENTRUST.SIGNING": {edu, func(w *world) {
			_, err := w.Payer(eduOpenID).Agree(w.must("POST", presignEdu, eduBody())["presign_token"].(string))
			w.ok(err)
		}},
		"ENTRUST.SIGN": {shortTries, func(w *world) {
			_, err := w.Payer(papayOpenID).
				Agree(w.must("POST", presignPapay, papayBody("A"))["pre_entrustweb_id"].(string))
			w.ok(err)
		}},
		"ENTRUST.RELEASE": {edu, func(w *world) { w.ok(w.Payer(eduOpenID).Terminate(w.eduContract().ID)) }},
		"ENTRUST.TERMINATE": {shortTries, func(w *world) {
			w.ok(w.Payer(papayOpenID).Terminate(w.signPapay("A").ID))
		}},
		"PAPAY.TERMINATE": {shortTries, func(w *world) { w.ok(w.Payer(openID).Terminate(w.signGlobal("A").ID)) }},
		"TRANSACTION.FAIL": {shortTries, func(w *world) {
			contract := w.eduContract()
			path, notice := eduNotice(contract)
			w.must("POST", path, notice)
			w.ok(w.Advance(aDay))
			w.ok(w.Payer(eduOpenID).RunOut())
			w.inbox.answer = func() int { return 500 }
			w.must("POST", eduDebits, eduDebitBody(contract, "term-1"))
		}},
		"CREDIT_REPAYMENT.SIGN_CONTRACT": {quick, func(w *world) {
			_, err := w.Payer(openID).Agree(w.must("POST", creditSign, creditBody())["presign_token"].(string))
			w.ok(err)
		}},
		"TRANSACTION.SUCCESS of a debit of edu-papay": {shortTries, func(w *world) {
			contract := w.eduContract()
			path, notice := eduNotice(contract)
			w.must("POST", path, notice)
			w.ok(w.Advance(aDay))
			w.inbox.answer = func() int { return 500 }
			w.must("POST", eduDebits, eduDebitBody(contract, "term-1"))
		}},
		"TRANSACTION.SUCCESS of a debit across the border": {shortTries, func(w *world) {
			c := w.signGlobal("A")
			w.inbox.answer = func() int { return 500 }
			w.must("POST", globalPay, globalDebitBody(c.ID, "1"))
		}},
		"TRANSACTION.SUCCESS of an order": {genericTries, func(w *world) {
			w.inbox.answer = func() int { return 500 }
			w.paid(w.must("POST", directRoot+"jsapi", orderBody())["prepay_id"])
		}},
		"PAPAY.SIGN": {shortTries, func(w *world) {
			_, err := w.Payer(openID).Agree(w.must("POST", globalContracts+"app-pre-entrust-sign",
				globalBody("A"))["session_id"].(string))
			w.ok(err)
		}},
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			after := strings.HasPrefix(event, "TRANSACTION.") || event == "ENTRUST.RELEASE" ||
				strings.HasSuffix(event, "TERMINATE")
			if !after { // the others come after some that are taken
				w.inbox.answer = func() int { return 500 }
			}
			c.make(w)
			w.inbox.answer = func() int { return 500 }
			w.ok(w.Advance(2 * aDay))
			pushes, err := w.Pushes()
			w.ok(err)
			p := pushes[len(pushes)-1]
			got := attempts(p)
			if !strings.HasPrefix(event, p.Event) || got != c.want || p.State != ledger.PushGivenUp {
				t.Errorf("%s, %s: got %s\nwant %s", p.Event, p.State, got, c.want)
			}
		})
	}
}

// fails has the merchant answer every notification with a 500 from now on.
func (w *xmlWorld) fails() {
	w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusInternalServerError)
	})))
}

// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_7
func TestSchedulesInAPIv2(t *testing.T) {
	t.Parallel()
	const (
		quick = "0 10 20 30 60 90 120 420"
	)
	for what, c := range map[string]struct {
		want string
		make func(w *xmlWorld)
	}{
		"a contract": {quick, func(w *xmlWorld) {
			w.fails()
			session := w.must("papay/preentrustweb", entryXML())
			_, err := w.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
			w.ok(err)
		}},
		"a payment": {genericTries, func(w *xmlWorld) {
			w.fails()
			_, err := w.Payer(openID).Pay(w.must("pay/unifiedorder", plainOrder("U1"))["prepay_id"].(string))
			w.ok(err)
		}},
		"a refund": {genericTries, func(w *xmlWorld) {
			w.fails()
			_, err := w.Payer(openID).Pay(w.must("pay/unifiedorder", plainOrder("U1"))["prepay_id"].(string))
			w.ok(err)
			w.must("secapi/pay/refund", refundFields("U1", "R1", "1"), wxpay.MTLS())
		}},
		"a debit": {shortTries, func(w *xmlWorld) {
			c := w.signXML("100000")
			w.fails()
			w.must("pay/pappayapply", applyXML(c.ID, "A1"))
		}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newXMLWorld(t)
			c.make(w)
			w.ok(w.Advance(2 * aDay))
			pushes, err := w.Pushes()
			w.ok(err)
			p := pushes[len(pushes)-1]
			if got := attempts(p); !strings.HasPrefix(got, c.want) || got != c.want && c.want != quick ||
				p.State != ledger.PushGivenUp {
				t.Errorf("%s, %s: got %s\nwant %s", p.Event, p.State, got, c.want)
			}
		})
	}
}
