package sandbox

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// protocolV2 is APIv2: its paths are fixed, its messages flat XML, its signatures a
// digest under a key both sides hold, its status always 200.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=4_3
type protocolV2 struct{ *engine }

// xmlEndpoint is one APIv2 endpoint.
type xmlEndpoint struct {
	run xmlBehaviour
	// page endpoints are opened by a payer with a signed query, which makes this session.
	page func(*xmlCall) (*sessionRow, error)
	// sub endpoints want a sub_mch_id.
	sub bool
	// hmac endpoints are signed with HMAC-SHA256 unless sign_type says MD5.
	hmac bool
	// mtls endpoints want the merchant's certificate in the TLS handshake.
	mtls bool
	// nonce endpoints answer with a nonce_str.
	nonce bool
}

// xmlBehaviour answers one genuine APIv2 call. A *refusal becomes result_code
// FAIL with its code as err_code.
type xmlBehaviour func(*xmlCall) (wire.Fields, error)

// xmlCall is one genuine APIv2 call while it is being answered. Its fields are
// the embedded call's body as well, so that what products share works on both.
type xmlCall struct {
	*call
	*xmlEndpoint
	fields wire.Fields
}

func newXMLCall(s *step, end *xmlEndpoint, m *merchant, f wire.Fields) *xmlCall {
	body := map[string]any{}
	for name, value := range f {
		body[name] = value
	}
	c := s.callBy(m)
	c.product, c.raw, c.body, c.print = s.products[Papay], encodeJSON(f), body, xmlFingerprint(f)
	return &xmlCall{c, end, f}
}

func (p protocolV2) write(w http.ResponseWriter, x *exchange) {
	if x.reply == nil { // no fault has put another in its place
		p.compose(x)
	}
	if x.refused != nil {
		setText(w.Header(), HeaderHint, x.refused.hint)
		setText(w.Header(), HeaderUnsupported, x.refused.unsupported)
	} else {
		setText(w.Header(), HeaderHint, x.note)
	}
	x.status, x.id = http.StatusOK, p.random.requestID(0)
	h := w.Header()
	h[wire.HeaderRequestID] = []string{x.id}
	h.Set(HeaderSandbox, sandboxName)
	h.Set("Content-Type", "text/xml; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(x.reply)))
	w.WriteHeader(x.status)
	if x.request.Method != http.MethodHead {
		_, _ = w.Write(x.reply) // a client that has gone away misses nothing
	}
}

// compose makes the bytes of the answer. A bare refusal fails at return_code and is
// unsigned, because the caller has not proved to be anybody or cannot be understood.
// What is signed echoes who called, and is signed as the request was.
func (p protocolV2) compose(x *exchange) {
	var out wire.Fields
	switch r := x.refused; {
	case r == nil:
		out = wire.Fields{}
		for name, value := range x.said {
			out[name], _ = value.(string)
		}
		out["return_code"], out["return_msg"], out["result_code"] = "SUCCESS", "OK", "SUCCESS"
	case x.merchant == nil:
		x.reply = wire.Fields{"return_code": "FAIL", "return_msg": r.message}.XML()
		return
	default:
		out = wire.Fields{
			"return_code": "SUCCESS", "return_msg": "OK", "result_code": "FAIL", "err_code": r.code,
			"err_code_des": r.message,
		}
	}
	for _, name := range []string{"appid", "mch_id", "sub_appid", "sub_mch_id"} {
		if v := x.fields[name]; v != "" && out[name] == "" && isText(v) {
			out[name] = v
		}
	}
	if p.v2[x.request.URL.Path].nonce {
		out["nonce_str"] = p.random.roll(letters, 32)
	}
	out["sign"] = out.Digest(x.injected.key(x.merchant.APIv2Key.Reveal()), x.fields.SignType())
	x.reply = out.XML()
}

// xmlRefusal is an error of the caller's that APIv2 names like this.
func xmlRefusal(code, message string) *refusal { return &refusal{code: code, message: message} }

// read finds the endpoint first: what is not played is not read.
func (p protocolV2) read(x *exchange) (refused *refusal) {
	x.op, _, _ = p.catalogue.Match(x.request.Method, x.request.URL.EscapedPath())
	end := p.v2[x.request.URL.Path]
	if end == nil {
		return p.unsupportedXML(x)
	}
	if want := map[bool]string{true: http.MethodGet, false: http.MethodPost}[end.page != nil]; x.request.Method != want {
		if end.page != nil {
			return xmlRefusal("PARAM_ERROR", "请使用get方法").
				hinting("this is a page: make its URL with Chain.URL and let a payer open it")
		}
		return xmlRefusal("REQUIRE_POST_METHOD", "请使用post方法").hinting("APIv2 calls are POST with an XML body")
	}
	x.fields, refused = p.fieldsOf(end, x)
	return refused
}

func (p protocolV2) authenticate(x *exchange) *refusal {
	end := p.v2[x.request.URL.Path]
	m, refused := p.whoSigned(end, x.fields)
	if refused == nil {
		refused = p.checkCertificate(end, m, x)
	}
	if refused == nil {
		x.merchant = m
	}
	return refused
}

func (p protocolV2) check(x *exchange) *refusal { return checkXMLFields(x.op, x.fields) }

func (p protocolV2) run(s *step, x *exchange) error {
	end := p.v2[x.request.URL.Path]
	c := newXMLCall(s, end, x.merchant, x.fields)
	if err := c.checkParties(); err != nil {
		return err
	}
	fields, err := end.run(c)
	x.said = document{}
	for name, value := range fields {
		x.said[name] = value
	}
	return err
}

func (p protocolV2) refuse(err error) *refusal {
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = xmlRefusal("SYSTEMERROR", "系统错误").hinting("the sandbox itself failed: " + err.Error())
	}
	return refused.spelledForXML()
}

// reply has nothing to do: what a refusal and a success have in common is in compose.
func (p protocolV2) reply(*exchange) *refusal { return nil }

// fieldsOf reads the message: the XML body of a call, the query of a page.
func (e *engine) fieldsOf(end *xmlEndpoint, x *exchange) (wire.Fields, *refusal) {
	if end.page != nil {
		return queryFields(x.request.URL.RawQuery)
	}
	var unreadable *refusal
	if x.body, unreadable = e.readBody(x.request); unreadable != nil {
		return nil, xmlRefusal("INVALID_REQUEST", unreadable.message).hinting(unreadable.hint)
	}
	if len(x.body) == 0 {
		return nil, xmlRefusal("POST_DATA_EMPTY", "post数据为空").hinting("the body is empty: send <xml>…</xml>")
	}
	fields, err := wire.ParseXML(x.body)
	if err != nil {
		return nil, xmlRefusal("XML_FORMAT_ERROR", "XML格式错误").hinting("the body is not what APIv2 speaks: " +
			err.Error())
	}
	return fields, nil
}

// whoSigned finds out who sent the message: mch_id says, the sign proves.
// In provider mode both are the provider's.
func (e *engine) whoSigned(end *xmlEndpoint, f wire.Fields) (*merchant, *refusal) {
	m := e.registry.merchant(f["mch_id"])
	if m == nil {
		return nil, xmlRefusal("MCHID_NOT_EXIST", "商户号mch_id或sub_mch_id不存在").
			hinting("no merchant of this sandbox has this mch_id; in provider mode it is the provider's, and the " +
				"sub-merchant's goes into sub_mch_id")
	}
	switch t := f["sign_type"]; {
	case f["sign"] == "":
		return nil, badSign("there is no sign")
	case t != "" && t != string(wire.SignMD5) && t != string(wire.SignHMAC):
		return nil, badSign("sign_type is neither MD5 nor HMAC-SHA256")
	case end.hmac && t == "" && len(f["sign"]) != 64:
		return nil, badSign("this page is signed with HMAC-SHA256 unless sign_type=MD5 is sent and signed; " +
			"the sign here is an MD5")
	case !f.Verify(m.APIv2Key.Reveal()):
		return nil, badSign(explain.Sign(f, m.known(), e.registry.known()))
	}
	return m, nil
}

func badSign(hint string) *refusal { return xmlRefusal("SIGN_ERROR", "签名错误").hinting(hint) }

// spelledForXML is a refusal of what both versions share, in APIv2's spelling.
func (r *refusal) spelledForXML() *refusal {
	if r.internal == internalPaid {
		r.code = "ORDERPAID"
	}
	for v3, v2 := range map[string]string{
		"NO_AUTH": "NOAUTH", "NOT_ENOUGH": "NOTENOUGH", "SYSTEM_ERROR": "SYSTEMERROR", "ORDER_CLOSED": "ORDERCLOSED",
		"ORDER_NOT_EXIST": "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS": "ORDERNOTEXIST",
	} {
		if r.code == v3 {
			r.code = v2
		}
	}
	return r
}

// checkParties checks appid and sub-merchant against the registry.
func (c *xmlCall) checkParties() error {
	f, m := c.fields, c.merchant
	if !m.owns(f["appid"]) {
		return appIDUnbound.inXML().hinting(appIDUnbound.hint(m, "appid", ""))
	}
	if c.sub && f["sub_mch_id"] == "" {
		return xmlRefusal("PARAM_ERROR", "缺少参数sub_mch_id").
			hinting("the partner paths want a sub_mch_id; the ones without /partner/ are for direct merchants")
	}
	if wrong := m.subMismatch(f["sub_mch_id"], f["sub_appid"]); wrong != fits {
		name := "sub_mch_id"
		if wrong == subAppIDUnbound {
			name = "sub_appid"
		}
		return wrong.inXML().hinting(wrong.hint(m, name, ""))
	}
	return nil
}

// inXML is the refusal in APIv2's words.
func (x mismatch) inXML() *refusal {
	switch x {
	case planUnknown:
		return xmlRefusal("PARAM_ERROR", "签约模板不存在，请检查plan_id")
	case planDisabled:
		return xmlRefusal("NOAUTH", "该模板已停用")
	case appIDUnbound:
		return xmlRefusal("APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
	case subMissing:
		return xmlRefusal("PARAM_ERROR", "缺少参数sub_mch_id")
	case subUnbound:
		return xmlRefusal("NOAUTH", "商户号mch_id与sub_mch_id无绑定关系")
	}
	return xmlRefusal("APPID_MCHID_NOT_MATCH", "sub_appid和sub_mch_id不匹配")
}

// checkXMLFields checks the message against the catalogue.
func checkXMLFields(op *catalogue.Operation, f wire.Fields) *refusal {
	if op == nil {
		return nil
	}
	v := op.CheckFields(f)
	if v == nil {
		return nil
	}
	code := "PARAM_ERROR"
	if strings.HasSuffix(op.Path, "/deletecontract") {
		code = "PARAMETER FAIL" // as its page spells it
	}
	return xmlRefusal(code, shown(v.Field)+"参数格式校验错误").hinting(v.Error())
}

// checkCertificate wants the merchant's own certificate from calls that need
// mutual TLS. Over plain HTTP there is none to see: the call is let through and
// its answer says so.
func (e *engine) checkCertificate(end *xmlEndpoint, m *merchant, x *exchange) *refusal {
	if !end.mtls {
		return nil
	}
	state := x.request.TLS
	switch {
	case state == nil:
		x.note = "WeChat Pay takes this call only with the merchant's certificate in the TLS handshake; over plain " +
			"HTTP the sandbox cannot see one and let it pass (see Config.TLSAddr)"
	case len(state.PeerCertificates) == 0:
		return xmlRefusal("CERT_ERROR", "请使用证书").
			hinting("no certificate came in the TLS handshake: make the call with " +
				"wxpay.MTLS() and Config.Certificate, or load apiclient_cert.pem into your HTTP client")
	case !state.PeerCertificates[0].Equal(m.cert):
		return xmlRefusal("CERT_ERROR", "商户证书校验失败").hinting("the certificate of the TLS handshake is not merchant " +
			m.MchID + "'s")
	}
	return nil
}
