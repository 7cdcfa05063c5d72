package sandbox_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func TestScenario09NotifiedBeforeTheReply(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		var replied, early atomic.Bool
		r := notify.New(s.Keys())
		r.Otherwise(func(context.Context, *notify.Notification) error {
			early.Store(!replied.Load())
			return nil
		})
		s.ok(s.Receive("https://yourapp.com", r))
		inject(s, fault.Fault{Name: fault.Early, Endpoint: "POST /" + presignCombine, Payer: openID})
		_, err := s.presign("A")
		replied.Store(true)
		s.ok(err)
		s.answered(204)
		if !early.Load() {
			t.Error("the notification came after the reply")
		}
		// A termination whose notification overtakes its own reply.
		replied.Store(false)
		inject(s, fault.Fault{Name: fault.Early, Endpoint: "*"})
		s.must("POST", combineByCode+"A/terminate", object{"contract_termination_remark": "x"})
		if !early.Load() {
			t.Error("the notification of the termination came after the reply")
		}
	})
}

func TestScenario09InAPIv2(t *testing.T) {
	t.Parallel()
	w := newXMLWorld(t)
	w.ok(w.Inject(
		fault.Fault{Name: fault.Early, Endpoint: "/papay/preentrustweb", Payer: openID},
		fault.Fault{Name: fault.Probe, Event: "*"}, // APIv2 has no such thing
		fault.Fault{Name: fault.Lost, Event: "V2.CONTRACT", Skip: 1},
	))
	w.must("papay/preentrustweb", entryXML())
	w.mu.Lock()
	if len(w.got) != 1 || w.got[0]["change_type"] != "ADD" {
		t.Errorf("before the reply came %v", w.got)
	}
	w.mu.Unlock()
	w.must("papay/deletecontract", with2(byCodeXML(), "contract_termination_remark", "x"))
	w.ok(w.Advance(25 * time.Hour))
	if got := w.received(); len(got) != 1 {
		t.Errorf("a lost notification came: %v", got)
	}

	// Where nobody is named, nobody agrees.
	w.ok(w.Inject(fault.Fault{Name: fault.Early}))
	w.must("papay/preentrustweb", entryXML())
	if q := w.must("papay/querycontract", byCodeXML()); q["contract_state"] == "0" {
		t.Errorf("somebody agreed: %v", q)
	}
}

func TestScenario09SignedTwice(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		inject(s, fault.Fault{Name: fault.Duplicated, Event: "*"})
		s.signCombine("A")
		s.handled("ECOMMERCE_ENTRUST.SIGN") // the receiver knows the id
		s.failed()
		s.answered(204, 204)
	})
}

func TestScenario09SignedAfterTerminated(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		inject(s, fault.Fault{Name: fault.Reordered, Event: "ECOMMERCE_ENTRUST.SIGN"})
		c := s.signCombine("A")
		s.handled()
		s.ok(s.Payer(openID).Terminate(c.ID))
		s.handled("ECOMMERCE_ENTRUST.TERMINATE", "ECOMMERCE_ENTRUST.SIGN")
		if state := s.state("A"); state != "TERMINATED" { // the order of arrival means nothing
			t.Errorf("got %s", state)
		}
		// Nothing follows: an hour later it comes all the same.
		inject(s, fault.Fault{Name: fault.Reordered})
		s.signCombine("B")
		s.ok(s.Advance(59 * time.Minute))
		s.handled("ECOMMERCE_ENTRUST.TERMINATE", "ECOMMERCE_ENTRUST.SIGN")
		s.ok(s.Advance(time.Minute))
		s.handled("ECOMMERCE_ENTRUST.TERMINATE", "ECOMMERCE_ENTRUST.SIGN", "ECOMMERCE_ENTRUST.SIGN")
	})
}

func TestScenario09LateOrNever(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		inject(s, fault.Fault{Name: fault.Late, Delay: 30 * time.Minute})
		c := s.signCombine("A")
		s.ok(s.Advance(29 * time.Minute))
		s.handled()
		s.ok(s.Advance(time.Minute))
		s.handled("ECOMMERCE_ENTRUST.SIGN")

		inject(s, fault.Fault{Name: fault.Lost})
		s.ok(s.Payer(openID).Terminate(c.ID))
		s.ok(s.Advance(25 * time.Hour))
		s.handled("ECOMMERCE_ENTRUST.SIGN")
		if state := s.state("A"); state != "TERMINATED" {
			t.Errorf("the query says %s", state)
		}
		pushes, err := s.Pushes()
		s.ok(err)
		if pushes[1].State != ledger.PushLost || len(pushes[1].Attempts) != 0 {
			t.Errorf("got %+v", pushes[1])
		}
		s.ok(s.Redeliver(pushes[1].ID))
		s.handled("ECOMMERCE_ENTRUST.SIGN", "ECOMMERCE_ENTRUST.TERMINATE")
	})
}

// APIv3 looks at the status: 200 with FAIL is a success, and the message is gone.
// APIv2 looks at the XML, whatever the status, and sends again and again.
func TestScenario18WrongAnswer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.ok(s.Receive("https://yourapp.com", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"code":"FAIL","message":"try again please"}`))
	})))
	s.signCombine("A")
	s.ok(s.Advance(24 * time.Hour))
	s.answered(200)

	v2 := newXMLWorld(t)
	v2.answer = `{"code":"SUCCESS"}`
	session := v2.must("papay/preentrustweb", entryXML())
	_, err := v2.Payer(openID).Agree(session["pre_entrustweb_id"].(string))
	v2.ok(err)
	v2.ok(v2.Advance(24 * time.Hour))
	if got := v2.received(); len(got) != 30 {
		t.Errorf("the APIv2 message came %d times, want every one of 30", len(got))
	}
	// A status that is no success makes APIv3 try again; notify answers so itself
	// when a function fails.
	s.ok(s.Receive("https://yourapp.com",
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })))
	s.ok(s.Payer(openID).Terminate(s.onlyContract().ID))
	s.ok(s.Advance(time.Minute))
	pushes, err := s.Pushes()
	s.ok(err)
	if len(pushes[1].Attempts) != 5 {
		t.Errorf("%d attempts in a minute, want 5", len(pushes[1].Attempts))
	}
}

// A handler slower than five seconds gets the next attempt while it still works.
// The receiver lets the second share the run of the first; a handler of one's own
// without a lock opens the membership twice.
func TestScenario19SlowHandler(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, inject func(*shop, fault.Fault)) {
		s := newShop(t)
		inject(s, fault.Fault{Name: fault.Race})
		s.signCombine("A")
		s.handled("ECOMMERCE_ENTRUST.SIGN")
		s.answered(204, 204)

		// Handled, but too late to be heard: the retry is answered without a run.
		inject(s, fault.Fault{Name: fault.AnswerLost})
		s.ok(s.Payer(openID).Terminate(s.onlyContract().ID))
		s.handled("ECOMMERCE_ENTRUST.SIGN", "ECOMMERCE_ENTRUST.TERMINATE")
		s.ok(s.Advance(10 * time.Second))
		s.handled("ECOMMERCE_ENTRUST.SIGN", "ECOMMERCE_ENTRUST.TERMINATE")
		pushes, err := s.Pushes()
		s.ok(err)
		if p := pushes[1]; len(p.Attempts) != 2 || p.State != ledger.PushDelivered {
			t.Errorf("got %+v", p)
		}

		memberships := 0
		var together sync.WaitGroup
		together.Add(2)
		var mu sync.Mutex
		s.ok(s.Receive("https://yourapp.com", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			known := memberships > 0
			mu.Unlock()
			together.Done() // both have looked before either has written
			together.Wait()
			if !known {
				mu.Lock()
				memberships++
				mu.Unlock()
			}
		})))
		inject(s, fault.Fault{Name: fault.Race})
		s.signCombine("B")
		s.ok(s.Settle())
		if memberships != 2 {
			t.Errorf("%d memberships; this handler should have been caught", memberships)
		}
	})
}

// All sub-merchants' notifications come to the provider's one URL.
func TestScenario20ProviderMode(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithSubMerchant(ledger.SubMerchant{MchID: "1900000120"}))
	for _, sub := range []string{"1230000109", "1900000120"} {
		body := with(with(with(eduBody(), "sub_mchid", sub), "sub_appid", nil), "openid", "payer-of-"+sub)
		token := s.must("POST", presignEdu, body)["presign_token"].(string)
		_, err := s.Payer("payer-of-" + sub).Agree(token)
		s.ok(err)
	}
	s.handled("ENTRUST.SIGNING", "ENTRUST.SIGNING")
	mentions(t, s.bodies[0], `"sp_mchid":"1900000109"`, `"sub_mchid":"1230000109"`)
	mentions(t, s.bodies[1], `"sp_mchid":"1900000109"`, `"sub_mchid":"1900000120"`)
	s.refused(403, "NO_AUTH", "POST", presignEdu, with(with(eduBody(), "sub_mchid", "1999999999"), "sub_appid", nil))

	// The sub-merchant's key instead of the provider's.
	s.adminOK("POST", "/sandbox/merchants", object{"mchid": "1900000120", "appids": []string{"wx8888888888888888"}})
	sub, err := s.ClientConfigFor("1900000120")
	s.ok(err)
	wrong := s.as(func(c *wxpay.Config) { c.PrivateKey, c.Certificate = sub.PrivateKey, nil })
	_, err = wrong.do("POST", presignEdu, eduBody())
	wantError(t, err, 401, "SIGN_ERROR")
	mentions(t, s.hint(), "merchant 1900000120, not of 1900000109")
}
