package front

import (
	"errors"
	"maps"
	"net/http"

	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// SignedPage checks a signed signing request, a page's address or the extraData for the mini
// program, and makes its session. Right or wrong, it stands in the journal.
func (fr *Front) SignedPage(r *http.Request, f wire.Fields) (token string, err error) {
	x := &exchange{request: r, at: fr.Clock.Now(), status: http.StatusOK, fields: f}
	fr.find(x)
	if f != nil {
		x.end = &xmlcall.Endpoint{Page: fr.XML[entrustweb].Page}
	}
	if x.end == nil || x.end.Page == nil {
		return "", &ledger.PageError{Reason: ledger.PageUnknown, Message: "There is no such page.",
			Hint: "the pages are /papay/entrustweb and /papay/h5entrustweb and their partner twins"}
	}
	x.id = fr.Random.RequestID(0)
	defer func() { fr.Journal.record(x) }()
	if x.fields == nil {
		x.fields, x.refused = queryFields(r.URL.RawQuery)
	}
	if x.refused == nil {
		x.merchant, x.refused = fr.whoSigned(x.end, x.fields)
	}
	if x.refused == nil {
		x.refused = fr.checkEntryFields(x)
	}
	if x.refused == nil {
		token, x.refused = fr.signedSession(x)
	}
	if x.refused != nil {
		return "", &ledger.PageError{Reason: ledger.PageRejected, Message: "The merchant's system made a mistake: " +
			x.refused.Message, Hint: x.refused.Hint}
	}
	return token, nil
}

// entrustweb is the signing page of APIv2 that the mini program's extraData stands for.
const entrustweb = "/papay/entrustweb"

// checkEntryFields is checkXMLFields for both kinds of entry: extraData is what
// the page's query is, without a version.
func (fr *Front) checkEntryFields(x *exchange) *engine.Refusal {
	if x.op != nil {
		return checkXMLFields(x.op, x.fields)
	}
	page := "GET " + entrustweb
	if x.fields["sub_mch_id"] != "" {
		page = "GET /papay/partner/entrustweb"
	}
	f := maps.Clone(x.fields)
	f["version"] = "1.0"
	return checkXMLFields(fr.Catalogue.Operation(page), f)
}

// signedSession makes the session in a step of its own: it is there even if the
// payer may not open it.
func (fr *Front) signedSession(x *exchange) (token string, refused *engine.Refusal) {
	err := fr.Step(x.request.Context(), func(s *engine.Step) error {
		c := xmlcall.New(s, x.end, x.merchant, x.fields)
		if err := c.CheckParties(); err != nil {
			return err
		}
		session, err := x.end.Page(c)
		if err == nil {
			token = session.Token
		}
		return err
	})
	if err != nil && !errors.As(err, &refused) {
		refused = engine.SystemError().Hinting("the sandbox itself failed: " + err.Error())
	}
	return token, refused
}
