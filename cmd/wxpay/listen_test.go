package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/notify"
)

// listener is a wxpay listen that a script has started.
type listener struct {
	cmd    *exec.Cmd
	out    *bufio.Reader
	stderr chan string // what it said after it was ready
}

// listen starts wxpay listen with these arguments, until it says that it listens, or waits for a
// sandbox: "listen [argument...]".
func listen(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || args[0] != "logs" { // which is heard the same way
		args = append([]string{"listen"}, args...)
	}
	l := &listener{cmd: exec.Command("wxpay", args...), stderr: make(chan string, 1)}
	l.cmd.Dir = ts.MkAbs(".")
	l.cmd.Env = os.Environ()
	stdout, err := l.cmd.StdoutPipe()
	ts.Check(err)
	stderr, err := l.cmd.StderrPipe()
	ts.Check(err)
	ts.Check(l.cmd.Start())
	ts.Defer(func() { _ = l.cmd.Process.Kill() })
	late := time.AfterFunc(time.Minute, func() { _ = l.cmd.Process.Kill() })
	defer late.Stop()
	l.out = bufio.NewReader(stdout)
	said := bufio.NewReader(stderr)
	var all strings.Builder
	for !strings.Contains(all.String(), "Ctrl-C") && !strings.Contains(all.String(), "waiting for it") {
		line, err := said.ReadString('\n')
		all.WriteString(line)
		if err != nil {
			ts.Fatalf("wxpay listen ended before it was ready: %s", all.String())
		}
	}
	go func() {
		rest, _ := io.ReadAll(said)
		l.stderr <- all.String() + string(rest)
	}()
	*ts.Value("listener").(**listener) = l
}

// hears wants the next line of wxpay listen to match, or one of the next: "hears [later] regexp".
func hears(ts *testscript.TestScript, neg bool, args []string) {
	l := *ts.Value("listener").(**listener)
	later := len(args) == 2 && args[0] == "later"
	if neg || len(args) != 1 && !later || l == nil {
		ts.Fatalf("usage: hears [later] regexp, after listen")
	}
	late := time.AfterFunc(time.Minute, func() { _ = l.cmd.Process.Kill() })
	defer late.Stop()
	want := regexp.MustCompile(args[len(args)-1])
	for {
		line, err := l.out.ReadString('\n')
		ts.Check(err)
		if want.MatchString(strings.TrimRight(line, "\n")) {
			return
		}
		if !later {
			ts.Fatalf("heard %s, want %s", line, want)
		}
	}
}

// stopListening ends wxpay listen as Ctrl-C does. What it said is in the file listened.
func stopListening(ts *testscript.TestScript, neg bool, args []string) {
	l := *ts.Value("listener").(**listener)
	if neg || len(args) > 0 || l == nil {
		ts.Fatalf("usage: stop-listening, after listen")
	}
	ts.Check(l.cmd.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(l.out)
	ts.Check(err)
	said := <-l.stderr
	ts.Check(l.cmd.Wait())
	ts.Check(os.WriteFile(ts.MkAbs("listened"), []byte(string(rest)+said), 0o600))
}

// shop is a merchant's server at $SHOP, which verifies notifications of both versions with the keys
// of $ENV_FILE. Under /fail it answers 500, under
// /careless 200 to everybody. What it takes stands in the file received, a line each.
func shop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: shop, after start")
	}
	cfg := configOf(ts, ts.Getenv("ENV_FILE"))
	client, err := wxpay.New(cfg)
	ts.Check(err)
	var mu sync.Mutex
	name := ts.MkAbs("received")
	r := notify.New(client.Keys(), notify.APIv2Key(cfg.MchID, cfg.APIv2Key),
		notify.OnError(func(context.Context, *notify.Error) {}))
	r.Otherwise(func(_ context.Context, n *notify.Notification) error {
		mu.Lock()
		defer mu.Unlock()
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		return json.NewEncoder(f).Encode(map[string]any{"event": n.EventType, "says": n.Plaintext})
	})
	mux := http.NewServeMux()
	mux.Handle("/", r)
	mux.HandleFunc("/fail", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	})
	mux.HandleFunc("/careless", func(http.ResponseWriter, *http.Request) {})
	server := httptest.NewServer(mux)
	ts.Defer(server.Close)
	ts.Setenv("SHOP", server.URL)
}

// push puts the id of the notification that a file has as JSON into $PUSH: "push file".
func push(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: push file")
	}
	var p struct {
		ID string `json:"id"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &p))
	ts.Setenv("PUSH", p.ID)
}
