package outbox

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// A listener that has asked what was sent, and asks no more, is gone after a while; one that never
// asked stays.
func TestListenersThatFellSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRoutes(false)
		for _, l := range []ledger.Listener{
			{ID: "silent", Prefix: "https://a.example", Target: "http://127.0.0.1:1"},
			{ID: "asking", Prefix: "https://b.example", Target: "http://127.0.0.1:2"},
		} {
			if err := r.lay(l); err != nil {
				t.Fatal(err)
			}
		}
		there := func(after time.Duration, want ...string) {
			t.Helper()
			time.Sleep(after)
			list := r.Laid()
			if len(list) != len(want) {
				t.Fatalf("there are %v, want %v", list, want)
			}
			for i, l := range list {
				_, target, problem := r.resolve(l.Prefix+"/notify", "ENTRUST.SIGN")
				if l.ID != want[i] || target != l.Target+"/notify" {
					t.Errorf("%s gets %q, %s", l.ID, target, problem)
				}
			}
		}
		there(time.Hour, "silent", "asking")
		r.Hear("asking")
		there(silence, "silent", "asking")
		there(time.Second, "silent")
		if _, target, problem := r.resolve("https://b.example/notify", "ENTRUST.SIGN"); target != "" || problem == "" {
			t.Errorf("who is gone gets %q", target)
		}
		r.Hear("asking") // it was only slow
		there(0, "silent", "asking")
		if !r.Lift("asking") || r.Lift("asking") || r.Lift("") {
			t.Error("a listener is lifted once")
		}
	})
}
