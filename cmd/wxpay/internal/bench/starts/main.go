// Command starts prints how long a user waits: until a sandbox that was started before answers its
// first call, and, with -first, until the first demo is over on a machine whose caches are empty.
// Processor time is printed beside it, for on a machine that does something else the clock says
// little. script/bench starts runs it.
//
// Start reading at again and first.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	cold := flag.Bool("first", false, "the first demo, in the current folder, with empty caches")
	times := flag.Int("times", 21, "how often the sandbox is started again")
	flag.Parse()
	err := errors.New("usage: starts [-times n] WXPAY, or starts -first")
	switch {
	case *cold && flag.NArg() == 0:
		err = first()
	case !*cold && flag.NArg() == 1 && *times > 0:
		err = again(flag.Arg(0), *times)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "starts:", err)
		os.Exit(1)
	}
}

// again starts a sandbox once for its keys and its database, and then so many times more.
func again(program string, times int) error {
	folder, err := os.MkdirTemp("", "wxpay-starts-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	once, _, err := start(program, folder)
	if err != nil {
		return err
	}
	var waits, used []time.Duration
	for range times {
		wait, processor, err := start(program, folder)
		if err != nil {
			return err
		}
		waits, used = append(waits, wait), append(used, processor)
	}
	slices.Sort(waits)
	slices.Sort(used)
	fmt.Printf("the first answer of a new sandbox after %d ms, of one that is started again after %d ms "+
		"(median of %d; %d to %d), with %d ms of processor from start to end\n", once.Milliseconds(),
		waits[times/2].Milliseconds(), times, waits[0].Milliseconds(), waits[times-1].Milliseconds(),
		used[times/2].Milliseconds())
	return nil
}

// start runs a sandbox until it has answered a call, and ends it.
func start(program, folder string) (wait, processor time.Duration, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, program, "sandbox", "--json", "--data", folder, "--listen", "127.0.0.1:0",
		"--admin", "127.0.0.1:0")
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) }
	out, err := run.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := run.Start(); err != nil {
		return 0, 0, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var ready struct {
		URL string `json:"url"`
	}
	if err = errors.Join(err, json.Unmarshal(line, &ready)); err == nil {
		var answer *http.Response
		if answer, err = http.Get(ready.URL + "/v3/certificates"); err == nil { // unsigned, and refused
			answer.Body.Close()
		}
	}
	wait = time.Since(began)
	cancel()
	if ended := run.Wait(); ended != nil && !errors.Is(ended, context.Canceled) {
		err = errors.Join(err, ended)
	}
	return wait, run.ProcessState.UserTime() + run.ProcessState.SystemTime(), err
}

// first fetches the modules and runs the demo, each into an empty cache.
func first() error {
	caches, err := os.MkdirTemp("", "wxpay-starts-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(caches)
	env := append(os.Environ(), "GOMODCACHE="+filepath.Join(caches, "modules"), "GOCACHE="+filepath.Join(caches,
		"builds"), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -modcacherw"))
	var sum, processor time.Duration
	for _, part := range []struct {
		what string
		args []string
	}{
		{"fetching modules", []string{"list", "-deps", "./cmd/wxpay"}},
		{"go run ./cmd/wxpay demo", []string{"run", "./cmd/wxpay", "demo"}},
	} {
		run := exec.Command("go", part.args...)
		run.Env = env
		began := time.Now()
		if out, err := run.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(part.args, " "), err, out)
		}
		took, used := time.Since(began), run.ProcessState.UserTime()+run.ProcessState.SystemTime()
		fmt.Printf("%-24s %5.1f s, %5.1f s of processor\n", part.what, took.Seconds(), used.Seconds())
		sum, processor = sum+took, processor+used
	}
	fmt.Printf("%-24s %5.1f s, %5.1f s of processor\n", "together", sum.Seconds(), processor.Seconds())
	return nil
}
