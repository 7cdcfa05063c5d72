package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// testProduct is a product that exists in no catalogue: the mechanism by itself, under
// rules a test makes up. Products are tested through the public door.
type testProduct struct {
	*testing.T
	*Sandbox
	product  *product
	contract string
}

// labStart is ten in the morning in Beijing.
var testStart = time.Date(2020, 9, 10, 10, 0, 0, 0, wire.Beijing)

func newTestProduct(t *testing.T, r *debitRules, plan Plan, options ...func(*product)) *testProduct {
	t.Helper()
	s := New(t, At(testStart))
	p := combinePapay()
	r.name, p.debits = "lab", []*debitRules{r}
	if r.paid.eventType == "" {
		r.paid, r.failed = event{eventType: "LAB.PAID", originalType: "lab", summary: ""}, event{eventType: "LAB.FAILED", originalType: "lab", summary: ""}
	}
	if r.resource == nil {
		r.resource = func(d *debitRow) document { return document{"no": d.OutTradeNo} }
	}
	for _, o := range options {
		o(p)
	}
	s.engine.products[p.name], s.engine.debits["lab"] = p, r
	s.engine.refunds["lab"] = &refundRules{name: "lab", delay: time.Minute, retries: genericSchedule,
		resource: func(r *refundRow) document { return document{"no": r.OutRefundNo} }}
	plan.ID, plan.Product, plan.NotifyURL = DefaultPlanID, p.name, DefaultNotifyURL
	if err := s.AddPlan(DefaultMchID, plan); err != nil {
		t.Fatal(err)
	}
	l := &testProduct{T: t, Sandbox: s, product: p}
	c, err := s.Payer("payer").SignElsewhere(p.name, plan.ID)
	if err != nil {
		t.Fatal(err)
	}
	l.contract = c.ID
	return l
}

// call runs f as a behaviour would run.
func (l *testProduct) call(body document, f func(*call) error) error {
	l.Helper()
	raw := encodeJSON(body)
	m := l.engine.registry.merchant(DefaultMchID)
	return l.engine.decide(context.Background(), func(s *step) error {
		c := s.callBy(m)
		c.op, c.product = &catalogue.Operation{Method: "POST", Path: "/lab"}, l.product
		c.raw, c.body = raw, decodeBody(raw)
		return f(c)
	})
}

func (l *testProduct) debit(no string, total int64) (d *debitRow, err error) {
	l.Helper()
	err = l.call(document{"no": no, "total": total}, func(c *call) error {
		d, err = c.debit(&debitRow{Debit: Debit{ContractID: l.contract, OutTradeNo: no, Total: total,
			NotifyURL: DefaultNotifyURL}})
		return err
	})
	return d, err
}

func (l *testProduct) notice(amount int64, days int) error {
	l.Helper()
	return l.call(document{"amount": amount, "days": days}, func(c *call) error {
		contract, err := get[contractRow](c.Tx, l.contract)
		if err != nil {
			return err
		}
		return c.sendNotice(contract, amount, days)
	})
}

func (l *testProduct) book(amount int64) error {
	l.Helper()
	return l.call(document{"amount": amount}, func(c *call) error {
		contract, err := get[contractRow](c.Tx, l.contract)
		if err != nil {
			return err
		}
		_, err = c.book(contract, "", amount)
		return err
	})
}

func (l *testProduct) refund(r *refundRow) (out *refundRow, err error) {
	l.Helper()
	err = l.call(document{"no": r.OutRefundNo, "amount": r.Amount}, func(c *call) error {
		out, err = c.refund(c.refunds["lab"], r)
		return err
	})
	return out, err
}

// at moves on to a moment, living through the time between.
func (l *testProduct) at(days int, hour, minute int) {
	l.Helper()
	to := midnight(testStart).AddDate(0, 0, days).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	if err := l.Advance(to.Sub(l.Clock().Now())); err != nil {
		l.Fatal(err)
	}
}

func (l *testProduct) refused(err error, code string) {
	l.Helper()
	var r *refusal
	switch {
	case code == "" && err != nil:
		l.Fatalf("got %v, want it taken", err)
	case code != "" && (!errors.As(err, &r) || r.code != code):
		l.Fatalf("got %v, want %s", err, code)
	case code != "" && r.hint == "":
		l.Errorf("%s has no hint", code)
	}
}

// events are the notifications so far, as type and number.
func (l *testProduct) events() (out []string) {
	l.Helper()
	pushes, err := l.Pushes()
	if err != nil {
		l.Fatal(err)
	}
	for _, p := range pushes {
		var r struct {
			No string `json:"no"`
		}
		if err := json.Unmarshal(p.Resource, &r); err != nil {
			l.Fatal(err)
		}
		if p.Event != l.product.signed.eventType {
			out = append(out, p.Event+r.No)
		}
	}
	return out
}

func (l *testProduct) wantEvents(want ...string) {
	l.Helper()
	if got := fmt.Sprint(l.events()); got != fmt.Sprint(want) {
		l.Errorf("notified %s, want %s", got, want)
	}
}
