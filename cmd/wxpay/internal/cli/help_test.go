package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

// Help fits a terminal of 80 columns in either language: a Chinese character takes two.
func TestHelpFitsATerminal(t *testing.T) {
	t.Parallel()
	for _, l := range []lang.Lang{lang.English, lang.Chinese} {
		var out bytes.Buffer
		root := newRoot(System{Out: &out, Err: &out, lang: l})
		var walk func(*cobra.Command)
		walk = func(c *cobra.Command) {
			out.Reset()
			if err := c.Help(); err != nil || out.Len() == 0 {
				t.Fatalf("%s: %v", c.CommandPath(), err)
			}
			for line := range strings.SplitSeq(out.String(), "\n") {
				if n := lang.Columns(line); n > terminalWidth {
					t.Errorf("%s --help --lang %s: %d columns: %s", c.CommandPath(), l, n, line)
				}
			}
			for _, sub := range c.Commands() {
				walk(sub)
			}
		}
		walk(root)
	}
}

// A letter is short for one word, whatever the command.
func TestALetterMeansOneThing(t *testing.T) {
	t.Parallel()
	means := map[string]string{}
	for _, c := range newRoot(System{}).Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if before := means[f.Shorthand]; f.Shorthand != "" && before != "" && before != f.Name {
				t.Errorf("-%s is --%s, and of %s --%s", f.Shorthand, before, c.Name(), f.Name)
			}
			means[f.Shorthand] = f.Name
		})
	}
}
