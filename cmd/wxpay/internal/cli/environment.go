package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// fromEnvironment gives the flags that were left out the values of their
// variables: prefix and the flag's name, as in WXPAY_SANDBOX_LISTEN. A flag that
// may be repeated takes several values separated by spaces.
func fromEnvironment(sys System, cmd *cobra.Command, prefix string) error {
	var wrong error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := prefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := sys.Getenv(name)
		if f.Changed || value == "" || wrong != nil || f.Name == "help" {
			return
		}
		values := []string{value}
		if f.Value.Type() == "stringArray" {
			values = strings.Fields(value)
		}
		for _, v := range values {
			if err := cmd.Flags().Set(f.Name, v); err != nil {
				wrong = usage("%s: %v", name, err)
			}
		}
	})
	return wrong
}
