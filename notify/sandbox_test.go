package notify_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

const openid = "o-MYE42l80oelYMDE34nYD456Xoy"

// presign opens a signing session on the sandbox, and gives its token.
func presign(t *testing.T, s *sandbox.Sandbox) string {
	t.Helper()
	session, err := combinepapay.Of(s.Client()).Contracts.PreEntrustSign.Post(t.Context(),
		&combinepapay.PreEntrustSignRequest{
			AppID: sandbox.DefaultAppID, PlanID: 12535, OutContractCode: "wxwtdk20200910100000",
			ContractDisplayAccount: "用户A", NotifyURL: sandbox.DefaultNotifyURL,
		})
	if err != nil {
		t.Fatal(err)
	}
	return session.PreEntrustWebID
}

// serve mounts the receiver where the default plans' notifications go.
func serve(t *testing.T, s *sandbox.Sandbox, h http.Handler) {
	t.Helper()
	if err := s.Receive("https://yourapp.com", h); err != nil {
		t.Fatal(err)
	}
}

// statuses are the answers to every attempt of every notification so far.
func statuses(t *testing.T, s *sandbox.Sandbox) (all []int) {
	t.Helper()
	pushes, err := s.Pushes()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pushes {
		for _, a := range p.Attempts {
			all = append(all, a.Status)
		}
	}
	return all
}

// The README's receiver, mounted as the README mounts it, hears of everything in
// the README's sandbox: the end of a contract goes to the plan's address.
func TestTheREADMEsReceiverHearsTheEnd(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t)
	r := notify.New(s.Client().Keys())
	var got []string
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		got = append(got, n.MchID+" "+n.EventType)
		return nil
	})
	mux := http.NewServeMux()
	mux.Handle("/notify", r)
	serve(t, s, mux)
	contract, err := s.Payer(openid).Agree(presign(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Payer(openid).Terminate(contract.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	want := []string{sandbox.DefaultMchID + " ECOMMERCE_ENTRUST.SIGN", sandbox.DefaultMchID +
		" ECOMMERCE_ENTRUST.TERMINATE"}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("received %q", got)
	}
}

// A contract's whole life, every notification preceded by a probe.
func TestSandboxContract(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t)
	log := newErrorLog()
	r := notify.New(s.Keys(), log.option())
	var got []string
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EcommerceEntrustSign) error {
		got = append(got, "signed by "+e.OpenID)
		return nil
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EcommerceEntrustTerminate) error {
		got = append(got, e.ContractTerminationMode)
		return nil
	})
	serve(t, s, r)
	if err := s.Inject(fault.Fault{Name: fault.Probe, Times: 2}); err != nil {
		t.Fatal(err)
	}
	payer, token := s.Payer(openid), presign(t, s)

	if err := payer.Decline(token); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(); err != nil || got != nil {
		t.Fatalf("declining notified the merchant: %v, %v", got, err)
	}
	contract, err := payer.Agree(token)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	if err := payer.Terminate(contract.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"signed by " + openid, "USER_TERMINATE"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if all := statuses(t, s); !slices.Equal(all, []int{401, 204, 401, 204}) {
		t.Errorf("answered %v", all)
	}
	for range 2 {
		if e := <-log.ch; e.Check != wxpay.CheckSignature {
			t.Errorf("a probe is reported as %v", e)
		}
	}
}

// The attempts go on until the function succeeds, and then they stop.
func TestSandboxRetriesUntilHandled(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t, sandbox.At(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)))
	log := newErrorLog()
	r := notify.New(s.Keys(), log.option())
	var runs atomic.Int64
	var ids []string
	notify.On(r, func(_ context.Context, n *notify.Notification, _ *event.EcommerceEntrustSign) error {
		ids = append(ids, n.ID)
		if runs.Add(1) < 4 {
			return errors.New("the database is away")
		}
		return nil
	})
	serve(t, s, r)
	if _, err := s.Payer(openid).Agree(presign(t, s)); err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(25 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if all := statuses(t, s); !slices.Equal(all, []int{500, 500, 500, 204}) {
		t.Errorf("answered %v", all)
	}
	if len(slices.Compact(ids)) != 1 {
		t.Errorf("the id changed between attempts: %v", ids)
	}

	// Sent once more by hand, hours later: a success, and no second run.
	pushes, err := s.Pushes()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Redeliver(pushes[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(); err != nil {
		t.Fatal(err)
	}
	if all := statuses(t, s); !slices.Equal(all, []int{500, 500, 500, 204, 204}) || runs.Load() != 4 {
		t.Errorf("answered %v after %d runs", all, runs.Load())
	}
}

// With neither a function nor a catch-all nothing is lost: WeChat Pay keeps
// the message until the next deployment.
func TestSandboxKeepsAnEventNobodyTakes(t *testing.T) {
	t.Parallel()
	s := sandbox.New(t, sandbox.At(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)))
	log := newErrorLog()
	serve(t, s, notify.New(s.Keys(), log.option()))
	if _, err := s.Payer(openid).Agree(presign(t, s)); err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	if e := <-log.ch; e.Check != notify.CheckEvent {
		t.Errorf("reported %v", e)
	}

	r := notify.New(s.Keys())
	var raw string
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		raw = n.EventType
		return nil
	})
	serve(t, s, r)
	if err := s.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	if all := statuses(t, s); !slices.Equal(all, []int{501, 204}) || raw != "ECOMMERCE_ENTRUST.SIGN" {
		t.Errorf("answered %v, caught %q", all, raw)
	}
}
