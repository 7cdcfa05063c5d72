// Package demo plays three contracts from pre-signing to termination: a sandbox
// on one side, a merchant's backend made of the SDK on the other, and nothing
// between them but HTTP on this machine.
//
// It uses the SDK, the receiver and the sandbox as any user would. Start reading at [Prepare] and,
// for what is played, at flows.go.
package demo

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// notifyOrigin is the public address of the imaginary merchant, forwarded to
// its backend on this machine.
const notifyOrigin = "https://yourapp.com"

// Stage is where the demonstration is played: the sandbox, running, and the
// merchant's backend with its client.
type Stage struct {
	Sandbox  *sandbox.Sandbox
	Platform *ledger.KeyMaterial
	Merchant ledger.Merchant
	// Patience is how long a notification may take. WeChat Pay sends the first
	// at once and waits five seconds for the answer.
	Patience time.Duration
	client   *wxpay.Client
	trace    *trace
	backend  *backend
}

// Prepare makes keys and starts everything, with the state in folder.
func Prepare(folder string) (*Stage, error) {
	platform, err := sandbox.GenerateKeys()
	if err != nil {
		return nil, err
	}
	m := sandbox.DefaultMerchant()
	if err := sandbox.GenerateMerchantKeys(&m); err != nil {
		return nil, err
	}
	store, err := sqlstore.Open(filepath.Join(folder, "sandbox.db"))
	if err != nil {
		return nil, err
	}
	s, err := sandbox.Start(sandbox.Config{Keys: platform, Merchants: []ledger.Merchant{m}, Store: store})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	stage := &Stage{Sandbox: s, Platform: platform, Merchant: m, Patience: 10 * time.Second,
		trace: &trace{to: &http.Transport{}}}
	if err := stage.open(); err != nil {
		return nil, errors.Join(err, stage.Close())
	}
	return stage, nil
}

func (s *Stage) open() error {
	cfg, err := s.Sandbox.ClientConfigFor(s.Merchant.MchID)
	if err != nil {
		return err
	}
	cfg.HTTPClient = &http.Client{Transport: s.trace, Timeout: 30 * time.Second}
	if s.client, err = wxpay.New(cfg); err != nil {
		return err
	}
	if s.backend, err = serveBackend(s.client.Keys()); err != nil {
		return err
	}
	return s.Sandbox.Forward(notifyOrigin, s.backend.url)
}

// BackendURL is where the merchant's backend listens.
func (s *Stage) BackendURL() string { return s.backend.url }

// Close stops both sides.
func (s *Stage) Close() error {
	err := s.Sandbox.Close()
	if s.backend != nil {
		err = errors.Join(err, s.backend.Close())
	}
	return err
}

// Summary counts what was played.
type Summary struct {
	OK            bool    `json:"ok"`
	Problem       string  `json:"problem,omitempty"`
	Contracts     int     `json:"contracts"` // that went all the way
	Steps         int     `json:"steps"`
	Calls         int     `json:"calls"` // answered, every answer verified
	PayerActions  int     `json:"payer_actions"`
	Notifications int     `json:"notifications"` // verified and opened
	Milliseconds  float64 `json:"ms"`
}

// Play runs the flows one after the other and tells each step to show as it
// happens. The error is the first step that is not what it should be.
func (s *Stage) Play(ctx context.Context, show func(Step)) (Summary, error) {
	r := &run{Stage: s, ctx: ctx, show: show}
	started := time.Now()
	var err error
	for _, flow := range []func(*run) error{combinePapay, passwordExempt, eduPapay} {
		if err = flow(r); err != nil {
			r.sum.Problem = err.Error()
			break
		}
		r.sum.Contracts++
	}
	r.sum.OK, r.sum.Milliseconds = err == nil, milliseconds(time.Since(started))
	return r.sum, err
}
