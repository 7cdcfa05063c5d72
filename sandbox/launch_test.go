package sandbox_test

import (
	"net/url"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What the helpers make of a pre-sign's reply opens that session's page, and what the payer then
// agrees to is its contract.
func TestLaunchesOpenThePage(t *testing.T) {
	t.Parallel()
	text := func(reply object, name string) string { s, _ := reply[name].(string); return s }
	redirected := func(p *sandbox.Payer, reply object) (*ledger.Page, error) {
		launch := wxpay.RedirectMiniProgram(text(reply, "redirect_appid"), text(reply, "redirect_path"),
			text(reply, "pre_entrustweb_id"))
		if launch.AppID != wxpay.SigningMiniProgram || launch.Path == "" {
			t.Errorf("launches %+v", launch)
		}
		return p.OpenMiniProgram(launch.ExtraData)
	}
	for name, c := range map[string]struct {
		path  string
		body  object
		payer string
		open  func(*sandbox.Payer, object) (*ledger.Page, error)
	}{
		"scheduled deduct, mini program": {presignScheduled + "mini-program", scheduledBody("L1"), papayOpenID,
			redirected},
		"scheduled deduct, provider's": {presignPartner + "mini-program", partnerBody("L1"), papayOpenID, redirected},
		"scheduled deduct, app": {presignScheduled + "app", scheduledBody("L1"), papayOpenID,
			func(p *sandbox.Payer, reply object) (*ledger.Page, error) {
				return p.Launch(wxpay.ContractLaunch(text(reply, "miniprogram_username"),
					text(reply, "miniprogram_path"), text(reply, "pre_entrustweb_id")).Path)
			}},
		"insurance, mini program": {insuranceSign + "mini-program", insuranceBody(), openID, redirected},
		"insurance, app": {insuranceSign + "app", insuranceBody(), openID,
			func(p *sandbox.Payer, reply object) (*ledger.Page, error) {
				return p.Open(wxpay.ContractApp(text(reply, "pre_entrustweb_id")).QueryInfo["pre_entrustweb_id"])
			}},
		"campus": {presignSchool, schoolBody("L1"), eduOpenID,
			func(p *sandbox.Payer, reply object) (*ledger.Page, error) {
				return p.OpenMiniProgram(wxpay.EduSchoolPayMiniProgram(text(reply, "presign_token")).ExtraData)
			}},
		"edu-papay": {"v3/edu-papay/contracts/presign", eduBody(), eduOpenID,
			func(p *sandbox.Payer, reply object) (*ledger.Page, error) {
				return p.OpenMiniProgram(wxpay.EduPapayMiniProgram(text(reply, "presign_token")).ExtraData)
			}},
		"auto-repayment, mini program": {creditSign, creditBody(), openID,
			func(p *sandbox.Payer, reply object) (*ledger.Page, error) {
				return p.Open(wxpay.CreditRepaymentMiniProgram(text(reply, "presign_token")).PresignToken)
			}},
		"auto-repayment, app": {creditSign, creditBody(), openID,
			func(p *sandbox.Payer, reply object) (*ledger.Page, error) {
				view := wxpay.CreditRepaymentApp(text(reply, "redirect_service"), text(reply, "presign_token"))
				query, err := url.ParseQuery(view.Query)
				if err != nil || view.BusinessType == "" {
					t.Errorf("launches %+v", view)
				}
				return p.Open(query.Get("presign_token"))
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			payer := w.Payer(c.payer)
			page, err := c.open(payer, w.must("POST", c.path, c.body))
			w.ok(err)
			contract, err := payer.Agree(page.Token)
			w.ok(err)
			if contract.State != ledger.ContractSigned {
				t.Errorf("the contract is %s", contract.State)
			}
		})
	}
}

// One token and nothing else is what a launch carries.
func TestLaunchesCarryOneToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.must("POST", presignSchool, schoolBody("L1"))["presign_token"].(string)
	_, err := w.Payer(eduOpenID).OpenMiniProgram(map[string]string{"presign_token": token, "x": "1"})
	w.page(err, ledger.PageRejected)
	_, err = w.Payer(eduOpenID).OpenMiniProgram(map[string]string{"presign_token": "none"})
	w.page(err, ledger.PageUnknown)
}
