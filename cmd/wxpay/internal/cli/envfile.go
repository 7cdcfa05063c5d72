package cli

import (
	"context"
	"fmt"
	"strings"
)

// An env file holds WXPAY_ variables, NAME=value a line, as shells and docker
// read it. `wxpay sandbox` writes one and `wxpay call` reads it.

// readEnvFile gives the variables of a file. Lines that start with # are
// comments; "export " before a name and quotes around a value are taken off.
func readEnvFile(ctx context.Context, path string) (map[string]string, error) {
	data, err := readFile(ctx, "the env file", path, aKey)
	if err != nil {
		return nil, err
	}
	vars, wrong := envVars(data)
	if wrong > 0 {
		// The line is not shown: it may be a secret.
		return nil, usage("%s: line %d is not NAME=value", path, wrong)
	}
	return vars, nil
}

// envVars gives the variables of an env file, and the first line that is none, counted from 1.
func envVars(data []byte) (vars map[string]string, wrong int) {
	vars = map[string]string{}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, n
		}
		vars[name] = unquote(strings.TrimSpace(value))
	}
	return vars, 0
}

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

// shellWord quotes a value for a shell where it needs to be.
func shellWord(value string) string {
	if strings.ContainsAny(value, " \t'\"$`\\&|;<>()*?#~!") {
		value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return value
}
