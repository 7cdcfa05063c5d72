package wxpay

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/internal/wire"
)

// APIv2 is the older protocol that most 委托代扣 still runs on: XML, signed
// with the APIv2 key. Paths that begin with "v2/" speak it:
//
//	c.Chain("v2/papay/querycontract").Post(ctx, map[string]any{"appid": …, "contract_id": …, "version": "1.0"})
//
// mch_id, nonce_str (where there is no version) and sign are filled in. A
// success must be signed; return_code or result_code FAIL is an [*Error].
//
// A GET is signed as a query, with HMAC-SHA256 unless it says otherwise. Those that are called,
// such as v2/papay/h5entrustweb, are answered without a signature: see [Result.Verified]. Nor does
// WeChat Pay sign the bill that v2/pay/downloadbill answers with, which is text: see
// [Result.Text].

// SignType chooses how an APIv2 call is signed: "MD5", the default nearly
// everywhere, or "HMAC-SHA256". A sign_type in the body does the same and is
// sent as well.
func SignType(name string) Option {
	return func(c *call) {
		c.onlyV2("SignType")
		c.signType = wire.SignType(name)
	}
}

// MTLS sends the call with the merchant's certificate, as v2/secapi/… want it. It needs
// [Config.Certificate], and [Config.HTTPClient], where it is set, an [*http.Transport]: a
// RoundTripper of another type must show the certificate by itself.
func MTLS() Option {
	return func(c *call) {
		c.onlyV2("MTLS")
		c.mtls = true
	}
}

// onlyV2 refuses an option that means nothing to an APIv3 call.
func (c *call) onlyV2(option string) {
	if !c.isV2() {
		c.fail("wxpay." + option + " is for APIv2 calls, whose paths begin with v2/: leave it out")
	}
}

// maxEntryURL bounds a signing URL, in bytes.
const maxEntryURL = 1024

func (c *call) isV2() bool { return strings.HasPrefix(strings.TrimLeft(c.path, "/"), "v2/") }

func (c *call) isGet() bool { return c.method == http.MethodGet }

// isH5 tells the GET that a backend calls, with a page beside it that is opened.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_4.shtml
func (c *call) isH5() bool { return strings.HasSuffix(strings.TrimRight(c.path, "/"), "/h5entrustweb") }

// setFields takes in an APIv2 body; see marshal.
func (c *call) setFields(body any) {
	if sensitive := slices.Concat(c.encrypt, c.decrypt); len(sensitive) > 0 {
		c.fail(wire.Clip(sensitive[0], 128) + " cannot be encrypted or decrypted: APIv2 has no encrypted fields")
		return
	}
	fields, err := c.fieldsOf(body)
	if err != nil {
		c.fail("the body does not make an APIv2 message: " + err.Error())
		c.cause = err
	}
	c.fields = fields
}

const noAPIv2Key = "Config.APIv2Key is not set; it is in the merchant console under API security, and is not the " +
	"APIv3 key"

// signV2 fills in what the client knows and signs.
func (c *call) signV2(nonce bool) {
	switch {
	case c.problem != "":
		return
	case c.own.apiV2Key.IsZero():
		c.fail(noAPIv2Key)
		return
	case c.fields["mch_id"] == "":
		c.fields["mch_id"] = c.client.mchID
	}
	by := c.signType
	if t := c.fields["sign_type"]; t != "" {
		by = wire.SignType(t)
	}
	if !by.Known() {
		c.fail("sign_type is neither MD5 nor HMAC-SHA256")
		return
	}
	if nonce && c.fields["nonce_str"] == "" {
		nonce, err := c.nonceV2()
		if err != nil {
			c.fail(quiet(err))
			c.cause = err
			return
		}
		c.fields["nonce_str"] = nonce
	}
	if strings.HasSuffix(c.path, "/preentrustweb") && c.fields["timestamp"] == "" { // the one call that has one
		c.fields["timestamp"] = strconv.FormatInt(c.client.now().Unix(), 10)
	}
	if err := c.fields.Check(); err != nil { // of a page and a mini program too: they reach WeChat Pay's XML
		c.fail(err.Error())
		return
	}
	c.fields["sign"] = c.fields.Digest(c.own.apiV2Key.Reveal(), by)
}

// pathV2 is the path on the wire, which has no v2/. A query of the path's own would not be signed.
func (c *call) pathV2() string {
	path, query, problem := expandPath(strings.TrimPrefix(strings.TrimLeft(c.path, "/"), "v2/"), c.vars)
	c.fail(problem)
	switch {
	case query != "" && c.isGet():
		c.fail("the query of an APIv2 call is written when it is signed: give its parameters with wxpay.Query")
	case query != "" || len(c.query) > 0:
		c.fail("an APIv2 call takes no query: put every parameter into the body, where it is signed")
	}
	return path
}

// takeQuery makes the query's parameters the fields that are signed.
func (c *call) takeQuery() {
	given, err := url.ParseQuery(string(c.query))
	if c.query = nil; err != nil {
		c.fail("the query does not make an APIv2 message")
		return
	}
	for name, values := range given {
		if _, typed := c.fields[name]; typed || len(values) > 1 {
			c.fail(wire.Clip(name, 64) + " is given twice")
			return
		}
		if c.fields == nil {
			c.fields = wire.Fields{}
		}
		c.fields[name] = values[0]
	}
	if c.fields == nil {
		c.fail("a GET of APIv2 is a signed query, which h5entrustweb takes: give its parameters with wxpay.Query; " +
			"all other calls are made with Post")
	}
}

// doV2 signs, sends, reads and verifies an APIv2 call.
func (c *call) doV2(ctx context.Context) (*Result, error) {
	if c.isGet() {
		c.takeQuery()
	}
	path := withSlash(c.pathV2())
	bare := path
	switch {
	case c.isGet():
		c.signType = cmp.Or(c.signType, wire.SignHMAC)
		c.signQuery()
		path += "?" + string(c.query)
	case c.fields == nil:
		c.fail("an APIv2 call has a body and is made with Post")
	default:
		// papay calls that carry a version take no nonce, nor does a form
		c.signV2(c.fields["version"] == "" && c.upload == nil)
	}
	if err := c.unsent(); err != nil {
		return nil, err
	}
	transport := c.client.transport()
	if c.mtls {
		var err error
		if transport, err = c.own.mtls.make(); err != nil {
			c.fail(err.Error())
			return nil, c.unsent()
		}
	}
	ctx, cancel := c.deadline(ctx)
	defer cancel()
	var body []byte
	if !c.isGet() && c.upload == nil {
		body = c.fields.XML()
	}
	return c.attempts(ctx, func(ctx context.Context) (*Result, error) {
		return c.sendV2(ctx, transport, c.client.hostOf(bare), path, body)
	})
}

// sendV2 sends and reads.
func (c *call) sendV2(ctx context.Context, transport http.RoundTripper, home endpointHost, path string, body []byte) (
	*Result, error) {
	request, err := http.NewRequest(c.method, c.toward(home).String()+path, nil)
	if err != nil {
		return nil, notSent(c.operation(), err)
	}
	switch {
	case c.upload != nil:
		request.Header["Content-Type"] = []string{c.upload.contentType()}
	case body != nil:
		request.Header["Content-Type"] = []string{"text/xml; charset=utf-8"}
	}
	request.Header["User-Agent"] = c.client.userAgent
	for name, values := range c.header {
		request.Header[name] = values
	}
	response, err := c.roundTrip(ctx, transport, request, body)
	if err != nil {
		return nil, err
	}
	kind := exchangeOf(c.method, c.path).kind
	if kind == kindBill || kind == kindText {
		return c.readText(response)
	}
	raw, err := readBody(response)
	if err != nil {
		return nil, c.cutShort(err)
	}
	if kind == kindJSON {
		return c.readJSON(&Result{Status: response.StatusCode, Header: response.Header, Body: raw, call: c})
	}
	return c.readV2(&Result{Status: response.StatusCode, Header: response.Header, Body: raw, call: c})
}

// readV2 tells a proven success from a refusal and from what proves nothing.
func (c *call) readV2(r *Result) (*Result, error) {
	fields, problem := fieldsOfReply(r)
	success := fields["return_code"] == "SUCCESS" && fields["result_code"] != "FAIL"
	if success && c.answersText() { // fields where text is due
		problem = gatewayAnswered("bill", r)
	}
	if problem != "" {
		e := c.refusal(r, false)
		e.Message = problem
		return nil, e
	}
	r.fields = wire.Hide(fields)
	signed := fields["sign"] != ""
	if success && !signed && exchangeOf(c.method, c.path).unsigned {
		r.unsigned = true
		return r, nil
	}
	if success || signed {
		if !fields.Verify(c.own.apiV2Key.Reveal()) {
			e := &SignatureError{
				Operation: c.operation() + ": reply", Check: CheckSignature,
				RequestID: c.without(r.RequestID()),
				Problem: "the sign is not of these fields under the APIv2 key: the key was changed in the merchant " +
					"console and not here, or the answer was changed on the way",
				Hint: "compare APIv2Key with the merchant console",
			}
			if !signed {
				e.Problem, e.Hint = "the answer has no sign: it is not from WeChat Pay", "look for a proxy or gateway "+
					"that answers in its place"
			}
			return nil, e
		}
		if c.reflected(fields) {
			return nil, &SignatureError{
				Operation: c.operation() + ": reply", Check: CheckSignature, RequestID: c.without(r.RequestID()),
				Problem: "the answer has what only calls have (this call's sign, an earlier one's nonce_str, " +
					"a timestamp, a version): a call of your own was cut into other members",
				Hint: "query what became of the call, and look for who opens TLS on the way",
			}
		}
		if success {
			return r, nil
		}
	}
	e := c.refusal(r, signed)
	if fields["return_code"] != "SUCCESS" {
		// A bill's refusal has error_code beside return_msg; profit sharing has error_msg instead.
		e.Code = cmp.Or(fields["error_code"], fields["return_code"])
		e.Message = cmp.Or(fields["return_msg"], fields["error_msg"])
	} else {
		// h5entrustweb knows neither: SIGN_ERROR, INVALID_REQUEST or SYSTEMERROR is its result_msg.
		e.Code, e.Message = cmp.Or(fields["err_code"], fields["result_msg"]), fields["err_code_des"]
	}
	if e.Code == "" {
		e.Code = "FAIL"
	}
	return nil, e
}

// fieldsOfReply reads an answer, or says what it is in place of one. A bill may be larger than what
// is read of any other answer.
func fieldsOfReply(r *Result) (f wire.Fields, problem string) {
	due := "XML"
	if r.call.answersText() {
		due = "bill"
	}
	f, err := wire.ParseXML(r.Body[:min(len(r.Body), maxReply)])
	if err != nil || r.Status != http.StatusOK {
		return nil, gatewayAnswered(due, r)
	}
	return f, ""
}

// URL makes the signed address of an APIv2 page that is opened in WeChat
// rather than called: v2/papay/entrustweb and its kin. timestamp is filled in
// where it is missing. Values are signed as they are and escaped once.
//
// v2/papay/h5entrustweb is no such page: call it with Get, and send the payer on to its
// redirect_url.
//
// A payer holds the address, and APIv2 signs without escaping: a value that has
// "&name=" in it is a [*RequestError], for whoever chose it could cut the address
// into a notification of a payment. See package notify.
func (e Chain) URL(body any, opts ...Option) (string, error) {
	return e.call("GET", body, opts).entryURL()
}

func (c *call) entryURL() (string, error) {
	if !c.isV2() {
		c.fail("only v2/… paths are opened as a signed URL")
	}
	path := c.pathV2()
	switch {
	case c.isH5():
		c.fail("h5entrustweb is called by your backend: Get it, and send the payer to the redirect_url it answers with")
	case c.fields == nil:
		c.fail("the fields are nil")
	case c.mtls || c.sealed != nil || c.header != nil:
		c.fail("wxpay.MTLS, SealedFile and Header mean nothing to an address that a payer opens: leave them out")
	}
	c.signQuery()
	if err := c.unsent(); err != nil {
		return "", err
	}
	address := c.client.hostOf(path).String() + path + "?" + string(c.query)
	if len(address) > maxEntryURL {
		return "", &RequestError{Operation: c.operation(),
			Problem: fmt.Sprintf("the URL has %d bytes and WeChat opens at most %d: shorten notify_url or "+
				"contract_display_account", len(address), maxEntryURL)}
	}
	return address, nil
}

// signQuery signs the fields and writes them as a query.
func (c *call) signQuery() {
	c.signPage()
	for _, name := range slices.Sorted(maps.Keys(c.fields)) {
		if value := c.fields[name]; value != "" {
			c.addQuery(name, value)
		}
	}
}

// signPage signs what a payer will hold, or what is signed like it.
func (c *call) signPage() {
	if c.problem != "" {
		return
	}
	if c.fields["timestamp"] == "" {
		// Every page has one: it is by this member that a receiver tells a page
		// that was cut up from a notification.
		c.fields["timestamp"] = strconv.FormatInt(c.client.now().Unix(), 10)
	}
	for _, name := range slices.Sorted(maps.Keys(c.fields)) {
		switch {
		case !wire.HoldsMember(c.fields[name]):
		case name == "notify_url":
			c.fail("notify_url has a query, and APIv2 takes addresses without one")
		default:
			c.fail(wire.Clip(name, 64) + " holds an & followed by a name and =, which APIv2 signs without escaping: " +
				"whoever chose it could turn this page into a notification of a payment; take the & or the = out of it")
		}
	}
	c.signV2(false)
}

// ContractExtraData makes what the merchant's mini program gives to
// wx.navigateToMiniProgram to sign an APIv2 contract: the fields (appid,
// plan_id, contract_code, request_serial, contract_display_account,
// notify_url, …) with mch_id, timestamp and sign filled in. No call is made. A
// value that has "&name=" in it is refused, as by [Chain.URL].
func (c *Client) ContractExtraData(fields map[string]string) (NavigateToMiniProgram, error) {
	k := c.newCall("launch", "v2/papay", nil, nil)
	k.setFields(fields)
	if k.fields == nil {
		k.fail("the fields are nil")
	}
	k.signPage()
	if k.problem != "" {
		return NavigateToMiniProgram{}, &RequestError{Operation: "ContractExtraData", Problem: k.problem,
			err: wire.Hide(spoken(k.cause))}
	}
	return NavigateToMiniProgram{SigningMiniProgram, "pages/index/index", k.fields}, nil
}
