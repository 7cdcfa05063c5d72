package sandbox

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/guide"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// guideRoutes are what explains the others: an OpenAPI document, and for a browser a page.
func (a *admin) guideRoutes() map[string]adminRoute {
	explain := bare(func(r *http.Request) (any, error) {
		lang, err := langOf(r)
		if err != nil {
			return nil, err
		}
		g, err := a.guide()
		if err != nil {
			return nil, err
		}
		return g.Document(lang, a.adminURL), nil
	}).asking("lang")
	explain.page = a.guidePage
	explain.asIs = true // it is the same for every sandbox
	return map[string]adminRoute{"GET /sandbox/": explain}
}

// guidePage answers who prefers a page.
func (a *admin) guidePage(w http.ResponseWriter, r *http.Request) error {
	lang, err := langOf(r)
	if err != nil {
		return err
	}
	g, err := a.guide()
	if err != nil {
		return err
	}
	page, err := g.Page(lang, "http://"+r.Host)
	if err != nil {
		return err
	}
	writePage(w, "text/html; charset=utf-8", page)
	return nil
}

// writePage sends something that a browser shows, and lets it load nothing from elsewhere.
func writePage(w http.ResponseWriter, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
		"img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_, _ = w.Write(body)
}

// langOf is the language of an answer: the one that is asked for, or else the reader's.
func langOf(r *http.Request) (string, error) {
	switch asked := r.URL.Query().Get("lang"); {
	case asked == guide.English || asked == guide.Chinese:
		return asked, nil
	case r.URL.Query().Has("lang"):
		return "", badCall("lang is en or zh")
	}
	chinese := preference(r.Header.Get("Accept-Language"), "zh")
	if chinese > 0 && chinese > preference(r.Header.Get("Accept-Language"), "en") {
		return guide.Chinese, nil
	}
	return guide.English, nil
}

// wantsPage says whether a call is a browser's, which names HTML; a client of the API takes
// anything.
func wantsPage(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	html := preference(accept, "text/html")
	return html > 0 && html >= preference(accept, "application/json")
}

// preference is how much a header of the Accept family wants something that it names, 0 where it
// does not. Of a language any region will do.
func preference(header, want string) (most float64) {
	for item := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(item, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if language, _, ok := strings.Cut(name, "-"); ok && language == want {
			name = want
		}
		if name != want {
			continue
		}
		q := 1.0
		for parameter := range strings.SplitSeq(parameters, ";") {
			if value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
				q, _ = strconv.ParseFloat(value, 64)
			}
		}
		most = max(most, q)
	}
	return most
}

// answerTypes are what calls answer with, by the names that the guide has for it.
func answerTypes() map[string]reflect.Type {
	return map[string]reflect.Type{
		"Armed": reflect.TypeFor[fault.Armed](), "Fault": reflect.TypeFor[fault.Fault](),
		"Clock": reflect.TypeFor[clockShown](), "Health": reflect.TypeFor[healthShown](),
		"Code": reflect.TypeFor[codeShown](), "Released": reflect.TypeFor[releasedShown](),
		"KeyMode": reflect.TypeFor[keyModeShown](), "Credentials": reflect.TypeFor[credentialsShown](),
		"Forwards": reflect.TypeFor[map[string]string](),

		"Contract": reflect.TypeFor[ledger.Contract](), "Session": reflect.TypeFor[ledger.Session](),
		"Order": reflect.TypeFor[ledger.Order](), "Debit": reflect.TypeFor[ledger.Debit](),
		"Refund": reflect.TypeFor[ledger.Refund](), "Push": reflect.TypeFor[ledger.Push](),
		"Route":   reflect.TypeFor[routeShown](),
		"Journal": reflect.TypeFor[journalShown](), "State": reflect.TypeFor[stateDocument](),
		"Calmed": reflect.TypeFor[calmShown](), "Seeded": reflect.TypeFor[Seeded](),
		"Exchange": reflect.TypeFor[ledger.Exchange](), "Wallet": reflect.TypeFor[ledger.Wallet](),
		"Page": reflect.TypeFor[ledger.Page](), "Receipt": reflect.TypeFor[ledger.Receipt](),
		"PageError": reflect.TypeFor[ledger.PageError](), "Offer": reflect.TypeFor[ledger.Offer](),
		"Hold": reflect.TypeFor[ledger.Hold](), "Listener": reflect.TypeFor[ledger.Listener](),
		"Delivery": reflect.TypeFor[delivery](), "TriggerEvent": reflect.TypeFor[ledger.TriggerEvent](),
		"Report": reflect.TypeFor[ledger.Report](), "Finding": reflect.TypeFor[ledger.Finding](),
		"Strike": reflect.TypeFor[ledger.Strike](),
		"Plan":   reflect.TypeFor[ledger.Plan](), "Merchant": reflect.TypeFor[ledger.Merchant](),
		"MerchantWithKeys": reflect.TypeOf(engine.WithKeys(ledger.Merchant{})),
	}
}

// sameTypes are types that write their JSON themselves, and are written like another.
func sameTypes() map[string]reflect.Type {
	return map[string]reflect.Type{"Fault": reflect.TypeFor[faultBody]()}
}
