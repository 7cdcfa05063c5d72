package cli

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// healthPatience is how long a sandbox has to answer: containers ask every few seconds.
const healthPatience = 5 * time.Second

func newHealth(sys System) *cobra.Command {
	var admin string
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Say whether a sandbox is ready, for containers and scripts",
		Long: `health asks the admin of a running sandbox whether it is ready. The exit code is
0 where it is, and 1 where nothing answers, or something else than a sandbox.

The image's health check is this command, for there is no shell in it.`,
		Example: `  wxpay health
  wxpay health --admin http://127.0.0.1:9971`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			given := cmp.Or(admin, sys.getenv(adminVariable), sys.getenv(sandboxPrefix+"ADMIN"), adminAddress)
			at, err := adminURL(given)
			if err != nil {
				return err
			}
			return checkHealth(cmd.Context(), sys, at)
		},
	}
	cmd.Flags().StringVar(&admin, "admin", "", "the admin's address, as a URL or as wxpay sandbox --admin takes it; "+
		"without it "+adminVariable+", "+sandboxPrefix+"ADMIN or "+adminAddress)
	return cmd
}

// adminURL is where an admin is called that was told to listen at an address: one that listens on
// every address of a machine is called on loopback.
func adminURL(given string) (string, error) {
	if !strings.Contains(given, "://") {
		given = "http://" + given
	}
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "http" || u.Port() == "" || u.Port() == "0" || strings.Trim(u.Path, "/") != "" {
		return "", usage("--admin is no address of an admin; give one such as http://%s", adminAddress)
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, u.Port()), nil
}

func checkHealth(ctx context.Context, sys System, admin string) error {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/sandbox/health", nil)
	if err != nil {
		return err
	}
	// No proxy stands before a sandbox, and a redirect is no answer of its.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(ask)
	if err != nil {
		return &failure{code: exitFailure, err: errorf("no sandbox is ready: %w", err),
			hint: text("start `wxpay sandbox`, or give its admin's address with --admin")}
	}
	answer.Body.Close()
	switch {
	case answer.Header.Get(ledger.HeaderSandbox) == "":
		return &failure{code: exitFailure, err: errorf("what answers at %s is no sandbox", admin),
			hint: text("give the address of its admin with --admin")}
	case answer.StatusCode != http.StatusOK:
		return &failure{code: exitFailure, err: errorf("the sandbox at %s answers %s", admin, answer.Status),
			hint: text("its log says why; give the address of its admin, and not of its API, with --admin")}
	}
	_, err = fmt.Fprintln(sys.Out, sys.text("the sandbox at %s is ready", admin))
	return err
}
