package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/internal/wire"
)

const tooLarge = "it has more than a mebibyte, which no notification has"

// ServeHTTP answers one notification, as the package comment tells.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.serving.Store(true)
	r.observed(req.Context(), func(ctx context.Context) (Answer, *Notification, *Error) {
		body, err := readBody(w, req)
		if err != nil {
			return r.refuse(ctx, err), nil, err
		}
		return r.receive(ctx, req.Header, body)
	}).write(w)
}

// Receive is [Receiver.ServeHTTP] without net/http's server: for fasthttp,
// queues and serverless platforms. Headers and body must be as received, as
// for [Receiver.Parse]; the answer must reach WeChat Pay.
//
// Your functions get the values of ctx, but neither its deadline nor its end.
// While an earlier delivery of the notification is still being handled,
// Receive waits for it, until ctx ends or [Deadline] has passed.
func (r *Receiver) Receive(ctx context.Context, header http.Header, body []byte) Answer {
	r.serving.Store(true)
	if ctx == nil {
		ctx = context.Background()
	}
	return r.observed(ctx, func(ctx context.Context) (Answer, *Notification, *Error) {
		return r.receive(ctx, header, body)
	})
}

func (r *Receiver) receive(ctx context.Context, header http.Header, body []byte) (Answer, *Notification, *Error) {
	n, err := r.parse(header, body)
	if err == nil {
		err = r.deliver(ctx, n)
	}
	switch {
	case err != nil:
		return r.refuse(ctx, err), n, err
	case n.v2:
		return answerV2(http.StatusOK, "SUCCESS", "OK"), n, nil
	}
	return Answer{Status: http.StatusNoContent}, n, nil
}

// Answer is what WeChat Pay is to be told.
type Answer struct {
	// Status is 204 for a notification that was handled, now or before, and 200
	// for one of APIv2. Anything that is not 2xx makes WeChat Pay send it again.
	Status int
	// ContentType is that of Body, "" without one.
	ContentType string
	// Body is nil with 204, otherwise JSON: {"code":"FAIL","message":"…"}.
	// APIv2 is answered in XML, and reads nothing else; what is too large or cut
	// short to be told from APIv3 gets JSON, whose status says as much. The
	// message names the failed check and nothing else.
	Body []byte
}

func (a Answer) write(w http.ResponseWriter) {
	if a.Status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	if a.Body != nil {
		w.Header().Set("Content-Type", a.ContentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // whoever is gone asks again
}

func (r *Receiver) refuse(ctx context.Context, e *Error) Answer {
	answer := e.answer() // before the error function, which may write to the error
	if !e.shared {
		r.report(ctx, e)
	}
	return answer
}

func (e *Error) answer() Answer {
	status := e.as.status
	if status < http.StatusBadRequest || status > 599 { // no failure may look like a success
		status = http.StatusInternalServerError
	}
	message := "the notification failed the " + string(e.as.check) + " check"
	if n := e.of.Reveal(); n != nil && n.v2 {
		return answerV2(status, "FAIL", message)
	}
	body, _ := json.Marshal(wire.ErrorBody{Code: "FAIL", Message: message}) // two strings
	return Answer{Status: status, ContentType: "application/json", Body: body}
}

// report calls the error function, whose own panic must not turn a refusal
// into a broken connection, nor keep the error from being read about.
func (r *Receiver) report(ctx context.Context, e *Error) {
	defer func() {
		if v := recover(); v != nil {
			logError(ctx, e)
			slog.Default().ErrorContext(ctx, "The function given to notify.OnError panicked",
				"error", oneLine(words(panicked(v))), "stack", string(debug.Stack()))
		}
	}()
	r.onError(ctx, e)
}

// readBody takes in the body before anything trusts it.
func readBody(w http.ResponseWriter, req *http.Request) ([]byte, *Error) {
	fail := func(check wxpay.Check, status int, problem string, err error) ([]byte, *Error) {
		return nil, &Error{Check: check, Status: status, RequestID: requestID(req.Header),
			as: outcome{check, status}, problem: problem, err: wire.Hide(err)}
	}
	if req.Method != http.MethodPost {
		return fail(CheckMethod, http.StatusMethodNotAllowed, "it is not a POST", nil)
	}
	if req.ContentLength > MaxBody {
		return fail(CheckBody, http.StatusRequestEntityTooLarge, tooLarge, nil)
	}
	if req.Body == nil {
		req.Body = http.NoBody
	}
	// Room for an honest message at once; what a stranger merely announces
	// gets its memory as it arrives. ReadFrom wants 512 bytes to spare.
	room := min(max(req.ContentLength, 0), 8<<10) + bytes.MinRead
	body := bytes.NewBuffer(make([]byte, 0, room))
	_, err := body.ReadFrom(http.MaxBytesReader(w, req.Body, MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return fail(CheckBody, http.StatusRequestEntityTooLarge, tooLarge, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fail(CheckBody, http.StatusBadRequest, "the connection ended before the body did", err)
	case err != nil:
		return fail(CheckBody, http.StatusBadRequest, "it cannot be read", err)
	case int64(body.Len()) < req.ContentLength:
		return fail(CheckBody, http.StatusInternalServerError, "Content-Length is "+
			strconv.FormatInt(req.ContentLength, 10)+" and "+strconv.Itoa(body.Len())+
			" bytes were left: code before the receiver has read it; mount the receiver before that, or put the bytes "+
			"back into Request.Body", nil)
	}
	return body.Bytes(), nil
}
