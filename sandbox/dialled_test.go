package sandbox

import (
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox/internal/push"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// What counts is the address that is dialled: a name is resolved first.
func TestANameIsJudgedWhenItIsDialled(t *testing.T) {
	t.Parallel()
	s := New(t)
	e := s.outbox
	p := &push.Row{Push: ledger.Push{MchID: DefaultMchID, Event: "TEST", Resource: []byte("{}")}}
	to := strings.Replace(s.AdminURL(), "127.0.0.1", "localhost", 1) + "/sandbox/chaos"
	a, refused := e.Post(t.Context(), e.Routes.Direct, to, e.Registry.Merchant(DefaultMchID), p, nil)
	if !strings.Contains(refused, "the sandbox's own address") || a.Error == "" {
		t.Errorf("got %+v", a)
	}
	if no := e.Routes.MayDial("192.0.2.1:80"); no == nil || !strings.Contains(no.Problem, "not on this machine") {
		t.Errorf("an address of another machine: got %v", no)
	}
}
