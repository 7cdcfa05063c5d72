package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/demo"
	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
)

func newDemo(sys System) *cobra.Command {
	var asJSON, keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch three contracts from pre-signing to termination, offline",
		Long: `demo starts a local WeChat Pay and a merchant's backend made of the SDK, and
plays three contracts between them over HTTP: combine-papay signed from an app,
password-exempt-contract offered after a payment, edu-papay signed in a mini
program. Every signature is real, every notification sealed and opened, every
step checked. Nothing leaves this machine, and nothing is left on it.

With --json each step is one JSON object on a line of its own, and the last line
is {"summary":{…}}.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemo(cmd.Context(), sys, asJSON, keep)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per step")
	cmd.Flags().BoolVar(&keep, "keep", false, "leave both sides running afterwards, until Ctrl-C")
	return cmd
}

func runDemo(ctx context.Context, sys System, asJSON, keep bool) (err error) {
	temporary, err := os.MkdirTemp("", "wxpay-demo-")
	if err != nil {
		return errorf("cannot make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	stage, err := demo.Prepare(temporary)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()

	lines := json.NewEncoder(sys.Out)
	lines.SetEscapeHTML(false)
	show := newTeller(sys).tell
	if asJSON {
		show = func(s demo.Step) { _ = lines.Encode(s) } // a closed pipe shows at the summary
	} else {
		fmt.Fprintln(sys.Out, sys.text("A local WeChat Pay at %s,\na merchant's backend at %s.", stage.Sandbox.URL(),
			stage.BackendURL()))
	}
	summary, problem := stage.Play(ctx, show)
	if asJSON {
		if err := lines.Encode(map[string]demo.Summary{"summary": summary}); err != nil &&
			!errors.Is(err, syscall.EPIPE) {
			return err
		}
	} else {
		summarise(sys, summary)
	}
	if problem != nil {
		return &failure{code: exitFailure, err: problem}
	}
	if keep {
		return keepRunning(ctx, sys, stage, temporary, asJSON)
	}
	return nil
}

func summarise(sys System, s demo.Summary) {
	paint := sys.paintOut()
	verdict := paint.green("✓") + " " + paint.bold(sys.text("All as it should be"))
	if !s.OK {
		verdict = paint.red("✗") + " " + paint.bold(sys.text("Not as it should be"))
	}
	fmt.Fprintf(sys.Out, "\n%s\n  %s\n  %s\n", sys.text("%s, in %.2f s.", verdict, s.Milliseconds/1000),
		sys.text("%d contracts pre-signed, agreed to, notified, queried and terminated.", s.Contracts),
		sys.text("%d steps: %d calls, each reply verified; %d notifications, verified and opened;\n"+
			"  %d actions of the payer.", s.Steps, s.Calls, s.Notifications, s.PayerActions))
}

// keepRunning hands out what another program needs to join in.
func keepRunning(ctx context.Context, sys System, stage *demo.Stage, temporary string, asJSON bool) error {
	f, err := openFolder(filepath.Join(temporary, "merchant"))
	if err != nil {
		return err
	}
	h, err := f.handOut(stage.Sandbox, stage.Merchant.MchID)
	if err != nil {
		return err
	}
	if asJSON {
		if err := json.NewEncoder(sys.Out).Encode(map[string]handout{"running": h}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(sys.Out, "\n%s\n\n", sys.text("Both sides keep running. Ctrl-C ends them and removes their files."))
		paint := sys.paintOut()
		for _, line := range [][2]string{{"API", h.URL}, {sys.text("admin"), h.AdminURL}, {sys.text("backend"),
			stage.BackendURL() + "/notify"}, {sys.text("env file"), h.EnvFile}} {
			fmt.Fprintf(sys.Out, "  %s %s\n", paint.dim(lang.Pad(line[0], 12)), line[1])
		}
		fmt.Fprintf(sys.Out, "\n  wxpay call GET v3/certificates --env-file %s\n", h.EnvFile)
	}
	<-ctx.Done()
	if !asJSON {
		fmt.Fprintln(sys.Err, sys.text("stopping"))
	}
	return nil
}
