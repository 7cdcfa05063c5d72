package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// sandboxPrefix begins the variables that stand for the flags of `wxpay sandbox`.
const sandboxPrefix = "WXPAY_SANDBOX_"

// unsignedFlag is the one flag that no variable stands for: one that was left in a shell's profile
// would take every check of signatures away.
const unsignedFlag = "unsigned"

// variableOf is the variable that stands for a flag.
func variableOf(prefix string, f *pflag.Flag) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

// fromEnvironment gives the flags that were left out the values of their
// variables: prefix and the flag's name, as in WXPAY_SANDBOX_LISTEN. A flag that
// may be repeated takes several values separated by spaces.
func fromEnvironment(sys System, cmd *cobra.Command, prefix string) error {
	var wrong error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := variableOf(prefix, f)
		value := sys.getenv(name)
		if f.Name == unsignedFlag && value != "" {
			wrong = usage("%s is set: only the flag itself, --%s, takes signatures out; unset the variable", name,
				f.Name)
		}
		if f.Changed || value == "" || wrong != nil || f.Name == "help" || f.Name == langFlag {
			return
		}
		values := []string{value}
		if f.Value.Type() == "stringArray" {
			values = strings.Fields(value)
		}
		for _, v := range values {
			if err := cmd.Flags().Set(f.Name, v); err != nil {
				wrong = usage("%s: %w", name, whatOfFlag(err))
			}
		}
	})
	return wrong
}
