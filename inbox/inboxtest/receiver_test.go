package inboxtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// shop is a program with a receiver: each new one is another process, as far as the receiver's
// memory goes.
func (w *world) shop(s *sandbox.Sandbox, cfg inbox.Config, onError func(*notify.Error)) *notify.Receiver {
	b := w.box(cfg)
	inbox.On(b, func(ctx context.Context, d *inbox.Delivery, e *event.EcommerceEntrustSign) error {
		return w.write(ctx, d, "signed "+e.OutContractCode)
	})
	inbox.On(b, func(ctx context.Context, d *inbox.Delivery, e *event.EcommerceEntrustTerminate) error {
		return w.write(ctx, d, "ended "+e.OutContractCode)
	})
	r := notify.New(s.Keys(), notify.OnError(func(_ context.Context, e *notify.Error) {
		if onError != nil {
			onError(e)
		}
	}))
	b.Attach(r)
	return r
}

// presign opens a signing session.
func (w *world) presign(s *sandbox.Sandbox, code string) string {
	w.Helper()
	session, err := combinepapay.Of(s.Client()).Contracts.PreEntrustSign.Post(w.Context(),
		&combinepapay.PreEntrustSignRequest{AppID: sandbox.DefaultAppID, PlanID: 12535, OutContractCode: code,
			ContractDisplayAccount: "用户A", NotifyURL: sandbox.DefaultNotifyURL})
	if err != nil {
		w.Fatal(err)
	}
	return session.PreEntrustWebID
}

// recorder keeps what was received.
type recorder struct {
	mu       sync.Mutex
	messages []*http.Request
	bodies   [][]byte
	to       http.Handler
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.messages, r.bodies = append(r.messages, req.Clone(context.Background())), append(r.bodies, body)
	r.mu.Unlock()
	req.Body = io.NopCloser(bytes.NewReader(body))
	r.to.ServeHTTP(w, req)
}

// again sends the i-th message once more, byte for byte.
func (r *recorder) again(i int, to http.Handler) int {
	answer := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodPost, "/notify", bytes.NewReader(r.bodies[i]))
	req.Header = r.messages[i].Header.Clone()
	to.ServeHTTP(answer, req)
	return answer.Code
}

// A contract's whole life through the sandbox, with two processes that take turns, probes before
// every message and forgeries beside them, and all of it twice.
func TestASandboxContractIsBookedOnce(t *testing.T) {
	onEach(t, func(w *world) {
		s := sandbox.New(w.T)
		var forged atomic.Bool
		note := func(e *notify.Error) { forged.Store(forged.Load() || e.Check == wxpay.CheckSignature) }
		var turn atomic.Int64
		processes := []http.Handler{w.shop(s, inbox.Config{}, note), w.shop(s, inbox.Config{}, note)}
		rec := &recorder{to: http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
			processes[turn.Add(1)%2].ServeHTTP(rw, req)
		})}
		if err := s.Receive("https://yourapp.com", rec); err != nil {
			w.Fatal(err)
		}
		for _, name := range []fault.Name{fault.Probe, fault.Duplicated, fault.BadSignature} {
			if err := s.Inject(fault.Fault{Name: name, Times: 2}); err != nil {
				w.Fatal(err)
			}
		}
		contract, err := s.Payer(payer).Agree(w.presign(s, "K1"))
		if err != nil {
			w.Fatal(err)
		}
		if err := s.Payer(payer).Terminate(contract.ID); err != nil {
			w.Fatal(err)
		}
		if err := s.Advance(25 * time.Hour); err != nil {
			w.Fatal(err)
		}
		if got := w.effect(); !slices.Equal(got, []string{"ended K1", "signed K1"}) {
			w.Errorf("effects: %q", got)
		}
		if !forged.Load() || len(rec.bodies) < 6 {
			w.Errorf("%d messages came, forged ones: %v: the faults did not strike", len(rec.bodies), forged.Load())
		}
	})
}

// The same bytes again, as a gateway sends them whose first target died before it answered, are
// answered with a success by every process, the one that handled them included.
func TestTheSameBytesAreAnsweredAlike(t *testing.T) {
	onEach(t, func(w *world) {
		s := sandbox.New(w.T)
		first, second := w.shop(s, inbox.Config{}, nil), w.shop(s, inbox.Config{}, nil)
		rec := &recorder{to: first}
		if err := s.Receive("https://yourapp.com", rec); err != nil {
			w.Fatal(err)
		}
		if _, err := s.Payer(payer).Agree(w.presign(s, "K1")); err != nil {
			w.Fatal(err)
		}
		if err := s.Settle(); err != nil {
			w.Fatal(err)
		}
		for name, process := range map[string]http.Handler{"the same": first, "another": second} {
			if status := rec.again(0, process); status != http.StatusNoContent {
				w.Errorf("%s process answers %d", name, status)
			}
		}
		if got := w.effect(); !slices.Equal(got, []string{"signed K1"}) {
			w.Errorf("effects: %q", got)
		}
	})
}

// Where the answer is lost the sandbox sends the notification again, signed afresh, to a process
// that was started since.
func TestARepeatAfterARestart(t *testing.T) {
	onEach(t, func(w *world) {
		s := sandbox.New(w.T)
		rec := &recorder{}
		rec.to = http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
			w.shop(s, inbox.Config{}, nil).ServeHTTP(rw, req)
		})
		if err := s.Receive("https://yourapp.com", rec); err != nil {
			w.Fatal(err)
		}
		if err := s.Inject(fault.Fault{Name: fault.AnswerLost, Times: 3}); err != nil {
			w.Fatal(err)
		}
		if _, err := s.Payer(payer).Agree(w.presign(s, "K1")); err != nil {
			w.Fatal(err)
		}
		if err := s.Advance(25 * time.Hour); err != nil {
			w.Fatal(err)
		}
		pushes, err := s.Pushes()
		if err != nil || len(pushes) != 1 || pushes[0].State != ledger.PushDelivered {
			w.Fatalf("pushes %+v, %v", pushes, err)
		}
		if got := w.effect(); len(rec.bodies) < 4 || !slices.Equal(got, []string{"signed K1"}) {
			w.Errorf("%d messages, effects %q", len(rec.bodies), got)
		}
	})
}

const apiV2Key = "192006250b4c09247ec02edce69f6a2d"

// APIv2 sends the same bytes again and again; and one sign proves one message, in every process.
func TestAPIv2(t *testing.T) {
	onEach(t, func(w *world) {
		process := func() (*notify.Receiver, *inbox.Box) {
			b := w.box(inbox.Config{})
			inbox.On(b, func(ctx context.Context, d *inbox.Delivery, e *event.V2Contract) error {
				return w.write(ctx, d, e.ChangeType+" "+e.ContractID)
			})
			r := notify.New(nil, notify.APIv2Key("1900000109", wxpay.NewSecret(apiV2Key)))
			b.Attach(r)
			return r, b
		}
		message := func(changed wire.Fields) []byte {
			f := wire.Fields{"return_code": "SUCCESS", "result_code": "SUCCESS", "mch_id": "1900000109",
				"contract_code": "K1", "plan_id": "12535", "openid": payer, "change_type": "ADD",
				"operate_time": "2026-11-28 08:00:05", "contract_id": "Wx1", "request_serial": "1000"}
			for name, value := range changed {
				f[name] = value
			}
			f["sign"] = f.Digest(apiV2Key, wire.SignMD5)
			return f.XML()
		}
		add := message(nil)
		remove := message(wire.Fields{"change_type": "DELETE", "operate_time": "2026-11-28 09:00:05",
			"contract_termination_mode": "1"})
		for range 2 {
			r, _ := process()
			for _, body := range [][]byte{remove, add, add} {
				if a := r.Receive(w.Context(), nil, body); a.Status != 200 || !bytes.Contains(a.Body,
					[]byte("SUCCESS")) {
					w.Fatalf("answered %d %s", a.Status, a.Body)
				}
			}
		}
		if got := w.effect(); !slices.Equal(got, []string{"ADD Wx1", "DELETE Wx1"}) {
			w.Errorf("effects: %q", got)
		}
		r, b := process()
		n, err := r.Parse(nil, add)
		if err != nil || n.SignHash() == "" {
			w.Fatal(err, n.SignHash())
		}
		n.ID = "V2-of-what-was-cut" // as the id of what a cut makes of the same sign
		if err := b.Take(w.Context(), n); !errors.Is(err, inbox.ErrCut) {
			w.Errorf("another message with the sign of one that was handled: %v", err)
		}
		if n := w.count("SELECT COUNT(*) FROM ~events"); n != 2 {
			w.Errorf("%d notifications are entered", n)
		}
	})
}

// Nothing of the payer is kept of what was handled.
func TestWhatWasHandledKeepsNoPersonalData(t *testing.T) {
	onEach(t, func(w *world) {
		b := w.writes(inbox.Config{})
		for _, n := range []*notify.Notification{signed("n1", "C1", "K1", "2026-11-28T10:00:00+08:00"), paid("n2",
			"T1", "4")} {
			if err := b.Take(w.Context(), n); err != nil {
				w.Fatal(err)
			}
		}
		if all := w.dump(); strings.Contains(all, payer) || !strings.Contains(all, "K1") {
			w.Errorf("the tables hold:\n%s", all)
		}
	})
}
