package wxpay_test

import (
	"context"
	"fmt"
	"log"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// A debit whose answer is lost may have taken the money: query by its number
// before you decide, and never debit again under another one until you know.
func ExampleOutcomeUnknown() {
	wechat := newSandbox()
	defer wechat.Close()
	transactions, contract := combinepapay.Of(wechat.Client()).Transactions, signedContract(wechat)

	open := map[string]bool{} // a merchant keeps that in a database, with the order
	debit := func(number string) string {
		again := open[number]
		open[number] = true // before the call: a process that ends does not know what became of it
		order, err := transactions.Post(context.Background(), combinedDebit(contract, number))
		if err != nil && (again || wxpay.OutcomeUnknown(err)) {
			if order, err = transactions.CombineOutTradeNo(number).Get(context.Background()); err != nil {
				return "open: query again, or debit again with this number"
			}
		}
		delete(open, number)
		if err != nil {
			return "failed: nothing was debited"
		}
		return order.SubOrders[0].TradeState
	}

	for _, next := range []struct {
		number string
		fault  fault.Fault
	}{
		{"order-0", fault.Fault{Name: fault.Cut, Committed: true}}, // the debit is made, its answer is lost
		{"order-1", fault.Fault{Name: fault.Cut}},                  // the connection breaks before
		{"order-1", fault.Fault{Name: fault.RateLimit}},            // tells nothing of the call before
		{"order-2", fault.Fault{Name: fault.RateLimit}},            // WeChat Pay refuses
	} {
		next.fault.Endpoint = "POST /v3/ecommerce/combine-papay/transactions"
		if err := wechat.Inject(next.fault); err != nil {
			log.Fatal(err)
		}
		fmt.Println(debit(next.number))
	}
	fmt.Println(debit("order-1"))
	// Output:
	// SUCCESS
	// open: query again, or debit again with this number
	// open: query again, or debit again with this number
	// failed: nothing was debited
	// SUCCESS
}

// signedContract is a contract that a payer has agreed to.
func signedContract(wechat *sandbox.Sandbox) (id string) {
	contracts := combinepapay.Of(wechat.Client()).Contracts
	session, err := contracts.PreEntrustSign.Post(context.Background(), &combinepapay.PreEntrustSignRequest{
		AppID: sandbox.DefaultAppID, PlanID: 12535, OutContractCode: "A1", ContractDisplayAccount: "a",
		NotifyURL: "https://yourapp.com/signed",
	})
	if err != nil {
		log.Fatal(err)
	}
	contract, err := wechat.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").Agree(session.PreEntrustWebID)
	if err != nil {
		log.Fatal(err)
	}
	return contract.ID
}
