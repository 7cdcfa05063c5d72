package wxpay_test

import (
	"context"
	"errors"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/api/papayv2"
	"github.com/wxpay-go/wxpay/api/payv2"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// debits are the debits that meet the faults: each makes its contract in a fresh
// sandbox and gives the call.
var debits = map[string]struct {
	endpoint string
	contract func(*testing.T, *sandbox.Sandbox) (debit func(context.Context) error)
}{
	"combine-papay": {"POST /v3/ecommerce/combine-papay/transactions", combinePapayDebit},
	"APIv2":         {"POST /pay/pappayapply", v2Debit},
}

func combinePapayDebit(_ *testing.T, wechat *sandbox.Sandbox) func(context.Context) error {
	contract := signedContract(wechat)
	return func(ctx context.Context) error {
		return second(combinepapay.Of(wechat.Client()).Transactions.Post(ctx, combinedDebit(contract, "x1")))
	}
}

func v2Debit(t *testing.T, wechat *sandbox.Sandbox) func(context.Context) error {
	t.Helper()
	session, err := papayv2.Of(wechat.Client()).PreEntrustWeb.Post(t.Context(), &papayv2.PreEntrustWebRequest{
		AppID: sandbox.DefaultAppID, PlanID: 12535, ContractCode: "A1", RequestSerial: 1, ContractDisplayAccount: "a",
		NotifyURL: "https://yourapp.com/signed", Version: "1.0", Timestamp: "1772330400",
	})
	if err != nil {
		t.Fatal(err)
	}
	contract, err := wechat.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").Agree(session.PreEntrustWebID)
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) error {
		return second(payv2.Of(wechat.Client()).PapPayApply.Post(ctx, &payv2.PapPayApplyRequest{
			AppID: sandbox.DefaultAppID, Body: "水电代扣", OutTradeNo: "x1", TotalFee: 1, SpbillCreateIP: "8.8.8.8",
			NotifyURL: "https://yourapp.com/paid", TradeType: "PAP", ContractID: contract.ID,
		}))
	}
}

func combinedDebit(contract, number string) *combinepapay.DebitRequest {
	return &combinepapay.DebitRequest{
		CombineAppID: sandbox.DefaultAppID, CombineMchID: sandbox.DefaultMchID,
		CombineOutTradeNo: number, ContractID: contract,
		SubOrders: []combinepapay.DebitRequestSubOrders{{
			MchID: sandbox.DefaultMchID, SubMchID: "1230000109", OutTradeNo: number + "-1", Description: "会员",
			Amount: combinepapay.DebitRequestSubOrdersAmount{TotalAmount: 1990, Currency: "CNY"},
		}},
	}
}

// faults says of every fault that the sandbox has what is injected for it. known
// is for those whose outcome a caller can know to be that nothing was debited.
var faults = map[fault.Name][]struct {
	fault fault.Fault
	known bool
}{
	fault.Error: {{fault.Fault{}, false}, {fault.Fault{Committed: true}, false},
		{fault.Fault{Status: 403, Code: "NO_AUTH"}, true}, {fault.Fault{Status: 403, Code: "NOT_ENOUGH"}, true},
		{fault.Fault{Status: 400, Code: "CODE_OF_TOMORROW"}, false}},
	fault.Cut: {{fault.Fault{}, false}, {fault.Fault{Committed: true}, false}},
	fault.Gateway: {{fault.Fault{}, false}, {fault.Fault{Committed: true}, false},
		{fault.Fault{Status: 403}, false}},
	fault.Latency:      {{fault.Fault{}, false}},
	fault.RateLimit:    {{fault.Fault{}, true}},
	fault.Empty:        {{fault.Fault{Endpoint: "GET /v3/certificates"}, false}},
	fault.Early:        {{fault.Fault{}, false}},
	fault.Probe:        {{fault.Fault{}, false}},
	fault.BadSignature: {{fault.Fault{}, false}},
	fault.WrongSerial:  {{fault.Fault{}, false}},
	fault.Stale:        {{fault.Fault{}, false}},
	fault.OtherKey:     {{fault.Fault{}, false}},
	fault.Stripped:     {{fault.Fault{}, false}},
	fault.Reencoded:    {{fault.Fault{}, false}},
	fault.Skew:         {{fault.Fault{}, false}},
	fault.BOM:          {{fault.Fault{Event: "*"}, false}},
	fault.Lost:         {{fault.Fault{Event: "*"}, false}},
	fault.Late:         {{fault.Fault{Event: "*"}, false}},
	fault.Reordered:    {{fault.Fault{Event: "*"}, false}},
	fault.Duplicated:   {{fault.Fault{Event: "*"}, false}},
	fault.Race:         {{fault.Fault{Event: "*"}, false}},
	fault.AnswerLost:   {{fault.Fault{Event: "*"}, false}},
}

func TestEveryFaultIsCovered(t *testing.T) {
	t.Parallel()
	err := sandbox.New(t).Inject(fault.Fault{Name: "none"}) // says which there are
	if err == nil {
		t.Fatal("there is a fault called none")
	}
	_, list, _ := strings.Cut(err.Error(), "there are ")
	names := strings.Split(list, ", ")
	for name := range faults {
		if !slices.Contains(names, string(name)) {
			t.Errorf("there is no fault %s", name)
		}
	}
	if len(names) != len(faults) {
		t.Errorf("the sandbox has %v, and a debit meets %d of them: add the new one to faults", names, len(faults))
	}
}

// A debit that took money comes to no error, or to one that leaves the outcome
// open; and where it is certain that none was taken, the error says so.
func TestOutcomeOfADebitUnderEveryFault(t *testing.T) {
	t.Parallel()
	for kind, debit := range debits {
		for name, rows := range faults {
			for _, row := range rows {
				f := row.fault
				f.Name = name
				if f.Endpoint == "" && f.Event == "" {
					f.Endpoint = debit.endpoint
				}
				t.Run(kind+" "+string(name)+" "+f.Code, func(t *testing.T) {
					t.Parallel()
					wechat := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
					call := debit.contract(t, wechat)
					if err := wechat.Inject(f); err != nil {
						t.Fatal(err)
					}
					ctx := context.Context(t.Context())
					if name == fault.Latency { // under a stopped clock the answer never comes
						late := lateContext{ctx, make(chan struct{})}
						sent := func(httptrace.WroteRequestInfo) { close(late.done) }
						ctx = httptrace.WithClientTrace(late, &httptrace.ClientTrace{WroteRequest: sent})
					}
					err := call(ctx)
					unknown, taken := wxpay.OutcomeUnknown(err), took(t, wechat)
					if taken && err != nil && !unknown {
						t.Errorf("money is taken, and the error says that none was: %v", err)
					}
					if row.known && (err == nil || taken || unknown) {
						t.Errorf("unknown %v, taken %v, of what can be known: %v", unknown, taken, err)
					}
					if f.Committed && !taken {
						t.Error("the sandbox took nothing")
					}
				})
			}
		}
	}
}

// took tells whether the sandbox debited, or has accepted to.
func took(t *testing.T, wechat *sandbox.Sandbox) bool {
	t.Helper()
	list, err := wechat.Debits()
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(list, func(d *ledger.Debit) bool {
		return d.State == ledger.DebitPaid || d.State == ledger.DebitAccepted
	})
}

// What WeChat Pay refuses for good, and what never reaches it.
func TestOutcomeOfADebitThatFailed(t *testing.T) {
	t.Parallel()
	wechat := sandbox.New(t, sandbox.At(time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)))
	paying := combinePapayDebit(t, wechat)
	c := combinepapay.Of(wechat.Client()).Transactions
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	wrong := combinedDebit("none", "x2")
	wrong.SubOrders[0].Amount.Currency = "XXX"
	for name, err := range map[string]error{
		"a wrong currency": second(c.Post(t.Context(), wrong)),
		"too late":         second(c.Post(cancelled, combinedDebit("none", "x3"))),
		"no request":       second(c.Post(t.Context(), nil)),
	} {
		if err == nil || wxpay.OutcomeUnknown(err) || took(t, wechat) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// Paid before under this number: whoever reads a failure here charges twice.
	if err := paying(t.Context()); err != nil {
		t.Fatal(err)
	}
	contracts, err := wechat.Contracts()
	if err != nil {
		t.Fatal(err)
	}
	changed := combinedDebit(contracts[0].ID, "x1")
	changed.SubOrders[0].Amount.TotalAmount++
	var refused *wxpay.Error
	if err := second(c.Post(t.Context(), changed)); !errors.As(err, &refused) || !wxpay.OutcomeUnknown(err) {
		t.Errorf("the number of a debit that was paid, with another amount: got %v", err)
	}
}
