package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// everyEvent has a value of every type of package event.
func everyEvent() []notify.Event {
	return []notify.Event{
		&event.CreditRepaymentDeductionPay{}, &event.CreditRepaymentSignContract{},
		&event.CreditRepaymentTerminateContract{}, &event.EcommerceEntrustSign{}, &event.EcommerceEntrustTerminate{},
		&event.EduSchoolPayUserDebtStateUpdate{}, &event.EntrustRelease{}, &event.EntrustSign{},
		&event.EntrustSigning{}, &event.EntrustTerminate{}, &event.EntrustTerminateInquiry{},
		&event.EntrustTerminateRetention{}, &event.FacePayUserStateChange{}, &event.InsuranceEntrustRenew{},
		&event.InsuranceEntrustSign{}, &event.InsuranceEntrustTerminate{}, &event.MallRefundSuccess{},
		&event.MallTransactionSuccess{}, &event.PapaySign{}, &event.PapayTerminate{},
		&event.PayscoreUserCloseService{}, &event.PayscoreUserOpenService{}, &event.RefundAbnormal{},
		&event.RefundClosed{}, &event.RefundSuccess{}, &event.SecurityEchoSuccess{}, &event.TransactionFail{},
		&event.TransactionIndustryFailed{}, &event.TransactionIndustrySuccess{}, &event.TransactionPayBack{},
		&event.TransactionSuccess{}, &event.V2Combined{}, &event.V2Contract{}, &event.V2Payment{}, &event.V2Refund{},
		&event.VehicleEntranceStateChange{}, &event.VehicleUserStateChange{},
		&event.WebizpayPaymentrefundsuccess{},
	}
}

// taken are the notifications that a receiver of both versions has taken, and what it refused.
type taken struct {
	mu      sync.Mutex
	list    []*notify.Notification
	refused []string // the checks that failed
}

func (w *world) takes(prefix, mchid string) *taken {
	w.t.Helper()
	cfg, err := w.ClientConfigFor(mchid)
	w.ok(err)
	out := &taken{}
	r := notify.New(w.clientOf(mchid).Keys(), notify.APIv2Key(mchid, cfg.APIv2Key),
		notify.OnError(func(_ context.Context, e *notify.Error) {
			out.mu.Lock()
			defer out.mu.Unlock()
			out.refused = append(out.refused, string(e.Check))
		}))
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		out.mu.Lock()
		defer out.mu.Unlock()
		out.list = append(out.list, n)
		return nil
	})
	w.ok(w.Receive(prefix, r))
	return out
}

// all takes what came since.
func (k *taken) all() (list []*notify.Notification, refused []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	list, refused, k.list, k.refused = k.list, k.refused, nil, nil
	return list, refused
}

// Every event that has a type is triggered by its name alone, arrives, and is what its type and the
// catalogue say. So is each that a product tells of, in each of its variants.
func TestEveryEventIsTriggered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.takes("https://yourapp.com", sandbox.DefaultMchID)
	types := map[string]notify.Event{}
	for _, e := range everyEvent() {
		types[e.EventType()] = e
	}
	var listed, told []string
	for _, e := range sandbox.TriggerEvents() {
		listed = append(listed, e.Event)
		for i, p := range e.Products {
			told = append(told, e.Event+" "+p.Product)
			if p.Title == "" || p.Description == "" {
				t.Errorf("%s of %s has no title or description", e.Event, p.Product)
			}
			asks := []ledger.Trigger{{Event: e.Event, Product: p.Product}}
			if i == 0 {
				asks = append(asks, ledger.Trigger{Event: e.Event})
			}
			for _, group := range p.Variants[:len(p.Variants)-1] { // the last is how it comes
				for _, word := range group {
					if word != "" {
						asks = append(asks, ledger.Trigger{Event: e.Event, Product: p.Product,
							Variants: []string{word}})
					}
				}
			}
			for _, ask := range asks {
				w.triggered(in, ask, types[e.Event])
			}
		}
	}
	if want := event.Types(); !slices.Equal(listed, want) || len(types) != len(want) {
		t.Errorf("triggered are %q,\ntyped are %q", listed, want)
	}
	for _, e := range described(t).Events() {
		if !slices.Contains(told, e.Type+" "+e.Family.Name) {
			t.Errorf("%s of %s cannot be triggered", e.Type, e.Family.Name)
		}
	}
	for what, list := range map[string]func() (int, error){
		"contracts": func() (int, error) { l, err := w.Contracts(); return len(l), err },
		"debits":    func() (int, error) { l, err := w.Debits(); return len(l), err },
		"orders":    func() (int, error) { l, err := w.Orders(); return len(l), err },
		"refunds":   func() (int, error) { l, err := w.Refunds(); return len(l), err },
	} {
		if n, err := list(); n != 0 || err != nil {
			t.Errorf("there are %d %s, %v", n, what, err)
		}
	}
}

// triggered triggers one and checks how it arrives.
func (w *world) triggered(in *taken, ask ledger.Trigger, typed notify.Event) {
	w.t.Helper()
	what := fmt.Sprint(ask.Event, " ", ask.Product, " ", ask.Variants)
	sent, err := w.Trigger(ask)
	if err != nil {
		if !slices.Equal(ask.Variants, []string{"order"}) {
			w.t.Errorf("%s: %v", what, err)
		}
		return
	}
	w.ok(w.Settle())
	list, refused := in.all()
	if len(list) != 1 || len(refused) != 0 {
		w.t.Errorf("%s: took %d, refused for %q", what, len(list), refused)
		return
	}
	n := list[0]
	if n.EventType != ask.Event || n.MchID != sandbox.DefaultMchID || n.Summary == "" && !sent.V2 || !sent.Triggered {
		w.t.Errorf("%s: came as %v", what, n)
	}
	if err := n.Decode(typed); err != nil {
		w.t.Errorf("%s: %v in %s", what, err, n.Plaintext)
	}
	if sent.V2 {
		return
	}
	if !n.CreateTime.Equal(start) || n.ID != sent.ID || !fits(w.t, n.EventType, n.Plaintext) {
		w.t.Errorf("%s: is not as the catalogue has it, or of another moment: %s", what, n.Plaintext)
	}
	strict := json.NewDecoder(bytes.NewReader(n.Plaintext))
	strict.DisallowUnknownFields()
	if err := strict.Decode(typed); err != nil {
		w.t.Errorf("%s: %v in %s", what, err, n.Plaintext)
	}
	if text := string(n.Plaintext); strings.Contains(text, `""`) || strings.Contains(text, "null") {
		w.t.Errorf("%s: says nothing somewhere: %s", what, text)
	}
}

// What it tells is consistent: the parties are the merchant's, the amounts of half a refund add up,
// and times are those of the sandbox's clock.
func TestTriggeredIsConsistent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, err := w.AddMerchant(ledger.Merchant{MchID: "1900000222", AppIDs: []string{"wx2222222222222222"},
		SubMerchants: []ledger.SubMerchant{{MchID: "1900000333", AppIDs: []string{"wx3333333333333333"}}},
		Plans:        []ledger.Plan{{ID: "77", Product: ledger.Papay, NotifyURL: "https://second.example/papay"}}})
	w.ok(err)
	in := w.takes("https://second.example", m.MchID)
	trigger := func(event string, variants ...string) *notify.Notification {
		t.Helper()
		_, err := w.Trigger(ledger.Trigger{Event: event, MchID: m.MchID, Variants: variants})
		w.ok(err)
		w.ok(w.Settle())
		list, refused := in.all()
		if len(list) != 1 {
			t.Fatalf("%s: took %d, refused for %q", event, len(list), refused)
		}
		return list[0]
	}
	var signed event.EntrustSign
	w.ok(trigger("ENTRUST.SIGN").Decode(&signed))
	if signed.MchID != m.MchID || signed.AppID != "wx2222222222222222" || signed.PlanID != 77 ||
		signed.ContractSignedTime != "2020-09-10T10:00:00+08:00" {
		t.Errorf("a direct contract came as %+v", signed)
	}
	var partner event.EntrustTerminate
	w.ok(trigger("ENTRUST.TERMINATE", "partner", "system").Decode(&partner))
	if partner.SPMchID != m.MchID || partner.SubMchID != "1900000333" || partner.SubAppID != "wx3333333333333333" ||
		partner.MchID != "" || partner.ContractTerminateInfo.ContractTerminationMode != "SYSTEM_TERMINATE" ||
		partner.ContractSignedTime >= partner.ContractTerminateInfo.ContractTerminatedTime {
		t.Errorf("a partner's contract came as %+v", partner)
	}
	var failed event.V2Payment
	w.ok(trigger("V2.PAYMENT", "bank-error").Decode(&failed))
	if failed.ResultCode != "FAIL" || failed.ErrCode != "BANKERROR" || failed.TransactionID != "" ||
		failed.MchID != m.MchID || failed.ContractID == "" {
		t.Errorf("a failed debit came as %+v", failed)
	}
	var refund event.RefundSuccess
	w.ok(trigger("REFUND.SUCCESS").Decode(&refund))
	if a := refund.Amount; a.Total != 100 || a.Refund != 50 || a.PayerTotal != 100 || a.PayerRefund != 50 {
		t.Errorf("a refund of half came with %+v", a)
	}
	first, second := trigger("TRANSACTION.SUCCESS"), trigger("TRANSACTION.SUCCESS")
	if first.ID == second.ID || bytes.Equal(first.Plaintext, second.Plaintext) {
		t.Error("two payments have the same numbers")
	}
	var advanced event.TransactionIndustrySuccess
	w.ok(trigger("TRANSACTION.INDUSTRY_SUCCESS", "advanced", "partner").Decode(&advanced))
	if advanced.BankType != "BPA" || advanced.SubMchID != "1900000333" {
		t.Errorf("what was advanced came as %+v", advanced)
	}
	_, err = w.Trigger(ledger.Trigger{Event: "ENTRUST.SIGN", NotifyURL: "https://yourapp.com/elsewhere"})
	w.ok(err)
	w.ok(w.Settle())
	if got := w.inbox.take(); len(got) != 1 || len(in.list) != 0 {
		t.Errorf("the first merchant got %d, the other %d", len(got), len(in.list))
	}
}

// How a triggered notification comes: what must be refused comes once and is refused by a receiver
// that verifies; the rest is taken, as often as it is sent.
func TestTriggeredWithFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		variant       string
		took, refused int
		state         ledger.PushState
	}{
		{"forged", 0, 1, ledger.PushGivenUp}, {"tampered", 0, 1, ledger.PushGivenUp},
		{"wrong-key", 0, 1, ledger.PushGivenUp}, {"stale", 0, 1, ledger.PushGivenUp},
		{"stripped", 0, 1, ledger.PushGivenUp}, {"re-encoded", 0, 1, ledger.PushGivenUp},
		{"bom", 0, 1, ledger.PushGivenUp}, {"other-key", 1, 0, ledger.PushDelivered},
		{"probe", 1, 1, ledger.PushDelivered}, {"twice", 1, 0, ledger.PushDelivered},
		{"race", 1, 0, ledger.PushDelivered}, {"late=30m", 1, 0, ledger.PushDelivered},
		{"lost", 0, 0, ledger.PushLost}, {"answer-lost", 1, 0, ledger.PushDelivered},
	} {
		for _, event := range []string{"ENTRUST.SIGN", "V2.CONTRACT", "V2.REFUND"} {
			w := newWorld(t)
			in := w.takes("https://yourapp.com", sandbox.DefaultMchID)
			sent, err := w.Trigger(ledger.Trigger{Event: event, Variants: []string{c.variant}})
			if err != nil {
				if event == "ENTRUST.SIGN" || !strings.Contains(err.Error(), "no variant") {
					t.Errorf("%s %s: %v", event, c.variant, err)
				}
				continue
			}
			w.ok(w.Settle())
			if strings.HasPrefix(c.variant, "late") {
				if list, _ := in.all(); len(list) > 0 {
					t.Error("what is late came at once")
				}
			}
			w.ok(w.Advance(2 * time.Hour))
			list, refused := in.all()
			p := w.onlyPush()
			took := 0
			for _, a := range p.Attempts {
				if a.Error == "" {
					took++
				}
			}
			if c.variant == "stale" || c.variant == "late=30m" {
				took = len(list)
			}
			if min(took, 1) != c.took || len(refused) != c.refused || p.State != c.state || p.ID != sent.ID {
				t.Errorf("%s %s: took %d, refused for %q, %s: %+v", event, c.variant, took, refused, p.State,
					p.Attempts)
			}
		}
	}
}

// A receiver that verifies nothing is told so.
func TestTriggeredForgeryThatIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(w.Receive("https://careless.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})))
	_, err := w.Trigger(ledger.Trigger{Event: "REFUND.SUCCESS", Variants: []string{"forged"},
		NotifyURL: "https://careless.example"})
	w.ok(err)
	w.ok(w.Settle())
	if a := w.onlyPush().Attempts[0]; !strings.Contains(a.Error, "does not verify") ||
		!slices.Equal(a.Faults, []fault.Name{fault.BadSignature}) {
		t.Errorf("got %+v", a)
	}
}
