package front

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/explain"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/contracts"
	"github.com/wxpay-go/wxpay/sandbox/internal/engine"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What faults do to calls, in the order a call meets them.

// met is what faults go by of the call.
func (fr *Front) met(x *exchange) armed.Call {
	c := armed.Call{Method: x.request.Method, Path: x.request.URL.EscapedPath(), V2: x.fields != nil, At: x.at}
	if x.op != nil {
		c.ID = x.op.ID()
	}
	if x.merchant != nil {
		c.MchID = x.merchant.MchID
	} else if a, wrong := explain.Authorization(x.request.Header.Values("Authorization")); !wrong.Found() {
		// What strikes before it is proved who calls is for whoever would have proved it.
		if m := fr.Registry.BySerial(strings.ToUpper(a.Serial)); m != nil && m.MchID == a.MchID &&
			!explain.Timestamp(a.Timestamp, x.wireAt).Found() && signedBy(m, a, signedMessage(x.request, a, x.body)) {
			c.MchID = m.MchID
		}
	}
	return c
}

// corruptRequest is what happens to a request before WeChat Pay reads it.
func (fr *Front) corruptRequest(x *exchange) {
	fr.draw(x, spoilsRequest)
	if x.injected.Has(fault.Reencoded) != nil {
		x.body = armed.Reencode(x.body)
	}
}

// shiftedClock is the time the request's timestamp is compared with.
func (x *exchange) shiftedClock() time.Time {
	if f := x.injected.Has(fault.Skew); f != nil {
		return x.wireAt.Add(f.Delay)
	}
	return x.wireAt
}

// draw has the faults of a call strike that the filter lets through.
func (fr *Front) draw(x *exchange, among func(*fault.Fault) bool) {
	x.injected = append(x.injected, fr.faults.OfCall(func() armed.Call { return fr.met(x) }, among)...)
}

func spoilsRequest(f *fault.Fault) bool { return f.Name == fault.Reencoded || f.Name == fault.Skew }

// needsWork tells the faults that strike only a call whose work is done.
func needsWork(f *fault.Fault) bool {
	return f.Committed || f.Name == fault.Early || f.Name == fault.Empty
}

// strike draws the faults of a call that is genuine and well-formed, and answers where one keeps it
// from being done. Those that need its work strike, and count, where none does.
func (fr *Front) strike(x *exchange) *engine.Refusal {
	fr.draw(x, func(f *fault.Fault) bool { return !spoilsRequest(f) && !needsWork(f) })
	if f := x.injected.Has(fault.RateLimit); f != nil {
		return refusal(f, x, http.StatusTooManyRequests, "FREQUENCY_LIMITED", "频率超限，请降低请求频率", engine.InternalRate)
	}
	if lost := x.answeredByFault(false, nil); lost != nil {
		return lost
	}
	fr.draw(x, needsWork)
	return nil
}

// answeredByFault is the error that a fault puts in the place of what the endpoint says,
// before or after its work is done. own is the endpoint's refusal, nil where it
// did the work.
func (x *exchange) answeredByFault(committed bool, own *engine.Refusal) *engine.Refusal {
	for _, name := range []fault.Name{fault.Error, fault.Cut, fault.Gateway} {
		if f := x.injected.Has(name); f != nil && f.Committed == committed {
			code := "SYSTEM_ERROR"
			if x.fields != nil {
				code = "SYSTEMERROR"
			}
			r := refusal(f, x, http.StatusInternalServerError, code, "系统繁忙，请稍后重试", engine.InternalMerchant)
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
func refusal(f *fault.Fault, x *exchange, status int, code, message string, internal int) *engine.Refusal {
	r := &engine.Refusal{Status: status, Code: code, Message: message, Internal: internal,
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
// due only that. A pre-sign, which asked for a session, is agreed to first.
func (fr *Front) notifyEarly(ctx context.Context, f *fault.Fault, asked string, told []string) {
	if asked != "" {
		signed, err := fr.agreeEarly(ctx, f, asked)
		if err != nil {
			fr.Logf("sandbox: the fault %q: nobody agreed: %v", f.Name, err)
		}
		told = append(told, signed...)
	}
	if err := fr.outbox.SendNow(told); err != nil {
		fr.Logf("sandbox: the fault %q: nothing was sent: %v", f.Name, err)
	}
}

// agreeEarly has the fault's payer agree to a session, or the one it names, as payers do: what the
// page keeps when it refuses is kept. What the merchant is to be told comes back.
func (fr *Front) agreeEarly(ctx context.Context, f *fault.Fault, token string) (told []string, err error) {
	err = fr.Decide(ctx, func(s *engine.Step) error {
		session, err := contracts.Session(s, token)
		if err != nil {
			return err
		}
		openid := cmp.Or(f.Payer, session.Payers().Name())
		switch {
		case session.PrepayID != "":
			return &ledger.PageError{Reason: ledger.PageNoPrompt,
				Message: "The offer to sign appears only after the payment."}
		case openid == "":
			return &ledger.PageError{Reason: ledger.PageWrongUser,
				Message: "The pre-sign names no payer; set Fault.Payer."}
		}
		if _, err = contracts.Sign(s, session, openid); err == nil {
			s.Pushed, told = false, s.Told
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return told, nil
}

// writeFaulty is protocol.write for a call that met faults.
func (fr *Front) writeFaulty(w http.ResponseWriter, x *exchange, p protocol) {
	if f := x.injected.Has(fault.Latency); f != nil {
		fr.Clock.Wait(x.request.Context(), f.Delay)
	}
	switch cut, gateway := x.injected.Has(fault.Cut), x.injected.Has(fault.Gateway); {
	case cut != nil:
		x.status, x.reply = 0, nil
		x.answering(fr)
		fr.Journal.record(x)
		panic(http.ErrAbortHandler) // the server closes the connection and says nothing
	case gateway != nil:
		x.status = gateway.Status
		engine.SetDefault(&x.status, http.StatusBadGateway)
		title := strconv.Itoa(x.status) + " " + http.StatusText(x.status)
		x.reply = []byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
			"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
		fr.introduce(w.Header())
		x.answering(fr)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(x.status)
		_, _ = w.Write(x.reply)
	default:
		if x.injected.Has(fault.Empty) != nil && x.refused == nil {
			x.status = http.StatusOK
			x.reply = engine.Document{"data": []engine.Document{}}.Encode()
		}
		p.write(w, x)
	}
}
