package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// interruptReading runs a command that reads a pipe, or standard input where that is "-", and
// interrupts it while it waits for more: "interrupt-reading pipe command [argument...]". The
// first signal must end it as it ends a call that was not sent. What it says is in the file said.
func interruptReading(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupt-reading pipe command [argument...]")
	}
	var said strings.Builder
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir, cmd.Stderr = ts.MkAbs("."), &said
	cmd.Env = append(os.Environ(), "WXPAY_MCHID=", "WXPAY_ENV_FILE="+ts.Getenv("WXPAY_ENV_FILE"), "NO_COLOR=1",
		"WXPAY_LANG=en")
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer late.Stop()

	interrupt := os.Interrupt
	reading, ended := make(chan io.Closer, 1), make(chan error, 1)
	if args[0] == "-" {
		interrupt = syscall.SIGTERM
		_, err := io.WriteString(stdin, strings.Repeat(" ", 1<<20)) // more than a pipe holds
		ts.Check(err)
		reading <- stdin
	} else {
		go func() { // ends when somebody opens the pipe to read
			pipe, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY, 0)
			if err == nil {
				reading <- pipe
			}
		}()
	}
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
		ts.Fatalf("it ended before it read %s: %v: %s", args[0], err, said.String())
	case pipe := <-reading:
		ts.Check(cmd.Process.Signal(interrupt))
		err = <-ended
		pipe.Close()
	}
	ts.Logf("[stderr]\n%s", said.String())
	ts.Check(os.WriteFile(ts.MkAbs("said"), []byte(said.String()), 0o600))
	if code := cmd.ProcessState.ExitCode(); code != 4 {
		ts.Fatalf("it ended with exit code %d (%v), want 4", code, err)
	}
}
