package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// background is the program a script has started and not yet stopped.
type background struct {
	cmd    *exec.Cmd
	stderr strings.Builder
	rest   chan string // what it printed after it was ready
}

func setup(env *testscript.Env) error {
	env.Values["background"], env.Values["left"] = new(*background), new(chan error)
	env.Values["listener"] = new(*listener)
	// Scripts that build a program do it with this module and without network.
	root, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return err
	}
	env.Setenv("ROOT", root)
	env.Setenv("GOCACHE", strings.TrimSpace(string(cache)))
	env.Setenv("GOPROXY", "off")
	env.Setenv("GOWORK", "off")
	return nil
}

// start runs a program until it prints a line that matches the expression, and
// leaves it running: "start ready-regexp command [argument...]". What it printed
// is in the file started; addresses in a JSON line become $URL, $ADMIN and $ENV_FILE.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start ready-regexp command [argument...]")
	}
	ready, err := regexp.Compile(args[0])
	ts.Check(err)
	b := &background{cmd: exec.Command(args[1], args[2:]...), rest: make(chan string, 1)}
	b.cmd.Dir = ts.MkAbs(".")
	b.cmd.Env = append(os.Environ(), "WXPAY_MCHID=")
	for _, name := range []string{"NO_COLOR", "WXPAY_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} { // the script's
		b.cmd.Env = append(b.cmd.Env, name+"="+ts.Getenv(name))
	}
	b.cmd.Stderr = &b.stderr
	stdout, err := b.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(b.cmd.Start())
	*ts.Value("background").(**background) = b
	ts.Defer(func() { _ = b.cmd.Process.Kill() })

	late := time.AfterFunc(time.Minute, func() { _ = b.cmd.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewReader(stdout)
	var seen strings.Builder
	for {
		line, err := lines.ReadString('\n')
		seen.WriteString(line)
		if err != nil {
			_ = b.cmd.Wait()
			ts.Fatalf("%s ended before it was ready: %s%s", args[1], seen.String(), b.stderr.String())
		}
		if ready.MatchString(strings.TrimRight(line, "\r\n")) {
			ts.Check(os.WriteFile(ts.MkAbs("started"), []byte(seen.String()), 0o600))
			addresses(ts, line)
			break
		}
	}
	go func() {
		var rest strings.Builder
		_, _ = lines.WriteTo(&rest)
		b.rest <- rest.String()
	}()
}

func addresses(ts *testscript.TestScript, line string) {
	type handout struct {
		URL     string `json:"url"`
		Admin   string `json:"admin_url"`
		EnvFile string `json:"env_file"`
	}
	var h struct {
		handout
		Running handout `json:"running"` // of wxpay demo --keep
	}
	if json.Unmarshal([]byte(line), &h) != nil {
		return // words for a person
	}
	if h.URL == "" {
		h.handout = h.Running
	}
	ts.Setenv("URL", h.URL)
	ts.Setenv("ADMIN", h.Admin)
	ts.Setenv("ADMIN_ADDRESS", strings.TrimPrefix(h.Admin, "http://"))
	ts.Setenv("ENV_FILE", h.EnvFile)
}

// interrupt ends the program that start left running, as Ctrl-C does, with "hangup" as a terminal
// that is closed does, or with "quit" as Ctrl-\ does, and wants it to end well. With "twice" the
// signal comes a second time at once, as where npx hands it on to a program that has it already.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	b := *ts.Value("background").(**background)
	hangup := slices.Equal(args, []string{"hangup"})
	quit := slices.Equal(args, []string{"quit"})
	twice := slices.Equal(args, []string{"twice"})
	if neg || len(args) > 0 && !hangup && !quit && !twice || b == nil {
		ts.Fatalf("usage: interrupt [hangup | quit | twice], after start")
	}
	by := os.Interrupt
	if quit {
		by = syscall.SIGQUIT
	}
	if hangup && !signal.Ignored(syscall.SIGHUP) { // as under nohup, where programs heed none
		by = syscall.SIGHUP
	}
	ts.Check(b.cmd.Process.Signal(by))
	if twice {
		if err := b.cmd.Process.Signal(by); !errors.Is(err, os.ErrProcessDone) {
			ts.Check(err)
		}
	}
	rest := <-b.rest
	err := b.cmd.Wait()
	ts.Logf("[stdout]\n%s[stderr]\n%s", rest, b.stderr.String())
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		ts.Fatalf("it ended with exit code %d after an interrupt", exit.ExitCode())
	}
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("stopped"), []byte(b.stderr.String()), 0o600))
}

// agree has a payer agree to the presign_token in a file, by the admin, and waits
// for the notifications: "agree openid file".
func agree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: agree openid file")
	}
	var reply struct {
		Token string `json:"presign_token"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &reply))
	post(ts, "payers/"+args[0]+"/agree", `{"token":"`+reply.Token+`"}`)
	post(ts, "settle", "{}")
}

// pay has a payer pay the order whose prepay_id is in a file, by the admin: "pay openid file".
func pay(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pay openid file")
	}
	var reply struct {
		PrepayID string `json:"prepay_id"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &reply))
	post(ts, "payers/"+args[0]+"/pay", `{"prepay_id":"`+reply.PrepayID+`"}`)
}

// picture puts the media_id of an answer into $PICTURE.
func picture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: picture file")
	}
	var reply struct {
		MediaID string `json:"media_id"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &reply))
	ts.Setenv("PICTURE", reply.MediaID)
}

// admin has the admin do something, which it may be told more about in JSON: "admin path [body]".
func admin(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case neg || len(args) == 0 || len(args) > 2:
		ts.Fatalf("usage: admin path [body]")
	case len(args) == 1:
		args = append(args, "{}")
	}
	post(ts, args[0], args[1])
}

func post(ts *testscript.TestScript, path, body string) {
	answer, err := http.Post(ts.Getenv("ADMIN")+"/sandbox/"+path, "application/json", strings.NewReader(body))
	ts.Check(err)
	answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		ts.Fatalf("%s: the admin answered %s", path, answer.Status)
	}
}
