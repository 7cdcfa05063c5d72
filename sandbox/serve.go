package sandbox

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// exchange is one API call and its answer on their way through the sandbox.
type exchange struct {
	request       *http.Request
	body          []byte
	at            time.Time // by the sandbox's clock
	wireAt        time.Time // by that of signatures
	op            *catalogue.Operation
	vars          map[string]string
	query         url.Values     // of APIv3, once it was checked
	opened        map[string]any // the body of APIv3, decoded and in clear
	raw           []byte         // the same, encoded
	missing       *refusal       // of an endpoint that is not played
	unsupportedID string         // its id
	merchant      *merchant      // nil until the signature has been verified
	fields        wire.Fields    // of an APIv2 message
	refused       *refusal
	said          document // what the behaviour answered
	status        int
	reply         []byte
	id            string   // Request-ID
	note          string   // what a success is to be told, as a refusal its hint
	injected      injected // the faults it has met
	file          []byte   // the reply of a download, which is not signed
}

// protocol is one of the two that WeChat Pay is called in. Each takes a call by the same
// steps, in the order in which WeChat Pay checks things; what a step is, they differ in.
type protocol interface {
	// read takes the message in.
	read(*exchange) *refusal
	// authenticate finds out which merchant sent it.
	authenticate(*exchange) *refusal
	// check compares a genuine call with the catalogue.
	check(*exchange) *refusal
	// run has the endpoint's behaviour answer, in one step of the engine.
	run(*step, *exchange) error
	// refuse is how an error of a behaviour goes out: a refusal as it is, in the
	// protocol's spelling, anything else as that of a server in trouble.
	refuse(error) *refusal
	// reply makes the bytes of a success of what the behaviour said.
	reply(*exchange) *refusal
	// write signs the answer, where the caller has proved to be somebody, and sends it.
	write(http.ResponseWriter, *exchange)
}

// protocolOf tells by the path: APIv3's begin with /v3/ or the like.
func (e *engine) protocolOf(path string) protocol {
	if !strings.HasPrefix(path, "/v3/") && catalogue.ProtocolOf(path) == catalogue.ProtocolV2 {
		return protocolV2{e}
	}
	return protocolV3{e}
}

// ServeHTTP is WeChat Pay's side of one API call: read, authenticate, check, behave,
// sign, write down. It is what the API listener serves.
func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{request: r, at: e.clock.Now(), wireAt: e.wireNow()}
	p := e.protocolOf(r.URL.Path)
	x.refused = e.answer(p, x)
	if x.injected != nil {
		e.writeFaulty(w, x, p)
	} else {
		p.write(w, x)
	}
	e.journal.record(x)
}

// answer decides what to say.
func (e *engine) answer(p protocol, x *exchange) *refusal {
	for _, refuses := range []func(*exchange) *refusal{p.read, p.authenticate, p.check, e.strike} {
		if refused := refuses(x); refused != nil {
			return refused
		}
	}
	return e.behave(p, x)
}

// behave lets the endpoint's behaviour answer a genuine call.
func (e *engine) behave(p protocol, x *exchange) *refusal {
	ctx := x.request.Context()
	early := x.injected.has(FaultEarly)
	err := e.decide(ctx, func(s *step) error {
		err := p.run(s, x)
		s.pushed = s.pushed && early == nil // or the background might come first
		return err
	})
	var own *refusal
	if err != nil {
		own = p.refuse(err)
	} else if early != nil {
		e.notifyEarly(ctx, early, x.said)
	}
	if lost := x.injected.answer(x, true, own); lost != nil {
		return lost
	}
	if err == nil {
		return p.reply(x)
	}
	if !errors.As(err, new(*refusal)) && ctx.Err() == nil {
		e.logf("sandbox: %s %s failed: %v", x.request.Method, x.request.URL.Path, err)
	}
	return own
}

// readBody takes the whole body in, up to the limit.
func (e *engine) readBody(r *http.Request) ([]byte, *refusal) {
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
	return &refusal{status: http.StatusRequestEntityTooLarge, code: "INVALID_REQUEST", message: "请求包体过大",
		internal: internalRange,
		hint:     "the body is larger than the sandbox reads (Config.MaxBody)"}
}
