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
	switch {
	case x.end != nil && x.end.Get:
		return "", &ledger.PageError{Reason: ledger.PageUnknown, Message: "This address shows XML, and no page.",
			Hint: "the merchant's backend calls it, with Chain.Get, and sends the payer to the redirect_url that it " +
				"answers with"}
	case x.end == nil || x.end.Page == nil:
		return "", &ledger.PageError{Reason: ledger.PageUnknown, Message: "There is no such page.",
			Hint: "the pages are /papay/entrustweb and its partner twin"}
	}
	x.id = fr.Random.RequestID(0)
	defer func() { fr.Journal.record(x) }()
	if x.fields == nil {
		x.fields, x.refused = queryFields(r.URL.RawQuery)
	}
	if x.refused == nil {
		if x.merchant, x.refused = fr.whoSigned(x); x.refused != nil {
			x.refused.Message = badSignature
		}
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

// What the pages say to payers of a mistake of the merchant's.
// https://developers.weixin.qq.com/community/pay/doc/0004aaa01e8908b165985d15e5bc08
const (
	badParameters = "参数构造错误"
	badSignature  = "签名校验错误"
)

// checkEntryFields is checkXMLFields for both kinds of entry: extraData is what
// the page's query is, without a version.
func (fr *Front) checkEntryFields(x *exchange) *engine.Refusal {
	op, f, message := x.op, x.fields, badParameters
	if op == nil {
		page := "GET " + entrustweb
		if f["sub_mch_id"] != "" {
			page = "GET /papay/partner/entrustweb"
		}
		if message = badSignature; f["version"] != "" {
			return xmlcall.Refusal("SIGN_ERROR", message).Hinting("extraData has no version: leave it out")
		}
		f = maps.Clone(f)
		op, f["version"] = fr.Catalogue.Operation(page), "1.0"
	}
	refused := checkXMLFields(op, f)
	if refused != nil {
		refused.Message = message
	}
	return refused
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
