package sandbox_test

import (
	"bytes"
	"fmt"

	"github.com/wxpay-go/wxpay/sandbox"
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
