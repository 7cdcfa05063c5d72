package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/catalogue"
	"github.com/wxpay-go/wxpay/internal/wire"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Numbers of the official samples.
const (
	openID    = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
	eduOpenID = "oUpF8uMuAJOM2pxb1Q"
	code      = "wxwtdk20200910100000"

	presignCombine  = "v3/ecommerce/combine-papay/contracts/pre-entrust-sign"
	presignAfterPay = "v3/password-exempt-contract/contracts/ecommerce/pre-entrust-sign/pay-redirect-sign"
	presignEdu      = "v3/edu-papay/contracts/presign"
)

// start is ten in the morning in Beijing.
var start = time.Date(2020, 9, 10, 2, 0, 0, 0, time.UTC)

type object = map[string]any

func combineBody() object {
	return object{
		"appid": "wxd678efh567hg6787", "plan_id": 12535, "out_contract_code": code,
		"contract_display_account": "微信代扣用户A", "notify_url": "https://yourapp.com/notify", "return_app": true,
	}
}

func eduBody() object {
	return object{
		"appid": "wx8888888888888888", "sub_mchid": "1900000109", "sub_appid": "wx8888888888888888",
		"openid": eduOpenID, "sub_openid": "oUpF8uMuAJOM2pxb2W", "plan_id": "101164396123311331",
		"user_id": "20200330tony", "period_start_date": "2020-03-19", "trade_scene": "EDUCATION_PERIOD",
	}
}

func orderBody() object {
	return object{
		"appid": "wxd678efh567hg6787", "mchid": "1900000109", "description": "Image", "out_trade_no": "20150806125346",
		"notify_url": "https://yourapp.com/paid", "amount": object{"total": 100, "currency": "CNY"},
		"payer": object{"openid": openID},
	}
}

// inBrowser makes an order one that is paid in a browser, whose scene is asked for.
func inBrowser(order object) object {
	return with(with(order, "payer", nil), "scene_info", object{"payer_client_ip": "14.23.150.211",
		"h5_info": object{"type": "Wap"}})
}

func afterPayBody(prepayID string) object {
	return object{
		"appid": "wxd678efh567hg6787", "service_id": 12535, "out_contract_code": code,
		"notify_url":               "https://yourapp.com/notify",
		"contract_display_account": "微信代扣用户A", "prepay_id": prepayID, "openid": openID,
	}
}

func with(body object, name string, value any) object {
	if value == nil {
		delete(body, name)
	} else {
		body[name] = value
	}
	return body
}

// world is a sandbox with a manual clock, its client, and a merchant's inbox.
type world struct {
	t *testing.T
	*sandbox.Sandbox
	client *wxpay.Client
	inbox  *inbox
}

// withPlans changes the sample plans.
func withPlans(change func(*ledger.Plan)) sandbox.Option {
	return func(c *sandbox.Config) {
		for i := range c.Merchants[0].Plans {
			change(&c.Merchants[0].Plans[i])
		}
	}
}

// manyADay lets the sample plans of papay debit many times a day.
func manyADay(c *sandbox.Config) {
	withPlans(func(p *ledger.Plan) {
		if p.Product == ledger.Papay {
			p.Limits.SuccessesPerDay = 100
		}
	})(c)
}

func newWorld(t *testing.T, options ...sandbox.Option) *world {
	t.Helper()
	sb := sandbox.New(t, append([]sandbox.Option{sandbox.At(start)}, options...)...)
	in := &inbox{t: t, keys: sb.Keys()}
	if err := sb.Receive("https://yourapp.com", in); err != nil {
		t.Fatal(err)
	}
	return &world{t, sb, sb.Client(), in}
}

// rule is a part of a longer story, whose failure names it and ends the story.
func (w *world) rule(name string, f func()) {
	w.t.Helper()
	story := w.t
	defer func() { w.t, w.inbox.t = story, story }()
	if !story.Run(name, func(t *testing.T) {
		w.t, w.inbox.t = t, t
		f()
	}) {
		story.FailNow()
	}
}

func (w *world) do(method, path string, body any) (object, error) {
	w.t.Helper()
	var r *wxpay.Result
	var err error
	ctx := context.Background()
	op, _, known := described(w.t).Match(method, "/"+strings.SplitN(path, "?", 2)[0])
	switch chain := w.client.Chain(path); method {
	case "GET":
		r, err = chain.Get(ctx)
	case "POST":
		var options []wxpay.Option
		if known { // sensitive fields are given in clear
			options = append(options, wxpay.Sensitive(op.EncryptedBody()...))
		}
		r, err = chain.Post(ctx, body, options...)
	case "PATCH":
		r, err = chain.Patch(ctx, body, wxpay.Sensitive(op.EncryptedBody()...))
	case "DELETE":
		r, err = chain.Delete(ctx)
	}
	if err != nil {
		return nil, err
	}
	var out object
	if r.Status != http.StatusNoContent {
		if err := r.Decode(&out); err != nil {
			w.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	// Whatever the sandbox answers, it must be what the catalogue promises.
	if v := op.CheckReply(r.Body); v != nil || r.Status != op.Success {
		w.t.Errorf("%s %s: answered %d, %v", method, path, r.Status, v)
	}
	return out, nil
}

func described(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Default()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fits says whether some family sends this notification with such a resource.
func fits(t testing.TB, eventType string, resource []byte) bool {
	for _, e := range described(t).Events() {
		if e.Type == eventType && e.CheckResource(resource) == nil {
			return true
		}
	}
	return false
}

// clientOf is a client of a merchant of the world's.
func (w *world) clientOf(mchid string) *wxpay.Client {
	w.t.Helper()
	cfg, err := w.ClientConfigFor(mchid)
	w.ok(err)
	client, err := wxpay.New(cfg)
	w.ok(err)
	return client
}

func (w *world) must(method, path string, body any) object {
	w.t.Helper()
	out, err := w.do(method, path, body)
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return out
}

// refused calls and wants to be refused.
func (w *world) refused(status int, code, method, path string, body any) *wxpay.Error {
	w.t.Helper()
	_, err := w.do(method, path, body)
	var e *wxpay.Error
	if !errors.As(err, &e) {
		w.t.Fatalf("%s %s: got %v, want %d %s", method, path, err, status, code)
	}
	if e.Status != status || e.Code != code {
		w.t.Fatalf("%s %s: got %v, want %d %s", method, path, err, status, code)
	}
	return e
}

// page wants a PageError of this reason.
func (w *world) page(err error, reason ledger.PageReason) {
	w.t.Helper()
	var e *ledger.PageError
	if !errors.As(err, &e) || e.Reason != reason {
		w.t.Errorf("got %v, want the page to say %q", err, reason)
	}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// received settles and returns the notifications that came since the last look.
func (w *world) received() []notification {
	w.t.Helper()
	w.ok(w.Settle())
	return w.inbox.take()
}

func (w *world) receivedOne(event string) notification {
	w.t.Helper()
	got := w.received()
	if len(got) != 1 || got[0].Event != event {
		w.t.Fatalf("got notifications %v, want one %s", got, event)
	}
	return got[0]
}

// inbox verifies and opens notifications; answer, when set, picks the status.
type inbox struct {
	t      testing.TB
	keys   *wxpay.Keys
	answer func() int

	mu  sync.Mutex
	got []notification
}

type notification struct {
	ID, Event, Path string
	Created         string
	Resource        object
	Signature       string
}

func (in *inbox) take() []notification {
	in.mu.Lock()
	defer in.mu.Unlock()
	got := in.got
	in.got = nil
	return got
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if err := in.keys.Verify(r.Header, body); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	envelope, err := wire.ParseEnvelope(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	plain, err := in.keys.Open(envelope.Resource.Nonce, envelope.Resource.AssociatedData, envelope.Resource.Ciphertext)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !fits(in.t, envelope.EventType, plain) {
		in.t.Errorf("%s does not carry what the catalogue says: %s", envelope.EventType, plain)
	}
	n := notification{ID: envelope.ID, Event: envelope.EventType, Path: r.URL.Path, Created: envelope.CreateTime,
		Signature: r.Header.Get(wire.HeaderSignature)}
	if err := json.Unmarshal(plain, &n.Resource); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	in.mu.Lock()
	in.got = append(in.got, n)
	in.mu.Unlock()
	if in.answer != nil {
		w.WriteHeader(in.answer())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
