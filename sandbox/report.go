package sandbox

import (
	"net/http"

	"github.com/wxpay-go/wxpay/sandbox/internal/armed"
	"github.com/wxpay-go/wxpay/sandbox/internal/guide"
	"github.com/wxpay-go/wxpay/sandbox/internal/witness"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

// Report says what the client made of this run: which faults were injected and what they hit,
// whether it survived them, and where it did what it must not. It is made of what the sandbox saw
// since it was started, of the last ten thousand calls and as many attempts to deliver
// notifications; [ledger.Report] says what it covers. docs/report.md has the findings there are.
//
// A test asks for it at its end, after Settle, and fails where there are Findings.
func (s *Sandbox) Report() (*ledger.Report, error) {
	pushes, err := s.Pushes()
	if err != nil {
		return nil, err
	}
	contracts, err := s.Contracts()
	if err != nil {
		return nil, err
	}
	return s.witness.Report(witness.World{Now: s.Clock().Now(), Faults: s.faults.History(), Pushes: pushes,
		Contracts: contracts, Forged: armed.Forged}), nil
}

// reportRoutes are the report, in a language.
func (a *admin) reportRoutes() map[string]adminRoute {
	return map[string]adminRoute{"GET /sandbox/report": bare(func(r *http.Request) (any, error) {
		lang, err := langOf(r)
		if err != nil {
			return nil, err
		}
		report, err := a.Report()
		if err != nil {
			return nil, err
		}
		if lang == guide.Chinese {
			for i := range report.Findings {
				f := &report.Findings[i]
				f.Says, f.Advice = f.SaysZH, f.AdviceZH
			}
		}
		return report, nil
	}).asking("lang")}
}
