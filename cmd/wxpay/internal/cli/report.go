package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/lang"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

type reportOptions struct {
	adminFlags
	asJSON bool
}

func newReport(sys System) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Say what a client made of a sandbox's run: faults survived, and mistakes",
		Long: `report asks a running sandbox what your program did since it was started: which
faults were injected and whether the program survived each, and where it did
what it must not, such as answering 200 to a forged notification or retrying a
debit under a new number. Every finding comes with the calls and attempts that
prove it. docs/report.md says of each when it is found, and what no sandbox can
see.

The exit code is 1 if there are findings, for a test of yours to end with.`,
		Example: `  wxpay report
  wxpay report --json | jq '.findings[].says'
  wxpay sandbox --chaos & npm test; wxpay report`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			admin, err := o.client(cmd.Context(), sys)
			if err != nil {
				return err
			}
			return o.show(cmd.Context(), sys, admin)
		},
	}
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the report as an object")
	o.addTo(cmd)
	return cmd
}

func (o *reportOptions) show(ctx context.Context, sys System, admin *adminClient) error {
	var raw json.RawMessage
	if err := admin.call(ctx, http.MethodGet, "report?lang="+string(sys.lang), nil, &raw); err != nil {
		return err
	}
	var r ledger.Report
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	var err error
	if o.asJSON {
		_, err = fmt.Fprintln(sys.Out, string(raw))
	} else {
		err = printReport(sys, &r)
	}
	if err == nil && len(r.Findings) > 0 {
		err = &failure{code: exitFailure,
			err: errorf("the program does what it must not: see the findings, %d in number", len(r.Findings))}
	}
	return err
}

func printReport(sys System, r *ledger.Report) error {
	var ok, refused, untold int
	for _, t := range r.Calls {
		ok, refused, untold = ok+t.Succeeded, refused+t.Refused, untold+t.Untold
	}
	var accepted, turnedDown, silent int
	for _, t := range r.Notifications {
		accepted, turnedDown, silent = accepted+t.Accepted, turnedDown+t.Refused, silent+t.NoAnswer
	}
	table := tabwriter.NewWriter(sys.Out, 0, 0, 2, ' ', 0)
	line := func(name, says string) { _, _ = fmt.Fprintf(table, "%s\t%s\n", name, says) } // Flush tells
	line(sys.text("calls"), sys.text("%d succeeded, %d refused, %d with an outcome that the client was not told", ok,
		refused, untold))
	line(sys.text("notifications"), sys.text("%d accepted, %d refused, %d without an answer", accepted, turnedDown,
		silent))
	name := sys.text("faults")
	if len(r.Strikes) == 0 {
		line(name, sys.text("none struck; %d were injected", len(r.Faults)))
	}
	for _, s := range struck(r.Strikes) {
		line(name, s.in(sys))
		name = ""
	}
	line(sys.text("findings"), fmt.Sprint(len(r.Findings)))
	if err := table.Flush(); err != nil {
		return err
	}
	for i := range r.Findings {
		if err := printFinding(sys, i+1, &r.Findings[i]); err != nil {
			return err
		}
	}
	if n := r.Covered.ForgottenCalls + r.Covered.ForgottenAttempts; n > 0 {
		sys.note("the report leaves out the first %d calls and attempts, which are forgotten", n)
	}
	return nil
}

// struckBy is what a kind of fault did.
type struckBy struct {
	fault.Name
	times, survived int
	open            []string // what it hit, where nothing shows that it was survived
}

func struck(strikes []ledger.Strike) (out []struckBy) {
	by := map[fault.Name]*struckBy{}
	for _, s := range strikes {
		if by[s.Fault] == nil {
			by[s.Fault] = &struckBy{Name: s.Fault}
		}
		one := by[s.Fault]
		if one.times++; s.Survived {
			one.survived++
		} else if about := strings.TrimSpace(cmp.Or(s.Operation, s.Event) + " " + cmp.Or(s.Number, s.Notification,
			s.RequestID)); len(one.open) < 3 {
			one.open = append(one.open, printable(about))
		}
	}
	for _, one := range by {
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b struckBy) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return out
}

func (s struckBy) in(sys System) string {
	if len(s.open) == 0 {
		return sys.text("%s ×%d: all survived", s.Name, s.times)
	}
	return sys.text("%s ×%d: %d survived, %d open: %s", s.Name, s.times, s.survived, s.times-s.survived,
		strings.Join(s.open, ", "))
}

func printFinding(sys System, no int, f *ledger.Finding) error {
	says, advice := f.Says, f.Advice
	if sys.lang == lang.Chinese {
		says, advice = f.SaysZH, f.AdviceZH
	}
	out := &strings.Builder{}
	fmt.Fprintf(out, "\n%d. %s [%s]\n", no, printable(says), printable(string(f.Kind)))
	for _, p := range f.Proof {
		fmt.Fprintf(out, "   %s  %s\n", p.At.Format("2006-01-02 15:04:05"), printable(proofLine(sys, p)))
	}
	fmt.Fprintf(out, "   → %s\n", printable(advice))
	_, err := io.WriteString(sys.Out, out.String())
	return err
}

// proofLine is a call or an attempt as people read it: POST /v3/… P1 500 SYSTEM_ERROR, Request-ID.
func proofLine(sys System, p ledger.Proof) string {
	words := []string{p.Operation, p.Number}
	if p.Notification != "" {
		words = []string{p.Event, p.Notification, fmt.Sprintf("#%d", p.Attempt)}
	}
	status := fmt.Sprint(p.Status)
	if p.Status == 0 {
		status = sys.text("no answer")
	}
	words = append(words, status, p.Code, p.RequestID)
	for _, name := range p.Faults {
		words = append(words, "("+string(name)+")")
	}
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " ")
}
