package sandbox_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A call that notifies before it answers sends what it led to and nothing else, and what it began
// is written down although the caller hangs up.
func TestACallerHangsUpOnAnEarlyNotification(t *testing.T) {
	t.Parallel()
	written := make(chan ledger.Push, 10)
	w := newWorld(t, sandbox.WithNotifyTimeout(time.Second), func(c *sandbox.Config) {
		c.OnAttempt = func(p ledger.Push, _ ledger.Attempt) { written <- p }
	})
	ctx, hangUp := context.WithCancel(t.Context())
	w.ok(w.Receive("https://yourapp.com", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		hangUp()
		<-r.Context().Done()
	})))
	w.signElsewhere(sandbox.DefaultPlanID, "somebody else")
	w.ok(w.Inject(fault.Fault{Name: fault.Early, Payer: openID}))
	if _, err := w.client.Chain(presignCombine).Post(ctx, combineBody()); err == nil {
		t.Error("the caller did not hang up")
	}
	if p := await(t, written, "the end of the attempt"); p.Event != "ECOMMERCE_ENTRUST.SIGN" {
		t.Errorf("the call sent %s", p.Event)
	}
	pushes, err := w.Pushes()
	w.ok(err)
	if len(pushes) != 2 || len(pushes[0].Attempts) != 0 || len(pushes[1].Attempts) != 1 || pushes[1].Attempts[0].Open {
		t.Errorf("got %+v", pushes)
	}
	w.ok(w.Receive("https://yourapp.com", w.inbox))
	w.ok(w.Advance(time.Hour))
	pushes, err = w.Pushes()
	w.ok(err)
	for _, p := range pushes {
		if p.State != ledger.PushDelivered {
			t.Errorf("%s is %s", p.Event, p.State)
		}
	}
}

// A pre-sign is agreed to before it is answered, whatever its reply calls the token and where none
// is in it. Where nobody can agree, the log says so.
func TestAnEarlyPayerAgreesToAnyPreSign(t *testing.T) {
	t.Parallel()
	log, options := listening(store.NewMemory())
	w := newWorld(t, options...)
	for _, c := range []struct {
		path string
		body object
	}{
		{globalContracts + "app-pre-entrust-sign", globalBody("G1")},
		{globalContracts + "web-pre-entrust-sign", with(globalBody("G2"), "openid", nil)},
		{presignCombine, combineBody()},
		{creditSign, creditBody()},
		{presignFace, faceBody("pupil0001")},
	} {
		payer := "payer of " + c.path
		if named, _ := c.body["openid"].(string); named != "" {
			payer = named
		}
		w.ok(w.Inject(fault.Fault{Name: fault.Early, Payer: payer}))
		before, err := w.Contracts()
		w.ok(err)
		w.must("POST", c.path, c.body)
		after, err := w.Contracts()
		w.ok(err)
		if len(after) != len(before)+1 {
			t.Errorf("%s: nobody agreed: %s", c.path, log())
		}
	}
	if log() != "" {
		t.Errorf("the log says %s", log())
	}
	w.ok(w.Inject(fault.Fault{Name: fault.Early}))
	w.must("POST", globalContracts+"web-pre-entrust-sign", with(globalBody("G3"), "openid", nil))
	if !strings.Contains(log(), "nobody agreed: The pre-sign names no payer; set Fault.Payer.") {
		t.Errorf("the log says %q", log())
	}
}

// What the page keeps when it refuses is kept also where a fault has the payer agree.
func TestAnEarlyPayerWhoIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payer := w.Payer(openID)
	w.ok(payer.BlockNextSigning())
	w.ok(w.Inject(fault.Fault{Name: fault.Early, Payer: openID}))
	token := w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string)
	wallet, err := payer.Wallet()
	w.ok(err)
	sessions, err := w.Sessions()
	w.ok(err)
	if state := sessions[0].State(start); wallet.BlockSigning != 0 || state != ledger.SessionBurnt {
		t.Errorf("still to block: %d; the session is %s", wallet.BlockSigning, state)
	}
	_, err = payer.Agree(token)
	w.page(err, ledger.PageUsed)
	w.refused(400, "INVALID_REQUEST", "POST", presignCombine, combineBody())
}

// A pre-sign names its payer also by their openid under the sub-merchant's appid alone.
func TestAnEarlyPayerOfASubMerchant(t *testing.T) {
	t.Parallel()
	log, options := listening(store.NewMemory())
	w := newWorld(t, options...)
	w.ok(w.Inject(fault.Fault{Name: fault.Early}))
	body := with(with(with(partnerBody("S1"), "sp_openid", nil), "sub_openid", "oSub"), "sub_appid", "wxsub")
	w.must("POST", presignPartner+"app", body)
	contracts, err := w.Contracts()
	w.ok(err)
	if len(contracts) != 1 || contracts[0].SubOpenID != "oSub" {
		t.Errorf("nobody agreed: %s", log())
	}
}
