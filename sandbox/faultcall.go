package sandbox

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
)

// What faults do to calls, in the order a call meets them.

// corruptRequest is what happens to a request before WeChat Pay reads it.
func (e *engine) corruptRequest(x *exchange) {
	before := func(name FaultName) bool { return name == FaultReencoded || name == FaultSkew }
	x.injected = e.faults.ofCall(x, before)
	if x.injected.has(FaultReencoded) != nil {
		x.body = reencode(x.body)
	}
}

// shiftedClock is the time the request's timestamp is compared with.
func (x *exchange) shiftedClock() time.Time {
	if f := x.injected.has(FaultSkew); f != nil {
		return x.wireAt.Add(f.Delay)
	}
	return x.wireAt
}

// reencode is what a proxy makes of JSON that it decodes and encodes: the same
// to a reader, other bytes.
func reencode(body []byte) []byte {
	var out bytes.Buffer
	if len(body) == 0 || json.Indent(&out, body, "", " ") != nil {
		return body
	}
	return out.Bytes()
}

// strike draws the faults of a call that is genuine and well-formed, and answers
// where one keeps it from being done.
func (e *engine) strike(x *exchange) *refusal {
	after := func(name FaultName) bool { return name != FaultReencoded && name != FaultSkew }
	x.injected = append(x.injected, e.faults.ofCall(x, after)...)
	if x.injected == nil {
		return nil
	}
	if f := x.injected.has(FaultRateLimit); f != nil {
		return f.refusal(x, http.StatusTooManyRequests, "FREQUENCY_LIMITED", "频率超限，请降低请求频率", internalRate)
	}
	return x.injected.answer(x, false, nil)
}

// answer is the error that a fault puts in the place of what the endpoint says,
// before or after its work is done. own is the endpoint's refusal, nil where it
// did the work.
func (s injected) answer(x *exchange, committed bool, own *refusal) *refusal {
	for _, name := range []FaultName{FaultError, FaultCut, FaultGateway} {
		if f := s.has(name); f != nil && f.Committed == committed {
			code := "SYSTEM_ERROR"
			if x.fields != nil {
				code = "SYSTEMERROR"
			}
			r := f.refusal(x, http.StatusInternalServerError, code, "系统异常，请稍后重试", internalMerchant)
			if own != nil {
				return r.hinting("an injected fault: the answer was lost, a refusal: " + own.code + ": " + own.hint)
			}
			if committed {
				return r.hinting("an injected fault: the work is done, and the answer was lost")
			}
			return r
		}
	}
	return nil
}

// refusal is the fault's own answer, or what the catalogue has for the status.
func (f *Fault) refusal(x *exchange, status int, code, message string, internal int) *refusal {
	r := &refusal{status: status, code: code, message: message, internal: internal,
		hint: "an injected fault: nothing was done"}
	if f.Status != 0 {
		r.status = f.Status
	}
	var documents []catalogue.ErrorCode
	if x.op != nil && x.fields == nil { // APIv2 has no statuses to go by
		documents = x.op.Errors
	}
	for _, documented := range documents {
		if (f.Code == "" && documented.HTTP == r.status) || (f.Code != "" && documented.Code == f.Code) {
			r.code = documented.Code
			if f.Status == 0 {
				r.status = documented.HTTP
			}
			if documented.Message != "" {
				r.message = documented.Message
			}
			break
		}
	}
	if f.Code != "" {
		r.code = f.Code
	}
	if f.Message != "" {
		r.message = f.Message
	}
	return r
}

// notifyEarly delivers what a call led to before the call is answered. A pre-sign
// is agreed to first.
func (e *engine) notifyEarly(ctx context.Context, f *Fault, reply document) {
	for _, member := range []string{"pre_entrustweb_id", "presign_token"} {
		token, _ := reply[member].(string)
		if token == "" {
			continue
		}
		if err := e.step(ctx, func(s *step) error {
			session, err := s.session(token)
			if err != nil {
				return err
			}
			openid := session.OpenID
			if f.Payer != "" {
				openid = f.Payer
			}
			if openid == "" {
				return &PageError{Reason: PageWrongUser, Message: "The pre-sign names no payer; set Fault.Payer."}
			}
			_, err = s.sign(session, openid)
			s.pushed = false
			return err
		}); err != nil {
			e.logf("sandbox: the fault %q: nobody agreed: %v", f.Name, err)
		}
	}
	claimed, _, err := e.claim(ctx, e.clock.Now(), nil)
	if err != nil {
		e.logf("sandbox: the fault %q: nothing was sent: %v", f.Name, err)
	}
	for _, p := range claimed {
		e.attempt(ctx, p)
	}
}

// writeFaulty is protocol.write for a call that met faults.
func (e *engine) writeFaulty(w http.ResponseWriter, x *exchange, p protocol) {
	if f := x.injected.has(FaultLatency); f != nil {
		e.clock.wait(x.request.Context(), f.Delay)
	}
	switch cut, gateway := x.injected.has(FaultCut), x.injected.has(FaultGateway); {
	case cut != nil:
		x.status, x.reply = 0, nil
		e.journal.record(x)
		panic(http.ErrAbortHandler) // the server closes the connection and says nothing
	case gateway != nil:
		x.status = gateway.Status
		setDefault(&x.status, http.StatusBadGateway)
		title := strconv.Itoa(x.status) + " " + http.StatusText(x.status)
		x.reply = []byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
			"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
		w.Header().Set(HeaderSandbox, sandboxName)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(x.status)
		_, _ = w.Write(x.reply)
	default:
		if x.injected.has(FaultEmpty) != nil {
			x.status, x.refused = http.StatusOK, nil
			x.reply = document{"data": []document{}}.encode()
		}
		p.write(w, x)
	}
}

// signWrongly is how a message is signed that has met faults.
func (e *engine) signWrongly(m *merchant, id string, key crypto.Signer, now time.Time, body []byte, s injected) (string,
	crypto.Signer, time.Time, []byte) {
	if s.has(FaultOtherKey) != nil {
		id, key = e.keys.other(m, id)
	}
	if s.has(FaultWrongSerial) != nil {
		wrong := "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
		if strings.HasPrefix(id, wire.PublicKeyIDPrefix) {
			wrong = wire.PublicKeyIDPrefix + strings.Repeat("0", len(id)-len(wire.PublicKeyIDPrefix))
		}
		id = wrong
	}
	if f := s.has(FaultStale); f != nil {
		now = now.Add(-f.Delay)
	}
	if f := s.has(FaultSkew); f != nil {
		now = now.Add(f.Delay)
	}
	if s.has(FaultBadSignature) != nil {
		body = append(body[:len(body):len(body)], ' ')
	}
	return id, key, now, body
}

// key is what APIv2 signs with, which is another one where a fault wants a bad
// signature.
func (s injected) key(apiV2Key string) string {
	if s.has(FaultBadSignature) != nil {
		return apiV2Key + "?"
	}
	return apiV2Key
}
