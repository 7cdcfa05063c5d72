package sandbox_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// ports are those of a sandbox's two listeners, the first of which takes https too.
func (w *world) ports() (out []string) {
	w.t.Helper()
	for _, address := range []string{w.URL(), w.AdminURL(), w.TLSURL()} {
		u, err := url.Parse(address)
		w.ok(err)
		out = append(out, u.Port())
	}
	return out
}

// undeliverable wants the only notification to have stopped with a sentence.
func (w *world) undeliverable(what, says string) {
	w.t.Helper()
	w.ok(w.Settle())
	if p := w.onlyPush(); p.State != ledger.PushUndeliverable || !strings.Contains(p.Problem, says) {
		w.t.Errorf("%s: %s, %q, %+v", what, p.State, p.Problem, p.Attempts)
	}
	if n := len(w.Faults()); n != 0 {
		w.t.Errorf("%s: the notification armed %d faults", what, n)
	}
}

// A notify_url that points at the sandbox itself is not called, however it is spelled.
func TestNotificationsDoNotCallTheSandbox(t *testing.T) {
	t.Parallel()
	hosts := []string{"127.0.0.1", "localhost", "LocalHost", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.2"}
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil { // a machine without IPv6 has no such address to call
		l.Close()
		hosts = append(hosts, "[::1]")
	}
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			for i := range 3 {
				addr := "127.0.0.1:0"
				if host == "[::1]" {
					addr = "[::1]:0"
				}
				w := newWorld(t, func(c *sandbox.Config) {
					c.Addr, c.AdminAddr = addr, addr
					if host == "127.0.0.2" {
						c.AllowNonLoopback = true
						c.Addr, c.AdminAddr = "0.0.0.0:0", ":0"
					}
				})
				to := []string{"http://", "http://", "https://"}[i] + host + ":" + w.ports()[i] + "/sandbox/chaos"
				reply, err := w.do("POST", presignCombine, with(combineBody(), "notify_url", to))
				if err != nil {
					t.Logf("%s: refused at once: %v", to, err)
					continue
				}
				_, err = w.Payer(openID).Agree(reply["pre_entrustweb_id"].(string))
				w.ok(err)
				w.undeliverable(to, "the sandbox's own address")
			}
		})
	}
}

// Nor does a forward, which is refused at once where the address is written out.
func TestForwardsDoNotCallTheSandbox(t *testing.T) {
	t.Parallel()
	everywhere := func(c *sandbox.Config) {
		c.AllowNonLoopback = true
		c.Addr, c.AdminAddr = ":0", ":0"
	}
	for i, option := range []sandbox.Option{func(*sandbox.Config) {}, everywhere} {
		w := newWorld(t, option)
		hosts := []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"}
		if i == 1 {
			hosts = append(hosts, "0.0.0.0", "[::]", "[::1]", "127.9.9.9")
			list, err := net.InterfaceAddrs()
			w.ok(err)
			for _, a := range list {
				hosts = append(hosts, strings.Trim(net.JoinHostPort(a.(*net.IPNet).IP.String(), ""), ":"))
			}
		}
		for _, host := range hosts {
			for _, port := range w.ports() {
				to := "http://" + host + ":" + port
				const from = "https://elsewhere.example"
				if err := w.Forward(from, to); err == nil || !strings.Contains(err.Error(), "the sandbox itself") {
					t.Errorf("%s: got %v", to, err)
				}
				w.adminRefuses(400, "POST", "/sandbox/forwards", object{"prefix": from, "target": to})
			}
		}
	}
}

// A start that is told to forward to itself fails, and one that finds such a forward in its store
// does not call it.
func TestStartDoesNotForwardToItself(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	l.Close()
	to := map[string]string{"https://yourapp.com": "http://" + free}
	_, err = sandbox.Start(sandbox.Config{Keys: pinnedKeys(t), AdminAddr: free, Forward: to})
	if err == nil || !strings.Contains(err.Error(), "the sandbox itself") {
		t.Errorf("got %v", err)
	}

	kept := keep{store.NewMemory()}
	first := newWorld(t, sandbox.WithStore(kept))
	first.ok(first.Forward("https://yourapp.com/notify", "http://"+free+"/sandbox/chaos"))
	first.ok(first.Close())
	second := newWorld(t, sandbox.WithStore(kept), func(c *sandbox.Config) { c.AdminAddr = free })
	second.signCombine("A")
	second.undeliverable("a forward of the store", "the sandbox's own address")
}

// A forward that was allowed when it was kept, and is not now, is left out; it is back when it is.
func TestAStartLeavesOutForwardsThatAreNotAllowed(t *testing.T) {
	t.Parallel()
	kept := keep{store.NewMemory()}
	logs := make(chan string, 10)
	run := func(anywhere bool, want string) *world {
		t.Helper()
		w := newWorld(t, sandbox.WithStore(kept), func(c *sandbox.Config) {
			c.AllowNonLoopback, c.Addr, c.AdminAddr, c.Forward = anywhere, "127.0.0.1:0", "127.0.0.1:0", nil
			c.Logf = func(format string, args ...any) { logs <- fmt.Sprintf(format, args...) }
		})
		if got, _ := w.adminOK("GET", "/sandbox/forwards", nil)["https://other.example"].(string); got != want {
			t.Errorf("anywhere %v: forwarded to %q", anywhere, got)
		}
		return w
	}
	w := run(true, "")
	w.ok(w.Forward("https://other.example", "http://192.0.2.1:8080"))
	w.ok(w.Close())
	w = run(false, "")
	if line := await(t, logs, "the log"); !strings.Contains(line, "192.0.2.1") || !strings.Contains(line, "left out") {
		t.Errorf("logged %q", line)
	}
	w.ok(w.Close())
	run(true, "http://192.0.2.1:8080")
}

// Two spellings of a prefix are one forward, and the later one counts.
func TestForwardsOfTwoSpellings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, prefix := range []string{"https://other.example/", "https://other.example", "https://Other.Example"} {
		w.ok(w.Forward(prefix, "http://127.0.0.1:"+strconv.Itoa(7001+i)))
	}
	got := w.adminOK("GET", "/sandbox/forwards", nil)
	if got["https://other.example"] != "http://127.0.0.1:7003" || len(got) != 2 { // the other is the inbox
		t.Errorf("forwards: %v", got)
	}
}

// The rest of a forwarded path arrives as it was written, and leads nowhere else.
func TestForwardsKeepThePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter,
		r *http.Request) {
		arrived <- r.RequestURI
	}))
	defer server.Close()
	w.ok(w.Forward("https://shop.example:443/pay", server.URL+"/base/"))
	w.ok(w.Forward("https://two.example//notify", server.URL+"/two"))
	for i, c := range [][2]string{
		{"https://Shop.example/pay/a%2Fb", "/base/a%2Fb"}, {"https://shop.example:443/pay//x", "/base//x"},
		{"https://shop.example/pay", "/base"},
		{"https://shop.example/p%61y/%E4%B8%AD", "/base/%E4%B8%AD"}, {"https://shop.example/pay/..%2f..%2fadmin", ""},
		{"https://shop.example/payer", ""}, {"https://shop.example/pay%2Fx", ""},
		{"https://two.example//notify", "/two"}, {"https://two.example//notify/x", "/two/x"},
		{"https://two.example/notify", ""},
	} {
		body := with(with(combineBody(), "out_contract_code", "C"+strconv.Itoa(i)), "notify_url", c[0])
		_, err := w.Payer("payer" + strconv.Itoa(i)).
			Agree(w.must("POST", presignCombine, body)["pre_entrustweb_id"].(string))
		w.ok(err)
		w.ok(w.Settle())
		got := ""
		select {
		case got = <-arrived:
		default:
		}
		if got != c[1] {
			t.Errorf("%s arrived at %q, want %q", c[0], got, c[1])
		}
	}
}

// Another sandbox's admin cannot be known by its address, and tells a notification by its header.
func TestAdminTakesNoNotificationOfAnotherSandbox(t *testing.T) {
	t.Parallel()
	one, other := newWorld(t), newWorld(t)
	one.ok(one.Forward("https://yourapp.com/notify", other.AdminURL()+"/sandbox/chaos"))
	one.signCombine("A")
	one.ok(one.Settle())
	if p := one.onlyPush(); p.State == ledger.PushDelivered || p.Attempts[0].Status != 403 {
		t.Errorf("got %s, %+v", p.State, p.Attempts)
	}
	if n := len(other.Faults()); n != 0 {
		t.Errorf("the notification armed %d faults", n)
	}
}

// What is not the sandbox's own is called as before, on the same machine and in whatever spelling.
func TestNeighboursAreCalled(t *testing.T) {
	t.Parallel()
	everywhere := func(c *sandbox.Config) { c.AllowNonLoopback, c.Addr, c.AdminAddr = true, ":0", ":0" }
	for _, option := range []sandbox.Option{func(*sandbox.Config) {}, everywhere} {
		w := newWorld(t, option)
		server := httptest.NewServer(w.inbox)
		t.Cleanup(server.Close)
		for i, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
			prefix := "https://yourapp.com/notify"
			w.ok(w.Forward(prefix, strings.Replace(server.URL, "127.0.0.1", host, 1)))
			reply := w.must("POST", presignCombine, with(combineBody(), "out_contract_code", "c"+strconv.Itoa(i)))
			_, err := w.Payer("payer" + host).Agree(reply["pre_entrustweb_id"].(string))
			w.ok(err)
			w.receivedOne("ECOMMERCE_ENTRUST.SIGN")
		}
	}
}
