package recipes

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/inbox"
	"github.com/wxpay-go/wxpay/notify"
)

// Front verifies notifications, opens them, and puts them into a queue, for [Worker] at its other
// end. WeChat Pay hears of a success once the queue has the message: return an error from put until
// then, and it is sent again.
//
// What lies in the queue is the opened notification, which names the payer: so the queue is as
// private as your database. Queueing the sealed bytes instead, for a worker to verify, works for
// five minutes, after which their signature is too old.
func Front(keys *wxpay.Keys, put func(ctx context.Context, message []byte) error) http.Handler {
	r := notify.New(keys)
	r.Otherwise(func(ctx context.Context, n *notify.Notification) error {
		message, err := json.Marshal(n)
		if err != nil {
			return err
		}
		return put(ctx, message)
	})
	return r
}

// Worker handles what [Front] queued, with the functions of box. A queue may deliver a message more
// than once, and to two workers at a time: the box has each notification handled once. Acknowledge
// the message once Worker's function returns nil.
func Worker(box *inbox.Box) func(ctx context.Context, message []byte) error {
	return func(ctx context.Context, message []byte) error {
		n := new(notify.Notification)
		if err := json.Unmarshal(message, n); err != nil {
			return fmt.Errorf("a message of the queue is no notification: %w", err)
		}
		return box.Take(ctx, n)
	}
}
