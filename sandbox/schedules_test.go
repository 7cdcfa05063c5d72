package sandbox_test

import (
	"fmt"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Other events are tried as their own pages print.
func TestSchedulesOfTheirOwn(t *testing.T) {
	t.Parallel()
	const (
		// Every minute for ten minutes, then every five for fifty.
		edu = "0 60 120 180 240 300 360 420 480 540 600 900 1200 1500 1800 2100 2400 2700 3000 3300 3600"
		// 15s/15s/30s/180s/1800s/1800s/1800s/1800s/3600s, within four hours.
		short = "0 15 30 60 240 2040 3840 5640 7440 11040"
	)
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
		"ENTRUST.SIGN": {short, func(w *world) {
			_, err := w.Payer(papayOpenID).
				Agree(w.must("POST", presignPapay, papayBody("A"))["pre_entrustweb_id"].(string))
			w.ok(err)
		}},
		"CREDIT_REPAYMENT.SIGN_CONTRACT": {quick, func(w *world) {
			_, err := w.Payer(openID).Agree(w.must("POST", creditSign, creditBody())["presign_token"].(string))
			w.ok(err)
		}},
		"TRANSACTION.SUCCESS": {short, func(w *world) { // of a debit of edu-papay
			contract := w.eduContract()
			path, notice := eduNotice(contract)
			w.must("POST", path, notice)
			w.ok(w.Advance(aDay))
			w.inbox.answer = func() int { return 500 }
			w.must("POST", eduDebits, eduDebitBody(contract, "term-1"))
		}},
		"PAPAY.SIGN": {short, func(w *world) {
			_, err := w.Payer(openID).Agree(w.must("POST", globalContracts+"app-pre-entrust-sign",
				globalBody("A"))["session_id"].(string))
			w.ok(err)
		}},
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if event != "TRANSACTION.SUCCESS" {
				w.inbox.answer = func() int { return 500 }
			}
			c.make(w)
			w.ok(w.Advance(aDay))
			pushes, err := w.Pushes()
			w.ok(err)
			p := pushes[len(pushes)-1]
			if got := attempts(p); p.Event != event || got != c.want || p.State != ledger.PushGivenUp {
				t.Errorf("%s, %s: got %s\nwant %s", p.Event, p.State, got, c.want)
			}
		})
	}
}
