package cli

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/internal/spelling"
)

// An env file holds WXPAY_ variables, NAME=value a line, as shells and docker
// read it. `wxpay sandbox` writes one and `wxpay call` reads it.
//
// A variable that is not recognised would be as good as absent, and without WXPAY_HOST a call goes
// to WeChat Pay itself. So whatever is not understood is an error. A line is never shown: it may
// be a secret.

// readEnvFile gives the variables of a file. Lines that start with # are comments, and so is what
// follows a value, a blank and #; "export" before a name and quotes around a value are taken off.
func readEnvFile(ctx context.Context, path string) (map[string]string, error) {
	data, err := readFile(ctx, text("the env file"), path, aKey)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) ||
		bytes.IndexByte(data, 0) >= 0 {
		return nil, &failure{code: exitUsage, err: errorf("%s is not UTF-8 text; it looks like UTF-16", path),
			hint: text("save it as UTF-8")}
	}
	vars, lines, problem := envVars(data)
	if problem != nil {
		return nil, usage("%s: %w", path, problem)
	}
	known := knownVariables()
	for _, name := range slices.SortedFunc(maps.Keys(vars), func(a, b string) int { return lines[a] - lines[b] }) {
		meant := mistakenVariable(name, known)
		if _, there := vars[meant]; meant != "" && (!there || strings.HasPrefix(name, "WXPAY_")) {
			return nil, &failure{code: exitUsage,
				err: errorf("%s: line %d sets a variable that wxpay does not know; did you mean %s?", path,
					lines[name], meant),
				hint: text("wxpay call --help names those it knows; those of other programs may stand here too, " +
					"under names that do not begin with WXPAY_ and are no slip away from them")}
		}
	}
	return vars, nil
}

// assignment is a line that sets a variable. A name may have dots and dashes, which docker takes.
var assignment = regexp.MustCompile(`^(?:export[\s\v\pZ]+)?([0-9A-Za-z_.-]+)[\s\v\pZ]*=(.*)$`)

// another is one of ours that is set inside the value of another, behind a blank as a shell would
// do and docker would not, or behind what somebody took for the end of a line: a comma, a \n.
var another = regexp.MustCompile(`(?i:WXPAY)[_.-][\w.-]*[\s\v\pZ]*=`)

// unseen tells what does not show in a value of ours: an editor shows another host than is called.
// Of other programs' values it goes for control characters alone, since text may have the others.
func unseen(name, value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool {
		return r != '\t' && (unicode.IsControl(r) ||
			strings.HasPrefix(name, "WXPAY_") && !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r))
	})
}

// envVars gives the variables of an env file and the lines they are set in, and what is wrong with
// the first line that is none or sets one again: programs differ in which they take. Lines are
// counted from 1.
func envVars(data []byte) (vars map[string]string, lines map[string]int, problem error) {
	vars, lines = map[string]string{}, map[string]int{}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		set := assignment.FindStringSubmatch(line)
		if set == nil || another.MatchString(set[2]) {
			return nil, nil, errorf("line %d is not one NAME=value", n)
		}
		value := unquote(strings.TrimSpace(withoutComment(set[2])))
		if unseen(set[1], value) {
			return nil, nil, errorf("line %d has a character in its value that does not show", n)
		}
		if first, again := lines[set[1]]; again {
			return nil, nil, errorf("line %d sets the variable of line %d again; keep one", n, first)
		}
		vars[set[1]], lines[set[1]] = value, n
	}
	return vars, lines, nil
}

// knownVariables are those that may stand in an env file: what a call needs, what the sandbox
// writes there for other programs, the language, and the sandbox's flags.
func knownVariables() []string {
	known := append(handedOut(), plainHTTP, lang.Variable)
	newSandbox(System{}).Flags().VisitAll(func(f *pflag.Flag) {
		known = append(known, variableOf(sandboxPrefix, f))
	})
	return known
}

// mistakenVariable is the one of ours that a name was meant for which is none of ours, or "": it is
// spelled nearly like it, less nearly where it begins with a W, and the nearest there is where it
// begins with WXPAY_, which is ours. Case, underscores, dots and dashes do not count. Where the
// right one stands beside it, and it does not begin so, it is somebody else's.
func mistakenVariable(name string, known []string) (meant string) {
	plain := func(s string) string {
		return strings.NewReplacer("_", "", ".", "", "-", "").Replace(strings.ToUpper(s))
	}
	if slices.Contains(known, name) {
		return ""
	}
	best := 2 // slips, and one more; PAY_HOST may well be somebody else's
	if p := plain(name); strings.HasPrefix(p, "W") || strings.HasPrefix(p, "XW") {
		best = 3
	}
	if strings.HasPrefix(name, "WXPAY_") {
		best = math.MaxInt
	}
	for _, k := range known {
		if d := spelling.Distance(plain(name), plain(k)); d < best {
			best, meant = d, k
		}
	}
	return meant
}

// remark is a comment behind a value: behind a quote that ends it, or behind a blank, as shells,
// docker compose and dotenv have it.
var remark = regexp.MustCompile(`^(\s*(?:'(?:[^']|'\\'')*'|"[^"]*"|[^'"\s].*?)?)\s+#.*$`)

func withoutComment(value string) string { return remark.ReplaceAllString(value, "$1") }

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		inner := s[1 : len(s)-1]
		if s[0] == '\'' {
			inner = strings.ReplaceAll(inner, `'\''`, "'") // as envLine writes one
		}
		return inner
	}
	return s
}

// envLine is NAME=value, quoted only where a shell would trip over it: docker
// takes quotes for a part of the value.
func envLine(name, value string) string {
	return fmt.Sprintf("%s=%s\n", name, shellWord(value))
}

// plainWord is what every shell takes as it stands, wherever: letters and digits of any script, and
// signs that mean nothing to any of them.
var plainWord = regexp.MustCompile(`^[\pL\pN_@%+=:,./-]*$`)

// shellWord quotes a value for a shell where it needs to be.
func shellWord(value string) string {
	if !plainWord.MatchString(value) {
		value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return value
}
