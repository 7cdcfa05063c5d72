package sandbox_test

import (
	"context"
	"fmt"

	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A receiver is shown a contract's end that nobody asked for, and a forgery.
func ExampleSandbox_Trigger() {
	sb := sandbox.New(t) // in a test, t is its *testing.T
	r := notify.New(sb.Keys(), notify.OnError(func(_ context.Context, e *notify.Error) {
		fmt.Println("refused:", e.Check)
	}))
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EntrustTerminate) error {
		fmt.Println("ended:", e.OutContractCode, e.ContractTerminateInfo.ContractTerminationMode)
		return nil
	})
	if err := sb.Receive("https://yourapp.com", r); err != nil {
		panic(err)
	}

	for _, variants := range [][]string{{"customer-service"}, {"forged"}} {
		if _, err := sb.Trigger(ledger.Trigger{
			Event: "ENTRUST.TERMINATE", Variants: variants, Set: map[string]any{"out_contract_code": "A1"},
		}); err != nil {
			panic(err)
		}
		_ = sb.Settle()
	}
	// Output:
	// ended: A1 CUSTOMER_SERVICE_TERMINATE
	// refused: signature
}

// A contract's end may arrive before its beginning.
func ExampleSandbox_Hold() {
	sb := sandbox.New(t)
	r := notify.New(sb.Keys())
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		fmt.Println(n.EventType)
		return nil
	})
	if err := sb.Receive("https://yourapp.com", r); err != nil {
		panic(err)
	}
	if err := sb.Hold(ledger.Hold{}); err != nil {
		panic(err)
	}
	for _, event := range []string{"ENTRUST.SIGN", "ENTRUST.TERMINATE"} {
		if _, err := sb.Trigger(ledger.Trigger{Event: event}); err != nil {
			panic(err)
		}
	}
	_ = sb.Settle() // nothing arrives
	if _, err := sb.Release(ledger.Release{Order: ledger.Reversed}); err != nil {
		panic(err)
	}
	// Output:
	// ENTRUST.TERMINATE
	// ENTRUST.SIGN
}
