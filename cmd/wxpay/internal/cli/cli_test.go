package cli_test

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/cli"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/sqlstore"
	"github.com/wxpay-go/wxpay/sandbox/store"
)

// run gives what a command prints on a terminal.
func run(env map[string]string, args ...string) (out, err string, code int) {
	var o, e strings.Builder
	code = cli.Main(args, cli.System{
		In: strings.NewReader(""), Out: &o, Err: &e, Terminal: true, ErrTerminal: true, Width: 80,
		LookupEnv: func(name string) (string, bool) { value, set := env[name]; return value, set },
	})
	return o.String(), e.String(), code
}

func TestColourOnATerminalOnly(t *testing.T) {
	t.Parallel()
	const escape = "\x1b["
	for _, c := range []struct {
		name string
		env  map[string]string
		want bool
	}{
		{"a terminal", nil, true},
		{"NO_COLOR", map[string]string{"NO_COLOR": "1"}, false},
		{"a dumb terminal", map[string]string{"TERM": "dumb"}, false},
	} {
		out, _, code := run(c.env, "endpoints", "presign")
		if code != 0 || strings.Contains(out, escape) != c.want {
			t.Errorf("%s: exit code %d, colour %v, want %v", c.name, code, strings.Contains(out, escape), c.want)
		}
		_, err, code := run(c.env, "endpoints", "xyzzy")
		if code != 1 || strings.Contains(err, escape) != c.want {
			t.Errorf("%s, an error: exit code %d, colour %v, want %v", c.name, code, strings.Contains(err, escape),
				c.want)
		}
	}
}

// Whatever is wrong with a store, the error about it is one line and does not steer the terminal.
func TestErrorsAreOneLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	kept, err := sqlstore.Open(filepath.Join(folder, "sandbox.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.Put("forward", store.Row{ID: "\x1b[31m\nFAKE LINE",
			Data: []byte(`{"prefix":"\u001b[31m\nFAKE LINE","target":""}`)})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	_, said, code := run(map[string]string{"NO_COLOR": "1"}, "sandbox", "--data", folder, "--listen", "127.0.0.1:0",
		"--admin", "127.0.0.1:0")
	if line, ok := strings.CutSuffix(said, "\n"); code != 1 || !ok || strings.ContainsAny(line, "\n\x1b") ||
		!strings.Contains(line, "FAKE LINE") {
		t.Errorf("exit code %d: %q", code, said)
	}
	// Wrong usage repeats what was given.
	_, said, code = run(map[string]string{"NO_COLOR": "1"}, "sandbox", "--mchid", "1\x1b[31m", "--no\nsuch")
	if line, ok := strings.CutSuffix(said, "\n"); code != 2 || !ok || strings.ContainsAny(line, "\n\x1b") {
		t.Errorf("exit code %d: %q", code, said)
	}
}

func TestDemoFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, l := range []string{"en", "zh"} {
		out, err, code := run(map[string]string{"NO_COLOR": "1"}, "demo", "--lang", l)
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, err)
		}
		for line := range strings.Lines(out) {
			// Paths and single values are not broken: they are there to be copied.
			if n := lang.Columns(strings.TrimRight(line, "\n")); n > 80 && strings.Contains(line, "   ") &&
				strings.Count(strings.TrimSpace(line), "   ") > 0 {
				t.Errorf("--lang %s: %d columns of 80: %s", l, n, line)
			}
		}
	}
}

// A demo in Chinese says each step in it, but in what programs read.
func TestDemoInChinese(t *testing.T) {
	t.Parallel()
	env := map[string]string{"NO_COLOR": "1", "LANG": "zh_CN.UTF-8"}
	out, err, code := run(env, "demo")
	if code != 0 || err != "" {
		t.Fatalf("exit code %d: %s", code, err)
	}
	for _, english := range []string{"the contract is", ", verified", "\n  payer ", "notifies", "as before", "steps:"} {
		if strings.Contains(out, english) {
			t.Errorf("it says %q:\n%s", english, out)
		}
	}
	if json, _, _ := run(env, "demo", "--json"); !strings.Contains(json, `"does":"pre-signs the contract"`) {
		t.Errorf("--json: %s", json)
	}
}

// A mistake of wxpay's own tells nothing of the outcome.
func TestAPanicLeavesTheOutcomeOpen(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	code := cli.Main([]string{"call", "GET", "v3/certificates"}, cli.System{
		In: strings.NewReader(""), Out: io.Discard, Err: &said,
		LookupEnv: func(string) (string, bool) { panic("a body") },
	})
	if s := said.String(); code != 4 || !strings.Contains(s, "report it") || strings.Contains(s, "a body") {
		t.Errorf("exit code %d, %s", code, s)
	}
}

// The bar is for people: on standard error, where that is a terminal and nothing is read by a
// program.
func TestBenchShowsABar(t *testing.T) {
	t.Parallel()
	bench := []string{"bench", "--requests", "20", "--duration", "10m", "--mix", "presign"}
	out, err, code := run(nil, bench...)
	if code != 0 || !strings.Contains(err, "requests/s") || strings.Contains(out, "\r") {
		t.Errorf("exit code %d, %q, %q", code, out, err)
	}
	if _, err, code := run(nil, append(bench, "--json")...); code != 0 || err != "" {
		t.Errorf("--json: exit code %d, %q", code, err)
	}
}
