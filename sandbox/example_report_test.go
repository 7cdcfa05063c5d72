package sandbox_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A receiver that answers before it verifies is found out by a message that WeChat Pay did not
// sign.
func ExampleSandbox_Report() {
	wechat := sandbox.New(t, sandbox.At(time.Date(2026, 1, 5, 10, 0, 0, 0, beijing)))
	defer wechat.Close()
	careless := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	must(wechat.Receive("https://yourapp.com", http.HandlerFunc(careless)))
	must(wechat.Inject(fault.Fault{Name: fault.BadSignature, Event: "REFUND.SUCCESS"}))
	_, err := wechat.Trigger(ledger.Trigger{Event: "REFUND.SUCCESS"})
	must(err)
	must(wechat.Settle())

	report, err := wechat.Report()
	must(err)
	for _, f := range report.Findings {
		fmt.Println(f.Kind, "at", f.Proof[0].At.Format(time.DateTime))
		fmt.Println(f.Advice)
	}
	for _, s := range report.Strikes {
		fmt.Println(s.Fault, s.Event, s.Survival)
	}
	// Output:
	// accepted-forgery at 2026-01-05 10:00:00
	// Verify the signature over the bytes as they came, and its time, before anything is read; answer 4xx or 5xx to what fails.
	// bad-signature REFUND.SUCCESS ACCEPTED
}
