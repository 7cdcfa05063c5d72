package front

import (
	"bytes"
	"cmp"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/rows"
	"github.com/wxpay-go/wxpay/sandbox/internal/shown"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// protocolV3 is APIv3: JSON, signed by RSA in both directions, under real statuses.
type protocolV3 struct{ *Front }

// read finds the endpoint as well. That it is not played comes before everything else,
// but is signed like any refusal of a genuine call.
func (p protocolV3) read(x *exchange) (unreadable *engine.Refusal) {
	p.find(x)
	if x.op == nil || p.Behaviours[x.op.ID()].Run == nil {
		x.missing, x.unsupportedID = p.unsupported(x.request)
		x.empty = x.unsupportedID == "" // WeChat Pay has no such endpoint, and no word for it
	}
	if u := p.uploadOf(x); u != nil {
		unreadable = p.readUpload(x, u)
	} else {
		x.body, unreadable = p.readBody(x.request)
	}
	if unreadable == nil {
		p.corruptRequest(x)
	}
	return unreadable
}

func (p protocolV3) authenticate(x *exchange) (refused *engine.Refusal) {
	if refused := checkCaller(x.request); refused != nil && x.missing == nil && !ofOrders(x.request) {
		return refused
	}
	x.merchant, refused = p.signer(x, x.shiftedClock())
	if x.missing != nil {
		return x.missing
	}
	return x.explainUpload(refused)
}

func (p protocolV3) check(x *exchange) *engine.Refusal {
	body, upload := x.body, p.uploadOf(x)
	checked := checkCaller(x.request)
	if upload == nil {
		checked = cmp.Or(checked, checkContentType(x.request.Header, body))
	} else {
		body = x.withParts(upload)
	}
	if checked != nil {
		return checked
	}
	query, err := url.ParseQuery(x.request.URL.RawQuery)
	if err != nil {
		return engine.BadParam("参数错误").Hinting("the query string is malformed: every % begins two hexadecimal digits")
	}
	for _, v := range []*catalogue.Violation{x.op.CheckPath(x.vars), x.op.CheckQuery(query)} {
		if v != nil {
			return engine.ParamError(v).Hinting(v.Error())
		}
	}
	if upload != nil {
		if refused := x.checkUpload(upload); refused != nil {
			return refused
		}
	}
	if v := x.op.CheckBody(body); v != nil {
		return engine.ParamError(v).Hinting(v.Error())
	}
	x.query, x.opened, x.raw = query, engine.DecodeBody(body), body
	opened, refused := p.openSecrets(x, p.Behaviours[x.op.ID()].sealed, x.opened)
	if opened {
		x.raw = rows.EncodeJSON(x.opened)
	}
	return refused
}

func (p protocolV3) run(s *engine.Step, x *exchange) (err error) {
	do := p.Behaviours[x.op.ID()]
	c := s.CallBy(x.merchant)
	c.Op, c.Product, c.Vars, c.Query = x.op, do.product, x.vars, x.query
	c.Raw, c.Body, c.Base = x.raw, x.opened, baseOf(x.request)
	if x.form != nil {
		c.Uploaded = x.form.content
	}
	x.said, err = do.Run(c)
	x.file, x.note = c.File, c.Note
	return err
}

func (p protocolV3) refuse(err error) *engine.Refusal { return engine.RefusalOf(err) }

func (p protocolV3) reply(x *exchange) *engine.Refusal {
	x.status, x.reply = x.op.Success, x.file
	if x.said == nil {
		return nil
	}
	x.reply = x.said.Encode()
	if seals := p.Behaviours[x.op.ID()].seals; len(seals) > 0 {
		var err error
		if x.reply, err = p.SealSecrets(x.merchant, seals, x.reply); err != nil {
			return engine.SystemError().Hinting("the sandbox cannot encrypt to the merchant's certificate")
		}
	}
	return nil
}

// ahead is an answer that was signed before it was known whether it is given.
type ahead struct {
	reply  []byte
	header http.Header // what a signature sets
	err    error
	done   chan struct{}
}

// signAhead signs beside the disk, where there is one: alone, a call would wait for the one and
// then for the other. Beside others it would only take the processor from them.
func (p protocolV3) signAhead(x *exchange) *ahead {
	if !p.commits || p.unsigned || p.UnderWay() > 1 || x.injected != nil || x.file != nil || x.said == nil ||
		len(p.Behaviours[x.op.ID()].seals) > 0 {
		return nil
	}
	a := &ahead{reply: x.said.Encode(), header: http.Header{}, done: make(chan struct{})}
	to, asked := x.merchant, x.request.Header.Get(wire.HeaderSerial)
	go func() {
		defer close(a.done)
		a.err = p.Prove(a.header, to, asked, p.Random.Nonce(), a.reply, nil)
	}()
	return a
}

// prove signs the answer, or takes the signature that was made ahead of it.
func (p protocolV3) prove(h http.Header, x *exchange) error {
	if a := x.ahead; a != nil && bytes.Equal(a.reply, x.reply) {
		if <-a.done; a.err == nil {
			maps.Copy(h, a.header)
			return nil
		}
	}
	return p.Prove(h, x.merchant, x.request.Header.Get(wire.HeaderSerial), p.Random.Nonce(), x.reply, x.injected)
}

// write sends the answer, signed when the call was: only whoever proved to be a
// merchant gets WeChat Pay's signature, so 401s go out bare. So do files, which
// are checked against a hash instead.
func (p protocolV3) write(w http.ResponseWriter, x *exchange) {
	h := w.Header()
	internal := 0
	setText(h, ledger.HeaderHint, x.note)
	if r := x.refused; r != nil {
		p.leaveSecretsOut(x)
		x.status, x.reply, internal = r.Status, r.Body(), r.Internal
		setText(h, ledger.HeaderHint, r.Hint)
		setText(h, ledger.HeaderMistake, r.Mistake)
		setText(h, ledger.HeaderUnsupported, r.Unsupported)
	}
	if x.empty {
		x.reply = nil
	}
	if nameless := x.empty || x.status == http.StatusUnauthorized && ofOrders(x.request); !nameless {
		x.id = p.Random.RequestID(internal)
		h[wire.HeaderRequestID] = []string{x.id} // with this spelling, which Set would change
	}
	p.introduce(h)
	h.Set("Content-Language", "zh-CN")
	h.Set("Cache-Control", "no-cache, must-revalidate")
	h.Set("X-Content-Type-Options", "nosniff")
	if len(x.reply) > 0 {
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Content-Length", strconv.Itoa(len(x.reply)))
	}
	isFile := x.file != nil && x.refused == nil
	if isFile {
		h.Set("Content-Type", "application/octet-stream")
	}
	if x.merchant != nil && !isFile && !x.empty && !p.unsigned {
		if err := p.prove(h, x); err != nil {
			p.Logf("sandbox: sign a reply: %v", err)
			x.status = http.StatusInternalServerError
			x.answering(p.Front)
			http.Error(w, "the sandbox cannot sign", http.StatusInternalServerError)
			return
		}
	}
	x.answering(p.Front)
	w.WriteHeader(x.status)
	if x.request.Method != http.MethodHead {
		_, _ = w.Write(x.reply) // a client that has gone away misses nothing
	}
}

// checkCaller wants the two headers that every caller sends. Nearly all endpoints look at them
// before they ask who it is.
func checkCaller(r *http.Request) *engine.Refusal {
	if r.Header.Get("Accept") == "" || r.Header.Get("User-Agent") == "" {
		return engine.InvalidRequest("Http头缺少Accept或User-Agent").
			Hinting("send both Accept: application/json and a User-Agent")
	}
	return nil
}

// ofOrders tells the endpoints whose 401s were seen to have other words, and no Request-ID.
func ofOrders(r *http.Request) bool {
	return strings.HasPrefix(r.URL.EscapedPath(), "/v3/pay/transactions/")
}

func checkContentType(h http.Header, body []byte) *engine.Refusal {
	if len(body) == 0 {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); err != nil || kind != "application/json" {
		return engine.BadParam("Http头Content-Type不正确").Hinting("send the body with Content-Type: application/json")
	}
	return nil
}

// setText writes a header that may hold anything, made fit for one line.
func setText(h http.Header, name, text string) {
	if text != "" {
		h.Set(name, shown.Line(text, shown.MaxLine))
	}
}
