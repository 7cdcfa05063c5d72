package sandbox_test

import (
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
)

// Once a sandbox is calm nothing goes wrong, whatever was armed.
func TestCalm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.WithChaos())
	chaos := len(w.Faults())
	w.ok(w.Inject(fault.Fault{Name: fault.Gateway, Endpoint: "*"},
		fault.Fault{Name: fault.Cut, Endpoint: "*", Times: -1}))
	if _, err := w.do("POST", presignEdu, eduBody()); err == nil {
		t.Error("nothing went wrong")
	}
	if said := w.adminOK("POST", "/sandbox/calm", nil); said["disarmed"] != float64(chaos+1) {
		t.Errorf("disarmed: %v, want %d, for one had struck", said["disarmed"], chaos+1)
	}
	for range 20 {
		w.must("POST", presignEdu, eduBody())
	}
	if n := w.Calm(); n != 0 || len(w.Faults()) != 0 {
		t.Errorf("%d faults are disarmed once more, and there are %v", n, w.Faults())
	}
	w.ok(w.Inject(fault.Fault{Name: fault.Lost}))
	if n := w.Calm(); n != 1 {
		t.Errorf("%d faults are disarmed", n)
	}
}

func TestCalmExcludesChaos(t *testing.T) {
	t.Parallel()
	_, err := sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), Chaos: true, Calm: true})
	if err == nil || !strings.Contains(err.Error(), "exclude each other") {
		t.Errorf("got %v", err)
	}
}
