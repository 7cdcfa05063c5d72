package demo_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/wxpay-go/wxpay/cmd/wxpay/internal/demo"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

func play(t *testing.T, ctx context.Context, spoil func(*demo.Stage) error) ([]demo.Step, demo.Summary, error) {
	t.Helper()
	stage, err := demo.Prepare(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stage.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if spoil != nil {
		if err := spoil(stage); err != nil {
			t.Fatal(err)
		}
	}
	var steps []demo.Step
	summary, err := stage.Play(ctx, func(s demo.Step) { steps = append(steps, s) })
	return steps, summary, err
}

func TestEveryStepIsChecked(t *testing.T) {
	t.Parallel()
	steps, summary, err := play(t, context.Background(), nil)
	if err != nil || !summary.OK || summary.Contracts != 3 {
		t.Fatalf("got %+v, %v", summary, err)
	}
	for _, s := range steps {
		if s.Kind != demo.KindFlow && s.Kind != demo.KindLaunch && s.Checks == 0 && s.Got == nil {
			t.Errorf("step %d, %s: nothing was checked", s.Number, s.Does)
		}
		if strings.Contains(string(s.Sent)+string(s.Got), "PRIVATE KEY") {
			t.Errorf("step %d shows a key", s.Number)
		}
	}
}

func TestAStepThatIsNotWhatItShouldBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		spoil     func(*demo.Stage) error
		contracts int
		want      string
	}{
		{"a call is refused", func(s *demo.Stage) error {
			return s.Sandbox.AddPlan(sandbox.DefaultMchID, ledger.Plan{ID: sandbox.DefaultEduPlanID,
				Product: ledger.EduPapay, Disabled: true})
		}, 2, "edu-papay: pre-signs the contract: POST v3/edu-papay/contracts/presign: HTTP "},
		{"a notification is forged", func(s *demo.Stage) error {
			return s.Sandbox.Inject(fault.Fault{Name: fault.Probe, Event: "TRANSACTION.SUCCESS"})
		}, 1, "password-exempt-contract: the order is paid: notify: verify: signature check failed: a " +
			"WECHATPAY/SIGNTEST/ probe"},
		{"the backend is gone", func(s *demo.Stage) error {
			s.Patience = time.Millisecond
			return s.Sandbox.Forward("https://yourapp.com", "http://127.0.0.1:1")
		}, 0, "combine-papay: the payer signed: no notification arrived"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			steps, summary, err := play(t, context.Background(), c.spoil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			last := steps[len(steps)-1]
			if last.OK || last.Problem == "" || summary.OK || summary.Problem != err.Error() ||
				summary.Contracts != c.contracts {
				t.Errorf("last step %+v, summary %+v", last, summary)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := play(t, ctx, nil); err == nil || !strings.Contains(err.Error(), "cancelled") {
		t.Errorf("got %v", err)
	}
}
