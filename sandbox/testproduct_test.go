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
	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/debits"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/payments"
	"github.com/wxpay-go/wxpay/sandbox/internal/product/combinepapay"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// testProduct is a product that exists in no catalogue: the mechanism by itself, under
// rules a test makes up. Products are tested through the public door.
type testProduct struct {
	t *testing.T
	*Sandbox
	product  *engine.Product
	contract string
}

// labStart is ten in the morning in Beijing.
var testStart = time.Date(2020, 9, 10, 10, 0, 0, 0, wire.Beijing)

func newTestProduct(t *testing.T, r *engine.DebitRules, plan ledger.Plan,
	options ...func(*engine.Product)) *testProduct {
	t.Helper()
	s := New(t, At(testStart))
	p := combinepapay.Product()
	r.Name, p.Debits = "lab", []*engine.DebitRules{r}
	if r.Paid.EventType == "" {
		r.Paid, r.Failed = engine.Event{EventType: "LAB.PAID", OriginalType: "lab",
			Summary: ""}, engine.Event{EventType: "LAB.FAILED", OriginalType: "lab", Summary: ""}
	}
	if r.Resource == nil {
		r.Resource = func(d *rows.Debit) engine.Document { return engine.Document{"no": d.OutTradeNo} }
	}
	for _, o := range options {
		o(p)
	}
	s.engine.Products[p.Name], s.engine.Debits["lab"] = p, r
	s.engine.Refunds["lab"] = &engine.RefundRules{Name: "lab", Delay: time.Minute, Retries: rows.GenericSchedule,
		Resource: func(r *rows.Refund) engine.Document { return engine.Document{"no": r.OutRefundNo} }}
	plan.ID, plan.Product, plan.NotifyURL = DefaultPlanID, p.Name, DefaultNotifyURL
	if err := s.AddPlan(DefaultMchID, plan); err != nil {
		t.Fatal(err)
	}
	l := &testProduct{t: t, Sandbox: s, product: p}
	c, err := s.Payer("payer").SignElsewhere(p.Name, plan.ID)
	if err != nil {
		t.Fatal(err)
	}
	l.contract = c.ID
	return l
}

// call runs f as a behaviour would run.
func (l *testProduct) call(body engine.Document, f func(*engine.Call) error) error {
	l.t.Helper()
	raw := rows.EncodeJSON(body)
	m := l.engine.Registry.Merchant(DefaultMchID)
	return l.engine.Decide(context.Background(), func(s *engine.Step) error {
		c := s.CallBy(m)
		c.Op, c.Product = &catalogue.Operation{Method: "POST", Path: "/lab"}, l.product
		c.Raw, c.Body = raw, engine.DecodeBody(raw)
		return f(c)
	})
}

func (l *testProduct) debit(no string, total int64) (d *rows.Debit, err error) {
	l.t.Helper()
	err = l.call(engine.Document{"no": no, "total": total}, func(c *engine.Call) error {
		d, err = debits.Ask(c, &rows.Debit{Debit: ledger.Debit{ContractID: l.contract, OutTradeNo: no, Total: total,
			NotifyURL: DefaultNotifyURL}})
		return err
	})
	return d, err
}

func (l *testProduct) notice(amount int64, days int) error {
	l.t.Helper()
	return l.call(engine.Document{"amount": amount, "days": days}, func(c *engine.Call) error {
		contract, err := rows.Get[rows.Contract](c.Tx, l.contract)
		if err != nil {
			return err
		}
		return debits.SendNotice(c, contract, amount, days)
	})
}

func (l *testProduct) book(amount int64) error {
	l.t.Helper()
	return l.call(engine.Document{"amount": amount}, func(c *engine.Call) error {
		contract, err := rows.Get[rows.Contract](c.Tx, l.contract)
		if err != nil {
			return err
		}
		_, err = debits.Book(c, contract, "", amount)
		return err
	})
}

func (l *testProduct) refund(r *rows.Refund) (out *rows.Refund, err error) {
	l.t.Helper()
	err = l.call(engine.Document{"no": r.OutRefundNo, "amount": r.Amount}, func(c *engine.Call) error {
		out, err = payments.Refund(c, c.Refunds["lab"], r)
		return err
	})
	return out, err
}

// at moves on to a moment, living through the time between.
func (l *testProduct) at(days int, hour, minute int) {
	l.t.Helper()
	to := clock.Midnight(testStart).AddDate(0, 0, days).Add(time.Duration(hour)*time.Hour +
		time.Duration(minute)*time.Minute)
	if err := l.Advance(to.Sub(l.Clock().Now())); err != nil {
		l.t.Fatal(err)
	}
}

func (l *testProduct) refused(err error, code string) {
	l.t.Helper()
	var r *engine.Refusal
	switch {
	case code == "" && err != nil:
		l.t.Fatalf("got %v, want it taken", err)
	case code != "" && (!errors.As(err, &r) || r.Code != code):
		l.t.Fatalf("got %v, want %s", err, code)
	case code != "" && r.Hint == "":
		l.t.Errorf("%s has no hint", code)
	}
}

// events are the notifications so far, as type and number.
func (l *testProduct) events() (out []string) {
	l.t.Helper()
	pushes, err := l.Pushes()
	if err != nil {
		l.t.Fatal(err)
	}
	for _, p := range pushes {
		var r struct {
			No string `json:"no"`
		}
		if err := json.Unmarshal(p.Resource, &r); err != nil {
			l.t.Fatal(err)
		}
		if p.Event != l.product.Signed.EventType {
			out = append(out, p.Event+r.No)
		}
	}
	return out
}

func (l *testProduct) wantEvents(want ...string) {
	l.t.Helper()
	if got := fmt.Sprint(l.events()); got != fmt.Sprint(want) {
		l.t.Errorf("notified %s, want %s", got, want)
	}
}
