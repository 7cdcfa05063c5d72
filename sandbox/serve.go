package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// exchange is one API call and its answer on their way through the sandbox.
type exchange struct {
	request  *http.Request
	body     []byte
	at       time.Time // by the sandbox's clock
	wireAt   time.Time // by that of signatures
	op       *catalogue.Operation
	vars     map[string]string
	lacks    string      // id of an endpoint that is not played
	merchant *merchant   // nil until the signature has been verified
	fields   wire.Fields // of an APIv2 message
	refused  *refusal
	status   int
	reply    []byte
	id       string // Request-ID
	note     string // what a success is to be told, as a refusal its hint
	struck   struck // the faults it has met
	file     []byte // the reply of a download, which is not signed
}

// ServeHTTP is WeChat Pay's side of one API call: match, authenticate, validate,
// behave, sign, write down. It is what the API listener serves.
func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{request: r, at: e.clock.Now(), wireAt: e.wireNow()}
	v2 := isV2(r.URL.Path)
	if v2 {
		e.answerV2(x)
	} else {
		e.answer(x)
	}
	switch {
	case x.struck != nil:
		e.writeStruck(w, x, v2)
	case v2:
		e.writeV2(w, x)
	default:
		e.write(w, x)
	}
	e.journal.record(x)
}

// answer decides what to say, in the order WeChat Pay checks things.
func (e *engine) answer(x *exchange) {
	missing := e.match(x)
	var unreadable *refusal
	if x.body, unreadable = e.read(x.request); unreadable != nil {
		x.refused = unreadable
		return
	}
	e.mangle(x)
	x.merchant, x.refused = e.authenticate(x.request, x.body, x.shiftedClock())
	switch {
	case missing != nil: // comes first, but is signed like any refusal of a genuine call
		x.refused = missing
	case x.refused != nil:
	default:
		x.status, x.reply, x.refused = e.behave(x)
		e.leaveSecretsOut(x)
	}
}

// match finds the endpoint, which has a behaviour unless missing says otherwise.
func (e *engine) match(x *exchange) (missing *refusal) {
	x.op, x.vars, _ = e.catalogue.Match(x.request.Method, x.request.URL.EscapedPath())
	if x.op != nil && e.behaviours[x.op.ID()].run != nil {
		return nil
	}
	missing, x.lacks = e.lacking(x.request)
	return missing
}

// read takes the whole body in, up to the limit.
func (e *engine) read(r *http.Request) ([]byte, *refusal) {
	if r.ContentLength > e.maxBody {
		return nil, tooLarge()
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, e.maxBody+1))
	switch {
	case err != nil:
		return nil, invalidRequest("请求包体不完整").
			hinting("the body ended before its Content-Length, came too slowly, or the connection broke")
	case int64(len(body)) > e.maxBody:
		return nil, tooLarge()
	}
	return body, nil
}

func tooLarge() *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, code: "INVALID_REQUEST", message: "请求包体过大", internal: internalRange,
		hint: "the body is larger than the sandbox reads (Config.MaxBody)"}
}

// behave validates a genuine call and lets the endpoint's behaviour answer it,
// in one step.
func (e *engine) behave(x *exchange) (status int, reply []byte, refused *refusal) {
	if refused := checkHeaders(x.request.Header, x.body); refused != nil {
		return 0, nil, refused
	}
	query, err := url.ParseQuery(x.request.URL.RawQuery)
	if err != nil {
		v := &catalogue.Violation{
			Issue:    "the query string is malformed: every % begins two hexadecimal digits",
			Location: catalogue.LocationQuery,
		}
		return 0, nil, paramError(v).hinting(v.Error())
	}
	for _, v := range []*catalogue.Violation{x.op.CheckPath(x.vars), x.op.CheckQuery(query), x.op.CheckBody(x.body)} {
		if v != nil {
			return 0, nil, paramError(v).hinting(v.Error())
		}
	}
	do := e.behaviours[x.op.ID()]
	body, raw := decodeBody(x.body), x.body
	if opened, refused := e.openSecrets(x, do.sealed, body); refused != nil {
		return 0, nil, refused
	} else if opened {
		raw = encodeJSON(body)
	}
	if refused := e.strike(x); refused != nil {
		return 0, nil, refused
	}
	early := x.struck.has(FaultEarly)
	var out document
	var kept *refusal
	err = e.step(x.request.Context(), func(s *step) (err error) {
		s.now = x.at // one call, one moment
		c := s.callBy(x.merchant)
		c.op, c.product, c.vars, c.query = x.op, do.product, x.vars, query
		c.raw, c.body, c.base = raw, body, baseOf(x.request)
		out, err = do.run(c)
		x.file, x.note = c.file, c.note
		s.pushed = s.pushed && early == nil // or the background might come first
		if kept = nil; errors.As(err, &kept) && kept.keep {
			return nil
		}
		kept = nil
		return err
	})
	if early != nil && err == nil && kept == nil {
		e.notifyEarly(x.request.Context(), early, out)
	}
	own := kept
	if err != nil {
		own = refusalOf(err)
	}
	if lost := x.struck.answer(x, true, own); lost != nil {
		return 0, nil, lost
	}
	if kept != nil && err == nil {
		return 0, nil, kept
	}
	if err != nil {
		refused := refusalOf(err)
		if !errors.As(err, new(*refusal)) && x.request.Context().Err() == nil {
			e.logf("sandbox: %s failed: %v", x.op.ID(), err)
		}
		return 0, nil, refused
	}
	if out == nil {
		return x.op.Success, x.file, nil
	}
	reply = out.encode()
	if len(do.seals) > 0 {
		if reply, err = e.sealSecrets(x.merchant, do.seals, reply); err != nil {
			return 0, nil, systemError().hinting("the sandbox cannot encrypt to the merchant's certificate")
		}
	}
	return x.op.Success, reply, nil
}

// baseOf is where the caller reaches the sandbox, for addresses in replies.
func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// checkHeaders wants what WeChat Pay wants of the other headers.
func checkHeaders(h http.Header, body []byte) *refusal {
	if h.Get("Accept") == "" || h.Get("User-Agent") == "" {
		r := paramError(&catalogue.Violation{Field: "Accept, User-Agent", Issue: "must be sent", Location: "header"})
		r.message = "Http头缺少Accept或User-Agent"
		return r.hinting("send both Accept: application/json and a User-Agent")
	}
	if len(body) == 0 {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(h.Get("Content-Type")); err != nil || kind != "application/json" {
		r := paramError(&catalogue.Violation{Field: "Content-Type", Issue: "must be application/json", Location: "header"})
		r.message = "Http头Content-Type不正确"
		return r.hinting("send the body with Content-Type: application/json")
	}
	return nil
}

// decodeBody reads a body that has passed the catalogue; numbers keep their
// digits.
func decodeBody(raw []byte) map[string]any {
	var out map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&out) != nil {
		return nil // no body
	}
	return out
}
