package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// A notification is triggered, held, released and sent again by calls of the admin.
func TestEventsByTheAdmin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.adminOK("GET", "/sandbox/events", nil)["data"].([]any)
	if len(all) != len(sandbox.TriggerEvents()) {
		t.Errorf("the admin lists %d events", len(all))
	}
	sent := w.adminOK("POST", "/sandbox/events", object{"event_type": "TRANSACTION.SUCCESS", "product": "papay",
		"variants": []string{"partner"}, "set": object{"amount.total": "5", "/attach": "x"}})
	resource := sent["resource"].(object)
	if sent["triggered"] != true || resource["attach"] != "x" || resource["sub_mchid"] == nil ||
		resource["amount"].(object)["total"] != 5.0 {
		t.Errorf("triggered %v", sent)
	}
	w.adminOK("POST", "/sandbox/settle", object{})
	id := sent["id"].(string)
	if got := w.arrived(); !slices.Equal(got, []string{id}) {
		t.Errorf("came %q", got)
	}
	if got := w.adminOK("GET", "/sandbox/pushes?triggered=true&state=DELIVERED", nil)["data"].([]any); len(got) != 1 {
		t.Errorf("listed %v", got)
	}

	w.adminOK("POST", "/sandbox/holds", object{"event_type": "ENTRUST.SIGN"})
	if got := w.adminOK("GET", "/sandbox/holds", nil)["data"].([]any); len(got) != 1 ||
		got[0].(object)["event_type"] != "ENTRUST.SIGN" {
		t.Errorf("in force are %v", got)
	}
	ids := w.trigger3()
	w.ok(w.Settle())
	w.inbox.take()
	released := w.adminOK("POST", "/sandbox/release", object{"order": "shuffled", "times": 2})["sent"].([]any)
	if got := w.arrived(); len(released) != 2 || !slices.Equal(got, []string{ids[0], ids[0]}) {
		t.Errorf("released %v, came %q", released, got)
	}
	if got := w.adminOK("POST", "/sandbox/release", object{})["sent"].([]any); len(got) != 0 {
		t.Errorf("released %v", got)
	}
	for path, body := range map[string]object{
		"/sandbox/events":    {"event_type": "NO.SUCH"},
		"/sandbox/holds":     {"mchid": "42"},
		"/sandbox/release":   {"order": "up"},
		"/sandbox/listeners": {"prefix": "https://yourapp.com", "target": "https://yourapp.com"},
	} {
		w.adminRefuses(400, "POST", path, body)
	}
	w.adminRefuses(400, "POST", "/sandbox/events", object{})
	w.adminRefuses(400, "POST", "/sandbox/events", object{"event_type": "ENTRUST.SIGN", "set": object{"attach": nil}})
	w.adminRefuses(400, "POST", "/sandbox/listeners", object{"prefix": "*", "target": "http://127.0.0.1:1",
		"events": []string{""}})
	w.adminRefuses(404, "DELETE", "/sandbox/listeners/L7", object{})
	w.adminRefuses(400, "GET", "/sandbox/attempts?wait=61", nil)
	w.adminRefuses(400, "GET", "/sandbox/attempts?wait=soon", nil)
}

// counting is a server that counts what comes, by path.
type counting struct {
	*httptest.Server
	mu    sync.Mutex
	paths []string
}

func newCounting(t *testing.T) *counting {
	m := &counting{}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.paths = append(m.paths, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *counting) came() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := strings.Join(m.paths, " ")
	m.paths = nil
	return out
}

// A listener gets what is sent to addresses elsewhere, in the place of what is configured, for as
// long as it listens and no longer.
func TestListeners(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	w := newWorld(t, sandbox.WithStore(kept))
	configured, here := newCounting(t), newCounting(t)
	w.ok(w.Forward("https://yourapp.com", configured.URL))
	trigger := func(event, url string) {
		t.Helper()
		_, err := w.Trigger(ledger.Trigger{Event: event, NotifyURL: url})
		w.ok(err)
		w.ok(w.Settle())
	}
	listen := func(body object) string {
		t.Helper()
		return w.adminOK("POST", "/sandbox/listeners", body)["id"].(string)
	}
	came := func(step, wantConfigured, wantHere string) {
		t.Helper()
		if got, got2 := configured.came(), here.came(); got != wantConfigured || got2 != wantHere {
			t.Errorf("%s: configured got %q, the listener %q; want %q and %q", step, got, got2, wantConfigured,
				wantHere)
		}
	}
	trigger("ENTRUST.SIGN", "https://elsewhere.example/a") // goes nowhere
	came("before", "", "")

	everywhere := listen(object{"prefix": "*", "target": here.URL})
	w.ok(w.Settle())
	came("what could not be delivered before", "", "/a")
	trigger("ENTRUST.SIGN", "https://elsewhere.example/b")
	trigger("ENTRUST.SIGN", "https://yourapp.com/notify")
	trigger("ENTRUST.SIGN", configured.URL+"/direct")
	came("everywhere else", "/notify /direct", "/b")

	one := listen(object{"prefix": "https://yourapp.com", "target": here.URL + "/hook", "exact": true,
		"events": []string{"ENTRUST.SIGN"}})
	trigger("ENTRUST.SIGN", "https://yourapp.com/notify")
	trigger("REFUND.SUCCESS", "https://yourapp.com/notify")
	came("one event", "/notify", "/hook")
	if got := w.adminOK("GET", "/sandbox/listeners", nil)["data"].([]any); len(got) != 2 {
		t.Errorf("listening are %v", got)
	}
	if got := w.adminOK("GET", "/sandbox/forwards", nil); got["https://yourapp.com"] != configured.URL ||
		len(got) != 1 {
		t.Errorf("forwards are %v", got)
	}
	// What is configured meanwhile waits behind the listener.
	w.ok(w.Forward("https://yourapp.com", configured.URL+"/anew"))
	trigger("ENTRUST.SIGN", "https://yourapp.com/notify")
	came("configured anew", "", "/hook")

	w.adminOK("DELETE", "/sandbox/listeners/"+one, object{})
	trigger("ENTRUST.SIGN", "https://yourapp.com/notify")
	came("no more", "/anew/notify", "")
	w.adminOK("DELETE", "/sandbox/listeners/"+everywhere, object{})
	trigger("ENTRUST.SIGN", "https://elsewhere.example/c")
	came("nobody listens", "", "")

	listen(object{"prefix": "*", "target": here.URL})
	w.ok(w.Settle())
	came("again", "", "/c")
	w.ok(w.Close())
	w = newWorld(t, sandbox.WithStore(kept))
	w.ok(w.Forward("https://yourapp.com", configured.URL))
	trigger("ENTRUST.SIGN", "https://elsewhere.example/d")
	came("after a restart", "", "")
}

// Forward takes the same prefix, for good.
func TestForwardOfEveryAddress(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	here := newCounting(t)
	first := newWorld(t, sandbox.WithStore(kept))
	first.ok(first.Forward("*", here.URL+"/base"))
	first.ok(first.Close())
	second := newWorld(t, sandbox.WithStore(kept))
	_, err := second.Trigger(ledger.Trigger{Event: "ENTRUST.SIGN", NotifyURL: "https://elsewhere.example/a"})
	second.ok(err)
	second.ok(second.Settle())
	if got := here.came(); got != "/base/a" {
		t.Errorf("came %q", got)
	}
	if err := second.Forward("elsewhere", here.URL); err == nil || !strings.Contains(err.Error(), "or * for every") {
		t.Errorf("got %v", err)
	}
}

// Whoever listens hears of every attempt after their cursor: retries, what could not be sent, and
// what another start has sent only where it is still known.
func TestAttemptsAreHeardOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attempts := func(query string) (list []any, next string) {
		t.Helper()
		got := w.adminOK("GET", "/sandbox/attempts"+query, nil)
		return got["data"].([]any), got["next"].(string)
	}
	w.trigger3() // nobody has listened yet
	w.ok(w.Settle())
	list, from := attempts("")
	if len(list) != 0 {
		t.Errorf("from now on there are %d", len(list))
	}
	w.inbox.answer = func() int { return 500 }
	sent, err := w.Trigger(ledger.Trigger{Event: "ENTRUST.SIGN"})
	w.ok(err)
	_, err = w.Trigger(ledger.Trigger{Event: "V2.REFUND", NotifyURL: "https://elsewhere.example"})
	w.ok(err)
	w.ok(w.Settle())
	list, next := attempts("?after=" + from)
	if len(list) != 2 {
		t.Fatalf("got %v", list)
	}
	one, two := list[0].(object), list[1].(object)
	of, attempt := one["notification"].(object), one["attempt"].(object)
	if of["id"] != sent.ID || of["event_type"] != "ENTRUST.SIGN" || of["state"] != "PENDING" || of["next_at"] == nil ||
		of["resource"] != nil || attempt["status"] != 500.0 || attempt["error"] == nil {
		t.Errorf("got %v", one)
	}
	if p := two["notification"].(object); p["state"] != "UNDELIVERABLE" || p["problem"] == nil {
		t.Errorf("got %v", two)
	}
	if rest, _ := attempts("?after=" + one["cursor"].(string)); len(rest) != 1 {
		t.Errorf("behind the first there are %d", len(rest))
	}
	if rest, again := attempts("?after=" + next); len(rest) != 0 || again != next {
		t.Errorf("behind the last there are %d", len(rest))
	}
	if all, _ := attempts("?after=another-1"); len(all) != 2 {
		t.Errorf("of another start's cursor there are %d", len(all))
	}
	// A call may wait for one.
	heard := make(chan []any)
	go func() {
		list, _ := attempts("?wait=60&after=" + next)
		heard <- list
	}()
	w.ok(w.Redeliver(sent.ID))
	w.ok(w.Settle())
	if list := <-heard; len(list) != 1 || list[0].(object)["attempt"].(object)["no"] != 2.0 {
		t.Errorf("heard %v", list)
	}
}
