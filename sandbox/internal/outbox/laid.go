package outbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A program that listens for a while lays its route over those that are there, so that nothing of
// them is lost when it ends. What is laid is not saved: it ends with the sandbox at the latest, and
// where its program, which was killed, has asked for nothing any more.

// silence is how long a program that asks what was sent may ask for nothing, of the machine's time.
const silence = 2 * time.Minute

// gone says that the program of a route that was laid is.
func (r *route) gone() bool { return !r.heard.IsZero() && time.Since(r.heard) > silence }

// Hear notes that the program of a listener asks what was sent, and so is there.
func (r *routes) Hear(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = slices.Clone(r.list)
	for i := range r.list {
		if id != "" && r.list[i].laid.ID == id {
			r.list[i].heard = time.Now()
		}
	}
}

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
		if route.laid.ID != "" && !route.gone() {
			list = append(list, route.laid)
		}
	}
	return list
}
