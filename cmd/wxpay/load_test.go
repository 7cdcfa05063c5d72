package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// interruptUnderLoad runs a command that drives the sandbox, by way of a gateway whose address is
// its last argument, and interrupts it after 200 answers: "interrupt-under-load command
// [argument...]". It must end well. What it prints is in the file measured.
func interruptUnderLoad(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupt-under-load command [argument...]")
	}
	to, err := url.Parse(ts.Getenv("URL"))
	ts.Check(err)
	var answers atomic.Int64
	enough := make(chan struct{})
	gateway := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ModifyResponse: func(*http.Response) error {
			if answers.Add(1) == 200 {
				close(enough)
			}
			return nil
		},
	})
	defer gateway.Close()
	var out, said strings.Builder
	cmd := exec.Command(args[0], append(args[1:], gateway.URL)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), &out, &said
	cmd.Env = append(os.Environ(), "WXPAY_MCHID=", "NO_COLOR=1", "WXPAY_LANG=en")
	ts.Check(cmd.Start())
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
		ts.Fatalf("it ended before it was interrupted: %v: %s", err, said.String())
	case <-enough:
		ts.Check(cmd.Process.Signal(os.Interrupt))
		err = <-ended
	}
	ts.Logf("[stdout]\n%s[stderr]\n%s", out.String(), said.String())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("measured"), []byte(out.String()), 0o600))
}
