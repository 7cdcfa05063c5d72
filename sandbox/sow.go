package sandbox

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/internal/clock"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// sowing lays a seed in one transaction. What it finds it leaves as it is.
type sowing struct {
	*engine.Step
	next *registry.State
	doc  *seedDocument
	// fresh are merchants with keys that were made for them.
	fresh map[string]ledger.Merchant
	Seeded
}

func (w *sowing) all() error {
	for _, lay := range []struct {
		name  string
		each  int
		lay   func(i int, at string) (fresh bool, err error)
		laid  *int
		there *int
	}{
		{"merchants", len(w.doc.Merchants), w.merchant, &w.Laid.Merchants, &w.There.Merchants},
		{"plans", len(w.doc.Plans), w.plan, &w.Laid.Plans, &w.There.Plans},
		{"payers", len(w.doc.Payers), w.payer, &w.Laid.Payers, &w.There.Payers},
		{"contracts", len(w.doc.Contracts), w.contract, &w.Laid.Contracts, &w.There.Contracts},
	} {
		for i := range lay.each {
			fresh, err := lay.lay(i, fmt.Sprintf("%s[%d]", lay.name, i))
			switch {
			case err != nil:
				return err
			case fresh:
				*lay.laid++
			default:
				*lay.there++
			}
		}
		if lay.name == "payers" {
			if err := w.SavePeople(w.next); err != nil {
				return err
			}
		}
		w.Knowing(w.next)
		w.Known.Warn = func(string, ...any) {} // of notifications, which nobody gets
	}
	return nil
}

func (w *sowing) merchant(i int, at string) (fresh bool, err error) {
	is := &w.doc.Merchants[i]
	here := w.next.Merchants[is.MchID]
	if here == nil {
		m := w.fresh[is.MchID]
		m.MchID, m.Name, m.AppIDs, m.SubMerchants = is.MchID, is.Name, is.AppIDs, is.SubMerchants
		if err := registry.CheckNew(w.Products, m); err != nil {
			return false, badSeed(at, "%v", err)
		}
		if err := GenerateMerchantKeys(&m); err != nil {
			return false, err
		}
		parsed, err := registry.Parse(w.Products, m)
		if err == nil {
			err = w.AddMerchant(w.next, parsed)
		}
		if err != nil {
			return false, badSeed(at, "%v", err)
		}
		return true, nil
	}
	m := here.Merchant
	if is.Name != "" {
		m.Name = is.Name
	}
	m.AppIDs = both(m.AppIDs, is.AppIDs, func(a, b string) bool { return a == b })
	m.SubMerchants = both(m.SubMerchants, is.SubMerchants, func(a, b ledger.SubMerchant) bool {
		return a.MchID == b.MchID
	})
	if sameButKeys(m, here.Merchant) {
		return false, nil
	}
	parsed, err := registry.Parse(w.Products, m)
	if err == nil {
		err = errors.Join(registry.CheckNew(w.Products, m), w.ChangeMerchant(w.next, parsed))
	}
	if err != nil {
		return false, badSeed(at, "%v", err)
	}
	return true, nil
}

// party is the merchant that something is of.
func (w *sowing) party(mchid, at string) (*registry.Merchant, error) {
	all := w.next.All()
	if mchid == "" && len(all) > 0 {
		return all[0], nil
	}
	if m := w.next.Merchants[mchid]; m != nil {
		return m, nil
	}
	var known []string
	for _, m := range all {
		known = append(known, m.MchID)
	}
	return nil, badSeed(at+".mchid", "there is no merchant %s; there are %s, and those under merchants",
		shown.Value(mchid), orNone(known))
}

// product finds the product that something is of.
func (w *sowing) product(name ledger.Product, at string) (*engine.Product, error) {
	if p := w.Products[name]; p != nil {
		return p, nil
	}
	return nil, badSeed(at+".product", "there is no product %q; there are %s", shown.Value(string(name)),
		strings.Join(w.Products.Names(), ", "))
}

func (w *sowing) plan(i int, at string) (fresh bool, err error) {
	is := &w.doc.Plans[i]
	m, err := w.party(is.MchID, at)
	if err != nil {
		return false, err
	}
	if _, err := w.product(is.Product, at); err != nil {
		return false, err
	}
	if here := m.Plan(is.Product, is.ID); here != nil && reflect.DeepEqual(*here, is.Plan) {
		return false, nil
	}
	if err := registry.CheckNewPlan(w.Products, is.Plan); err != nil {
		return false, badSeed(at, "%v", err)
	}
	if err := w.AddPlan(w.next, m.MchID, is.Plan); err != nil {
		return false, badSeed(at, "%v", err)
	}
	return true, nil
}

func (w *sowing) payer(i int, at string) (fresh bool, err error) {
	is := &w.doc.Payers[i]
	openid := is.OpenID
	switch {
	case (openid == "") == (len(is.OpenIDs) == 0):
		return false, badSeed(at, `it needs "openid", or "openids", an object of openid by appid, and not both`)
	case is.Money != nil && *is.Money < 0:
		return false, badSeed(at+".money", "an amount in fen from 0; without it they never run out")
	}
	people := registry.Of(w.next)
	known := true
	for appid, one := range is.OpenIDs {
		openid = one
		known = known && people.Person(one).OpenIDs[appid] == one
	}
	for _, one := range is.OpenIDs {
		known = known && people.Person(one).ID == people.Person(openid).ID
	}
	if !known {
		if err := w.Join(w.next, is.OpenIDs); err != nil { // who is saved with the others
			return false, badSeed(at, "%v", err)
		}
		fresh = true
	}
	person := registry.Of(w.next).Person(openid).ID
	has, err := w.RowOf((*rows.Wallet)(nil).RowKind())(person)
	if err != nil || has || is.Money == nil && is.Name == "" && is.IDNumber == "" {
		return fresh, err
	}
	wallet, err := w.Wallet(person)
	if err != nil {
		return false, err
	}
	wallet.Name, wallet.IDNumber = is.Name, is.IDNumber
	if is.Money != nil {
		wallet.Limited, wallet.Balance = true, *is.Money
	}
	return true, rows.Put(w.Tx, wallet)
}

func (w *sowing) contract(i int, at string) (fresh bool, err error) {
	is := &w.doc.Contracts[i]
	m, err := w.party(is.MchID, at)
	if err != nil {
		return false, err
	}
	kind, err := w.product(is.Product, at)
	if err != nil {
		return false, err
	}
	plan := m.Plan(is.Product, is.PlanID)
	switch {
	case plan == nil:
		var known []string
		for _, p := range m.Plans {
			if p.Product == is.Product {
				known = append(known, p.ID)
			}
		}
		return false, badSeed(at+".plan_id", "merchant %s has no plan %q of %s; it has %s", m.MchID,
			shown.Value(is.PlanID), kind.Name, orNone(known))
	case is.OpenID == "":
		return false, badSeed(at+".openid", "it needs the openid of who has signed")
	case is.AppID != "" && !slices.Contains(m.AppIDs, is.AppID):
		return false, badSeed(at+".appid", "merchant %s has no such appid; it has %s", m.MchID, orNone(m.AppIDs))
	case kind.Names.Code != "" && is.Code == "":
		return false, badSeed(at+".out_contract_code", "it needs the code that you gave the contract: by it the "+
			"contract is known when the seed is laid again")
	case kind.Names.Code == "" && is.Code != "":
		return false, badSeed(at+".out_contract_code", "contracts of %s have none; leave it out", kind.Name)
	}
	signed, err := w.moment(is.SignedAt)
	if err != nil {
		return false, badSeed(at+".signed_at", "%v", err)
	}
	if there, err := w.has(is, m, kind); there || err != nil {
		return false, err
	}
	return true, w.sign(is, m, kind, plan, signed, at)
}

// moment is a time that has been.
func (w *sowing) moment(text string) (time.Time, error) {
	if text == "" {
		return w.Now, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		return at, errors.New(`want a time of RFC 3339 such as "2020-09-10T10:00:00+08:00"`)
	case at.After(w.Now):
		return at, errors.New("it is yet to come by the sandbox's clock; leave it out for now")
	}
	return at.In(w.Now.Location()), clock.CheckTime(at)
}

// has says whether such a contract was ever signed.
func (w *sowing) has(is *seedContract, m *registry.Merchant, kind *engine.Product) (bool, error) {
	if is.Code != "" {
		return w.RowOf((*rows.CodeUse)(nil).RowKind())(kind.CodeKey(m.MchID, is.PlanID, is.Code))
	}
	all, err := rows.Find[rows.Contract](w.Tx, "person:"+w.Registry.Person(is.OpenID).ID, 0)
	return slices.ContainsFunc(all, func(c *rows.Contract) bool {
		return c.MchID == m.MchID && c.Product == kind.Name && c.PlanID == is.PlanID
	}), err
}

// openIDUnder is what a merchant may be told of a payer: the openid under its own appid, "" where
// the one that is known is another appid's.
func (w *sowing) openIDUnder(appid, openid string) string {
	person := registry.Of(w.next).Person(openid)
	for under, one := range person.OpenIDs {
		if one == openid && under != appid {
			return person.OpenIDs[appid]
		}
	}
	return openid
}

// sign signs at its moment, and tells nobody.
func (w *sowing) sign(is *seedContract, m *registry.Merchant, kind *engine.Product, plan *ledger.Plan,
	signed time.Time, at string) error {
	appid, now, told := is.AppID, w.Now, len(w.Told)
	engine.SetDefault(&appid, m.FirstAppID())
	w.Now = signed
	defer func() { w.Now = now }()
	session := &ledger.Session{MchID: m.MchID, AppID: appid, PlanID: is.PlanID, Code: is.Code, Account: is.Account,
		OpenID: w.openIDUnder(appid, is.OpenID), NotifyURL: is.NotifyURL}
	engine.SetDefault(&session.Account, "seed")
	engine.SetDefault(&session.NotifyURL, plan.NotifyURL)
	if _, err := signElsewhere(w.Step, kind, session, is.OpenID); err != nil {
		if stop := (*ledger.PageError)(nil); errors.As(err, &stop) {
			return badSeed(at, "it cannot be signed: %s", stop.Message)
		}
		return err
	}
	for _, id := range w.Told[told:] {
		row, err := w.Get(engine.PushKind, id)
		if err == nil {
			err = w.Delete(engine.PushKind, id, row.Rev)
		}
		if err != nil {
			return err
		}
	}
	w.Told = w.Told[:told]
	return nil
}
