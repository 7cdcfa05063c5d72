package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A line sets one variable, and a value of ours is what an editor shows of it. No line is repeated.
func TestEnvFilesOfWhatDoesNotShow(t *testing.T) {
	t.Parallel()
	const one, unseen = "line 2 is not one NAME=value", "line 2 has a character in its value that does not show"
	for line, says := range map[string]string{
		"FOO=1,WXPAY_HOST=https://hunter2":             one,
		"FOO=1|WXPAY_HOST=https://hunter2":             one,
		`FOO=1\nWXPAY_HOST=https://hunter2`:            one,
		`FOO="1"WXPAY_HOST=https://hunter2`:            one,
		"FOO=1\u200bWXPAY_HOST=https://hunter2":        one,
		"FOO=1\x1cwxpay_host = https://hunter2":        one,
		"FOO=WXPAY-HOST=https://hunter2":               one,
		"WXPAY_HOST\u200b=https://hunter2":             one,
		"WXPAY_HO\u00adST=https://hunter2":             one,
		"\u200bWXPAY_HOST=https://hunter2":             one,
		"WXPAY_HOST=https://hunter2\u200b.invalid":     unseen,
		"WXPAY_HOST='https://hunter2\u202e.invalid'":   unseen,
		"WXPAY_HOST=https://hunter2\ufeff":             unseen,
		"WXPAY_HOST=https://hunter2\u2028x":            unseen,
		"WXPAY_HOST=https://hunter2\x1b[0m.invalid":    unseen,
		"FOO=hunter2\x1c2":                             unseen,
		"FOO=hunter2\u200d\nWXPAY_HOST=":               "WXPAY_HOST is set, but empty", // the first line is fine
		"FOO=hunter2\t2 # WXPAY\nWXPAY_HOST=":          "WXPAY_HOST is set, but empty",
		"BAR=https://a?WXPAY_=&wxpay=1\nWXPAY_HOST=":   one,
		"BAR=https://a?xpay_=&wxpay=1 \nWXPAY_HOST= ":  "WXPAY_HOST is set, but empty",
		"WXPAY_PRIVATE_KEY=/\u3000钥匙.pem\nWXPAY_HOST=": "WXPAY_HOST is set, but empty",
	} {
		file := filepath.Join(t.TempDir(), "a.env")
		if err := os.WriteFile(file, []byte("# settings\n"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, said, code := run(nil, "call", "GET", "v3/certificates", "--env-file", file)
		if code != 2 || !strings.Contains(said, says) || strings.Contains(said, "hunter2") {
			t.Errorf("%q: exit code %d: %s", line, code, said)
		}
	}
}
