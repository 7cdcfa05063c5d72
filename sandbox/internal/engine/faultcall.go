package engine

import (
	"bytes"
	"crypto"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What faults do to calls, in the order a call meets them.

// corruptRequest is what happens to a request before WeChat Pay reads it.
func (e *Engine) corruptRequest(x *exchange) {
	before := func(name fault.Name) bool { return name == fault.Reencoded || name == fault.Skew }
	x.injected = e.Faults.ofCall(x, before)
	if x.injected.has(fault.Reencoded) != nil {
		x.body = reencode(x.body)
	}
}

// shiftedClock is the time the request's timestamp is compared with.
func (x *exchange) shiftedClock() time.Time {
	if f := x.injected.has(fault.Skew); f != nil {
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
func (e *Engine) strike(x *exchange) *Refusal {
	after := func(name fault.Name) bool { return name != fault.Reencoded && name != fault.Skew }
	x.injected = append(x.injected, e.Faults.ofCall(x, after)...)
	if x.injected == nil {
		return nil
	}
	if f := x.injected.has(fault.RateLimit); f != nil {
		return refusal(f, x, http.StatusTooManyRequests, "FREQUENCY_LIMITED", "频率超限，请降低请求频率", internalRate)
	}
	return x.injected.answer(x, false, nil)
}

// answer is the error that a fault puts in the place of what the endpoint says,
// before or after its work is done. own is the endpoint's refusal, nil where it
// did the work.
func (s injected) answer(x *exchange, committed bool, own *Refusal) *Refusal {
	for _, name := range []fault.Name{fault.Error, fault.Cut, fault.Gateway} {
		if f := s.has(name); f != nil && f.Committed == committed {
			code := "SYSTEM_ERROR"
			if x.fields != nil {
				code = "SYSTEMERROR"
			}
			r := refusal(f, x, http.StatusInternalServerError, code, "系统异常，请稍后重试", internalMerchant)
			if own != nil {
				return r.Hinting("an injected fault: the answer was lost, a refusal: " + own.Code + ": " + own.Hint)
			}
			if committed {
				return r.Hinting("an injected fault: the work is done, and the answer was lost")
			}
			return r
		}
	}
	return nil
}

// refusal is the fault's own answer, or what the catalogue has for the status.
func refusal(f *fault.Fault, x *exchange, status int, code, message string, internal int) *Refusal {
	r := &Refusal{Status: status, Code: code, Message: message, Internal: internal,
		Hint: "an injected fault: nothing was done"}
	if f.Status != 0 {
		r.Status = f.Status
	}
	var documents []catalogue.ErrorCode
	if x.op != nil && x.fields == nil { // APIv2 has no statuses to go by
		documents = x.op.Errors
	}
	for _, documented := range documents {
		if (f.Code == "" && documented.HTTP == r.Status) || (f.Code != "" && documented.Code == f.Code) {
			r.Code = documented.Code
			if f.Status == 0 {
				r.Status = documented.HTTP
			}
			if documented.Message != "" {
				r.Message = documented.Message
			}
			break
		}
	}
	if f.Code != "" {
		r.Code = f.Code
	}
	if f.Message != "" {
		r.Message = f.Message
	}
	return r
}

// notifyEarly delivers what a call led to before the call is answered, of all that is
// due only that. A pre-sign is agreed to first. What was begun is ended, whether or
// not the caller is still there.
func (e *Engine) notifyEarly(f *fault.Fault, reply Document, told []string) {
	ctx := e.Worker.ctx
	defer e.Worker.wake() // for what is not sent here
	for _, member := range []string{"pre_entrustweb_id", "presign_token"} {
		token, _ := reply[member].(string)
		if token == "" {
			continue
		}
		var signed []string
		if err := e.Step(ctx, func(s *Step) error {
			session, err := s.Session(token)
			if err != nil {
				return err
			}
			openid := session.OpenID
			if f.Payer != "" {
				openid = f.Payer
			}
			if openid == "" {
				return &ledger.PageError{Reason: ledger.PageWrongUser,
					Message: "The pre-sign names no payer; set Fault.Payer."}
			}
			_, err = s.Sign(session, openid)
			s.Pushed, signed = false, s.told
			return err
		}); err == nil {
			told = append(told, signed...)
		} else {
			e.Logf("sandbox: the fault %q: nobody agreed: %v", f.Name, err)
		}
	}
	claimed, err := e.claimOf(ctx, e.Clock.Now(), told)
	if err != nil {
		e.Logf("sandbox: the fault %q: nothing was sent: %v", f.Name, err)
	}
	for _, p := range claimed {
		e.attempt(ctx, p)
	}
}

// writeFaulty is protocol.write for a call that met faults.
func (e *Engine) writeFaulty(w http.ResponseWriter, x *exchange, p protocol) {
	if f := x.injected.has(fault.Latency); f != nil {
		e.Clock.wait(x.request.Context(), f.Delay)
	}
	switch cut, gateway := x.injected.has(fault.Cut), x.injected.has(fault.Gateway); {
	case cut != nil:
		x.status, x.reply = 0, nil
		e.Journal.record(x)
		panic(http.ErrAbortHandler) // the server closes the connection and says nothing
	case gateway != nil:
		x.status = gateway.Status
		SetDefault(&x.status, http.StatusBadGateway)
		title := strconv.Itoa(x.status) + " " + http.StatusText(x.status)
		x.reply = []byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
			"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
		w.Header().Set(ledger.HeaderSandbox, SandboxName)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(x.status)
		_, _ = w.Write(x.reply)
	default:
		if x.injected.has(fault.Empty) != nil {
			x.status, x.refused = http.StatusOK, nil
			x.reply = Document{"data": []Document{}}.Encode()
		}
		p.write(w, x)
	}
}

// signWrongly is how a message is signed that has met faults.
func (e *Engine) signWrongly(m *Merchant, id string, key crypto.Signer, now time.Time, body []byte, s injected) (string,
	crypto.Signer, time.Time, []byte) {
	if s.has(fault.OtherKey) != nil {
		id, key = e.Keys.other(m, id)
	}
	if s.has(fault.WrongSerial) != nil {
		wrong := "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
		if strings.HasPrefix(id, wire.PublicKeyIDPrefix) {
			wrong = wire.PublicKeyIDPrefix + strings.Repeat("0", len(id)-len(wire.PublicKeyIDPrefix))
		}
		id = wrong
	}
	if f := s.has(fault.Stale); f != nil {
		now = now.Add(-f.Delay)
	}
	if f := s.has(fault.Skew); f != nil {
		now = now.Add(f.Delay)
	}
	if s.has(fault.BadSignature) != nil {
		body = append(body[:len(body):len(body)], ' ')
	}
	return id, key, now, body
}

// key is what APIv2 signs with, which is another one where a fault wants a bad
// signature.
func (s injected) key(apiV2Key string) string {
	if s.has(fault.BadSignature) != nil {
		return apiV2Key + "?"
	}
	return apiV2Key
}
