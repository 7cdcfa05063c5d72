package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(sys System) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of wxpay and of the Go that built it",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			sys.printVersion()
			return nil
		},
	}
}

func (s System) printVersion() {
	fmt.Fprintf(s.Out, "wxpay %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// version is this program's own.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
