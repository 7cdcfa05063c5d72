package recipes

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/api/combinepapay"
	"github.com/wxpay-go/wxpay/api/event"
	"github.com/wxpay-go/wxpay/notify"
	"github.com/wxpay-go/wxpay/sandbox"
)

// world is a sandbox that notifies one recipe, over a real connection.
type world struct {
	*testing.T
	sandbox *sandbox.Sandbox
	address string

	mu      sync.Mutex
	booked  []string      // a line an effect: a second effect is a second line
	refused []wxpay.Check // what the receiver reported
	came    []message     // as it came, before the recipe saw it
}

type message struct {
	header http.Header
	body   []byte
	status int
}

func newWorld(t *testing.T) *world { return &world{T: t, sandbox: sandbox.New(t)} }

// receiver is the shop's: it books, and nothing in it is repeatable.
func (w *world) receiver() *notify.Receiver {
	r := notify.New(w.sandbox.Keys(), notify.OnError(func(_ context.Context, e *notify.Error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.refused = append(w.refused, e.Check)
	}))
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EcommerceEntrustSign) error {
		return w.book("signed " + e.OutContractCode)
	})
	notify.On(r, func(_ context.Context, _ *notify.Notification, e *event.EcommerceEntrustTerminate) error {
		return w.book("ended " + e.OutContractCode)
	})
	return r
}

func (w *world) book(line string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.booked = append(w.booked, line)
	return nil
}

// serve has the sandbox notify h, and writes down what came.
func (w *world) serve(h http.Handler) {
	w.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		m := message{header: req.Header.Clone(), body: body}
		req.Body = io.NopCloser(bytes.NewReader(body))
		seen := &status{ResponseWriter: rw}
		h.ServeHTTP(seen, req)
		m.status = seen.code
		w.mu.Lock()
		defer w.mu.Unlock()
		w.came = append(w.came, m)
	}))
	w.Cleanup(server.Close)
	w.address = server.URL + "/notify"
	if err := w.sandbox.Forward("https://yourapp.com", server.URL); err != nil {
		w.Fatal(err)
	}
}

type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) { s.code = code; s.ResponseWriter.WriteHeader(code) }

// post sends a message as a stranger would, and returns the status.
func (w *world) post(header http.Header, body []byte) int {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.address, bytes.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	req.Header = header.Clone()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// sign has the payer sign a contract, and waits until its notification was sent.
func (w *world) sign(code string) (contractID string) {
	w.Helper()
	session, err := combinepapay.Of(w.sandbox.Client()).Contracts.PreEntrustSign.Post(w.Context(),
		&combinepapay.PreEntrustSignRequest{AppID: sandbox.DefaultAppID, PlanID: 12535, OutContractCode: code,
			ContractDisplayAccount: "用户A", NotifyURL: sandbox.DefaultNotifyURL})
	if err != nil {
		w.Fatal(err)
	}
	contract, err := w.sandbox.Payer("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").Agree(session.PreEntrustWebID)
	if err != nil {
		w.Fatal(err)
	}
	w.settle()
	return contract.ID
}

func (w *world) settle() {
	w.Helper()
	if err := w.sandbox.Settle(); err != nil {
		w.Fatal(err)
	}
}

// holds compares what was booked.
func (w *world) holds(when string, want ...string) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.booked, want) {
		w.Errorf("%s: booked %q, want %q", when, w.booked, want)
	}
}
