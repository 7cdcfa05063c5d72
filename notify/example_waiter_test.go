package notify_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// Somebody waits until the payer has signed. The function books all the same, and where the
// notification is lost a question finds it some seconds later.
func ExampleWaiter_Signed() {
	s, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	w := notify.NewWaiter()
	r := notify.New(s.Client().Keys(), notify.Tell(w))
	notify.On(r, func(ctx context.Context, n *notify.Notification, e *event.EcommerceEntrustSign) error {
		return nil // booked
	})
	if err := s.Receive("https://yourapp.com", r); err != nil {
		log.Fatal(err)
	}
	if err := agree(s); err != nil { // the payer does, some time
		log.Fatal(err)
	}

	const code = "wxwtdk20200910100000"
	contracts := combinepapay.Of(s.Client()).Contracts
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Hour) // the life of the session
	defer cancel()
	learnt, err := w.Signed(ctx, code, func(ctx context.Context) (state string, err error) {
		c, err := contracts.PlanID.PlanID(12535).OutContractCode.OutContractCode(code).Get(ctx)
		if err != nil {
			return "", err
		}
		return c.ContractState, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(learnt.Reached, learnt.State, "by", learnt.By)
	// Output: true SIGNED by query
}
