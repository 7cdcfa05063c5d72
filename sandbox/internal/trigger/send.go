package trigger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wxpay-go/wxpay/internal/spelling"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/samples"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Send writes the notification that t asks for into the outbox. Everything else in the store stays
// as it is.
func Send(ctx context.Context, e *engine.Engine, kinds []*Kind, t ledger.Trigger) (sent *ledger.Push, err error) {
	k, err := pick(kinds, t.Event, t.Product)
	if err != nil {
		return nil, err
	}
	v, err := k.variantOf(t.Variants)
	if err != nil {
		return nil, err
	}
	m, err := whose(e.Registry, k, t)
	if err != nil {
		return nil, err
	}
	v.made(m)
	m.Shape = func(p *ledger.Push) error { return k.shape(p, t, v) }
	err = e.Step(ctx, func(s *engine.Step) error {
		s.Made = m
		if err := k.telling.Write(s, m); err != nil {
			return err
		}
		if len(s.Told) != 1 {
			return fmt.Errorf("%s of %s came to %d notifications", k.Type, k.Family.Name, len(s.Told))
		}
		row, err := rows.Get[push.Row](s.Tx, s.Told[0])
		sent = row.View()
		return err
	})
	if err != nil {
		return nil, err
	}
	return sent, nil
}

// pick finds the kind that is meant.
func pick(kinds []*Kind, event, product string) (*Kind, error) {
	var same []*Kind
	for _, k := range kinds {
		if k.Type == event {
			same = append(same, k)
		}
	}
	if len(same) == 0 {
		return nil, noEvent(kinds, event)
	}
	if product == "" {
		return same[0], nil
	}
	var names []string
	for _, k := range same {
		if k.Family.Name == product {
			return k, nil
		}
		names = append(names, k.Family.Name)
	}
	for _, k := range same { // the families of papay are three
		if string(k.product) == product {
			return k, nil
		}
	}
	return nil, fmt.Errorf("no product %s tells of %s; there are %s", shown.Value(product), event,
		strings.Join(names, ", "))
}

func noEvent(kinds []*Kind, event string) error {
	best, least := "", 6
	fold := strings.NewReplacer("_", "", ".", "", "-", "")
	for _, k := range kinds {
		if d := spelling.Distance(fold.Replace(strings.ToUpper(event)), fold.Replace(k.Type)); d < least &&
			len(event) <= 64 {
			best, least = k.Type, d
		}
	}
	const list = "wxpay trigger --list, or GET /sandbox/events, has all of them"
	if best == "" {
		return fmt.Errorf("there is no event %q: %s", shown.Value(event), list)
	}
	return fmt.Errorf("there is no event %q; did you mean %s? %s", shown.Value(event), best, list)
}

// whose says to whom it goes, and by which numbers the parties are known.
func whose(known *registry.Registry, k *Kind, t ledger.Trigger) (*engine.Made, error) {
	merchant := known.First()
	if t.MchID != "" {
		merchant = known.Merchant(t.MchID)
	}
	switch {
	case merchant == nil && t.MchID == "":
		return nil, errors.New("the sandbox has no merchant")
	case merchant == nil:
		return nil, fmt.Errorf("there is no merchant %s; GET /sandbox/merchants lists them", shown.Value(t.MchID))
	}
	m := &engine.Made{Family: k.Family.Name, Merchant: merchant, AppID: merchant.FirstAppID(),
		OpenID: samples.OpenID, SubMchID: samples.SubMchID, SubAppID: samples.SubAppID,
		SubOpenID: samples.SubOpenID, Address: t.NotifyURL}
	engine.SetDefault(&m.AppID, samples.AppID)
	for _, sub := range merchant.SubMerchants {
		if sub.MchID != merchant.MchID {
			m.SubMchID = sub.MchID
			if len(sub.AppIDs) > 0 {
				m.SubAppID = sub.AppIDs[0]
			}
			break
		}
	}
	if m.Address == "" {
		m.Address = addressOf(merchant, k)
	}
	switch _, ok := registry.ParseAddress(m.Address); {
	case m.Address == "":
		return nil, fmt.Errorf("merchant %s has no plan with a notify_url: say where it is to go with notify_url "+
			"(--notify-url)", merchant.MchID)
	case !ok:
		return nil, fmt.Errorf("notify_url %s is no address such as https://yourapp.com/notify", shown.Value(m.Address))
	}
	return m, nil
}

// addressOf is that of a plan of the product whose event it is, or else of the first that has one.
func addressOf(m *registry.Merchant, k *Kind) string {
	var address string
	for _, plan := range slices.Backward(m.Plans) {
		if plan.NotifyURL != "" && (address == "" || string(plan.Product) == k.Family.Name) {
			address = plan.NotifyURL
		}
	}
	return address
}

// shape changes what the notification tells as was asked.
func (k *Kind) shape(p *ledger.Push, t ledger.Trigger, v variant) error {
	document := engine.DecodeBody(p.Resource)
	if v.minimal {
		shear(document, k.Resource)
	}
	if err := set(document, k.Resource, t.Set, k.v2); err != nil {
		return err
	}
	p.Resource = rows.EncodeJSON(document)
	return nil
}
