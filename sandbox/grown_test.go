package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// grown is a sandbox with many contracts of APIv2, whose calls cost no RSA. Each was signed on the
// first day, was debited once and has heard of both; ten more were signed and debited on the second
// day, and it is the third. Its client calls the handler without a network.
type grown struct {
	t testing.TB
	*sandbox.Sandbox
	client *wxpay.Client
	names  [][2]string // what stands in the rows of the model, and begins what stands in a copy's
	made   int         // numbers given away so far
	next   int         // the oldest contract that nothing was done to
}

// grow fills a store through its door: one contract is made by calls, the others are copies of its
// rows under other names.
func grow(t testing.TB, s store.Store, contracts int) *grown {
	t.Helper()
	model := store.NewMemory()
	w := newGrown(t, keptOpen{model}, start)
	c := w.signed("modelcontract0000000")
	w.debit(c.ID, "modeldebit0000000")
	for _, name := range []string{c.ID, c.Code, c.Token, c.OpenID, "modeldebit0000000", w.debited().TransactionID} {
		w.names = append(w.names, [2]string{name, name[:len(name)-7]})
	}
	pushes, err := w.Pushes()
	w.ok(err)
	for _, p := range pushes {
		w.names = append(w.names, [2]string{p.ID, p.ID[:len(p.ID)-7]})
	}
	const together = 1000
	for from := 0; from < contracts; from += together {
		w.ok(s.Update(context.Background(), func(tx store.Tx) error {
			return w.copies(model, tx, from, min(from+together, contracts))
		}))
	}

	g := newGrown(t, s, start.AddDate(0, 0, 1))
	g.names = w.names
	for range 10 {
		g.debit(g.signed(g.number("contract")).ID, g.number("debit"))
	}
	g.ok(g.Advance(24 * time.Hour))
	return g
}

func newGrown(t testing.TB, s store.Store, at time.Time) *grown {
	t.Helper()
	sb := sandbox.New(t, sandbox.At(at), sandbox.WithStore(s), sandbox.Kept(1<<30), withPlans(func(p *ledger.Plan) {
		p.Mode = ledger.DebitAtOnce
	}))
	w := &grown{t: t, Sandbox: sb}
	cfg := sb.ClientConfig()
	cfg.HTTPClient = &http.Client{Transport: directly{sb.Handler()}}
	var err error
	w.client, err = wxpay.New(cfg)
	w.ok(err)
	w.ok(sb.Receive("https://yourapp.com", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, xmlSuccess)
	})))
	return w
}

// copies puts the rows of the model that are numbered from until to.
func (g *grown) copies(model store.Store, tx store.Tx, from, to int) error {
	return model.View(context.Background(), func(is store.Tx) error {
		for _, kind := range []string{"session", "code", "contract", "claim", "debit", "push"} {
			rows, err := is.Find(kind, "", 0)
			if err != nil {
				return err
			}
			for i := from; i < to; i++ {
				rename := g.renamer(i)
				for _, row := range rows {
					keys := make([]string, len(row.Keys))
					for k, key := range row.Keys {
						keys[k] = rename.Replace(key)
					}
					if _, err := tx.Put(kind, store.Row{ID: rename.Replace(row.ID), Keys: keys, Due: row.Due,
						Data: []byte(rename.Replace(string(row.Data)))}); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

// renamer makes of the names of the model those of copy i.
func (g *grown) renamer(i int) *strings.Replacer {
	var pairs []string
	for _, name := range g.names {
		pairs = append(pairs, name[0], fmt.Sprintf("%s%07d", name[1], i))
	}
	return strings.NewReplacer(pairs...)
}

// oldest is the first contract of the copies that nothing was done to, and its debit's number.
func (g *grown) oldest() (contractID, outTradeNo string) {
	i := g.next
	g.next++
	return fmt.Sprintf("%s%07d", g.names[0][1], i), fmt.Sprintf("modeldebit%07d", i)
}

// notification is the id of one about contract i of the copies.
func (g *grown) notification(i int) string { return fmt.Sprintf("%s%07d", g.names[6][1], i) }

func (g *grown) number(of string) string {
	g.made++
	return fmt.Sprintf("fresh%s%07d", of, g.made)
}

func (g *grown) ok(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *grown) call(path string, f map[string]string) *wxpay.Result {
	g.t.Helper()
	r, err := g.client.Chain("v2/"+path).Post(context.Background(), f)
	g.ok(err)
	return r
}

// presign has the token of a fresh session.
func (g *grown) presign(code string) string {
	g.t.Helper()
	m, err := g.call("papay/preentrustweb", with2(entryXML(), "contract_code", code)).Map()
	g.ok(err)
	return m["pre_entrustweb_id"].(string)
}

// signed is a contract of somebody new.
func (g *grown) signed(code string) *ledger.Contract {
	g.t.Helper()
	c, err := g.Payer("oUpF8" + code).Agree(g.presign(code))
	g.ok(err)
	g.ok(g.Settle())
	return c
}

// debit asks for a debit and sees it through to its notification.
func (g *grown) debit(contractID, outTradeNo string) {
	g.t.Helper()
	g.call("pay/pappayapply", applyXML(contractID, outTradeNo))
	g.ok(g.Settle())
}

func (g *grown) debited() *ledger.Debit {
	g.t.Helper()
	all, err := g.Debits()
	g.ok(err)
	return all[len(all)-1]
}

// get is a call of the admin.
func (g *grown) get(path string) string {
	g.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, g.AdminURL()+path, nil)
	g.ok(err)
	p, err := http.DefaultTransport.RoundTrip(r)
	g.ok(err)
	defer p.Body.Close()
	body, err := io.ReadAll(p.Body)
	g.ok(err)
	if p.StatusCode != http.StatusOK {
		g.t.Fatalf("%s: %d %s", path, p.StatusCode, body)
	}
	return string(body)
}

// grownCosts are what must cost the same however much there is.
var grownCosts = []struct {
	name string
	do   func(g *grown)
}{
	{"presign", func(g *grown) { g.presign(g.number("contract")) }},
	{"sign", func(g *grown) { g.signed(g.number("contract")) }},
	{"decline", func(g *grown) {
		g.ok(g.Payer("oUpF8" + g.number("payer")).Decline(g.presign(g.number("contract"))))
	}},
	{"query contract", func(g *grown) {
		contract, _ := g.oldest()
		g.call("papay/querycontract", map[string]string{"appid": sandbox.DefaultAppID, "contract_id": contract,
			"version": "1.0"})
	}},
	{"query debit", func(g *grown) {
		_, debit := g.oldest()
		g.call("pay/paporderquery", orderNo(debit))
	}},
	{"debit", func(g *grown) {
		contract, _ := g.oldest()
		g.debit(contract, g.number("debit"))
	}},
	{"terminate", func(g *grown) {
		contract, _ := g.oldest()
		g.ok(g.Terminate(contract, ledger.ByMerchant, ""))
	}},
	{"redeliver", func(g *grown) {
		g.ok(g.Redeliver(g.notification(g.next)))
		g.next++
		g.ok(g.Settle())
	}},
	{"settle nothing", func(g *grown) { g.ok(g.Settle()) }},
	{"advance a second", func(g *grown) { g.ok(g.Advance(time.Second)) }},
	{"trade bill", func(g *grown) {
		g.call("pay/downloadbill", with2(billXML(), "bill_date", "20200911"))
	}},
	{"admin page", func(g *grown) { g.get("/sandbox/contracts?limit=5") }},
	{"admin page further on", func(g *grown) {
		contract, _ := g.oldest()
		g.get("/sandbox/contracts?limit=5&after=" + contract)
	}},
	{"refund", func(g *grown) {
		_, debit := g.oldest()
		_, err := g.client.Chain("v3/refund/domestic/refunds").Post(context.Background(), object{
			"out_trade_no": debit, "out_refund_no": g.number("refund"), "amount": object{
				"refund": 1, "total": 888, "currency": "CNY"}})
		g.ok(err)
	}},
}

// directly is a transport to a handler.
type directly struct{ http.Handler }

func (d directly) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	r = r.Clone(r.Context())
	r.RequestURI = r.URL.RequestURI()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

// keptOpen is a store that outlives the sandbox on it.
type keptOpen struct{ store.Store }

func (keptOpen) Close() error { return nil }
