package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what scripts compare with cmp anew")

// TestMain makes wxpay a command of the scripts, run from this test binary.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wxpay": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: setup, UpdateScripts: *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exec-code": execCode, "start": start, "interrupt": interrupt, "agrees-with-fidelity": agreesWithFidelity,
			"agree": agree, "pay": pay, "picture": picture, "admin": admin,
			"odd-merchant": oddMerchant, "odd-merchant-left": oddMerchantLeft,
			"repeating": repeating,
			"receiver":  receiver, "tidied": tidied, "damage": damage, "reply": reply,
			"listen": listen, "hears": hears, "stop-listening": stopListening, "shop": shop, "push": push,
			"interrupt-reading": interruptReading, "interrupt-under-load": interruptUnderLoad,
		},
	})
}

// execCode runs a command that must end with the given exit code, as in
// "exec-code 3 wxpay call …".
func execCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exec-code code command [argument...]")
	}
	want := args[0]
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = strconv.Itoa(exit.ExitCode())
	case err != nil:
		ts.Fatalf("%s did not run: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("%s ended with exit code %s, want %s", args[1], got, want)
	}
}

// agreesWithFidelity checks the counts that were just printed against those of
// docs/fidelity.md.
func agreesWithFidelity(ts *testscript.TestScript, neg bool, args []string) {
	page, err := os.ReadFile(filepath.Join(ts.Getenv("ROOT"), "docs", "fidelity.md"))
	ts.Check(err)
	printed := regexp.MustCompile(
		`(\d+) endpoints: (\d+) typed, (\d+) by path only; ` +
			`in the sandbox (\d+) stateful(?:, (\d+) stub)?, (\d+) not emulated`)
	written := regexp.MustCompile(
		`Of (\d+) known endpoints (\d+) are typed and (\d+) are reached by path only\. ` +
			`In the sandbox (\d+) are stateful, (\d+) are stubs, (\d+) are not emulated`)
	got, want := printed.FindStringSubmatch(ts.ReadFile("stdout")), written.FindStringSubmatch(string(page))
	if got != nil && got[5] == "" {
		got[5] = "0"
	}
	if got == nil || want == nil || !slices.Equal(got[1:], want[1:]) {
		ts.Fatalf("printed %q, docs/fidelity.md says %q", got, want)
	}
}
