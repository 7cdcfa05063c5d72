package front

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/random"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// protocolV2 is APIv2: its paths are fixed, its messages flat XML, its signatures a
// digest under a key both sides hold, its status always 200.
// https://pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=4_3
type protocolV2 struct{ *Front }

func (p protocolV2) write(w http.ResponseWriter, x *exchange) {
	if x.reply == nil { // no fault has put another in its place
		p.compose(x)
	}
	if x.refused != nil {
		setText(w.Header(), ledger.HeaderHint, x.refused.Hint)
		setText(w.Header(), ledger.HeaderMistake, x.refused.Mistake)
		setText(w.Header(), ledger.HeaderUnsupported, x.refused.Unsupported)
	} else {
		setText(w.Header(), ledger.HeaderHint, x.note)
	}
	x.status, x.id = http.StatusOK, p.Random.RequestID(0)
	h := w.Header()
	h[wire.HeaderRequestID] = []string{x.id}
	p.introduce(h)
	h.Set("Content-Type", "text/plain") // as recorded
	h.Set("Content-Length", strconv.Itoa(len(x.reply)))
	x.answering(p.Front)
	w.WriteHeader(x.status)
	if x.request.Method != http.MethodHead {
		_, _ = w.Write(x.reply) // a client that has gone away misses nothing
	}
}

// compose makes the bytes of the answer. A bill is text, and an endpoint may refuse in a shape of
// its own. A bare refusal fails at return_code and is unsigned, because the caller has not proved
// to be anybody or cannot be understood. What is signed echoes who called, and is signed as the
// request was.
func (p protocolV2) compose(x *exchange) {
	switch {
	case x.refused == nil && x.file != nil:
		x.reply = x.file
		return
	case x.refused != nil && x.end != nil && x.end.Failure != nil:
		x.reply = x.end.Failure(x.refused, x.fields).Written(inOrder(x.op))
		return
	case x.refused != nil && (x.merchant == nil || x.unread):
		x.reply = wire.Fields{"return_code": "FAIL", "return_msg": x.refused.Message}.Written(inOrder(nil))
		return
	}
	out := wire.Fields{}
	for name, value := range x.said {
		out[name], _ = value.(string)
	}
	if r := x.refused; r != nil {
		out = wire.Fields{"result_code": "FAIL", "err_code": r.Code, "err_code_des": r.Message}
	} else {
		out["result_code"] = "SUCCESS"
	}
	if out["return_code"] = "SUCCESS"; x.refused != nil || !x.end.Terse {
		out["return_msg"] = "OK"
	}
	if !x.end.Unsigned {
		p.sign(x, out)
	}
	x.reply = out.Written(inOrder(x.op))
}

// sign adds who called, and signs.
func (p protocolV2) sign(x *exchange, out wire.Fields) {
	for _, name := range []string{"appid", "mch_id", "sub_appid", "sub_mch_id"} {
		if v := x.fields[name]; v != "" && out[name] == "" && shown.IsText(v) {
			out[name] = v
		}
	}
	if x.end.Nonce {
		out["nonce_str"] = p.Random.Roll(random.Letters, 32)
	}
	if x.injected.Has(fault.Stripped) != nil || p.unsigned {
		return
	}
	out["sign"] = out.Digest(x.injected.Key(x.merchant.APIv2Key.Reveal()), x.fields.SignType())
}

// inOrder is the form of answers as they were recorded: the members as the catalogue lists them, a
// line each, numbers bare, and so what is told by one.
func inOrder(op *catalogue.Operation) wire.Form {
	form := wire.Form{First: []string{"return_code", "return_msg"}, Lines: true}
	if op != nil && op.Reply != nil {
		form.First = nil
		for _, f := range op.Reply.Fields {
			form.First = append(form.First, f.Name)
		}
		form.Bare = func(name, value string) bool {
			f := op.Reply.Field(name)
			return f != nil && f.Type == catalogue.Integer || name == "contract_state" ||
				name == "contract_termination_mode" || name == "err_code" && value == "0"
		}
	}
	return form
}

// read finds the endpoint first. A message to one that is not played is read all the same, so that
// the journal says who sent it.
func (p protocolV2) read(x *exchange) (refused *engine.Refusal) {
	p.find(x)
	if x.end == nil {
		x.missing, x.unread = p.unsupportedXML(x), true
		if x.unsupportedID != "" {
			x.fields, _ = p.fieldsOf(x)
		}
		return nil
	}
	switch get := x.request.Method == http.MethodGet; {
	case x.end.Page != nil && !get:
		return xmlcall.Refusal("PARAM_ERROR", "请使用get方法").
			Hinting("this is a page: make its URL with Chain.URL and let a payer open it")
	case x.end.Get && !get:
		return xmlcall.Refusal("PARAM_ERROR", "请使用get方法").
			Hinting("this call is a GET with a signed query: make it with Chain.Get")
	case x.end.Page == nil && !x.end.Get && x.request.Method != http.MethodPost:
		return xmlcall.Refusal("REQUIRE_POST_METHOD", "请使用post方法").Hinting("APIv2 calls are POST with an XML body")
	}
	x.fields, refused = p.fieldsOf(x)
	return refused
}

func (p protocolV2) authenticate(x *exchange) *engine.Refusal {
	m, refused := p.whoSigned(x)
	if x.missing != nil {
		if refused == nil {
			x.merchant = m
		}
		return x.missing
	}
	if refused == nil {
		refused = p.checkCertificate(m, x)
	}
	if refused == nil {
		x.merchant = m
	}
	return refused
}

func (p protocolV2) check(x *exchange) *engine.Refusal {
	refused := checkXMLFields(x.op, x.fields)
	if u := p.uploadOf(x); u != nil && refused == nil {
		refused = x.checkUploadXML(u)
	}
	x.unread = refused != nil && refused.Code != parameterFail
	return refused
}

func (protocolV2) signAhead(*exchange) *ahead { return nil } // a hash takes no time

func (p protocolV2) run(s *engine.Step, x *exchange) error {
	c := xmlcall.New(s, x.end, x.merchant, x.fields)
	if err := c.CheckParties(); err != nil {
		return err
	}
	fields, err := x.end.Run(c)
	x.said, x.file = engine.Document{}, c.File
	for name, value := range fields {
		x.said[name] = value
	}
	return err
}

func (p protocolV2) refuse(err error) *engine.Refusal {
	var refused *engine.Refusal
	if !errors.As(err, &refused) {
		refused = xmlcall.Refusal("SYSTEMERROR", "系统错误").Hinting("the sandbox itself failed: " + err.Error())
	}
	return xmlcall.Spelled(refused)
}

// reply has nothing to do: what a refusal and a success have in common is in compose.
func (p protocolV2) reply(*exchange) *engine.Refusal { return nil }

// fieldsOf reads the message: the XML body of a call, the query of a page or a GET.
func (fr *Front) fieldsOf(x *exchange) (wire.Fields, *engine.Refusal) {
	if x.request.Method == http.MethodGet {
		return queryFields(x.request.URL.RawQuery)
	}
	if u := fr.uploadOf(x); u != nil {
		return fr.fieldsOfForm(x, u)
	}
	var unreadable *engine.Refusal
	if x.body, unreadable = fr.readBody(x.request); unreadable != nil {
		return nil, xmlcall.Refusal("INVALID_REQUEST", unreadable.Message).Hinting(unreadable.Hint)
	}
	if len(x.body) == 0 {
		return nil, xmlcall.Refusal("POST_DATA_EMPTY", "post数据为空").Hinting("the body is empty: send <xml>…</xml>")
	}
	fields, err := wire.ParseXML(x.body)
	if err != nil {
		return nil, xmlcall.Refusal("XML_FORMAT_ERROR", "XML格式错误").Hinting("the body is not what APIv2 speaks: " +
			err.Error())
	}
	return fields, nil
}

// whoSigned finds out who sent the message: mch_id says, the sign proves.
// In provider mode both are the provider's.
func (fr *Front) whoSigned(x *exchange) (*registry.Merchant, *engine.Refusal) {
	f := x.fields
	m := fr.Registry.Merchant(f["mch_id"])
	if m == nil { // in the words of a wrong sign, as recorded
		return nil, explained(xmlcall.Refusal("MCHID_NOT_EXIST", "签名错误"),
			explain.SignedBy(f, fr.Registry.Known(fr.Keys, nil)))
	}
	if fr.unsigned {
		return m, nil
	}
	byHMAC := x.end != nil && x.end.HMAC && f["sign_type"] == "" && f["sign"] != "" && len(f["sign"]) != 64
	if !byHMAC && f["sign"] != "" && wire.SignType(f["sign_type"]).Known() && f.Verify(m.APIv2Key.Reveal()) {
		return m, nil
	}
	call := explain.V2{Fields: f, Order: explain.OrderOf(x.body), HMAC: x.end != nil && x.end.HMAC}
	if x.body == nil {
		call.Order = explain.OrderOfQuery(x.request.URL.RawQuery)
	}
	return nil, explained(xmlcall.Refusal("SIGN_ERROR", "签名错误，请检查后再试"),
		explain.Sign(call, fr.Registry.KnownOf(m), fr.Registry.Known(fr.Keys, m)))
}

// checkXMLFields checks the message against the catalogue.
func checkXMLFields(op *catalogue.Operation, f wire.Fields) *engine.Refusal {
	v := op.CheckFields(f)
	if v == nil {
		return nil
	}
	code := "PARAM_ERROR"
	if strings.HasSuffix(op.Path, "/deletecontract") {
		code = parameterFail
	}
	refused := xmlcall.Refusal(code, v.Message).Hinting(v.Error())
	refused.Detail = v // which APIv2 does not show
	return refused
}

// parameterFail is what the page of deletecontract, alone, answers to what it cannot take.
// https://pay.weixin.qq.com/wiki/doc/api/wxpay_v2/papay/chapter3_9.shtml
const parameterFail = "PARAMETER FAIL"

// checkCertificate wants the merchant's own certificate from calls that need
// mutual TLS. Over plain HTTP there is none to see: the call is let through and
// its answer says so.
func (fr *Front) checkCertificate(m *registry.Merchant, x *exchange) *engine.Refusal {
	if !x.end.MTLS {
		return nil
	}
	state := x.request.TLS
	switch {
	case state == nil:
		x.note = "WeChat Pay takes this call only with the merchant's certificate in the TLS handshake; over plain " +
			"HTTP the sandbox cannot see one and let it pass (its address takes https too: see Sandbox.TLSURL)"
	case len(state.PeerCertificates) == 0:
		return xmlcall.Refusal("CERT_ERROR", "请使用证书").
			Hinting("no certificate came in the TLS handshake: make the call with " +
				"wxpay.MTLS() and Config.Certificate, or load apiclient_cert.pem into your HTTP client")
	case !state.PeerCertificates[0].Equal(m.Cert):
		return xmlcall.Refusal("CERT_ERROR", "商户证书校验失败").
			Hinting("the certificate of the TLS handshake is not merchant " +
				m.MchID + "'s")
	}
	return nil
}

// queryFields reads the query of a page or a GET.
func queryFields(raw string) (wire.Fields, *engine.Refusal) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, xmlcall.Refusal("PARAM_ERROR", "参数格式校验错误").Hinting("the query is not URL-encoded")
	}
	f := wire.Fields{}
	for name, v := range values {
		if len(v) != 1 {
			return nil, xmlcall.Refusal("PARAM_ERROR", "参数格式校验错误").Hinting(shown.Value(name) +
				" stands twice in the query")
		}
		f[name] = v[0]
	}
	return f, nil
}
