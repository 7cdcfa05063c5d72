package notify_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// agree has a payer sign a contract, so that a notification is on its way.
func agree(s *sandbox.Sandbox) error {
	session, err := combinepapay.Of(s.Client()).Contracts.PreEntrustSign.Post(context.Background(),
		&combinepapay.PreEntrustSignRequest{
			AppID: sandbox.DefaultAppID, PlanID: 12535, OutContractCode: "wxwtdk20200910100000",
			ContractDisplayAccount: "用户A", NotifyURL: sandbox.DefaultNotifyURL,
		})
	if err != nil {
		return err
	}
	if _, err := s.Payer("o-MYE42l80oelYMDE34nYD456Xoy").Agree(session.PreEntrustWebID); err != nil {
		return err
	}
	return s.Settle()
}

// A receiver with a typed function and a catch-all, against the sandbox. On a
// public server the last lines are http.Handle("/notify", r).
func Example() {
	s, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	r := notify.New(s.Client().Keys())
	notify.On(r, func(ctx context.Context, n *notify.Notification, e *event.EcommerceEntrustSign) error {
		fmt.Println(n.EventType, "of", e.OutContractCode, "under plan", e.PlanID)
		return nil // booked: WeChat Pay is answered 204
	})
	r.Otherwise(func(ctx context.Context, n *notify.Notification) error {
		fmt.Println(n.EventType, "with", len(n.Plaintext), "bytes")
		return nil
	})

	if err := s.Receive("https://yourapp.com", r); err != nil {
		log.Fatal(err)
	}
	if err := agree(s); err != nil {
		log.Fatal(err)
	}
	// Output: ECOMMERCE_ENTRUST.SIGN of wxwtdk20200910100000 under plan 12535
}

// Parse is for programs that dispatch on their own. Here the bytes come from
// net/http; a queue or another framework does as well.
func ExampleReceiver_Parse() {
	s, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	r := notify.New(s.Client().Keys())
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, notify.MaxBody))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		n, err := r.Parse(req.Header, body)
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var e event.EcommerceEntrustSign
		if err := n.Decode(&e); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Println(e.OutContractCode, "was agreed to")
		w.WriteHeader(http.StatusNoContent)
	})

	if err := s.Receive("https://yourapp.com", handler); err != nil {
		log.Fatal(err)
	}
	if err := agree(s); err != nil {
		log.Fatal(err)
	}
	// Output: wxwtdk20200910100000 was agreed to
}

// Where a gateway passes headers and bytes on, Receive gives the answer to
// send back. A message that nobody signed is refused, and the error function
// learns why.
func ExampleReceiver_Receive() {
	s, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	r := notify.New(s.Client().Keys(), notify.OnError(func(_ context.Context, e *notify.Error) {
		fmt.Println(e)
	}))
	answer := r.Receive(context.Background(), http.Header{}, []byte(`{"id":"EV-1"}`))
	fmt.Println(answer.Status, string(answer.Body))
	// Output:
	// notify: verify: headers check failed: missing Wechatpay-Timestamp, Wechatpay-Nonce, Wechatpay-Serial, Wechatpay-Signature: it is not from WeChat Pay, or a proxy in between drops them; let Wechatpay-* headers through
	// 401 {"code":"FAIL","message":"the notification failed the headers check"}
}

// The same receiver takes APIv2's notifications when it has the APIv2 key. The
// contract is signed on the page that a signed URL opens.
func ExampleAPIv2Key() {
	s, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	r := notify.New(s.Client().Keys(), notify.APIv2Key(sandbox.DefaultMchID, s.ClientConfig().APIv2Key))
	notify.On(r, func(ctx context.Context, n *notify.Notification, e *event.V2Contract) error {
		fmt.Println(e.ChangeType, e.ContractCode, "under plan", e.PlanID)
		return nil // answered with the XML that APIv2 wants
	})
	if err := s.Receive("https://yourapp.com", r); err != nil {
		log.Fatal(err)
	}
	address, err := s.Client().Chain("v2/papay/entrustweb").URL(map[string]string{
		"appid": sandbox.DefaultAppID, "plan_id": sandbox.DefaultPlanID, "contract_code": "100000",
		"request_serial":           "1000",
		"contract_display_account": "用户A", "notify_url": sandbox.DefaultNotifyURL, "version": "1.0",
	})
	if err != nil {
		log.Fatal(err)
	}
	payer := s.Payer("o-MYE42l80oelYMDE34nYD456Xoy")
	page, err := payer.OpenURL(address)
	if err != nil {
		log.Fatal(err)
	}
	contract, err := payer.Agree(page.Token)
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Settle(); err != nil {
		log.Fatal(err)
	}
	if err := payer.Terminate(contract.ID); err != nil {
		log.Fatal(err)
	}
	if err := s.Settle(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ADD 100000 under plan 12535
	// DELETE 100000 under plan 12535
}
