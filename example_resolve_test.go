package wxpay_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// Whatever goes wrong with a debit, Resolve says what became of it.
func ExampleClient_Resolve() {
	wechat := newSandbox()
	defer wechat.Close()
	client, contract := wechat.Client(), signedContract(wechat)
	debit := func(number string) string {
		_, err := combinepapay.Of(client).Transactions.Post(context.Background(), combinedDebit(contract, number))
		if err == nil {
			return "debited"
		}
		became, asking := client.Resolve(context.Background(), err)
		switch {
		case asking != nil || became.Outcome == wxpay.Pending:
			return "open: resolve again later, or debit again with this number"
		case became.Outcome == wxpay.DidNotHappen:
			return "failed: nothing was debited"
		}
		return "debited, says the query: " + became.State
	}
	for number, f := range []fault.Fault{
		{Name: fault.Cut, Committed: true}, // the debit is made, its answer is lost
		{Name: fault.Stripped},             // its answer cannot be shown to be WeChat Pay's
		{Name: fault.Cut},                  // the connection breaks before
		{Name: fault.RateLimit},            // WeChat Pay refuses
	} {
		f.Endpoint = "POST /v3/ecommerce/combine-papay/transactions"
		if err := wechat.Inject(f); err != nil {
			log.Fatal(err)
		}
		fmt.Println(debit(fmt.Sprint("order-", number)))
	}
	fmt.Println(debit("order-2"))
	// Output:
	// debited, says the query: SUCCESS
	// debited, says the query: SUCCESS
	// open: resolve again later, or debit again with this number
	// failed: nothing was debited
	// debited
}
