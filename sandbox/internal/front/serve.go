package front

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/internal/listener"
	"github.com/wxpay-go/wxpay/sandbox/internal/registry"
	"github.com/wxpay-go/wxpay/sandbox/internal/witness"
	"github.com/wxpay-go/wxpay/sandbox/internal/xmlcall"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// exchange is one API call and its answer on their way through the sandbox.
type exchange struct {
	request       *http.Request
	body          []byte               // of an upload the part that is signed
	form          *form                // of an upload
	at            time.Time            // by the sandbox's clock
	wireAt        time.Time            // by that of signatures
	op            *catalogue.Operation // nil where the catalogue lacks it
	vars          map[string]string    // of its path
	end           *xmlcall.Endpoint    // in APIv2, nil for one that is not played
	query         url.Values           // of APIv3, once it was checked
	opened        map[string]any       // the body of APIv3, decoded and in clear
	raw           []byte               // the same, encoded
	missing       *engine.Refusal      // of an endpoint that is not played
	unsupportedID string               // its id
	merchant      *registry.Merchant   // nil until the signature has been verified
	fields        wire.Fields          // of an APIv2 message
	refused       *engine.Refusal
	unread        bool            // of APIv2: refused because it cannot be understood
	empty         bool            // of APIv3: answered without a body, for there is no such endpoint
	said          engine.Document // what the behaviour answered
	status        int
	reply         []byte
	id            string         // Request-ID
	note          string         // what a success is to be told, as a refusal its hint
	injected      armed.Injected // the faults it has met
	file          []byte         // the reply of a download, which is not signed
	replaced      int64          // engine.Replaced when it was decided
	ahead         *ahead         // the reply, being signed while what it says is committed; nil for not yet
	seen          *witness.Call  // what the witness has of it; nil for a page
}

// protocol is one of the two that WeChat Pay is called in. Each takes a call by the same
// steps, in the order in which WeChat Pay checks things; what a step is, they differ in.
type protocol interface {
	// read takes the message in.
	read(*exchange) *engine.Refusal
	// authenticate finds out which merchant sent it.
	authenticate(*exchange) *engine.Refusal
	// check compares a genuine call with the catalogue.
	check(*exchange) *engine.Refusal
	// run has the endpoint's behaviour answer, in one step of the engine.
	run(*engine.Step, *exchange) error
	// refuse is how an error of a behaviour goes out: a refusal as it is, in the
	// protocol's spelling, anything else as that of a server in trouble.
	refuse(error) *engine.Refusal
	// signAhead begins to sign a success that is still being committed, where that saves time.
	signAhead(*exchange) *ahead
	// reply makes the bytes of a success of what the behaviour said.
	reply(*exchange) *engine.Refusal
	// write signs the answer, where the caller has proved to be somebody, and sends it.
	write(http.ResponseWriter, *exchange)
}

// find finds the endpoint that a call is meant for, by its path as it was sent: one that is escaped
// without need is another, and nobody has heard of it.
func (fr *Front) find(x *exchange) {
	path := x.request.URL.EscapedPath()
	x.op, x.vars, _ = fr.Catalogue.Match(x.request.Method, path)
	x.end = fr.XML[path]
}

// protocolOf tells by the path, as it was sent: APIv3's begin with /v3/ or the like.
func (fr *Front) protocolOf(path string) protocol {
	if !strings.HasPrefix(path, "/v3/") && catalogue.ProtocolOf(path) == catalogue.ProtocolV2 {
		return protocolV2{fr}
	}
	return protocolV3{fr}
}

// ServeHTTP is WeChat Pay's side of one API call: read, authenticate, check, behave,
// sign, write down. It is what the API listener serves.
func (fr *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{request: r, at: fr.Clock.Now(), wireAt: fr.WireNow(), replaced: fr.Replaced.Load()}
	x.seen = fr.witness.Comes(x.at)
	p := fr.protocolOf(r.URL.EscapedPath())
	if x.refused = fr.proxied(r); x.refused != nil {
		p = protocolV3{fr} // whose refusals have a status
	} else if x.refused = p.read(x); x.refused == nil {
		fr.underWay.Add(1)
		defer fr.underWay.Add(-1)
		x.refused = fr.answer(p, x)
		x.tell(x.otherHost())
	}
	if x.injected != nil {
		fr.writeFaulty(w, x, p)
	} else {
		p.write(w, x)
	}
	fr.Journal.record(x)
}

// tell adds to what the answer says to the caller beside WeChat Pay's words.
func (x *exchange) tell(sentence string) {
	if sentence == "" {
		return
	}
	said := &x.note
	if x.refused != nil {
		said = &x.refused.Hint
	}
	if *said != "" {
		*said += "; "
	}
	*said += sentence
}

// UnderWay is how many calls are being answered.
func (fr *Front) UnderWay() int { return int(fr.underWay.Load()) }

// answer decides what to say to a message that was read.
func (fr *Front) answer(p protocol, x *exchange) *engine.Refusal {
	for _, refuses := range []func(*exchange) *engine.Refusal{fr.ofNoPage, p.authenticate, p.check, fr.strike} {
		if refused := refuses(x); refused != nil {
			return refused
		}
	}
	return fr.behave(p, x)
}

// ofNoPage refuses what a web page sent, where nothing else proves who calls: any page that is open
// in a browser on this machine can send an APIv2 message here.
func (fr *Front) ofNoPage(x *exchange) *engine.Refusal {
	h := x.request.Header
	pages := slices.ContainsFunc(h["Sec-Fetch-Site"], func(site string) bool { return site != "none" })
	host := (&url.URL{Host: x.request.Host}).Hostname()
	// No page can open a tunnel.
	here := listener.IsLoopback(host) || listener.Tunnel(x.request.Context()) != ""
	if !fr.unsigned || len(h["Origin"]) == 0 && !pages && here {
		return nil
	}
	return &engine.Refusal{Status: http.StatusForbidden, Code: "NO_AUTH", Message: "商户无权限",
		Internal: engine.InternalMerchant,
		Hint: "a sandbox that checks no signatures takes no call of a web page: " +
			"this one has an Origin header, a Sec-Fetch-Site other than none, or a Host that is not this machine"}
}

// behave lets the endpoint's behaviour answer a genuine call.
func (fr *Front) behave(p protocol, x *exchange) *engine.Refusal {
	ctx := x.request.Context()
	early := x.injected.Has(fault.Early)
	var told []string
	var asked string
	act := fr.Decide
	if x.request.Method == http.MethodGet {
		act = fr.Ask
	}
	err := act(ctx, func(s *engine.Step) error {
		x.replaced = fr.Replaced.Load()
		err := p.run(s, x)
		told, asked = s.Told, s.Asked
		if err == nil {
			x.ahead = p.signAhead(x)
		}
		s.Pushed = s.Pushed && early == nil // or the background might come first
		return err
	})
	var own *engine.Refusal
	if err != nil {
		own = p.refuse(err)
	} else if early != nil {
		fr.notifyEarly(context.WithoutCancel(ctx), early, asked, told)
	}
	if lost := x.answeredByFault(true, own); lost != nil {
		return lost
	}
	if err == nil {
		return p.reply(x)
	}
	if !errors.As(err, new(*engine.Refusal)) && ctx.Err() == nil {
		fr.Logf("sandbox: %s failed: %v", fr.called(x), err)
	}
	return own
}

// introduce says on a reply whose it is.
func (fr *Front) introduce(h http.Header) {
	h.Set(ledger.HeaderSandbox, engine.SandboxName)
	if fr.unsigned {
		h.Set(ledger.HeaderUnsigned, "signatures are neither checked nor made")
	}
}

// readBody takes the whole body in, up to the limit.
func (fr *Front) readBody(r *http.Request) ([]byte, *engine.Refusal) {
	return readBounded(r, fr.MaxBody)
}

func readBounded(r *http.Request, limit int64) ([]byte, *engine.Refusal) {
	if r.ContentLength > limit {
		return nil, tooLarge()
	}
	// One byte beyond the limit says that there are more; beyond the largest number is none.
	body, err := io.ReadAll(io.LimitReader(r.Body, max(limit, limit+1)))
	switch {
	case err != nil:
		return nil, engine.InvalidRequest("请求包体不完整").
			Hinting("the body ended before its Content-Length, came too slowly, or the connection broke")
	case int64(len(body)) > limit:
		return nil, tooLarge()
	}
	return body, nil
}

func tooLarge() *engine.Refusal {
	return &engine.Refusal{Status: http.StatusRequestEntityTooLarge, Code: "INVALID_REQUEST", Message: "请求包体过大",
		Internal: engine.InternalRange,
		Hint:     "the body is larger than the sandbox reads (Config.MaxBody)"}
}
