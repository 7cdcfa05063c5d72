package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
	"github.com/wxpay-go/wxpay/sandbox/store/storetest"
)

// everyRow is what a store has, by kind.
func (w *world) everyRow(s store.Store) map[string]string {
	w.t.Helper()
	all := map[string]string{}
	w.ok(s.View(w.t.Context(), func(tx store.Tx) error {
		kinds, err := tx.Kinds()
		for _, kind := range kinds {
			rows, find := tx.Find(kind, "", 0)
			err = errors.Join(err, find)
			for _, row := range rows {
				all[kind] += fmt.Sprintln(row.ID, row.Keys, row.Due, string(row.Data))
			}
		}
		return err
	}))
	return all
}

// lives has a good deal happen, and leaves a notification undelivered.
func (w *world) lives() *ledger.Contract {
	w.t.Helper()
	payer := w.Payer(openID)
	w.ok(payer.Fund(1000))
	contract, err := payer.Agree(w.must("POST", presignCombine, combineBody())["pre_entrustweb_id"].(string))
	w.ok(err)
	w.receivedOne("ECOMMERCE_ENTRUST.SIGN")
	w.must("POST", presignEdu, eduBody())
	order := w.must("POST", "v3/pay/transactions/jsapi", orderBody())
	_, err = payer.Pay(order["prepay_id"].(string))
	w.ok(err)
	w.ok(w.AddPayer(map[string]string{sandbox.DefaultAppID: "a", sandbox.DefaultEduAppID: "b"}))
	w.ok(w.Hold(ledger.Hold{Event: "ENTRUST.SIGN"}))
	_, err = w.Trigger(ledger.Trigger{Event: "ENTRUST.SIGN"})
	w.ok(err)
	w.ok(w.Advance(3 * time.Hour))
	w.ok(w.Inject(fault.Fault{Name: fault.Lost}, fault.Fault{Name: fault.Gateway, Endpoint: "*", Times: 3}))
	return contract
}

func TestReset(t *testing.T) {
	t.Parallel()
	kept := store.NewMemory()
	payers := sandbox.WithPayer(map[string]string{sandbox.DefaultAppID: "p", sandbox.DefaultEduAppID: "q"})
	w := newWorld(t, sandbox.WithStore(kept), payers)
	fresh := w.everyRow(kept)
	contract := w.lives()
	w.ok(w.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: "777", Product: ledger.CombinePapay}))
	w.ok(w.Forward("https://other.example", "http://127.0.0.1:1"))
	_, err := w.ReplaceCertificate(sandbox.DefaultMchID)
	w.ok(err)
	w.ok(w.RotatePlatformCertificate())
	keys := fmt.Sprint(w.ClientConfig().SerialNo, w.ClientConfig().APIv3Key.Reveal(), len(w.PlatformCertificates()))
	w.inbox.take()
	w.client = w.Client()
	w.inbox.keys = w.Keys()

	w.adminOK("POST", "/sandbox/reset", nil)
	is := w.everyRow(kept)
	for _, kind := range []string{"plan", "forward", "merchant-keys", "former-keys", "platform-certificate"} {
		delete(is, kind) // who was registered stays
	}
	for kind := range is {
		if is[kind] != fresh[kind] {
			t.Errorf("rows of the kind %s:\n%s\nafter a new start:\n%s", kind, is[kind], fresh[kind])
		}
	}
	if len(is) != len(fresh) {
		t.Errorf("there are the kinds %v, and after a new start %v", is, fresh)
	}
	if now := w.Clock().Now(); !now.Equal(start) {
		t.Errorf("the clock shows %s", now)
	}
	if journal, err := w.Journal(0, 0); len(journal) != 0 || err != nil {
		t.Errorf("the journal has %d calls, %v", len(journal), err)
	}
	if list := w.Faults(); len(list) != 0 {
		t.Errorf("armed is %v", list)
	}
	wallet, err := w.Payer(openID).Wallet()
	if w.ok(err); wallet.Limited {
		t.Errorf("the wallet has %d", wallet.Balance)
	}
	_, err = w.Contract(contract.ID)
	w.page(err, ledger.PageUnknown)
	if now := fmt.Sprint(w.ClientConfig().SerialNo, w.ClientConfig().APIv3Key.Reveal(),
		len(w.PlatformCertificates())); now != keys {
		t.Error("the keys are others")
	}

	// The same story once more, with the same numbers and the same client.
	w.lives()
	w.ClearFaults()
	if got := w.states(); got != "DELIVERED DELIVERED HELD" {
		t.Errorf("notifications: %s", got)
	}
	// What was held before is not: this is the second life's.
	sent, err := w.Release(ledger.Release{})
	if w.ok(err); len(sent) != 1 {
		t.Errorf("released %v", sent)
	}
	w.must("POST", presignCombine, with(with(combineBody(), "plan_id", 777), "out_contract_code", "other"))
}

// A sandbox that began in chaos, or at a time, begins so again.
func TestResetIsAsTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithChaos())
	began := w.Faults()
	w.ClearFaults()
	w.ok(w.Reset())
	if again := w.Faults(); fmt.Sprint(again) != fmt.Sprint(began) || len(again) == 0 {
		t.Errorf("armed is %v, and was %v", again, began)
	}

	running, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t)})
	w.ok(err)
	defer running.Close()
	w.ok(running.Clock().Set(start))
	w.ok(running.Reset())
	if off := time.Until(running.Clock().Now()).Abs(); off > time.Minute {
		t.Errorf("the clock is %s off", off)
	}
}

// state is what a sandbox shows of what happened.
func (w *world) state() string {
	w.t.Helper()
	var out []string
	for _, path := range []string{"contracts", "sessions", "orders", "debits", "refunds", "pushes", "faults", "holds",
		"clock", "journal", "payers/" + openID} {
		status, answer := w.adminRaw("GET", "/sandbox/"+path, "")
		if status != http.StatusOK {
			w.t.Fatalf("%s: %d %s", path, status, answer)
		}
		out = append(out, answer)
	}
	return strings.Join(out, "\n")
}

func TestResetThatCannotBeStoredChangesNothing(t *testing.T) {
	t.Parallel()
	kept := &storetest.Unwritable{Store: store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	w.lives()
	before := w.state()
	kept.Broken.Store(true)
	err := w.Reset()
	kept.Broken.Store(false)
	if !errors.Is(err, storetest.ErrUnwritable) {
		t.Errorf("got %v", err)
	}
	if w.state() != before {
		t.Error("something changed")
	}
	w.ClearFaults()
	w.must("POST", presignEdu, eduBody())
}

// Calls that are under way are answered before a reset or after it.
func TestResetBesideCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var calls sync.WaitGroup
	over, stop := context.WithCancel(t.Context())
	defer stop()
	for n := range 4 {
		calls.Go(func() {
			for i := 0; over.Err() == nil; i++ {
				c := fmt.Sprintf("c%dx%d", n, i)
				_, err := w.client.Chain(presignCombine).Post(t.Context(), with(combineBody(), "out_contract_code", c))
				if err != nil {
					t.Errorf("a call: %v", err)
					return
				}
			}
		})
	}
	for range 30 {
		w.ok(w.Reset())
	}
	stop()
	calls.Wait()
	w.ok(w.Reset())
	sessions, err := w.Sessions()
	journal, failed := w.Journal(0, 0)
	if w.ok(errors.Join(err, failed)); len(sessions)+len(journal) != 0 {
		t.Errorf("after it there are %d sessions, and %d calls in the journal", len(sessions), len(journal))
	}
}

// What is on its way to a merchant when all is reset comes to nothing.
func TestResetWhileANotificationIsUnderWay(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var logged []string
	sb := sandbox.New(t, func(c *sandbox.Config) {
		c.Logf = func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			logged = append(logged, fmt.Sprintf(format, args...))
		}
	})
	w := &world{t: t, Sandbox: sb}
	came, answer := make(chan string), make(chan bool)
	w.ok(sb.Receive("https://yourapp.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came <- r.URL.Path
		<-answer
		w.WriteHeader(http.StatusNoContent)
	})))
	trigger := func(path string) string {
		p, err := sb.Trigger(ledger.Trigger{Event: "ENTRUST.SIGN", NotifyURL: "https://yourapp.com" + path})
		w.ok(err)
		if got := <-came; got != path {
			t.Fatalf("%s came, want %s", got, path)
		}
		return p.ID
	}
	trigger("/first")
	w.ok(sb.Reset())
	close(answer)
	second := trigger("/second")
	w.ok(sb.Settle())
	pushes, err := sb.Pushes()
	w.ok(err)
	if len(pushes) != 1 || pushes[0].ID != second || pushes[0].State != ledger.PushDelivered {
		t.Errorf("there are %+v", pushes)
	}
	mu.Lock()
	defer mu.Unlock()
	if slices.ContainsFunc(logged, func(line string) bool { return strings.Contains(line, "write down") }) {
		t.Errorf("logged: %q", logged)
	}
}
