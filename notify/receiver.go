package notify

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// A Receiver takes in the notifications of one merchant, or of several behind
// one address (see [Keys] and [APIv2Key]). Make it with [New],
// tell it with [On], [Receiver.Handle] and [Receiver.Otherwise] what to run,
// then serve it: it is an [net/http.Handler]. After that it may be used by any
// number of goroutines and takes no further functions.
type Receiver struct {
	keys      []*wxpay.Keys
	v2Keys    []v2Key
	combines  map[string][]string // whose orders a merchant may tell of, by merchant id
	vehicles  bool
	onError   func(context.Context, *Error)
	hook      wxpay.Hook
	now       func() time.Time
	deadline  time.Duration
	remember  int
	memories  map[scope]*memory
	routes    map[string]func(context.Context, *Notification) error
	otherwise func(context.Context, *Notification) error
	durable   bool // otherwise is the only one, and knows what it handled
	waiters   []*Waiter
	serving   atomic.Bool
	self      wire.Hidden[*Receiver]
}

// Defaults of the options of [New].
const (
	DefaultDeadline = 30 * time.Second
	DefaultRemember = 1 << 16
)

// New makes a receiver that verifies and opens with keys: a client's own
// (client.Keys()), which learn certificates, or [wxpay.NewKeys] where a process
// only receives. A merchant
// that has nothing but APIv2 gives nil and [APIv2Key]. Further merchants come
// with the option [Keys].
func New(keys *wxpay.Keys, options ...Option) *Receiver {
	r := &Receiver{
		onError: logError, deadline: DefaultDeadline, remember: DefaultRemember, memories: map[scope]*memory{},
		routes: map[string]func(context.Context, *Notification) error{}, combines: map[string][]string{},
	}
	r.self = wire.Hide(r)
	if keys != nil {
		checkKeys("New", keys)
		r.keys = []*wxpay.Keys{keys}
	}
	for _, o := range options {
		if o != nil {
			o(r)
		}
	}
	if r.keys == nil && r.v2Keys == nil {
		panic("notify.New: keys is nil; take client.Keys(), or make them with wxpay.NewKeys; or give APIv2Key to " +
			"receive APIv2 only")
	}
	if r.now = time.Now; r.keys != nil {
		r.now = r.keys[0].Now
	}
	for _, k := range r.keys {
		r.memories[scope{k.MchID(), bySignature}] = newMemory(r.remember, r.now)
	}
	for _, k := range r.v2Keys {
		for _, by := range []means{bySign, bySeal} {
			r.memories[scope{k.mchID, by}] = newMemory(r.remember, r.now)
		}
	}
	return r
}

// Format prints how much is registered, and no key.
func (r *Receiver) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "notify.Receiver{%d functions, …}", len(r.routes))
}

// Option sets one thing of a [Receiver]. A nil Option is ignored.
type Option func(*Receiver)

// Keys lets the receiver take APIv3 notifications of further merchants. Each is
// opened with the key of the merchant it was sealed for, which is in
// [Notification.MchID]; one that names another of these merchants instead is
// refused ([CheckMerchant]), save that of a share of a payment, which names who
// gave it and goes to who gets it. Of merchants that have the same APIv3 key the
// one that it names counts; where it names neither it is answered 500 until each
// has a key of its own.
func Keys(more ...*wxpay.Keys) Option {
	for _, k := range more {
		if k == nil {
			panic("notify.Keys: one of the keys is nil")
		}
		checkKeys("Keys", k)
	}
	return func(r *Receiver) { r.keys = append(r.keys, more...) }
}

// checkKeys panics over keys that nobody made: the first message would.
func checkKeys(verb string, keys *wxpay.Keys) {
	if keys.MchID() == "" {
		panic("notify." + verb + ": the keys are empty; take client.Keys(), or make them with wxpay.NewKeys")
	}
}

// OnError is told of every message that is not answered with a success,
// strangers' and probes included, and of an event that ran without a part that does not fit
// ([CheckPart]): see [Error] for what it carries. Deliveries of one
// notification that overlap fail together, and it is told once. It runs before the
// answer is written, so it should not wait for long. Default: a line to
// [log/slog.Default], at level Error where this side is at fault and Warn where the
// message is. Where the function panics that is written as well, and with what.
func OnError(f func(ctx context.Context, e *Error)) Option {
	if f == nil {
		panic("notify.OnError: the function is nil; leave the option out to log to slog.Default")
	}
	return func(r *Receiver) { r.onError = f }
}

// Deadline bounds the context your functions get. Default: 30 seconds.
//
// WeChat Pay waits 5 seconds and then counts the delivery as failed, but the
// work is better finished than cut: the next attempt finds it done and is
// answered at once.
func Deadline(d time.Duration) Option {
	if d <= 0 {
		panic("notify.Deadline: " + d.String() + " is no time to work in; leave the option out for " +
			DefaultDeadline.String())
	}
	return func(r *Receiver) { r.deadline = d }
}

// Remember sets how many handled notifications of each merchant are kept in mind,
// about 450 bytes each and 150 more for each further attempt that came. Default:
// 65536. When there are more, the one handled first is forgotten, and would run
// again if it came again. APIv3's, APIv2's and APIv2's sealed refunds are counted each
// for themselves. With 0 only deliveries that overlap share a run.
func Remember(n int) Option {
	if n < 0 {
		panic("notify.Remember: " + strconv.Itoa(n) + " is not a number of notifications")
	}
	return func(r *Receiver) { r.remember = n }
}

// Event is a type that the resource of one kind of notification decodes into,
// such as those of package api/event. A type of your own works as well.
type Event interface {
	// EventType is the event_type it is for, the same for every value.
	EventType() string
}

// On runs f for the notifications that E stands for, decoded:
//
//	notify.On(r, func(ctx context.Context, n *notify.Notification, e *event.EcommerceEntrustSign) error {
//		return contracts.Signed(ctx, n.ID, e.OutContractCode)
//	})
//
// When f returns nil the notification is handled and answered with a success;
// otherwise WeChat Pay is told to send it again. Keys that E does not know are
// in n.Plaintext. A resource that does not fit E is a failure as well, which
// the error function is told of ([CheckDecode]): nothing is booked on half a
// message. A share of another merchant's payment, which came under the payment's own event type
// before it had PROFITSHARING.SUCCESS, is no payment and goes to [Receiver.Otherwise].
//
// A second function for one event type panics, as does a call after the
// receiver began to serve, or a struct for an APIv2 event that has a field without
// an xml tag or of a kind that no APIv2 message fills: all are mistakes of the program.
func On[E Event](r *Receiver, f func(ctx context.Context, n *Notification, e *E) error) {
	eventType := eventTypeFor[E]()
	if f == nil {
		panic("notify.On: the function for " + eventType + " is nil")
	}
	r.register("On", eventType, func(ctx context.Context, n *Notification) error {
		if n.isShare() {
			return r.others(ctx, n)
		}
		e := new(E)
		if err := n.decode(e); err != nil {
			return err
		}
		return f(ctx, n, e)
	})
}

// Handle runs f for one event type without decoding: for events that package
// api/event does not know, or whose resource differs by product: under
// TRANSACTION.SUCCESS a share of another merchant's payment too, of which
// OriginalType is profitsharing. Else it follows the rules of [On].
func (r *Receiver) Handle(eventType string, f func(ctx context.Context, n *Notification) error) {
	if f == nil {
		panic("notify.Handle: the function for " + eventType + " is nil")
	}
	r.register("Handle", eventType, func(ctx context.Context, n *Notification) error {
		if err := n.whole(); err != nil {
			return err
		}
		return f(ctx, n)
	})
}

// Otherwise runs f for every event type that has no function of its own. It
// follows the rules of [On].
//
// Without it such a notification is answered 501 and reported
// ([CheckEvent]), and WeChat Pay sends it again for as long as its schedule
// lasts: time to deploy a function for it. Returning nil here means that the
// event may be lost.
func (r *Receiver) Otherwise(f func(ctx context.Context, n *Notification) error) {
	r.checkSetUp("Otherwise")
	switch {
	case f == nil:
		panic("notify.Otherwise: the function is nil")
	case r.otherwise != nil:
		panic("notify.Otherwise: called twice; put both into one function")
	}
	r.otherwise = f
}

func (r *Receiver) register(verb, eventType string, f func(context.Context, *Notification) error) {
	r.checkSetUp(verb)
	if eventType == "" {
		panic("notify." + verb + ": the event type is empty")
	}
	if r.routes[eventType] != nil {
		panic("notify." + verb + ": " + eventType +
			" already has a function; put both into one, so that they succeed or fail together")
	}
	r.routes[eventType] = f
}

func (r *Receiver) checkSetUp(verb string) {
	if r == nil {
		panic("notify." + verb + ": the receiver is nil; make one with notify.New")
	}
	if r.serving.Load() {
		panic("notify." + verb + ": the receiver is already serving; register every function before the first " +
			"notification can arrive")
	}
	if r.durable {
		panic("notify." + verb + ": the receiver hands everything to the function of Durable, such as a box of " +
			"package inbox; register it there, where a repeat does not run it again")
	}
}
