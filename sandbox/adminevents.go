package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/trigger"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// eventRoutes are what people do with notifications: trigger, listen, hold, release and send again.
func (a *admin) eventRoutes() map[string]adminRoute {
	return map[string]adminRoute{
		"GET /sandbox/events": bare(func(*http.Request) (any, error) { return listing(trigger.List(a.kinds()), nil) }),
		"POST /sandbox/events": takes(func(_ *http.Request, b *triggering) (any, error) {
			if err := need("event_type", b.Event); err != nil {
				return nil, err
			}
			t := ledger.Trigger{Event: b.Event, Product: b.Product, Variants: b.Variants, Set: map[string]any{},
				NotifyURL: b.NotifyURL, MchID: b.MchID}
			for place, value := range b.Set {
				t.Set[place] = value
			}
			sent, err := trigger.Send(context.Background(), a.engine, a.kinds(), t)
			return sent, refusedAs(err)
		}),

		"GET /sandbox/attempts": bare(a.attempts).asking("after", "wait", "listener"),
		"GET /sandbox/listeners": bare(func(*http.Request) (any, error) {
			return listing(a.outbox.Routes.Laid(), nil)
		}),
		"POST /sandbox/listeners": takes(func(_ *http.Request, b *listening) (any, error) {
			if err := need("prefix", b.Prefix, "target", b.Target); err != nil {
				return nil, err
			}
			l, err := a.outbox.Listen(ledger.Listener{Prefix: b.Prefix, Target: b.Target, Exact: b.Exact,
				Events: b.Events})
			return l, refusedAs(err)
		}),
		"DELETE /sandbox/listeners/{id}": bare(func(r *http.Request) (any, error) {
			if !a.outbox.Routes.Lift(r.PathValue("id")) {
				return nil, &adminError{http.StatusNotFound,
					"there is no listener with this id; GET /sandbox/listeners lists them"}
			}
			return nil, nil
		}),

		"GET /sandbox/holds": bare(func(*http.Request) (any, error) { return listing(a.Holds()) }),
		"POST /sandbox/holds": takes(func(_ *http.Request, b *ledger.Hold) (any, error) {
			return *b, refusedAs(a.Hold(*b))
		}),
		"POST /sandbox/release": takes(func(r *http.Request, b *ledger.Release) (any, error) {
			sent, err := a.outbox.Release(r.Context(), *b) // until the caller gives up
			return releasedShown{append([]string{}, sent...)}, refusedAs(err)
		}),
		"POST /sandbox/pushes/{id}/retry": bare(func(r *http.Request) (any, error) {
			return nil, a.Redeliver(r.PathValue("id"))
		}),
	}
}

// triggering is a [ledger.Trigger] as it is asked for, with numbers as they are written.
type triggering struct {
	Event     string                     `json:"event_type"`
	Product   string                     `json:"product"`
	Variants  []string                   `json:"variants"`
	Set       map[string]json.RawMessage `json:"set"`
	NotifyURL string                     `json:"notify_url"`
	MchID     string                     `json:"mchid"`
}

// listening is a [ledger.Listener] as it is asked for.
type listening struct {
	Prefix string   `json:"prefix"`
	Target string   `json:"target"`
	Exact  bool     `json:"exact"`
	Events []string `json:"events"`
}

type releasedShown struct {
	Sent []string `json:"sent"` // notifications, by id
}

// refusedAs is an error of what was asked for.
func refusedAs(err error) error {
	if err == nil || errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrConflict) {
		return err
	}
	return badCall("%v", err)
}

// longestWait is how long a call for attempts may wait for one.
const longestWait = time.Minute

// attempts lists the attempts to deliver notifications behind a cursor, and waits for one as long
// as it is asked to. A listener that names itself here, and then asks no more, is gone two minutes
// later.
func (a *admin) attempts(r *http.Request) (any, error) {
	query := r.URL.Query()
	ctx := r.Context()
	wait := time.Duration(0)
	if text := query.Get("wait"); text != "" {
		seconds, err := strconv.Atoi(text)
		if wait = time.Duration(seconds) * time.Second; err != nil || wait < 0 || wait > longestWait {
			return nil, badCall("wait is a number of seconds from 0 to %d", int(longestWait.Seconds()))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	a.outbox.Routes.Hear(query.Get("listener"))
	list, next := a.feed.after(ctx, query.Get("after"))
	return engine.Document{"data": append([]delivery{}, list...), "next": next}, nil
}
