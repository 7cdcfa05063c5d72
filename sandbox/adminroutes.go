package sandbox

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"time"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// worldRoutes are everything that is neither a merchant's nor a payer's.
func (a *admin) worldRoutes() map[string]adminRoute {
	type terminate struct {
		Mode   ledger.Termination `json:"mode"`
		Remark string             `json:"remark"`
	}
	type forward struct {
		Prefix string `json:"prefix"`
		Target string `json:"target"`
	}
	return map[string]adminRoute{
		"GET /sandbox/health": bare(func(*http.Request) (any, error) {
			return healthShown{OK: true, API: a.url, Time: wire.FormatTime(a.Clock().Now())}, nil
		}),
		"GET /sandbox/clock":          bare(a.clock),
		"POST /sandbox/clock/advance": takes(a.advanceClock),
		"POST /sandbox/clock/set":     takes(a.setClock),
		"POST /sandbox/settle": bare(func(r *http.Request) (any, error) {
			return nil, a.outbox.Worker.Settle(r.Context()) // until the caller gives up
		}),

		"GET /sandbox/journal": bare(a.exchanges).asking(journalQuery()...).answeringAsIs(),
		"POST /sandbox/contracts/{id}/terminate": takes(func(r *http.Request, b *terminate) (any, error) {
			return a.terminateContract(r.PathValue("id"), b.Mode, b.Remark)
		}),

		"GET /sandbox/route": bare(func(r *http.Request) (any, error) {
			target, problem := a.outbox.Routes.Leads(r.URL.Query().Get("url"), r.URL.Query().Get("event_type"))
			return routeShown{target, problem}, nil
		}).asking("url", "event_type"),
		"GET /sandbox/forwards": bare(func(*http.Request) (any, error) { return a.outbox.Routes.Forwards(), nil }),
		"POST /sandbox/forwards": takes(func(_ *http.Request, b *forward) (any, error) {
			if err := need("prefix", b.Prefix, "target", b.Target); err != nil {
				return nil, err
			}
			if err := a.Forward(b.Prefix, b.Target); err != nil {
				return nil, badCall("%v", err)
			}
			return nil, nil
		}),

		"GET /sandbox/faults":         bare(func(*http.Request) (any, error) { return listing(a.Faults(), nil) }),
		"POST /sandbox/faults":        takes(a.addFault),
		"DELETE /sandbox/faults":      bare(func(*http.Request) (any, error) { a.ClearFaults(); return nil, nil }),
		"DELETE /sandbox/faults/{id}": bare(a.clearFault),
		"POST /sandbox/chaos":         silent(func() error { return a.Inject(armed.Chaos(a.Clock().Manual())...) }),
	}
}

// listing makes an empty list of none, so that it is [] and not null.
func listing[T any](list []T, err error) (any, error) {
	if list == nil {
		list = []T{}
	}
	return engine.Document{"data": list}, err
}

func (a *admin) clock(*http.Request) (any, error) {
	return clockShown{Time: wire.FormatTime(a.Clock().Now()), Manual: a.Clock().Manual()}, nil
}

type clockShown struct {
	Time   string `json:"time"`
	Manual bool   `json:"manual"`
}

type healthShown struct {
	OK   bool   `json:"ok"`
	API  string `json:"api"`
	Time string `json:"time"`
}

type clockAdvance struct {
	Duration string `json:"duration"`
}

func (a *admin) advanceClock(r *http.Request, b *clockAdvance) (any, error) {
	d, err := time.ParseDuration(b.Duration)
	if err != nil && isDuration(digits.ReplaceAllString(b.Duration, "1")) {
		return nil, badCall("the duration is too long: one is at most 292 years, and the clock goes from 1971 to 2261")
	}
	if err != nil || d < 0 {
		return nil, badCall(`the body needs "duration", a Go duration such as "2h" or "90s", not negative`)
	}
	if err := clock.CheckTime(a.Clock().Now().Add(d)); err != nil {
		return nil, badCall("%v", err)
	}
	if err := a.outbox.Worker.Advance(r.Context(), d); err != nil { // until the caller gives up
		return nil, err
	}
	return a.clock(r)
}

// digits matches what makes a duration too long.
var digits = regexp.MustCompile(`[0-9]+`)

func isDuration(s string) bool {
	d, err := time.ParseDuration(s)
	return err == nil && d >= 0
}

type clockSet struct {
	Time string `json:"time"`
}

func (a *admin) setClock(r *http.Request, b *clockSet) (any, error) {
	t, err := time.Parse(time.RFC3339, b.Time)
	if err != nil {
		return nil, badCall(`the body needs "time", RFC 3339 such as "2020-09-10T10:00:00+08:00"`)
	}
	if err := a.Clock().Set(t); err != nil {
		return nil, badCall("%v", err)
	}
	return a.clock(r)
}

func (a *admin) terminateContract(id string, by ledger.Termination, remark string) (any, error) {
	engine.SetDefault(&by, ledger.ByConsole)
	if !rows.KnownTermination(by) {
		return nil,
			badCall(
				`"mode" must be one of USER_TERMINATE, MCH_API_TERMINATE, WEPAY_WEB_TERMINATE, CUSTOMER_SERVICE_TERMINATE and SYSTEM_TERMINATE`)
	}
	if err := a.Terminate(id, by, remark); err != nil {
		return nil, err
	}
	return a.Contract(id)
}

// routeShown is where a notification would be sent.
type routeShown struct {
	Target  string `json:"target,omitempty"`
	Problem string `json:"problem,omitempty"` // why it would not be
}

// faultBody is a [fault.Fault] with the members of its JSON, for a body that is read strictly.
type faultBody struct {
	membersOfFault
	Delay string `json:"delay,omitempty"`
}

type membersOfFault fault.Fault

// fault is the fault that was meant.
func (b *faultBody) fault() (f fault.Fault, err error) {
	raw, err := json.Marshal(b)
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	return f, err
}

func (a *admin) addFault(_ *http.Request, b *faultBody) (any, error) {
	f, err := b.fault()
	if err != nil {
		return nil, badCall("%v", err)
	}
	armed, err := a.faults.Arm(f)
	if err != nil {
		return nil, badCall("%v", err)
	}
	return armed[0], nil
}

func (a *admin) clearFault(r *http.Request) (any, error) {
	if !a.faults.Clear(r.PathValue("id")) {
		return nil, &adminError{http.StatusNotFound, "there is no fault with this id; GET /sandbox/faults lists them"}
	}
	return nil, nil
}

// productRoutes are what only some products have people do.
func (a *admin) productRoutes() map[string]adminRoute {
	routes := map[string]adminRoute{}
	for _, p := range a.engine.Products {
		for pattern, call := range p.Admin {
			routes[pattern] = a.ofProduct(call)
		}
	}
	return routes
}

func (a *admin) ofProduct(call engine.AdminCall) adminRoute {
	return adminRoute{body: reflect.TypeOf(call.New()).Elem(), run: func(_ *http.Request, raw []byte) (said any,
		err error) {
		body := call.New()
		if err := readMembers(raw, body); err != nil {
			return nil, err
		}
		members := engine.DecodeBody(raw)
		for _, name := range call.Needs {
			if err := need(name, engine.TextOf(members, name)); err != nil {
				return nil, err
			}
		}
		err = a.engine.Step(context.Background(), func(s *engine.Step) (err error) {
			said, err = call.Do(s, body)
			return err
		})
		return said, err
	}}
}
