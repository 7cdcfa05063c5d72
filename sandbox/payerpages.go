package sandbox

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// OpenURL opens the signed URL of an APIv2 signing page (entrustweb and its partner
// twin), or a redirect_url that h5entrustweb or a pre-sign answers with. The page's Token
// is what to agree to or to decline:
//
//	page, err := payer.OpenURL(address)
//	contract, err := payer.Agree(page.Token)
//
// A URL that WeChat would refuse is a [*ledger.PageError] of reason [ledger.PageRejected],
// with a hint, and stands in the journal like a call.
func (p *Payer) OpenURL(address string) (*ledger.Page, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &ledger.PageError{Reason: ledger.PageUnknown, Message: "This address does not exist."}
	}
	for _, name := range []string{"pre_entrustweb_id", "presign_token"} {
		if token := u.Query().Get(name); token != "" && u.Host == contracts.SigningHost {
			return p.Open(token)
		}
	}
	r, err := http.NewRequest(http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, &ledger.PageError{Reason: ledger.PageUnknown, Message: "This address does not exist."}
	}
	return p.openSigned(r, nil)
}

// OpenMiniProgram is what happens when the merchant's mini program calls
// wx.navigateToMiniProgram with this extraData: the fields that
// wxpay.Client.ContractExtraData signs, or the one token of a pre-sign, as in
// [wxpay.RedirectMiniProgram]. It is otherwise like OpenURL.
func (p *Payer) OpenMiniProgram(extraData map[string]string) (*ledger.Page, error) {
	if token := cmp.Or(extraData["pre_entrustweb_id"], extraData["presign_token"]); token != "" && len(extraData) == 1 {
		return p.Open(token)
	}
	r, err := http.NewRequest(http.MethodGet, "weixin://miniprogram/wxbd687630cd02ce1d", http.NoBody)
	if err != nil {
		return nil, err
	}
	return p.openSigned(r, extraData)
}

// openSigned opens the page of a signed signing request.
func (p *Payer) openSigned(r *http.Request, extraData map[string]string) (*ledger.Page, error) {
	token, err := p.sandbox.front.SignedPage(r, extraData)
	if err != nil {
		return nil, err
	}
	return p.Open(token)
}
