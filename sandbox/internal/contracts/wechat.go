package contracts

import (
	"net/url"

	"github.com/wxpay-go/wxpay"
)

// What is WeChat's own and no product's: the addresses and the mini program of its signing pages.

// SigningHost is where WeChat Pay's own H5 page is. Nobody dials it: a payer of
// the sandbox opens the address with Payer.OpenURL.
const SigningHost = "payapp.weixin.qq.com"

// What an app launches besides the token.
const (
	SigningMiniProgram = "gh_8a1a3b2e8d2a" // made up; the real one is not published
	SigningAppID       = wxpay.SigningMiniProgram
	SigningMPPath      = "pages/PwdExemptContract/index" // of the signing mini program, from another
)

// SigningPage is the address of a session's page. Nobody dials it: a payer of
// the sandbox opens it with Payer.OpenURL.
func SigningPage(token string) string {
	return "https://" + SigningHost + "/sandbox?pre_entrustweb_id=" + url.QueryEscape(token)
}

// SigningPath is what an app opens in WeChat's signing mini program.
func SigningPath(token string) string {
	return "pages/index/index?sign_scene=app&domain_type=cn&pre_entrustweb_id=" + url.QueryEscape(token)
}
