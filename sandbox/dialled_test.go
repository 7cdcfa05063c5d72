package sandbox

import (
	"strings"
	"testing"
)

// What counts is the address that is dialled: a name is resolved first.
func TestANameIsJudgedWhenItIsDialled(t *testing.T) {
	t.Parallel()
	s := New(t)
	e := s.engine
	p := &pushRow{Push: Push{MchID: DefaultMchID, Event: "TEST", Resource: []byte("{}")}}
	to := strings.Replace(s.AdminURL(), "127.0.0.1", "localhost", 1) + "/sandbox/chaos"
	a, refused := e.post(t.Context(), e.routes.direct, to, e.registry.merchant(DefaultMchID), p, nil)
	if !strings.Contains(refused, "the sandbox's own address") || a.Error == "" {
		t.Errorf("got %+v", a)
	}
	if no := e.routes.mayDial("192.0.2.1:80"); no == nil || !strings.Contains(no.problem, "not on this machine") {
		t.Errorf("an address of another machine: got %v", no)
	}
}
