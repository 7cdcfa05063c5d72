package demo

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/notify"
)

// backend is the merchant's own server: package notify behind an address of
// this machine. What arrives it hands to whoever watches.
type backend struct {
	url     string
	server  *http.Server
	arrived chan arrival
}

// arrival is a notification that passed every check and was decoded, or the
// error of one that did not.
type arrival struct {
	notification *notify.Notification
	event        any // pointer to a type of package event
	err          error
}

func serveBackend(keys *wxpay.Keys) (*backend, error) {
	// More room than the flows need: a handler that waited for the watcher
	// would keep WeChat Pay waiting.
	b := &backend{arrived: make(chan arrival, 64)}
	r := notify.New(keys, notify.OnError(func(_ context.Context, e *notify.Error) { b.hand(arrival{err: e}) }))
	take[event.EcommerceEntrustSign](b, r)
	take[event.EcommerceEntrustTerminate](b, r)
	take[event.TransactionSuccess](b, r)
	take[event.EntrustSign](b, r)
	take[event.EntrustTerminate](b, r)
	take[event.EntrustSigning](b, r)
	take[event.EntrustRelease](b, r)
	mux := http.NewServeMux()
	mux.Handle("/notify", r)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b.url = "http://" + listener.Addr().String()
	b.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, // longer than the sandbox keeps a connection it does not use
	}
	go func() { _ = b.server.Serve(listener) }() // ends with Close
	return b, nil
}

func take[E notify.Event](b *backend, r *notify.Receiver) {
	notify.On(r, func(_ context.Context, n *notify.Notification, e *E) error {
		b.hand(arrival{notification: n, event: e})
		return nil
	})
}

// hand drops what nobody waits for, as when the backend is kept running.
func (b *backend) hand(a arrival) {
	select {
	case b.arrived <- a:
	default:
	}
}

func (b *backend) Close() error { return b.server.Close() }
