package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// delivery is an attempt to deliver a notification, as the admin tells of it.
type delivery struct {
	Cursor       string         `json:"cursor"`
	Notification ledger.Push    `json:"notification"`
	Attempt      ledger.Attempt `json:"attempt"`
}

// since are the deliveries after a cursor, and the cursor after them; "" is now. It waits for one
// that long.
func (a *adminClient) since(ctx context.Context, cursor string, wait time.Duration) (list []delivery, next string,
	err error) {
	return a.sinceFor(ctx, cursor, wait, "")
}

// sinceFor is since for a listener, which tells the sandbox so that it is still there.
func (a *adminClient) sinceFor(ctx context.Context, cursor string, wait time.Duration, listener string) (
	list []delivery, next string, err error) {
	var answer struct {
		Data []delivery `json:"data"`
		Next string     `json:"next"`
	}
	query := url.Values{"after": {cursor}, "wait": {strconv.Itoa(int(wait.Seconds()))}}
	if cursor == "" {
		query = url.Values{}
	}
	if listener != "" {
		query.Set("listener", listener)
	}
	ctx, cancel := context.WithTimeout(ctx, wait+adminPatience)
	defer cancel()
	err = a.waiting(ctx, http.MethodGet, "attempts?"+query.Encode(), nil, &answer)
	return answer.Data, answer.Next, err
}

// deliveries prints a line or an object for each.
type deliveries struct {
	sys    System
	asJSON bool
	bodies bool // with what the notification says
	admin  *adminClient
}

// tell prints one and says whether the receiver did what it should.
func (d *deliveries) tell(ctx context.Context, one delivery) (good bool, err error) {
	v := d.verdict(one)
	var body json.RawMessage
	if d.bodies {
		var p ledger.Push
		err := d.admin.call(ctx, http.MethodGet, "pushes/"+url.PathEscape(one.Notification.ID), nil, &p)
		if err != nil && !isMissing(err) {
			return v.good, err
		}
		body = p.Resource
	}
	if d.asJSON {
		return v.good, d.object(one, v, body)
	}
	p, paint := one.Notification, d.sys.paintOut()
	colour := paint.green
	if !v.good {
		colour = paint.red
	}
	line := []string{paint.dim(one.Attempt.At.In(beijing).Format("15:04:05")),
		lang.Pad(printable(p.Event), eventColumns), paint.dim(printable(p.ID)), colour(v.word)}
	if v.next != "" {
		line = append(line, paint.dim(v.next))
	}
	if _, err = fmt.Fprintln(d.sys.Out, strings.Join(line, "  ")); err == nil && len(body) > 0 {
		_, err = fmt.Fprintf(d.sys.Out, "          %s\n", legible(body))
	}
	return v.good, err
}

// object prints it for programs. Its names are kept from one version to the next.
func (d *deliveries) object(one delivery, v verdict, body json.RawMessage) error {
	p, a := one.Notification, one.Attempt
	out := struct {
		At        time.Time        `json:"at"`
		ID        string           `json:"id"`
		Event     string           `json:"event_type"`
		MchID     string           `json:"mchid"`
		URL       string           `json:"url"`
		Attempt   int              `json:"attempt"`
		Status    int              `json:"status"` // 0: no answer
		Error     string           `json:"error,omitempty"`
		Good      bool             `json:"good"` // taken, or refused where it had to be
		Faults    []fault.Name     `json:"faults,omitempty"`
		State     ledger.PushState `json:"state"`
		NextAt    *time.Time       `json:"next_at,omitempty"`
		Triggered bool             `json:"triggered,omitempty"`
		Resource  json.RawMessage  `json:"resource,omitempty"`
	}{a.At, p.ID, p.Event, p.MchID, p.URL, a.No, a.Status, withoutIDs(a.Error), v.good, a.Faults, p.State, nil,
		p.Triggered, body}
	if !p.NextAt.IsZero() {
		out.NextAt = &p.NextAt
	}
	return json.NewEncoder(d.sys.Out).Encode(out)
}

// verdict is what an attempt came to.
type verdict struct {
	good bool
	word string // what the receiver answered
	next string // what follows
}

// toBeRefused are the faults that no receiver may take a message with.
var toBeRefused = []fault.Name{fault.Probe, fault.BadSignature, fault.WrongSerial, fault.Stale, fault.Stripped,
	fault.BOM, fault.Reencoded, fault.Skew}

func (d *deliveries) verdict(one delivery) (v verdict) {
	p, a := one.Notification, one.Attempt
	at := slices.IndexFunc(a.Faults, func(f fault.Name) bool { return slices.Contains(toBeRefused, f) })
	taken := a.Status >= 200 && a.Status <= 299
	switch {
	case at >= 0 && a.Status == 0:
		v.word = d.sys.text("no answer: %s", printable(withoutIDs(a.Error)))
	case at >= 0 && (taken && !p.V2 || strings.Contains(a.Error, "does not verify")):
		v.word = d.sys.text("%d: accepted, but it had to be refused (%s); the receiver does not verify", a.Status,
			string(a.Faults[at]))
	case at >= 0:
		v.good, v.word = true, d.sys.text("%d: refused, as it must be (%s)", a.Status, string(a.Faults[at]))
	case a.Error == "":
		v.good, v.word = true, strconv.Itoa(a.Status)
	case slices.Contains(a.Faults, fault.AnswerLost):
		v.good, v.word = true, d.sys.text("%d: answered, and the answer was lost as you asked", a.Status)
	case a.Status == 0:
		v.word = d.unanswered(p, a)
	case p.V2:
		v.word = printable(withoutIDs(a.Error))
	default:
		v.word = d.sys.text("%d instead of 200 or 204", a.Status)
	}
	switch {
	case p.State == ledger.PushPending && !p.NextAt.IsZero():
		v.next = d.sys.text("again at %s", shortTime(p.NextAt, a.At))
	case p.State == ledger.PushGivenUp && at < 0:
		v.next = d.sys.text("given up")
	case p.State == ledger.PushHeld:
		v.next = d.sys.text("held back")
	case p.State == ledger.PushUndeliverable:
		v.next = d.sys.text("wxpay listen --forward-to URL sends it to your program")
	}
	return v
}

// unanswered is why there is no answer.
func (d *deliveries) unanswered(p ledger.Push, a ledger.Attempt) string {
	to := (&traffic{sys: d.sys}).destination(p.URL)
	why := printable(withoutIDs(strings.ReplaceAll(a.Error, p.URL, to)))
	if rest, ok := strings.CutPrefix(why, "the merchant cannot be reached: "); ok {
		return d.sys.text("cannot be reached: %s", rest)
	}
	if rest, ok := strings.CutPrefix(why, "no answer within "); ok {
		return d.sys.text("no answer within %s", rest)
	}
	if strings.Contains(why, " is not on this machine and was not called. To receive it") {
		return d.sys.text("not sent: %s is not on this machine", to)
	}
	return why
}

// shortTime is a time of day, with the day where that is another than that of a moment.
func shortTime(t, beside time.Time) string {
	t, beside = t.In(beijing), beside.In(beijing)
	if t.Format(time.DateOnly) == beside.Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return t.Format("01-02 15:04:05")
}

// outcomes waits for the next attempt of each of these notifications, prints those, and says
// whether all receivers did what they should. Of what is not sent now it says why.
func (d *deliveries) outcomes(ctx context.Context, cursor string, ids []string) (good bool, err error) {
	waiting := map[string]bool{}
	for _, id := range ids {
		waiting[id] = true
	}
	good = true
	// Faults may make several of one attempt, which are told of one right after the other: the last
	// round takes those.
	for until, last := time.Now().Add(outcomePatience), false; !last; {
		wait := time.Second
		if last = len(waiting) == 0; last {
			wait = 0
		} else if time.Now().After(until) {
			d.sys.note("%d notifications are not answered yet; wxpay events shows what becomes of them", len(waiting))
			return false, nil
		}
		var list []delivery
		if list, cursor, err = d.admin.since(ctx, cursor, wait); err != nil {
			return false, err
		}
		for _, one := range list {
			if !slices.Contains(ids, one.Notification.ID) {
				continue
			}
			ok, err := d.tell(ctx, one)
			if err != nil {
				return false, err
			}
			good = good && ok
			if !one.Attempt.Probe { // the genuine one follows
				delete(waiting, one.Notification.ID)
			}
		}
		if len(list) > 0 {
			continue
		}
		for id := range waiting {
			now, err := d.later(ctx, id)
			if err != nil {
				return false, err
			}
			if !now {
				delete(waiting, id)
			}
		}
	}
	return good, nil
}

// later says of a notification why it is not sent now, if it is not.
func (d *deliveries) later(ctx context.Context, id string) (now bool, err error) {
	var p ledger.Push
	if err := d.admin.call(ctx, http.MethodGet, "pushes/"+url.PathEscape(id), nil, &p); err != nil {
		return false, err
	}
	switch {
	case p.State == ledger.PushHeld:
		d.sys.note("%s is held back: wxpay release sends it", p.ID)
	case p.State == ledger.PushLost:
		d.sys.note("%s is lost as you asked: it is never sent", p.ID)
	case p.State == ledger.PushPending && len(p.Faults) > 0:
		d.sys.note("%s is sent at %s as you asked", p.ID, shortTime(p.NextAt, time.Now()))
	case p.State == ledger.PushPending:
		return d.clockRuns(ctx, p.ID)
	}
	return false, nil // it was sent, and nobody heard of it any more
}

// clockRuns says whether the sandbox sends by itself.
func (d *deliveries) clockRuns(ctx context.Context, id string) (bool, error) {
	var clock struct {
		Manual bool `json:"manual"`
	}
	err := d.admin.call(ctx, http.MethodGet, "clock", nil, &clock)
	if clock.Manual {
		d.sys.note("%s is sent when the sandbox's clock, which stands still, is moved", id)
	}
	return !clock.Manual, err
}

// eventColumns is the room for an event type; the longest stand out.
const eventColumns = 22

// outcomePatience is how long a receiver and the sandbox's way to it may take.
const outcomePatience = 15 * time.Second

// orNot is the end of a verb of which the receivers did not take all as they should.
func orNot(good bool, err error) error {
	if err != nil || good {
		return err
	}
	return &failure{code: exitFailure, err: errorf("not every notification was taken as it should be")}
}
