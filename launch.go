package wxpay

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// This file makes what the app, the mini program or the page needs to open
// WeChat. Pre-sign and order calls give a token; these types turn it into the
// parameters of the client-side call, with the JSON names that call takes.
// Only paying is signed; the contract flows carry a token and nothing else.

// AppIDs of WeChat's own signing mini programs. The merchant's mini program
// must list them in navigateToMiniProgramAppIdList.
const (
	SigningMiniProgram             = "wxbd687630cd02ce1d" // 委托代扣, 免密支付
	EduPapaySigningMiniProgram     = "wx7a985467cbd06913" // 教育续费通
	EduSchoolPaySigningMiniProgram = "wxfb66fbe7068ae9cd" // 校园轻松付
)

// JSAPIPay is the argument of wx.requestPayment in a mini program and of
// WeixinJSBridge.invoke("getBrandWCPayRequest") in a page.
type JSAPIPay struct {
	AppID     string `json:"appId"`
	TimeStamp string `json:"timeStamp"` // Unix seconds, as a string
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"`  // "prepay_id=…"
	SignType  string `json:"signType"` // "RSA"
	PaySign   string `json:"paySign"`
}

// JSAPIPay signs the parameters that pay a prepay_id from a page or a mini
// program. The appid is the one the order was made with. A prepay_id is good
// for two hours.
//
// After pay-redirect-sign (支付后签约) the same call pays and then offers the
// contract; there is nothing else to launch.
//
// Source:
// https://pay.weixin.qq.com/docs/merchant/apis/combine-payment-identity/orders/jsapi-transfer-payment.html
func (c *Client) JSAPIPay(appID, prepayID string) (JSAPIPay, error) {
	p := JSAPIPay{AppID: appID, Package: "prepay_id=" + prepayID, SignType: "RSA"}
	var err error
	p.TimeStamp, p.NonceStr, p.PaySign, err = c.signLaunch("JSAPIPay", appID, prepayID, p.Package)
	return p, err
}

// AppPay is the PayReq of the OpenSDK.
type AppPay struct {
	AppID     string `json:"appid"`
	PartnerID string `json:"partnerid"` // the merchant number
	PrepayID  string `json:"prepayid"`
	Package   string `json:"package"` // "Sign=WXPay"
	NonceStr  string `json:"noncestr"`
	TimeStamp string `json:"timestamp"` // Unix seconds, as a string
	Sign      string `json:"sign"`
}

// AppPay signs the parameters that pay a prepay_id from an app. Of a service provider's order
// appID is the sub-merchant's, and so is the PartnerID that the app needs: set it to the sub_mchid,
// for it is not signed.
//
// Source: https://pay.weixin.qq.com/wiki/doc/apiv3_partner/apis/chapter7_3_6.shtml
func (c *Client) AppPay(appID, prepayID string) (AppPay, error) {
	p := AppPay{AppID: appID, PrepayID: prepayID, Package: "Sign=WXPay"}
	var err error
	if p.TimeStamp, p.NonceStr, p.Sign, err = c.signLaunch("AppPay", appID, prepayID, prepayID); err == nil {
		p.PartnerID = c.mchID
	}
	return p, err
}

// signLaunch signs the four lines of a pay call: appid, timestamp, nonce and a
// last one that differs by client.
func (c *Client) signLaunch(op, appID, prepayID, last string) (timestamp, nonce, signature string, err error) {
	if timestamp, nonce, err = c.beginLaunch(op, c.unfitLaunch(appID, prepayID)); err != nil {
		return "", "", "", err
	}
	message := appID + "\n" + timestamp + "\n" + nonce + "\n" + last + "\n"
	if signature, err = wire.Sign(c.rand, c.own.Load().key(), []byte(message)); err != nil {
		return "", "", "", notSent(op, err)
	}
	return timestamp, nonce, signature, nil
}

// beginLaunch draws what is fresh in the parameters of a pay call, where nothing is wrong with it.
func (c *Client) beginLaunch(op, problem string) (timestamp, nonce string, err error) {
	if problem != "" {
		return "", "", &RequestError{Operation: op, Problem: problem}
	}
	if nonce, err = wire.Nonce(c.rand); err != nil {
		return "", "", notSent(op, err)
	}
	return strconv.FormatInt(c.now().Unix(), 10), nonce, nil
}

// unfitLaunch says what is wrong with what is paid.
func (c *Client) unfitLaunch(appID, prepayID string) string {
	switch {
	case c == nil || c.keys == nil:
		return noClient
	case appID == "":
		return "the appid is empty"
	case prepayID == "":
		return "the prepay_id is empty"
	case !isPlain(appID + prepayID), strings.ContainsAny(appID+prepayID, "&="):
		// A line end, or & in APIv2, would make what is signed another message, such as a call.
		return "the appid or the prepay_id holds a character that none has: give them as WeChat Pay gave them, and " +
			"no text of a page or an app"
	}
	return ""
}

// isPlain says that a string is printable ASCII without spaces.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// NavigateToMiniProgram is the argument of wx.navigateToMiniProgram.
//
// When the payer comes back, App.onShow has scene 1038 and a referrerInfo, which
// [ParseReferrerInfo] reads. It does not say what became of the contract: the
// notification and the query do.
type NavigateToMiniProgram struct {
	AppID     string            `json:"appId"`
	Path      string            `json:"path"`
	ExtraData map[string]string `json:"extraData"`
}

// ContractMiniProgram opens the signing page for a pre_entrustweb_id from the
// merchant's mini program (combine-papay). The session lives two hours.
//
// Source: https://pay.weixin.qq.com/doc/v3/partner/4017177420
func ContractMiniProgram(preEntrustWebID string) NavigateToMiniProgram {
	return NavigateToMiniProgram{SigningMiniProgram, "pages/index/index",
		map[string]string{"pre_entrustweb_id": preEntrustWebID}}
}

// PasswordExemptMiniProgram opens the signing page for a pre_entrustweb_id of
// 免密支付. Give sign_mp_appid and sign_mp_path of the pre-sign's reply; where
// they are empty those of the reply's published sample stand in.
func PasswordExemptMiniProgram(signMPAppID, signMPPath, preEntrustWebID string) NavigateToMiniProgram {
	if signMPAppID == "" {
		signMPAppID = SigningMiniProgram
	}
	if signMPPath == "" {
		signMPPath = "pages/PwdExemptContract/index"
	}
	return NavigateToMiniProgram{signMPAppID, signMPPath, map[string]string{"pre_entrustweb_id": preEntrustWebID}}
}

// RedirectMiniProgram opens the signing page for a pre_entrustweb_id of 委托代扣∙预约扣费
// (scheduled deduct) or of 委托代扣∙保险业 (insurance). Give redirect_appid and
// redirect_path of the pre-sign's reply: both are always there, and the documented
// samples of the path differ, so nothing stands in for them. The session lives ten
// minutes. The page below is scheduled deduct's. That of insurance's pre-sign names the
// same call and the same members, and no page was found that shows them together.
//
// Source:
// https://pay.weixin.qq.com/docs/merchant/apis/entrusted-payment/redirect-mini-program.html
func RedirectMiniProgram(redirectAppID, redirectPath, preEntrustWebID string) NavigateToMiniProgram {
	return NavigateToMiniProgram{redirectAppID, redirectPath,
		map[string]string{"pre_entrustweb_id": preEntrustWebID}}
}

// EduPapayMiniProgram opens the signing page for a presign_token of
// 教育续费通.
//
// Source:
// https://pay.weixin.qq.com/docs/merchant/apis/education-fee-payment/miniprogram-calls-contracts.html
func EduPapayMiniProgram(presignToken string) NavigateToMiniProgram {
	return NavigateToMiniProgram{EduPapaySigningMiniProgram, "pages/index/index",
		map[string]string{"presign_token": presignToken}}
}

// EduSchoolPayMiniProgram opens the signing page for a presign_token of
// 校园轻松付, which lives two hours. The payer must be the one whom the pre-sign names.
//
// Source:
// https://pay.weixin.qq.com/docs/partner/apis/campus-easy-pay/contracts/applet-signing-service.html
func EduSchoolPayMiniProgram(presignToken string) NavigateToMiniProgram {
	return NavigateToMiniProgram{EduSchoolPaySigningMiniProgram, "pages/index/index",
		map[string]string{"presign_token": presignToken}}
}

// RequestAutomaticRepayment is the argument of wx.requestAutomaticRepayment in a
// mini program. Its success callback has no documented result and says nothing about
// the contract.
type RequestAutomaticRepayment struct {
	PresignToken string `json:"presignToken"`
}

// CreditRepaymentMiniProgram opens the signing page for a presign_token of 自动还款
// from the merchant's mini program. The token lives ten minutes. The client needs
// base library 3.17.2 (one edition of the page says 3.17.1).
//
// Source:
// https://developers.weixin.qq.com/miniprogram/dev/api/navigate/wx.requestAutomaticRepayment.html
func CreditRepaymentMiniProgram(presignToken string) RequestAutomaticRepayment {
	return RequestAutomaticRepayment{presignToken}
}

// OpenBusinessView is the WXOpenBusinessView request of the OpenSDK. The extMsg of
// its response, {"result":"success"}, says that WeChat was opened and nothing about
// the contract: query the contract.
type OpenBusinessView struct {
	BusinessType string `json:"businessType"`
	Query        string `json:"query"` // "presign_token=…"
}

// CreditRepaymentApp opens the signing page for a presign_token of 自动还款 from an
// app. Give redirect_service of the pre-sign's reply: no value of it is published, so
// nothing stands in where it is absent. The token lives ten minutes. Below WeChat
// 8.0.51 the page does not open.
//
// Source: https://pay.weixin.qq.com/doc/v3/partner/4016921029 (iOS) and
// https://pay.weixin.qq.com/doc/v3/partner/4016921013 (Android)
func CreditRepaymentApp(redirectService, presignToken string) OpenBusinessView {
	return OpenBusinessView{redirectService, "presign_token=" + url.QueryEscape(presignToken)}
}

// OpenBusinessWebview is the WXOpenBusinessWebview request of the OpenSDK. WeChat Pay
// says to ignore its response. After a pre-sign with return_app the payer comes back to
// the app; that says nothing about the contract either.
type OpenBusinessWebview struct {
	BusinessType int               `json:"businessType"` // 12, signing a contract
	QueryInfo    map[string]string `json:"queryInfo"`
}

// ContractApp opens the signing page for a pre_entrustweb_id from an app
// (combine-papay, 委托代扣, scheduled deduct and insurance). For templates made from
// 2025-09-23 on WeChat takes [LaunchMiniProgram] only: use [ContractLaunch] where the
// reply gives a user name.
//
// The call is documented for APIv2. That it is the one of combine-papay, scheduled deduct
// and insurance too is inferred: their pre-signs answer with the same pre_entrustweb_id,
// for the WeChat SDK to open, and do not name the call.
//
// Source: https://pay.weixin.qq.com/doc/v2/partner/4011988366
func ContractApp(preEntrustWebID string) OpenBusinessWebview {
	return OpenBusinessWebview{BusinessType: 12, QueryInfo: map[string]string{"pre_entrustweb_id": preEntrustWebID}}
}

// LaunchMiniProgram is the WXLaunchMiniProgram request of the OpenSDK. WeChat Pay says
// to ignore its response.
type LaunchMiniProgram struct {
	UserName        string `json:"userName"`        // original id, "gh_…"
	Path            string `json:"path"`            // page and query
	MiniProgramType int    `json:"miniprogramType"` // 0, the released version
}

// ContractLaunch opens the signing mini program from an app by what the
// pre-sign's reply gives: miniprogram_username and miniprogram_path (委托代扣 in APIv2
// and scheduled deduct; v3/papay spells them mini_program_…). It must
// be opened within two minutes of the pre-sign. Where the reply gives a user
// name and no path, the path is made from the pre_entrustweb_id. Where it gives no user
// name, as insurance's and combine-papay's do, use [ContractApp].
//
// Source: https://pay.weixin.qq.com/doc/v2/partner/4016049199
func ContractLaunch(username, path, preEntrustWebID string) LaunchMiniProgram {
	if path == "" {
		path = "pages/index/index?sign_scene=app&domain_type=cn&pre_entrustweb_id=" + url.QueryEscape(preEntrustWebID)
	}
	return LaunchMiniProgram{UserName: username, Path: path}
}
