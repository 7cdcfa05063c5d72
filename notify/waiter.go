package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wxpay-go/wxpay"
)

// A Waiter waits for what WeChat Pay tells of later: that a payer signed, that a debit or a refund
// went through, that a contract ended. It asks by the query that its user gives, at once and then
// less and less often, and again at once when a notification comes that names the number. So a
// notification that is lost, late, or taken by another process costs seconds:
//
//	w := notify.NewWaiter()
//	r := notify.New(client.Keys(), notify.Tell(w)) // beside the functions that book
//	…
//	learnt, err := w.Signed(ctx, code, func(ctx context.Context) (state string, err error) {
//		c, err := contracts.PlanID.PlanID(12535).OutContractCode.OutContractCode(code).Get(ctx)
//		if err != nil {
//			return "", err
//		}
//		return c.ContractState, nil
//	})
//
// What counts is what the query says: a notification only says when to ask. It may be of another
// sub-merchant's order with the same number, older than what has happened since, or, of a sealed
// refund in APIv2, forged. Book what the functions of the [Receiver] get, as ever; a Waiter keeps
// nothing, and whoever waits may be gone when the answer comes.
//
// One Waiter serves a whole process. It has no goroutine: the questions are asked in that of the
// caller. Any number may wait; see [Waiter.Signed] for how often they ask.
type Waiter struct {
	mu      sync.Mutex
	waiting map[string]*party // by number
	many    int
	asking  chan struct{} // a place for each question under way
}

// How a Waiter asks.
const (
	firstPause  = time.Second      // after the first question
	longPause   = 30 * time.Second // each pause is twice the one before, up to this
	atOnce      = 8                // questions under way
	perSecond   = 20               // questions of all who wait, and of those whom a notification of one number woke
	maxMentions = 4096             // values of a notification that are looked at
)

// NewWaiter makes a Waiter. Tell the receiver of it with [Tell].
func NewWaiter() *Waiter {
	return &Waiter{waiting: map[string]*party{}, asking: make(chan struct{}, atOnce)}
}

// Tell lets the waiter hear of every genuine notification, after the function for it has run and
// whatever that returned; without one, too. It takes nothing away from the receiver's functions.
// Several waiters are told one after the other.
func Tell(w *Waiter) Option {
	if w == nil || w.waiting == nil {
		panic("notify.Tell: the waiter is nil, or was not made by NewWaiter")
	}
	return func(r *Receiver) { r.waiters = append(r.waiters, w) }
}

// Heard tells the waiter of a notification that came by another way than a receiver of its own,
// such as a queue that another process fills. It has to be genuine: whoever can make others up can
// make this process ask.
func (w *Waiter) Heard(n *Notification) {
	if n != nil && w.busy() {
		w.wake(mentions(n.Plaintext))
	}
}

// busy says whether anybody waits.
func (w *Waiter) busy() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.many > 0
}

// wake lets those ask at once who wait for what a notification mentions.
func (w *Waiter) wake(mentioned map[string]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for value := range mentioned {
		p := w.waiting[value]
		if p == nil {
			continue
		}
		for one := range p.all {
			select {
			case one.told <- struct{}{}:
			default: // it was, and has not asked since
			}
		}
	}
}

// waiting is one who waits.
type waiting struct{ told chan struct{} }

// party are those who wait for one number.
type party struct {
	all   map[*waiting]bool
	woken []*waiting // whom a notification woke and who have not asked since, in the order of their turns
	next  time.Time  // when the first of those may ask
}

// Road is how it was learnt.
type Road string

// The roads.
const (
	ByNotification Road = "notification" // one that named the number had come before the question
	ByQuery        Road = "query"        // none had
)

// Learnt is what came of waiting.
type Learnt struct {
	// Reached says that what was waited for has come about. Otherwise it never will under this
	// number: the contract ended before, the debit failed, the refund was closed.
	Reached bool
	State   string // the last word of the query, such as SIGNED or PAY_FAIL
	By      Road
	Asked   int // how often the query was asked
}

// Ask is a question to WeChat Pay: by a query of package api, or by [wxpay.Client.Chain]. state is
// the word that tells, as it came: contract_state, contract_status, trade_state, order_state,
// refund_status or status. An error means that nothing is known yet, not that there is nothing.
type Ask func(ctx context.Context) (state string, err error)

// Signed waits until the contract is in force: SIGNED, ADD, CONTRACTED and the like, 0 in APIv2. It
// ends otherwise with TERMINATED, DELETE or SIGN_FAILED. APIv2's 1, not signed or ended, ends
// nothing: bound the wait by ctx, such as by how long the page lives.
//
// number is a value by which the notification names the contract: the merchant's code for it or,
// where the product has none, the openid or user_id.
//
// It asks at once, after one second, after two more, four and so on, up to thirty, each a quarter
// more or less by chance; at once when a notification names number, once a second at most, and
// after that from one second on. All who wait together ask about twenty times a second at most
// where no notification prompts them, however many they are; so do those who wait for one number
// where one does; and always eight at a time.
//
// Errors: ctx's own as soon as it is over, with the last question's; and that of a question that
// cannot ever be answered, for its call is wrong or not allowed ([*wxpay.RequestError],
// PARAM_ERROR, NO_AUTH). What else goes wrong is asked again.
func (w *Waiter) Signed(ctx context.Context, number string, ask Ask) (Learnt, error) {
	return w.wait(ctx, number, ask, goal{
		reached: "SIGNED ADD 0 CONTRACTED CONTRACT_STATE_EFFECTIVE TO_BE_RENEWED TERMINATE_PENDING",
		ended:   "TERMINATED DELETE SIGN_FAILED CONTRACT_STATE_TERMINATED",
	})
}

// Terminated waits until the contract has ended, whoever ended it. It follows the rules of
// [Waiter.Signed].
func (w *Waiter) Terminated(ctx context.Context, number string, ask Ask) (Learnt, error) {
	return w.wait(ctx, number, ask, goal{
		reached: "TERMINATED DELETE 1 CONTRACT_STATE_TERMINATED", ended: "SIGN_FAILED",
	})
}

// Debited waits until a debit, or an order, is paid. It ends otherwise when it failed or was
// closed: PAY_FAIL, CLOSED, REVOKED. (Of a debit by face or for a school, PAY_FAIL is the end of
// one try: the same call tries it again under its number.) PAYERROR ends nothing, for of some
// products it says that WeChat Pay does not know: close the order then. number is out_trade_no or,
// of a combined order, combine_out_trade_no. It follows the rules of [Waiter.Signed].
func (w *Waiter) Debited(ctx context.Context, number string, ask Ask) (Learnt, error) {
	return w.wait(ctx, number, ask, goal{
		reached: "SUCCESS REFUND PAY_BACK DEDUCT_ORDER_STATE_PAY_SUCCESS",
		ended:   "PAY_FAIL CLOSED REVOKED DEDUCT_ORDER_STATE_PAY_FAIL",
	})
}

// Refunded waits until a refund is paid. It ends otherwise when it was closed (CLOSED,
// REFUNDCLOSE), or where the payer's account does not take it and the merchant has to act
// (ABNORMAL, CHANGE). number is out_refund_no. It follows the rules of [Waiter.Signed].
func (w *Waiter) Refunded(ctx context.Context, number string, ask Ask) (Learnt, error) {
	return w.wait(ctx, number, ask, goal{reached: "SUCCESS", ended: "CLOSED REFUNDCLOSE ABNORMAL CHANGE"})
}

// goal is what is waited for, as words with a blank between.
type goal struct{ reached, ended string }

func (g goal) met(state string) (reached, over bool) {
	in := func(list string) bool { return state != "" && strings.Contains(" "+list+" ", " "+state+" ") }
	return in(g.reached), in(g.reached) || in(g.ended)
}

func (w *Waiter) wait(ctx context.Context, number string, ask Ask, g goal) (l Learnt, err error) {
	switch {
	case w == nil || w.waiting == nil:
		return l, errors.New("notify: the waiter is nil, or was not made by NewWaiter")
	case ctx == nil || ask == nil || number == "":
		return l, errors.New("notify: to wait takes a context, a number and a question")
	}
	one := &waiting{told: make(chan struct{}, 1)}
	before := w.enter(number, one)
	defer w.leave(number, one)
	l.By = ByQuery
	var last error
	step, pause := firstPause, time.Duration(rand.Float64()*float64(before)/perSecond*float64(time.Second))
	for woken := false; ; {
		if woken { // repeats of one notification wake it once a second
			if _, ended := new(waiting).sleep(ctx, firstPause); ended {
				return l, over(ctx, last)
			}
		}
		told, ended := one.sleep(ctx, pause)
		if woken = told; told {
			l.By, step = ByNotification, firstPause
			ended = w.turn(ctx, number, one)
		}
		if ended || !w.begin(ctx) {
			return l, over(ctx, last)
		}
		l.Asked++
		state, failed := w.put(ctx, ask)
		switch reached, done := g.met(state); {
		case ctx.Err() != nil:
			return l, over(ctx, failed)
		case failed != nil && hopeless(failed):
			return l, failed
		case failed == nil:
			if l.State = state; done {
				l.Reached = reached
				return l, nil
			}
		}
		last = failed
		pause = max(step, w.pace())
		pause += time.Duration((rand.Float64() - 0.5) / 2 * float64(pause))
		step = min(2*step, longPause)
	}
}

// enter counts those who waited before.
func (w *Waiter) enter(number string, one *waiting) (before int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting[number] == nil {
		w.waiting[number] = &party{all: map[*waiting]bool{}}
	}
	w.waiting[number].all[one] = true
	w.many++
	return w.many - 1
}

func (w *Waiter) leave(number string, one *waiting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.waiting[number]
	if i := slices.Index(p.woken, one); i >= 0 { // the turn is the next one's
		p.woken = slices.Delete(p.woken, i, i+1)
	}
	if delete(p.all, one); len(p.all) == 0 {
		delete(w.waiting, number)
	}
	w.many--
}

// turn waits for the turn of one whom a notification woke, among those who wait for the same
// number. The turn is taken when it has come: of those who leave before, and of nobody else, it is
// again.
func (w *Waiter) turn(ctx context.Context, number string, one *waiting) (ended bool) {
	for {
		pause, mine := w.ahead(number, one)
		if mine {
			return ctx.Err() != nil
		}
		// Some of those ahead may leave: it looks again every second.
		if _, ended := new(waiting).sleep(ctx, min(pause, firstPause)); ended {
			return true
		}
	}
}

// ahead is how long it takes until the turn comes, if nobody leaves. The turn is taken where it
// has.
func (w *Waiter) ahead(number string, one *waiting) (pause time.Duration, mine bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, p := time.Now(), w.waiting[number]
	place := slices.Index(p.woken, one)
	if place < 0 {
		place = len(p.woken)
		p.woken = append(p.woken, one)
	}
	pause = max(p.next.Sub(now), 0) + time.Duration(place)*time.Second/perSecond
	if pause > 0 {
		return pause, false
	}
	p.woken, p.next = p.woken[1:], now.Add(time.Second/perSecond)
	return 0, true
}

// pace is how long each has to pause, so that all together do not ask too often.
func (w *Waiter) pace() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.many) * time.Second / perSecond
}

// sleep pauses until it is told of a notification, or ctx is over. The zero waiting hears of none.
func (one *waiting) sleep(ctx context.Context, pause time.Duration) (told, ended bool) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, true
	case <-one.told:
		return true, ctx.Err() != nil
	case <-timer.C:
		return false, ctx.Err() != nil
	}
}

// begin takes a place among the questions under way.
func (w *Waiter) begin(ctx context.Context) bool {
	select {
	case w.asking <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// put asks, and gives the place back.
func (w *Waiter) put(ctx context.Context, ask Ask) (state string, err error) {
	defer func() { <-w.asking }()
	return ask(ctx)
}

// over is the error of a wait that its context ended.
func over(ctx context.Context, last error) error {
	if last == nil || errors.Is(last, ctx.Err()) {
		return fmt.Errorf("notify: the wait is over: %w", ctx.Err())
	}
	return fmt.Errorf("notify: the wait is over: %w; the last question: %w", ctx.Err(), last)
}

// hopeless says of a question's error that the same question will not be answered.
func hopeless(err error) bool {
	var (
		request *wxpay.RequestError
		config  *wxpay.ConfigError
		key     *wxpay.KeyError
		refused *wxpay.Error
	)
	if errors.As(err, &refused) && refused.Verified {
		switch refused.Code {
		case "PARAM_ERROR", "NO_AUTH", "NOAUTH", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS", "SIGN_ERROR", "SIGNERROR":
			return true
		}
	}
	return errors.As(err, &request) || errors.As(err, &config) || errors.As(err, &key)
}

// mentioned are the plain values of n where anybody waits. They are taken before the function runs,
// which may write to it.
func (r *Receiver) mentioned(n *Notification) map[string]bool {
	if !slices.ContainsFunc(r.waiters, (*Waiter).busy) {
		return nil
	}
	return mentions(n.Plaintext)
}

// mentions are the plain values of a notification.
func mentions(plaintext []byte) map[string]bool {
	found := map[string]bool{}
	d := json.NewDecoder(bytes.NewReader(plaintext))
	d.UseNumber()
	for len(found) < maxMentions {
		token, err := d.Token()
		if err != nil {
			break // the end, or no JSON
		}
		switch t := token.(type) {
		case string:
			found[t] = true
		case json.Number:
			found[t.String()] = true
		}
	}
	return found
}
