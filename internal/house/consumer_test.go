package house_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// consume runs the go command in testdata/consumer, the way somebody who has
// only that folder and our module would.
func consume(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = filepath.Join(root, "testdata", "consumer")
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly", "GOPROXY=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s in testdata/consumer: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return strings.Fields(string(out))
}

// A user's version graph gains this module and no other.
func TestUserGainsOneModule(t *testing.T) {
	t.Parallel()
	tree(t) // so that go test runs this again when any file changes
	for _, m := range consume(t, "list", "-m", "-f", "{{.Path}}", "all") {
		if m != "example.com/consumer" && m != module {
			t.Errorf("who requires wxpay also gets %s", m)
		}
	}
}

// A user who calls one endpoint compiles its family, the client and the
// protocol: no catalogue, no sandbox, no other family.
func TestUserCompilesOnlyWhatHeImports(t *testing.T) {
	t.Parallel()
	tree(t)
	var got []string
	for _, p := range consume(t, "list", "-deps", "-f", "{{.ImportPath}}", ".") {
		if sub, ours := strings.CutPrefix(p, module); ours {
			got = append(got, sub)
		} else if within(p, "testing") {
			t.Errorf("a user's program links %s", p)
		}
	}
	slices.Sort(got)
	if want := []string{"", "/api/edupapay", "/api/leaf", "/internal/keyfile", "/internal/sm3",
		"/internal/wire"}; !slices.Equal(got, want) {
		t.Errorf("a program that calls edu-papay compiles %q of ours, want %q", got, want)
	}
}

// The twenty lines a user writes to test their own code against the sandbox.
func TestUsersOwnTestPasses(t *testing.T) {
	t.Parallel()
	tree(t)
	consume(t, "test", "./...")
}
