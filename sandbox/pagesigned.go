package sandbox

import (
	"errors"
	"maps"
	"net/http"
	"net/url"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// OpenURL opens the signed URL of an APIv2 signing page (entrustweb,
// h5entrustweb and their partner twins), or a redirect_url that the H5 page or a
// pre-sign answers with. The page's Token is what to agree to or to decline:
//
//	page, err := payer.OpenURL(address)
//	contract, err := payer.Agree(page.Token)
//
// A URL that WeChat would refuse is a [*PageError] of reason [PageRejected],
// with a hint, and stands in the journal like a call.
func (p *Payer) OpenURL(address string) (*Page, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &PageError{Reason: PageUnknown, Message: "This address does not exist."}
	}
	for _, name := range []string{"pre_entrustweb_id", "presign_token"} {
		if token := u.Query().Get(name); token != "" && u.Host == signingHost {
			return p.Open(token)
		}
	}
	r, err := http.NewRequest(http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, &PageError{Reason: PageUnknown, Message: "This address does not exist."}
	}
	end := p.sandbox.engine.v2[u.Path]
	if end == nil || !end.page {
		return nil, &PageError{Reason: PageUnknown, Message: "There is no such page.",
			Hint: "the pages are /papay/entrustweb and /papay/h5entrustweb and their partner twins"}
	}
	return p.openSigned(r, end, nil)
}

// OpenMiniProgram is what happens when the merchant's mini program calls
// wx.navigateToMiniProgram with this extraData, which
// wxpay.Client.ContractExtraData makes. It is otherwise like OpenURL.
func (p *Payer) OpenMiniProgram(extraData map[string]string) (*Page, error) {
	if token := extraData["pre_entrustweb_id"]; token != "" && len(extraData) == 1 {
		return p.Open(token)
	}
	r, err := http.NewRequest(http.MethodGet, "weixin://miniprogram/wxbd687630cd02ce1d", http.NoBody)
	if err != nil {
		return nil, err
	}
	return p.openSigned(r, &xmlEndpoint{}, extraData)
}

// openSigned checks a signed signing request, makes its session and opens it.
func (p *Payer) openSigned(r *http.Request, end *xmlEndpoint, f wire.Fields) (*Page, error) {
	e := p.sandbox.engine
	x := &exchange{request: r, at: e.clock.Now(), status: http.StatusOK, fields: f, id: e.random.requestID(0)}
	defer func() { e.journal.record(x) }()
	x.op = e.catalogue.Operation("GET " + r.URL.Path)
	if x.fields == nil {
		x.fields, x.refused = queryFields(r.URL.RawQuery)
	}
	if x.refused == nil {
		x.merchant, x.refused = e.whoSigned(end, x.fields)
	}
	if x.refused == nil {
		x.refused = checkEntryFields(e, x)
	}
	var token string
	if x.refused == nil {
		token, x.refused = e.signedSession(r, end, x)
	}
	if x.refused != nil {
		return nil, &PageError{Reason: PageRejected, Message: "The merchant's system made a mistake: " +
			x.refused.message, Hint: x.refused.hint}
	}
	return p.Open(token)
}

// checkEntryFields is checkXMLFields for both kinds of entry: extraData is what
// the page's query is, without a version.
func checkEntryFields(e *engine, x *exchange) *refusal {
	if x.op != nil {
		return checkXMLFields(x.op, x.fields)
	}
	page := "GET /papay/entrustweb"
	if x.fields["sub_mch_id"] != "" {
		page = "GET /papay/partner/entrustweb"
	}
	f := maps.Clone(x.fields)
	f["version"] = "1.0"
	return checkXMLFields(e.catalogue.Operation(page), f)
}

// signedSession makes the session in a step of its own: it is there even if the
// payer may not open it.
func (e *engine) signedSession(r *http.Request, end *xmlEndpoint, x *exchange) (token string, refused *refusal) {
	err := e.step(r.Context(), func(s *step) error {
		c := newXMLCall(s, end, x.merchant, x.fields)
		if err := c.checkParties(); err != nil {
			return err
		}
		session, err := c.enter()
		if err == nil {
			token = session.Token
		}
		return err
	})
	if err != nil && !errors.As(err, &refused) {
		refused = systemError().hinting("the sandbox itself failed: " + err.Error())
	}
	return token, refused
}
