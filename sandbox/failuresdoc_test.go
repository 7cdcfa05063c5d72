package sandbox_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/failures.md and its Chinese twin have all of them, each has a test, and
// what they say to send to the admin is taken.
func TestFailuresDocument(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"failures.md", "zh/failures.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			failuresDocument(t, "../docs/"+page)
		})
	}
}

func failuresDocument(t *testing.T, page string) {
	t.Helper()
	w := newWorld(t)
	raw, err := os.ReadFile(page)
	w.ok(err)
	text := string(raw)
	files, err := filepath.Glob("scenario*_test.go")
	w.ok(err)
	var tests string
	for _, name := range files {
		source, err := os.ReadFile(name)
		w.ok(err)
		tests += string(source)
	}
	for n := 1; n <= 28; n++ {
		if !strings.Contains(text, fmt.Sprintf("\n### %d. ", n)) {
			t.Errorf("failure %d is not in the document", n)
		}
		if !strings.Contains(tests, fmt.Sprintf("func TestScenario%02d", n)) &&
			!strings.Contains(tests, fmt.Sprintf("And%02d", n)) {
			t.Errorf("failure %d has no test", n)
		}
	}
	calls := regexp.MustCompile("`POST (/sandbox/[a-z0-9/-]+) (\\{[^`]*\\})`").FindAllStringSubmatch(text, -1)
	if len(calls) < 20 {
		t.Fatalf("only %d calls of the admin were found", len(calls))
	}
	for _, call := range calls {
		var body object
		if err := json.Unmarshal([]byte(call[2]), &body); err != nil {
			t.Errorf("%s: %v", call[0], err)
			continue
		}
		w.adminOK("POST", call[1], body)
	}
	source, err := os.ReadFile("fault/fault.go")
	w.ok(err)
	names := regexp.MustCompile("fault\\.([A-Z][A-Za-z]+)[,}`]").FindAllStringSubmatch(text, -1)
	if len(names) < 20 {
		t.Fatalf("only %d names of faults were found", len(names))
	}
	for _, name := range names {
		if !strings.Contains(string(source), "\t"+name[1]+" ") {
			t.Errorf("there is no fault.%s", name[1])
		}
	}
}
