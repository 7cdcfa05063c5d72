package outbox

import (
	"context"
	"errors"
	"slices"

	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A program that listens for a while lays its route over those that are there, so that nothing of
// them is lost when it ends. What is laid is not saved: it ends with the sandbox at the latest.

// Listen lays a route, and sends what could not be delivered before and now can.
func (o *Outbox) Listen(l ledger.Listener) (ledger.Listener, error) {
	if slices.ContainsFunc(l.Events, func(e string) bool { return e == "" || !shown.IsText(e) }) {
		return l, errors.New("sandbox: the events of a listener are event types, such as ENTRUST.SIGN")
	}
	l.ID = "L" + o.Random.Roll(random.LowerHex, 16) // another start has no listener of this id
	if err := o.Routes.lay(l); err != nil {
		return l, err
	}
	return l, o.Requeue(context.Background())
}

func (r *routes) lay(l ledger.Listener) error {
	next := route{laid: l}
	if err := r.parse(&next, l.Prefix, l.Target); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(slices.Clone(r.list), next)
	return nil
}

// Lift takes back what was laid, and says whether there was such a route.
func (r *routes) Lift(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.list)
	r.list = slices.DeleteFunc(slices.Clone(r.list), func(old route) bool { return id != "" && old.laid.ID == id })
	return len(r.list) < before
}

// Laid are the listeners, the first to come first.
func (r *routes) Laid() (list []ledger.Listener) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, route := range r.list {
		if route.laid.ID != "" {
			list = append(list, route.laid)
		}
	}
	return list
}
