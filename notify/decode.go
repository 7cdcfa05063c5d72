package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// Decode unmarshals the resource into what v points to, by whatever pointers and
// interfaces. Where that is an [Event], also one embedded in a struct of your own, it
// must be the one for this EventType. A number written as a text, and a text as a number, are
// read; an empty text or list stands for an object or list that is not there; a part that an event
// is understood without, such as promotion_detail, is left out where it does not fit, which
// [OnError] is told of ([CheckPart]). The error is a [*Error].
//
// Where a field has an `also` tag, the member may have that name too.
func (n *Notification) Decode(v any) error {
	if err := n.decode(v); err != nil {
		return err
	}
	return nil
}

// isShare tells a share of another merchant's payment that came under an event type of payments.
// It tells who got the share, which no payment does, where an archive has not kept OriginalType.
func (n *Notification) isShare() bool {
	switch {
	case !strings.HasPrefix(n.EventType, "TRANSACTION."):
		return false
	case n.OriginalType != "":
		return n.OriginalType == "profitsharing"
	}
	var told struct {
		Receiver json.RawMessage `json:"receiver"`
	}
	return json.Unmarshal(n.Plaintext, &told) == nil && isObject(told.Receiver)
}

// decode keeps the values out of its error: encoding/json would quote them.
func (n *Notification) decode(v any) *Error {
	p, problem := target(v)
	if problem != "" {
		return n.undecoded("it was to be decoded into "+problem, nil)
	}
	if e, ok := p.Interface().(Event); ok {
		switch eventType, ok := eventTypeOf(e); {
		case !ok:
			return n.undecoded("the EventType of what it was to be decoded into panics: set what it embeds, or decode "+
				"into a type that has no EventType", nil)
		case eventType != n.EventType:
			return n.undecoded("it was to be decoded as a "+eventType, nil)
		case n.isShare():
			says := "OriginalType says profitsharing"
			if n.OriginalType == "" {
				says = "it has the receiver of one"
			}
			return n.undecoded("it is a share of another merchant's payment, and no payment: "+says, nil)
		}
	}
	switch {
	case !isObject(n.Plaintext): // null would leave the event empty
		return n.undecoded("Plaintext is not a JSON object: where the notification came through a queue, it has to "+
			"bring Plaintext along", nil)
	// The others came through encoding/json, or from an archive that kept what README's keeps.
	case n.v2 || n.OriginalType == originalTypeV2 || n.EventType == V2Other || strings.HasPrefix(n.EventType, "V2."):
		return n.decodeV2(p)
	}
	t := p.Type().Elem()
	plaintext, before := respelled(n.Plaintext, t), reflect.Zero(t)
	if !p.Elem().IsZero() {
		before = reflect.New(t).Elem()
		before.Set(p.Elem())
	}
	err := json.Unmarshal(plaintext, p.Interface())
	if err == nil {
		return nil
	}
	p.Elem().Set(before) // it is filled in part
	if err := n.whole(); err != nil {
		return err
	}
	fitted, leftOut := fit(plaintext, t)
	if fitted != nil && json.Unmarshal(fitted, p.Interface()) == nil {
		n.tell(leftOut)
		return nil
	}
	problem = "the resource does not decode"
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) && mismatch.Type != nil { // a type's own unmarshaller makes them too
		problem = "the resource"
		if mismatch.Field != "" {
			problem = "in the resource, " + fieldPath(mismatch.Field, t)
		}
		problem += " is not a " + mismatch.Type.String() + "; until the type fits, take it from Plaintext with Handle"
	}
	return n.undecoded(problem, err)
}

// tell reports what was left out of an event.
func (n *Notification) tell(leftOut []string) {
	if len(leftOut) == 0 {
		return
	}
	e := n.fail(CheckPart, 0, wire.Clip(strings.Join(leftOut, ", "), 256)+" does not fit the event's type and was "+
		"left out, and the function ran without it; it is in Plaintext", nil)
	if r := n.by.Reveal(); r != nil {
		r.report(context.Background(), e)
		return
	}
	logError(context.Background(), e) // it came through a queue
}

// decodeV2 fills in a struct by its xml tags, as the events have them, and
// anything else from the JSON of Plaintext.
func (n *Notification) decodeV2(p reflect.Value) *Error {
	if p.Elem().Kind() != reflect.Struct {
		if json.Unmarshal(n.Plaintext, p.Interface()) != nil {
			return n.undecoded("the fields of an APIv2 message are all strings: "+
				"decode them into a struct with xml tags or a map of strings", nil)
		}
		return nil
	}
	fields := n.fields.Reveal()
	if fields == nil && json.Unmarshal(n.Plaintext, &fields) != nil {
		return n.undecoded("Plaintext is not an APIv2 message", nil)
	}
	if err := fields.Fill(p.Interface()); err != nil {
		return n.undecoded("the message does not decode: "+err.Error()+
			"; until the type fits, take it from Plaintext with Handle", err)
	}
	return nil
}

func (n *Notification) undecoded(problem string, err error) *Error {
	return n.fail(CheckDecode, http.StatusInternalServerError, problem, err)
}

// isObject tells a JSON object from every other JSON.
func isObject(raw []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{"))
}

// maxSteps is how many pointers and interfaces are followed, for they may lead in a circle.
const maxSteps = 10

// target follows v to the pointer whose value is to be filled, which points to no other. It
// sets nil pointers on the way, as encoding/json does. problem is what v is, if it leads to none.
func target(v any) (p reflect.Value, problem string) {
	p = reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer {
		return p, "what is no pointer"
	}
	for range maxSteps {
		if p.IsNil() {
			if !p.CanSet() {
				return p, "a nil pointer"
			}
			p.Set(reflect.New(p.Type().Elem()))
		}
		to := p.Elem()
		if to.Kind() == reflect.Interface && !to.IsNil() {
			if held := to.Elem(); held.Kind() == reflect.Pointer {
				to = held
			} else if _, ok := held.Interface().(Event); ok {
				return p, "an event in an interface, which nobody can fill: put a pointer to the event there"
			}
		}
		if to.Kind() != reflect.Pointer {
			return to.Addr(), ""
		}
		p = to
	}
	return p, "pointers that lead to pointers without end"
}

// eventTypeOf asks a pointer to an event. One that embeds a pointer that is nil cannot answer,
// and another of its type is asked, in which it is set. It is not ok where that panics too.
func eventTypeOf(e Event) (eventType string, ok bool) {
	if eventType, ok = asked(e); ok {
		return eventType, true
	}
	whole := reflect.New(reflect.TypeOf(e).Elem())
	embed(whole, maxSteps)
	return asked(whole.Interface().(Event))
}

func asked(e Event) (eventType string, ok bool) {
	defer func() { _ = recover() }()
	return e.EventType(), true
}

// embed sets what a new struct embeds by pointers and has its EventType of.
func embed(v reflect.Value, steps int) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() && v.CanSet() { // not of a type that is not exported
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct || steps == 0 {
		return
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Anonymous && f.Type.Implements(reflect.TypeFor[Event]()) {
			embed(v.Field(i), steps-1)
		}
	}
}

// eventTypeFor is the event type that E is for. It panics over
// a type that cannot tell, or that no APIv2 message decodes into.
func eventTypeFor[E Event]() string {
	p, _ := target(new(E))
	eventType, ok := "", false
	if e, is := p.Interface().(Event); is {
		eventType, ok = eventTypeOf(e)
	}
	if !ok {
		panic("notify.On: the EventType of a " + wire.Clip(reflect.TypeFor[E]().String(), 64) +
			" panics: give the type one that every value answers")
	}
	if kind, _, _ := strings.Cut(eventType, "."); kind != V2Other || p.Elem().Kind() != reflect.Struct {
		return eventType
	}
	if err := (wire.Fields{}).Fill(p.Interface()); err != nil {
		panic("notify.On: the type for " + eventType + " does not decode: " + err.Error())
	}
	return eventType
}
