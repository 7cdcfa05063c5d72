package sandbox_test

import (
	"bytes"
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What happened in one sandbox goes on in another, and is taken back there.
func ExampleSandbox_Import() {
	first, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		panic(err)
	}
	defer first.Close()
	payer := first.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
	if err := payer.Fund(1999); err != nil {
		panic(err)
	}
	signed, err := payer.SignElsewhere(ledger.Papay, sandbox.DefaultPlanID)
	if err != nil {
		panic(err)
	}
	var document bytes.Buffer
	if err := first.Export(&document); err != nil {
		panic(err)
	}

	second, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		panic(err)
	}
	defer second.Close()
	if err := second.Import(&document); err != nil {
		panic(err)
	}
	wallet, _ := second.Payer(payer.OpenID()).Wallet()
	contract, _ := second.Contract(signed.ID)
	fmt.Println(wallet.Balance, contract.State)

	if err := second.Reset(); err != nil {
		panic(err)
	}
	_, err = second.Contract(signed.ID)
	fmt.Println(err)

	// Output:
	// 1999 SIGNED
	// This contract does not exist.
}

// A test begins with a contract that is signed already, and has it again after a reset.
func ExampleSeededWith() {
	sb := sandbox.New(t, sandbox.SeededWith([]byte(`{
	  "payers": [{"openid": "oPoor", "money": 100}],
	  "plans": [{"product": "papay", "id": "42"}],
	  "contracts": [{"product": "papay", "plan_id": "42", "openid": "oPoor", "out_contract_code": "A1"}]
	}`)))
	contracts, _ := sb.Contracts()
	fmt.Println(contracts[0].Code, contracts[0].State)

	_ = sb.Payer("oPoor").Terminate(contracts[0].ID)
	_ = sb.Reset()
	contracts, _ = sb.Contracts()
	fmt.Println(contracts[0].Code, contracts[0].State)
	// Output:
	// A1 SIGNED
	// A1 SIGNED
}

// In chaos a call may fail. Once it is calm none does.
func ExampleSandbox_Calm() {
	sb := sandbox.New(t)
	_ = sb.Inject(fault.Fault{Name: fault.Gateway, Endpoint: "*", Times: -1},
		fault.Fault{Name: fault.Lost, Event: "*"})
	fmt.Println(sb.Calm(), "were armed")
	fmt.Println(sb.Calm(), "are")
	// Output:
	// 2 were armed
	// 0 are
}
