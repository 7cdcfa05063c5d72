package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Only WeChat Pay signs genuine notifications, and a sandbox, which can also be told to sign one
// that is too old. Its admin does what the calls alone do not.

// echoEvent is the notification of the call for trying keys.
const echoEvent = "SECURITY_ECHO.SUCCESS"

// genuine has a sandbox notify the address: rightly, with an old timestamp, and once more. refused
// is what a forged one was answered.
func (d *Doctor) genuine(ctx context.Context, refused int) {
	const id = "notify-genuine"
	admin := strings.TrimRight(d.value(Admin), "/")
	switch {
	case d.real():
		d.skip(id, lang.Textf("only WeChat Pay signs one: start a sandbox, and give its settings to try it there"))
		return
	case d.client == nil:
		d.skip(id, lang.Textf("a sandbox sends it once the keys are right"))
		return
	case admin == "":
		d.skip(id, lang.Textf("the sandbox's admin is not known: WXPAY_ADMIN is in the wxpay.env that it writes"))
		return
	}
	s := &sandboxed{d: d, admin: admin}
	push, status, ok := s.send(ctx, id, "")
	if !ok {
		return
	}
	switch {
	case status/100 == 2:
		d.ok(id, lang.Textf("answered %d, as it should be", status))
	case status == http.StatusNotImplemented && status != refused:
		d.ok(id, lang.Textf("verified, and answered 501: it has no function for %s", echoEvent))
	case status == 0:
		d.fault(id, lang.Textf("no answer within five seconds: %s", wire.Clip(s.problem, 200)),
			lang.Textf("store first, answer, and work then"))
		return
	case status == refused:
		d.fault(id, lang.Textf("refused with %d, like a forged one", status),
			lang.Textf("see that the receiver has the "+
				"keys of this sandbox, and gets headers and body as they come; its log says more"))
		return
	default:
		d.fault(id, lang.Textf("answered %d: WeChat Pay would send it again and again", status),
			lang.Textf("answer 2xx to events that it does not know, such as %s, too", echoEvent))
		return
	}
	d.stale(ctx, s)
	d.repeated(ctx, s, push, status)
}

// forwarded is where a sandbox sends what is for the notify address, "" where it sends it there.
func (d *Doctor) forwarded(ctx context.Context) (to string) {
	admin := strings.TrimRight(d.value(Admin), "/")
	if d.real() || admin == "" {
		return ""
	}
	var leads struct {
		Target string `json:"target"`
	}
	if (&sandboxed{d: d, admin: admin}).get(ctx, "route?event_type="+echoEvent+"&url="+url.QueryEscape(d.NotifyURL),
		&leads) != nil || leads.Target == d.NotifyURL {
		return "" // what is wrong with the admin is said where it is needed
	}
	return leads.Target
}

// stale has a notification sent that was signed six minutes ago.
func (d *Doctor) stale(ctx context.Context, s *sandboxed) {
	const id = "notify-stale"
	switch _, status, ok := s.send(ctx, id, fault.Stale); {
	case !ok:
	case status/100 == 2 || status == http.StatusNotImplemented:
		d.fault(id, lang.Textf("answered %d, though it was signed six minutes ago", status),
			lang.Textf("refuse what is older than five minutes: who has a copy could send it again"))
	case status == 0:
		d.fault(id, lang.Textf("no answer within five seconds: %s", wire.Clip(s.problem, 200)), lang.Text{})
	default:
		d.ok(id, lang.Textf("signed six minutes ago, refused with %d", status))
	}
}

// repeated has the genuine notification sent once more, signed afresh, as WeChat Pay does where an
// answer was lost.
func (d *Doctor) repeated(ctx context.Context, s *sandboxed, push string, first int) {
	const id = "notify-repeated"
	if err := s.post(ctx, "pushes/"+url.PathEscape(push)+"/retry", struct{}{}); err != nil {
		d.skip(id, lang.Textf("the sandbox did not send it: %v", err))
		return
	}
	switch _, status, ok := s.attempt(ctx, id, push, 2); {
	case !ok:
	case status == first || status/100 == 2:
		d.ok(id, lang.Textf("answered %d, as the first; see that it was handled once", status))
	case status == 0:
		d.fault(id, lang.Textf("no answer within five seconds: %s", wire.Clip(s.problem, 200)), lang.Text{})
	default:
		d.fault(id, lang.Textf("answered %d, and the first %d", status, first), lang.Textf("answer what was handled "+
			"before like the first: WeChat Pay sends it again until then"))
	}
}

// sandboxed speaks to a sandbox's admin.
type sandboxed struct {
	d       *Doctor
	admin   string
	problem string // of the last attempt
}

// send has one notification sent, with a fault where one is named.
func (s *sandboxed) send(ctx context.Context, id string, with fault.Name) (push string, status int, ok bool) {
	failed := func(err error) (string, int, bool) {
		s.d.skip(id, lang.Textf("the sandbox did not send it: %v", err))
		return "", 0, false
	}
	before, err := s.pushes(ctx)
	if err != nil {
		return failed(err)
	}
	if with != "" {
		if err := s.post(ctx, "faults", fault.Fault{Name: with, Event: echoEvent,
			MchID: s.d.value(MchID)}); err != nil {
			return failed(err)
		}
	}
	if _, err := s.d.client.Chain("v3/security/echo").Post(ctx, map[string]any{
		"echo_message": "wxpay doctor", "notify_url": s.d.NotifyURL,
	}); err != nil {
		return failed(err)
	}
	known := map[string]bool{}
	for _, p := range before {
		known[p.ID] = true
	}
	after, err := s.pushes(ctx)
	if err != nil {
		return failed(err)
	}
	for _, p := range after {
		if !known[p.ID] {
			return s.attempt(ctx, id, p.ID, 1)
		}
	}
	s.d.skip(id, lang.Textf("the sandbox did not send it"))
	return "", 0, false
}

// attempt waits for the nth attempt to deliver a notification.
func (s *sandboxed) attempt(ctx context.Context, id, push string, n int) (_ string, status int, ok bool) {
	if err := s.post(ctx, "settle", struct{}{}); err != nil {
		s.d.skip(id, lang.Textf("the sandbox did not send it: %v", err))
		return "", 0, false
	}
	var p ledger.Push
	if err := s.get(ctx, "pushes/"+url.PathEscape(push), &p); err != nil {
		s.d.skip(id, lang.Textf("the sandbox did not send it: %v", err))
		return "", 0, false
	}
	if len(p.Attempts) < n {
		s.d.skip(id, lang.Textf("the sandbox did not send it: %s", wire.Clip(string(p.State)+" "+p.Problem, 300)))
		return "", 0, false
	}
	last := p.Attempts[n-1]
	s.problem = last.Error
	return push, last.Status, true
}

func (s *sandboxed) pushes(ctx context.Context) ([]ledger.Push, error) {
	var list struct {
		Data []ledger.Push `json:"data"`
	}
	err := s.get(ctx, "pushes?event_type="+echoEvent+"&url="+url.QueryEscape(s.d.NotifyURL), &list)
	return list.Data, err
}

func (s *sandboxed) get(ctx context.Context, path string, out any) error {
	return s.ask(ctx, http.MethodGet, path, nil, out)
}

func (s *sandboxed) post(ctx context.Context, path string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return s.ask(ctx, http.MethodPost, path, raw, nil)
}

// longestAdmin bounds an answer of the admin, in bytes.
const longestAdmin = 32 << 20

func (s *sandboxed) ask(ctx context.Context, method, path string, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.admin+"/sandbox/"+path, bytes.NewReader(body))
	if err != nil {
		return lang.Errorf("WXPAY_ADMIN is not an address")
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := s.d.httpClient().Do(request)
	if err != nil {
		return lang.Errorf("its admin is not reached")
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, longestAdmin))
	switch {
	case err != nil:
		return lang.Errorf("its admin's answer broke off")
	case response.StatusCode/100 != 2:
		var said struct {
			Message string `json:"message"`
			Error   string `json:"error"`
		}
		_ = json.Unmarshal(raw, &said) // where it is none of the admin's, the status is all
		return lang.Errorf("its admin answered %d: %s", response.StatusCode, wire.Clip(said.Message+said.Error, 200))
	case out != nil && json.Unmarshal(raw, out) != nil:
		return lang.Errorf("what answers at WXPAY_ADMIN is no sandbox's admin")
	}
	return nil
}
